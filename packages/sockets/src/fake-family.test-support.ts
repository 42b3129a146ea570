import { SocketAddress } from '@jackfield/addr'
import { createVirtualClock, type VirtualClock } from '@jackfield/clock'
import {
  AF_INET,
  EADDRINUSE,
  EAGAIN,
  EDESTADDRREQ,
  EINPROGRESS,
  EISCONN,
  ENOPROTOOPT,
  EOPNOTSUPP,
  type Message,
  OptionFailure,
  type OptionValue,
  POLLIN,
  POLLOUT,
  type ReadinessWatcher,
  SO_ERROR,
  SO_LINGER,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
  type Sockaddr,
  type SocketEndpoint,
} from '@jackfield/interfaces'
import type { SocketHost } from '@jackfield/stack'

/** Bytes a stream endpoint of the test holds. */
const STREAM_ROOM = 8

/** A socket of a family made for the test: a test feeds it, drains it and sets what it answers. */
export class TestEndpoint implements SocketEndpoint {
  readonly family: number = AF_INET
  readonly type: number
  readonly protocol = 17
  readonly arrived: Uint8Array[] = []
  readonly left: Uint8Array[] = []
  readonly pending: TestEndpoint[] = []
  room = STREAM_ROOM
  connecting = false
  /** Whether `connect` was called. */
  private asked = false
  error = 0
  closes = 0
  ended = false
  option = 0
  linger: OptionValue = 0
  /** Who waits in `close`. */
  lingers: (() => void) | null = null
  private readonly own = new SocketAddress()
  private peer: SocketAddress | null = null
  private watcher: ReadinessWatcher | null = null

  constructor(type: number) {
    this.type = type
  }

  bind(address: Sockaddr): number {
    if (!(address instanceof SocketAddress)) return -EOPNOTSUPP
    if (address.port === 99) return -EADDRINUSE
    this.own.set(2, address.address, address.port)
    return 0
  }

  connect(address: Sockaddr | null): number {
    this.peer = address instanceof SocketAddress ? address.copy() : null
    if (this.type === SOCK_DGRAM || address === null) return 0
    if (this.asked && !this.connecting) return -EISCONN
    this.asked = true
    this.connecting = true
    return -EINPROGRESS
  }

  listen(): number {
    return 0
  }

  accept(peer: Sockaddr | null): SocketEndpoint | number {
    const next = this.pending.shift()
    if (next === undefined) return -EAGAIN
    if (peer instanceof SocketAddress && next.peer !== null) peer.set(2, next.peer.address, next.peer.port)
    return next
  }

  send(message: Message): number {
    if (this.type === SOCK_DGRAM) {
      if (message.name === null && this.peer === null) return -EDESTADDRREQ
      this.left.push(message.buffer.slice(message.offset, message.offset + message.length))
      return message.length
    }
    const count = Math.min(this.room, message.length)
    if (count === 0 && message.length > 0) return -EAGAIN
    this.room -= count
    this.left.push(message.buffer.slice(message.offset, message.offset + count))
    return count
  }

  receive(message: Message): number {
    const first = this.arrived[0]
    if (first === undefined) return this.ended ? 0 : -EAGAIN
    const count = Math.min(first.length, message.length)
    message.buffer.set(first.subarray(0, count), message.offset)
    if (this.type === SOCK_STREAM && count < first.length) this.arrived[0] = first.subarray(count)
    else this.arrived.shift()
    if (message.name instanceof SocketAddress) {
      message.name.set(2, this.own.address, 7)
      message.named = true
    }
    message.flags = 0
    message.control?.push({ level: 0, type: 8, data: count })
    return count
  }

  shutdown(): number {
    this.ended = true
    return 0
  }

  close(done?: () => void): void {
    this.closes++
    this.lingers = done ?? null
  }

  setOption(level: number, name: number, value: OptionValue): number {
    if (level !== SOL_SOCKET || typeof value !== 'number') return -ENOPROTOOPT
    this.option = name + value
    return 0
  }

  getOption(level: number, name: number): OptionValue | OptionFailure {
    if (level !== SOL_SOCKET) return new OptionFailure(ENOPROTOOPT)
    if (name === SO_LINGER) return this.linger
    if (name !== SO_ERROR) return this.option
    const { error } = this
    this.error = 0
    return error
  }

  ioctl(request: number): number {
    return request === 0x541b ? (this.arrived[0]?.length ?? 0) : -25
  }

  getName(address: Sockaddr): number {
    if (address instanceof SocketAddress) address.set(2, this.own.address, this.own.port)
    return 0
  }

  getPeer(address: Sockaddr): number {
    if (this.peer === null) return -107
    if (address instanceof SocketAddress) address.set(2, this.peer.address, this.peer.port)
    return 0
  }

  readiness(): number {
    let mask = 0
    if (this.arrived.length > 0 || this.pending.length > 0 || this.ended) mask |= POLLIN
    if (!this.connecting && (this.type === SOCK_DGRAM || this.room > 0)) mask |= POLLOUT
    if (this.error !== 0) mask |= POLLOUT
    return mask
  }

  setWatcher(watcher: ReadinessWatcher | null): void {
    this.watcher = watcher
  }

  get watched(): boolean {
    return this.watcher !== null
  }

  /** Tells the watcher, as a transport does at the end of a burst. */
  tell(changed: number = this.readiness()): void {
    this.watcher?.ready(this.readiness(), changed)
  }

  /** Something came in. */
  arrive(...data: string[]): void {
    for (const text of data) this.arrived.push(Uint8Array.from(text, (character) => character.charCodeAt(0)))
    this.tell()
  }
}

/** A stack of nothing but the family of the test. */
export function createFakeHost(): { host: SocketHost; clock: VirtualClock; made: TestEndpoint[] } {
  const clock = createVirtualClock()
  const made: TestEndpoint[] = []
  const host: SocketHost = {
    clock,
    interfaces: [],
    findSocketProvider: (family, type) => {
      if (family !== AF_INET) return 97
      if (type !== SOCK_DGRAM && type !== SOCK_STREAM) return 94
      return {
        family,
        type,
        protocol: 17,
        isDefault: true,
        create: () => {
          const endpoint = new TestEndpoint(type)
          made.push(endpoint)
          return endpoint
        },
      }
    },
    addressFamily: (family) =>
      family === AF_INET
        ? {
            family,
            createAddress: () => new SocketAddress(),
            parseAddress: (input) => SocketAddress.from(input as string),
            formatAddress: String,
          }
        : undefined,
    interfaceByName: () => undefined,
    interfaceByIndex: () => undefined,
    network: () => undefined,
    needBurstEnd: () => {},
  }
  return { host, clock, made }
}
