import {
  ENOTTY,
  EOPNOTSUPP,
  FIONREAD,
  type Host,
  type Message,
  MSG_TRUNC,
  type NetworkFlow,
  type OptionFailure,
  type OptionValue,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDHUP,
  type ReadinessWatcher,
  SIOCOUTQ,
  type Sockaddr,
  type SocketEndpoint,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import { IpSocketOptions, Readiness, ReceiveQueue, SendAccount, transportSettings } from '@jackfield/transport'

/** Up to this many bytes a loop copies faster than a view is made. */
const SHORT_COPY = 64

/** What the three kinds of socket share: their queue, their accounts, their options and who waits for them. */
export abstract class DatagramEndpoint implements SocketEndpoint {
  readonly family: number
  readonly type: number
  readonly protocol: number
  protected readonly host: Host
  protected readonly queue: ReceiveQueue
  protected readonly account: SendAccount
  protected readonly events: Readiness
  protected readonly options: IpSocketOptions
  protected readShut = false
  protected writeShut = false
  protected closed = false

  constructor(host: Host, family: number, type: number, protocol: number, flow: NetworkFlow) {
    this.host = host
    this.family = family
    this.type = type
    this.protocol = protocol
    const settings = transportSettings(host)
    this.events = new Readiness(host, this)
    this.queue = new ReceiveQueue(host.packets, settings.rmemDefault, null)
    this.account = new SendAccount(settings.wmemDefault, this.events)
    this.options = new IpSocketOptions(host, this, flow, this.queue, this.account, this.events)
  }

  abstract bind(address: Sockaddr): number
  abstract connect(address: Sockaddr | null): number
  abstract send(message: Message): number
  abstract receive(message: Message): number
  abstract shutdown(how: number): number
  abstract close(): void
  abstract setOption(level: number, name: number, value: OptionValue): number
  abstract getOption(level: number, name: number): OptionValue | OptionFailure
  abstract getName(address: Sockaddr): number
  abstract getPeer(address: Sockaddr): number

  listen(): number {
    return -EOPNOTSUPP
  }

  accept(): number {
    return -EOPNOTSUPP
  }

  ioctl(request: number): number {
    if (request === SIOCOUTQ) return this.account.used
    if (request !== FIONREAD) return -ENOTTY
    const packet = this.queue.peek()
    return packet === null ? 0 : packet.length
  }

  /** `datagram_poll`. */
  readiness(): number {
    let mask = 0
    if (this.options.error !== 0 || this.pendingErrors() > 0) mask |= POLLERR
    if (this.readShut) mask |= POLLIN | POLLRDHUP
    if (this.readShut && this.writeShut) mask |= POLLHUP
    if (this.queue.length > 0) mask |= POLLIN
    if (this.account.writable) mask |= POLLOUT
    return mask
  }

  setWatcher(watcher: ReadinessWatcher | null): void {
    this.events.setWatcher(watcher)
  }

  /** Errors that wait for `MSG_ERRQUEUE`. */
  protected pendingErrors(): number {
    return 0
  }

  /** Queues a packet, which it takes; false where there was no room. */
  protected enqueue(packet: Packet): boolean {
    if (this.queue.push(packet) !== 0) return false
    this.events.changed(POLLIN)
    return true
  }

  /**
   * Copies the oldest packet's window to a caller; `flags` are those that it called with.
   * @returns what the call answers: bytes copied, or with `MSG_TRUNC` the packet's length
   */
  protected copyOut(packet: Packet, message: Message, flags: number): number {
    const length = packet.length
    const copied = Math.min(length, message.length)
    const { bytes, start } = packet
    const { buffer, offset } = message
    if (copied <= SHORT_COPY) for (let i = 0; i < copied; i++) buffer[offset + i] = bytes[start + i] as number
    else buffer.set(bytes.subarray(start, start + copied), offset)
    message.flags = copied < length ? MSG_TRUNC : 0
    return (flags & MSG_TRUNC) !== 0 ? length : copied
  }

  /** A packet that holds what a caller sends behind `before` more bytes, charged to the socket. */
  protected packetOf(message: Message, before = 0): Packet {
    const { buffer, offset, length } = message
    const packet = this.host.packets.allocate(before + length)
    const { bytes, start } = packet
    const from = start + before
    if (length <= SHORT_COPY) for (let i = 0; i < length; i++) bytes[from + i] = buffer[offset + i] as number
    else bytes.set(buffer.subarray(offset, offset + length), from)
    this.account.charge(packet)
    return packet
  }
}
