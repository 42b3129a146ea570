import { SocketAddress } from '@jackfield/addr'
import type { SubjectSockets } from '@jackfield/packetdrill'
import { FIONBIO, type PollDescriptor, type Sockaddr } from '@jackfield/sockets'
import { checked } from './checked.js'
import { addressOf, type CallName, systemCall } from './kernel-calls.js'
import { kernelEpoll } from './kernel-epoll.js'
import { messageToReceive, messageToSend, takeReceived } from './kernel-message.js'
import { ADDRESS_ROOM, readSocketAddress, socketAddressBytes } from './socket-addresses.js'
import { isCongestionOption, OPTION_ROOM, optionBytes, readOption } from './socket-options.js'
import type { WaitingCalls } from './waiting-calls.js'

/** Room for an address, and for its length. */
class AddressRoom {
  readonly bytes: Uint8Array = new Uint8Array(ADDRESS_ROOM)
  readonly length: Uint32Array = new Uint32Array([ADDRESS_ROOM])

  /** The two arguments of a call. */
  get arguments(): [number, number] {
    return [addressOf(this.bytes), addressOf(this.length)]
  }

  read(into: Sockaddr | undefined): void {
    if (into instanceof SocketAddress && this.length[0] !== 0) readSocketAddress(this.bytes, into)
  }
}

/** What of the kernel beside calls a call may ask to be changed. */
export interface SocketSetting {
  /** A program chooses its congestion control. */
  congestionChosen(name: string): void
}

