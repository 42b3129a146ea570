import {
  CAST_UNICAST,
  EADDRINUSE,
  EAGAIN,
  type Host,
  type IcmpReport,
  type NetworkHeader,
  type ProtocolTap,
  type Untap,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import { ECHO_HEADER_LENGTH, type EchoProtocol } from './echo-protocol.js'
import type { PingSocket } from './ping-socket.js'

const IDENTIFIERS = 0x1_0000

/** Which ICMP datagram socket of one IP version has which identifier. Sees ICMP only while there are any. */
export class PingTable implements ProtocolTap {
  readonly echo: EchoProtocol
  private readonly host: Host
  private readonly sockets = new Map<number, PingSocket>()
  private untap: Untap | null = null
  /** The identifier last chosen. */
  private rover: number

  constructor(host: Host, echo: EchoProtocol) {
    this.host = host
    this.echo = echo
    this.rover = host.random.below(IDENTIFIERS)
  }

  /**
   * Gives a socket an identifier, or with 0 one that is free.
   * @returns 0, `-EADDRINUSE`, or `-EAGAIN` where none is free
   */
  add(socket: PingSocket, identifier: number): number {
    const chosen = identifier === 0 ? this.free() : identifier
    if (chosen === 0) return -EAGAIN
    const holder = this.sockets.get(chosen)
    for (let each = holder ?? null; each !== null; each = each.next) {
      if (!each.shares || !socket.shares) return -EADDRINUSE
    }
    socket.identifier = chosen
    socket.next = holder ?? null
    this.sockets.set(chosen, socket)
    const { version, protocol } = this.echo
    if (this.untap === null) this.untap = this.host.network(version)?.tap(protocol, this) ?? null
    return 0
  }

  /** Takes a socket out; one that has no identifier is not in. */
  remove(socket: PingSocket): void {
    const { identifier } = socket
    const holder = this.sockets.get(identifier)
    if (identifier === 0 || holder === undefined) return
    if (holder === socket) {
      if (socket.next === null) this.sockets.delete(identifier)
      else this.sockets.set(identifier, socket.next)
    } else {
      let each = holder
      while (each.next !== null && each.next !== socket) each = each.next
      each.next = socket.next
    }
    socket.identifier = 0
    socket.next = null
    if (this.sockets.size > 0 || this.untap === null) return
    this.untap()
    this.untap = null
  }

  receive(packet: Packet, header: NetworkHeader): boolean {
    const { view, start, end } = packet
    if (end - start < ECHO_HEADER_LENGTH || view.getUint8(start) !== this.echo.reply) return false
    if (header.cast !== CAST_UNICAST) return false
    const socket = this.find(view.getUint16(start + 4), header.destination, header.interfaceIndex)
    if (socket === null) return false
    if (!this.echo.verify(packet, header)) return false
    socket.deliver(packet)
    return true
  }

  error(report: IcmpReport): void {
    const { packet, quoteTransport } = report
    if (packet === null || packet.end - quoteTransport < ECHO_HEADER_LENGTH) return
    const { view } = packet
    if (view.getUint8(quoteTransport) !== this.echo.request || view.getUint8(quoteTransport + 1) !== 0) return
    this.find(view.getUint16(quoteTransport + 4), report.source, report.interfaceIndex)?.report(report)
  }

  private find(identifier: number, local: NetworkHeader['destination'], interfaceIndex: number): PingSocket | null {
    for (let each = this.sockets.get(identifier) ?? null; each !== null; each = each.next) {
      if (each.matches(local, interfaceIndex)) return each
    }
    return null
  }

  /** The next identifier after the last one that nobody has; 0 where all are taken. */
  private free(): number {
    for (let tries = 0; tries < IDENTIFIERS; tries++) {
      this.rover = (this.rover + 1) % IDENTIFIERS
      if (this.rover !== 0 && !this.sockets.has(this.rover)) return this.rover
    }
    return 0
  }
}
