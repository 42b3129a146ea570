import {
  EAGAIN,
  EALREADY,
  EINPROGRESS,
  EISCONN,
  Message,
  MSG_DONTWAIT,
  MSG_ERRQUEUE,
  MSG_FASTOPEN,
  MSG_PEEK,
  MSG_WAITALL,
  OptionFailure,
  POLLHUP,
  POLLIN,
  POLLOUT,
  SO_ERROR,
  SOCK_STREAM,
  SOL_SOCKET,
  type Sockaddr,
} from '@jackfield/interfaces'
import type { Calls } from './calls.js'
import { checked, failure } from './failure.js'
import { closeLingering } from './lingering.js'
import type { OpenFile } from './open-file.js'
import { type PollDescriptor, pollNow, pollWaiting, type SelectSets, selectAnswer, selectDescriptors } from './poll.js'
import { fromReceive, type ReceiveMessage, type SendMessage, toBytes, toReceive, toSend } from './socket-message.js'
import { type Wait, type WaitOptions, waitFor } from './waiting.js'

/**
 * The awaiting form of the calls that may wait: what a blocking socket does, as promises. They reject with what the
 * immediate calls throw, with the signal's reason when it aborts, with `EAGAIN` when `SO_RCVTIMEO` or `SO_SNDTIMEO` is
 * over or for a non-blocking socket or `MSG_DONTWAIT`, and with `EBADF` when the socket is closed meanwhile.
 */
export interface SocketPromises {
  connect(fd: number, address: unknown, options?: WaitOptions): Promise<void>
  accept(fd: number, options?: WaitOptions & { peer?: Sockaddr }): Promise<number>
  /** Closes; with `SO_LINGER` on a stream waits until the peer has everything, or the time is over. */
  close(fd: number): Promise<void>
  /** Waits for room; on a stream until everything was taken. */
  send(fd: number, data: Uint8Array | string, flags?: number, options?: WaitOptions): Promise<number>
  sendto(fd: number, data: Uint8Array | string, flags: number, address: unknown, options?: WaitOptions): Promise<number>
  sendmsg(fd: number, message: SendMessage, flags?: number, options?: WaitOptions): Promise<number>
  /** Waits for something to receive; with `MSG_WAITALL` on a stream until the buffer is full or the stream ends. */
  recv(fd: number, buffer: Uint8Array, flags?: number, options?: WaitOptions): Promise<number>
  recvfrom(fd: number, buffer: Uint8Array, flags?: number, from?: Sockaddr, options?: WaitOptions): Promise<number>
  recvmsg(fd: number, message: ReceiveMessage, flags?: number, options?: WaitOptions): Promise<number>
  /** @param timeout milliseconds; negative, the default: for ever */
  poll(descriptors: PollDescriptor[], timeout?: number, options?: WaitOptions): Promise<number>
  select(sets: SelectSets, timeout?: number, options?: WaitOptions): Promise<Required<SelectSets>>
}

type Start = Pick<Wait, 'syscall' | 'attempt'> & { address?: Sockaddr | null; flags: number }

/** Whether a call gives what it has instead of waiting for the rest. */
function neverWaits(file: OpenFile, flags: number): boolean {
  return file.nonBlocking || (flags & MSG_DONTWAIT) !== 0
}