/** The kernel's socket calls. */
export function kernelSockets(calls: WaitingCalls, setting: SocketSetting): SubjectSockets {
  /** Settles when the call is done; what it points to is kept until then. */
  const waiting = async (name: CallName, call: string, kept: unknown, ...args: number[]): Promise<number> => {
    const result = await calls.call(name, ...args)
    return kept === undefined ? 0 : checked(result, call)
  }
  const nameOf = (call: 'getpeername' | 'getsockname', fd: number, into = new SocketAddress()): SocketAddress => {
    const room = new AddressRoom()
    checked(systemCall(call, fd, ...room.arguments), call)
    room.read(into)
    return into
  }
  return {
    socket: (family, type, protocol = 0) => checked(systemCall('socket', family, type, protocol), 'socket'),
    bind: (fd, address) => {
      const bytes = addressBytes(address)
      checked(systemCall('bind', fd, addressOf(bytes), bytes.length), 'bind')
    },
    listen: (fd, backlog = 4096) => {
      checked(systemCall('listen', fd, backlog), 'listen')
    },
    close: (fd) => {
      checked(systemCall('close', fd), 'close')
    },
    shutdown: (fd, how) => {
      checked(systemCall('shutdown', fd, how), 'shutdown')
    },
    getsockname: (fd, into) => nameOf('getsockname', fd, into as SocketAddress | undefined),
    getpeername: (fd, into) => nameOf('getpeername', fd, into as SocketAddress | undefined),
    setsockopt: (fd, level, name, value) => {
      if (isCongestionOption(level, name)) setting.congestionChosen(String(value))
      const bytes = optionBytes(level, name, value)
      checked(systemCall('setsockopt', fd, level, name, addressOf(bytes), bytes.length), 'setsockopt')
    },
    getsockopt: (fd, level, name) => {
      const bytes = new Uint8Array(OPTION_ROOM)
      const length = new Uint32Array([OPTION_ROOM])
      checked(systemCall('getsockopt', fd, level, name, addressOf(bytes), addressOf(length)), 'getsockopt')
      return readOption(level, name, bytes.subarray(0, length[0]))
    },
    ioctl: (fd, request, argument) => {
      const value = new Int32Array([request === FIONBIO ? Number(argument) : 0])
      checked(systemCall('ioctl', fd, request, addressOf(value)), 'ioctl')
      return value[0]
    },
    recv: (fd, buffer, flags = 0) =>
      checked(systemCall('recvfrom', fd, addressOf(buffer), buffer.length, flags, 0, 0), 'recv'),
    send: (fd, data, flags = 0) => {
      const bytes = dataBytes(data)
      return checked(systemCall('sendto', fd, addressOf(bytes), bytes.length, flags, 0, 0), 'send')
    },
    sendto: (fd, data, flags, address) => {
      const bytes = dataBytes(data)
      const to = addressBytes(address)
      const [toAddress, toLength] = pointer(to)
      return checked(systemCall('sendto', fd, addressOf(bytes), bytes.length, flags, toAddress, toLength), 'sendto')
    },
    sendmsg: (fd, message, flags = 0) => {
      const sent = messageToSend(message)
      return checked(systemCall('sendmsg', fd, addressOf(sent.header), flags), 'sendmsg')
    },
    epoll: () => kernelEpoll(calls),
    promises: {
      accept: async (fd, options = {}) => {
        const room = new AddressRoom()
        const result = await waiting('accept', 'accept', room, fd, ...room.arguments)
        room.read(options.peer)
        return result
      },
      close: async (fd) => {
        await waiting('close', 'close', null, fd)
      },
      connect: async (fd, address) => {
        // Without an address: AF_UNSPEC, which ends an association.
        const bytes = address === null ? new Uint8Array(ADDRESS_ROOM) : addressBytes(address)
        await waiting('connect', 'connect', bytes, fd, addressOf(bytes), bytes.length)
      },
      recv: (fd, buffer, flags = 0) =>
        waiting('recvfrom', 'recv', buffer, fd, addressOf(buffer), buffer.length, flags, 0, 0),
      recvfrom: async (fd, buffer, flags = 0, from) => {
        const room = new AddressRoom()
        const address = addressOf(buffer)
        const result = await waiting('recvfrom', 'recvfrom', room, fd, address, buffer.length, flags, ...room.arguments)
        room.read(from)
        return result
      },
      recvmsg: async (fd, message, flags = 0) => {
        const received = messageToReceive(message)
        const result = await waiting('recvmsg', 'recvmsg', received, fd, addressOf(received.header), flags)
        takeReceived(received, message)
        return result
      },
      send: (fd, data, flags = 0) => {
        const bytes = dataBytes(data)
        return waiting('sendto', 'send', bytes, fd, addressOf(bytes), bytes.length, flags, 0, 0)
      },
      sendto: (fd, data, flags, address) => {
        const bytes = dataBytes(data)
        const to = addressBytes(address)
        return waiting('sendto', 'sendto', [bytes, to], fd, addressOf(bytes), bytes.length, flags, ...pointer(to))
      },
      sendmsg: (fd, message, flags = 0) => {
        const sent = messageToSend(message)
        return waiting('sendmsg', 'sendmsg', sent, fd, addressOf(sent.header), flags)
      },
      poll: (descriptors, timeout = -1) => poll(calls, descriptors, timeout),
    },
  }
}

async function poll(calls: WaitingCalls, descriptors: PollDescriptor[], timeout: number): Promise<number> {
  const view = new DataView(new ArrayBuffer(Math.max(1, descriptors.length) * 8))
  descriptors.forEach(({ fd, events }, index) => {
    view.setInt32(index * 8, fd, true)
    view.setInt16(index * 8 + 4, events, true)
  })
  const result = await calls.call('poll', addressOf(view), descriptors.length, timeout)
  descriptors.forEach((each, index) => {
    each.revents = view.getInt16(index * 8 + 6, true)
  })
  return checked(result, 'poll')
}

function addressBytes(address: unknown): Uint8Array {
  if (address === null || address === undefined) return new Uint8Array(0)
  return socketAddressBytes(address as SocketAddress)
}

function dataBytes(data: Uint8Array | string): Uint8Array {
  return typeof data === 'string' ? new TextEncoder().encode(data) : data
}

/** Address and length of bytes; zeros where there are none. */
function pointer(bytes: Uint8Array): [number, number] {
  return bytes.length === 0 ? [0, 0] : [addressOf(bytes), bytes.length]
}
