import {
  EINVAL,
  type Host,
  type IcmpReport,
  type Message,
  type NetworkHeader,
  type NetworkLayer,
  SOCK_DGRAM,
} from '@jackfield/interfaces'
import { CHECKSUM_NONE, type Packet } from '@jackfield/packet'
import { sourceOf } from '@jackfield/transport'
import type { RawCounters } from './counters.js'
import { ECHO_HEADER_LENGTH } from './echo-protocol.js'
import { InetEndpoint } from './inet-endpoint.js'
import type { PingTable } from './ping-table.js'

/**
 * An ICMP datagram socket (`SOCK_DGRAM` with `IPPROTO_ICMP` or `IPPROTO_ICMPV6`): sends echo requests, gets the replies to them. Its port is
 * the identifier of both; the host writes identifier and checksum.
 */
export class PingSocket extends InetEndpoint {
  /** The identifier; 0 before one was taken. */
  identifier = 0
  /** The next socket with the same identifier (`SO_REUSEADDR`). */
  next: PingSocket | null = null
  protected readonly bindsGroups = false
  private readonly table: PingTable
  private readonly counters: RawCounters

  constructor(host: Host, table: PingTable, counters: RawCounters) {
    super(host, table.echo.family, SOCK_DGRAM, table.echo.protocol)
    this.table = table
    this.counters = counters
  }

  /** `SO_REUSEADDR`: identifiers may be shared by sockets that all have it. */
  get shares(): boolean {
    return this.options.reuseAddress
  }

  override close(): void {
    this.table.remove(this)
    super.close()
  }

  /** Whether a reply to this address by this interface, or an error that came in by it, may be this socket's. */
  matches(local: NetworkHeader['destination'], interfaceIndex: number): boolean {
    if (!this.bound.isUnspecified && !this.bound.equals(local)) return false
    const { boundInterface } = this.options
    return boundInterface === 0 || boundInterface === interfaceIndex
  }

  /** A reply with its identifier; borrowed. */
  deliver(packet: Packet): void {
    if (this.enqueue(packet.share())) this.counters.PingInDatagrams++
    else this.counters.PingRcvbufErrors++
  }

  /** An error about a request with its identifier. */
  report(report: IcmpReport): void {
    this.fail(report, report.quoteTransport)
  }

  protected get shownPort(): number {
    return this.identifier
  }

  protected override mayBind(): boolean {
    return this.identifier === 0
  }

  protected take(port: number): number {
    return this.table.add(this, port)
  }

  protected autobind(): number {
    return this.identifier !== 0 ? 0 : this.table.add(this, 0)
  }

  /** Nothing but echo requests (`ping_supported`). */
  protected check(message: Message): number {
    const { buffer, offset, length } = message
    if (length < ECHO_HEADER_LENGTH) return -EINVAL
    return buffer[offset] === this.table.echo.request && buffer[offset + 1] === 0 ? 0 : -EINVAL
  }

  protected transmit(message: Message, network: NetworkLayer): number {
    const packet = this.packetOf(message)
    const { view, start } = packet
    const { flow } = this.options
    view.setUint16(start + 2, 0)
    view.setUint16(start + 4, this.identifier)
    view.setUint16(start + 2, this.table.echo.checksum(packet, sourceOf(flow), flow.destination))
    packet.checksum = CHECKSUM_NONE
    this.counters.PingOutDatagrams++
    return network.send(packet, flow)
  }
}