/** The awaiting calls over the same calls that the immediate ones use. */
export function createPromises(calls: Calls): SocketPromises {
  const { host, table } = calls

  function whenReadable(file: OpenFile, start: Start, options: WaitOptions): Promise<number> {
    return begin(file, { ...start, mask: POLLIN, timeout: file.receiveTimeout, signal: options.signal }, start.flags)
  }

  function whenWritable(file: OpenFile, start: Start, options: WaitOptions): Promise<number> {
    return begin(file, { ...start, mask: POLLOUT, timeout: file.sendTimeout, signal: options.signal }, start.flags)
  }

  function begin(file: OpenFile, wait: Wait, flags: number): Promise<number> {
    if ((flags & (MSG_DONTWAIT | MSG_ERRQUEUE)) === 0) return waitFor(host, file, wait)
    return Promise.resolve(checked(wait.attempt(), wait.syscall, wait.address ?? null))
  }

  /** Sends all of it on a stream; elsewhere once. */
  function sendAll(
    file: OpenFile,
    syscall: string,
    bytes: Uint8Array,
    flags: number,
    address: Sockaddr | null,
    options: WaitOptions,
  ): Promise<number> {
    let sent = 0
    const isStream = file.endpoint.type === SOCK_STREAM
    let opens = isStream && (flags & MSG_FASTOPEN) !== 0
    let opening = false
    const attempt = (): number => {
      const waits = isStream && !neverWaits(file, flags)
      for (;;) {
        if (opening) {
          const error = connectResult(file, address)
          if (error !== 0) return error
          opening = false
          if (sent > 0 && sent >= bytes.length) return sent
        }
        // What went wrong after a part was taken is told by the next call.
        if (sent > 0 && isStream && (file.endpoint.readiness() & POLLHUP) !== 0) return sent
        // It opens the connection once; what is left goes over that.
        const now = opens ? flags : flags & ~MSG_FASTOPEN
        const result = calls.send(file, bytes, sent, bytes.length - sent, now, address, sent > 0, waits)
        if (waits && (opens || result === -EINPROGRESS) && (result >= 0 || result === -EINPROGRESS)) opening = true
        opens = false
        if (opening && result === -EINPROGRESS) continue
        if (result < 0) return sent > 0 && (result !== -EAGAIN || !waits) ? sent : result
        sent += result
        if (!opening && (!isStream || sent >= bytes.length)) return sent
      }
    }
    return whenWritable(file, { syscall, attempt, address, flags }, options)
  }

  /** What came of a handshake: 0, the negative error number, or `-EAGAIN` while it is under way. */
  function connectResult(file: OpenFile, address: Sockaddr | null): number {
    const error = calls.getOption(file, SOL_SOCKET, SO_ERROR)
    if (error instanceof OptionFailure) return -error.errno
    if (error !== 0) return -Number(error)
    if ((file.endpoint.readiness() & POLLOUT) === 0) return -EAGAIN
    // As in Linux the call that finds it done is the one that is told; any after it is too late.
    const told = address === null ? 0 : calls.connect(file, address)
    return told === -EISCONN ? 0 : told
  }

  function receive(
    file: OpenFile,
    syscall: string,
    buffer: Uint8Array,
    flags: number,
    from: Sockaddr | null,
    options: WaitOptions,
  ): Promise<number> {
    const all = (flags & MSG_WAITALL) !== 0 && (flags & MSG_PEEK) === 0 && file.endpoint.type === SOCK_STREAM
    let received = 0
    const attempt = (): number => {
      if (!all) return calls.receive(file, buffer, 0, buffer.length, flags, from)
      while (received < buffer.length) {
        const result = calls.receive(file, buffer, received, buffer.length - received, flags, from)
        if (result === 0) return received
        if (result === -EAGAIN) return received > 0 && neverWaits(file, flags) ? received : result
        if (result < 0) return received === 0 ? result : received
        received += result
      }
      return received
    }
    return whenReadable(file, { syscall, attempt, flags }, options)
  }

  return {
    async connect(fd, input, options = {}) {
      const file = calls.file(fd, 'connect')
      const address = input === null ? null : calls.address(file, input)
      const first = calls.connect(file, address)
      if (first >= 0) return
      if ((first !== -EINPROGRESS && first !== -EALREADY) || file.nonBlocking) throw failure(first, 'connect', address)
      const attempt = (): number => connectResult(file, address)
      await whenWritable(file, { syscall: 'connect', attempt, address, flags: 0 }, options)
    },

    async accept(fd, options = {}) {
      const file = calls.file(fd, 'accept')
      const attempt = (): number => calls.accept(file, options.peer ?? null)
      return whenReadable(file, { syscall: 'accept', attempt, flags: 0 }, options)
    },

    close(fd) {
      return closeLingering(calls, fd)
    },

    async send(fd, data, flags = 0, options = {}) {
      const file = calls.file(fd, 'send')
      return sendAll(file, 'send', toBytes(data, 'send'), flags, null, options)
    },

    async sendto(fd, data, flags, input, options = {}) {
      const file = calls.file(fd, 'sendto')
      const address = input === null || input === undefined ? null : calls.address(file, input)
      return sendAll(file, 'sendto', toBytes(data, 'sendto'), flags, address, options)
    },

    async sendmsg(fd, input, flags = 0, options = {}) {
      const file = calls.file(fd, 'sendmsg')
      const name = input.name === null || input.name === undefined ? null : calls.address(file, input.name)
      if (input.control === undefined) {
        return sendAll(file, 'sendmsg', toSend(input, name, flags).buffer, flags, name, options)
      }
      const message = toSend(input, name, flags & ~(MSG_DONTWAIT | MSG_WAITALL))
      const attempt = (): number => calls.sendMessage(file, message)
      return whenWritable(file, { syscall: 'sendmsg', attempt, address: name, flags }, options)
    },

    async recv(fd, buffer, flags = 0, options = {}) {
      return receive(calls.file(fd, 'recv'), 'recv', buffer, flags, null, options)
    },

    async recvfrom(fd, buffer, flags = 0, from, options = {}) {
      return receive(calls.file(fd, 'recvfrom'), 'recvfrom', buffer, flags, from ?? null, options)
    },

    async recvmsg(fd, input, flags = 0, options = {}) {
      const file = calls.file(fd, 'recvmsg')
      let message = new Message(new Uint8Array(0))
      const attempt = (): number => {
        message = toReceive(input, flags & ~(MSG_DONTWAIT | MSG_WAITALL))
        return calls.receiveMessage(file, message)
      }
      const result = await whenReadable(file, { syscall: 'recvmsg', attempt, flags }, options)
      fromReceive(message, result, input)
      return result
    },

    async poll(descriptors, timeout = -1, options = {}) {
      return pollWaiting(host, table, descriptors, timeout, options)
    },

    async select(sets, timeout = -1, options = {}) {
      const descriptors = selectDescriptors(sets)
      for (const { fd } of descriptors) calls.file(fd, 'select')
      await pollWaiting(host, table, descriptors, timeout, options)
      pollNow(table, descriptors)
      return selectAnswer(sets, descriptors)
    },
  }
}
