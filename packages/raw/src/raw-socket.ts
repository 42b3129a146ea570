import {
  AF_INET6,
  CAST_MULTICAST,
  EINVAL,
  ENOBUFS,
  EOPNOTSUPP,
  type Host,
  ICMP_FILTER,
  type IcmpReport,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPPROTO_RAW,
  IPPROTO_UDP,
  IPV6_CHECKSUM,
  type Message,
  type NetworkHeader,
  type NetworkLayer,
  OptionFailure,
  type OptionValue,
  SOCK_RAW,
  SOL_ICMPV6,
  SOL_IPV6,
  SOL_RAW,
  type Untap,
} from '@jackfield/interfaces'
import { CHECKSUM_NONE, checksum, type Packet } from '@jackfield/packet'
import { optionInteger, pseudoHeaderSum, sourceOf, verifyChecksum } from '@jackfield/transport'
import type { RawCounters } from './counters.js'
import { InetEndpoint } from './inet-endpoint.js'
import { TypeFilter } from './type-filter.js'

/** Where every ICMPv6 message has its checksum (RFC 4443 2.1). */
const ICMPV6_CHECKSUM = 2

/**
 * A raw socket: gets a copy of every packet of its protocol that this host gets, IPv4 header included (IPv6's is not, RFC 3542 3),
 * and sends packets of it, or whole ones with `IP_HDRINCL` or `IPV6_HDRINCL`.
 */
export class RawSocket extends InetEndpoint {
  protected readonly bindsGroups = true
  private readonly counters: RawCounters
  private readonly untap: Untap
  /** `ICMP_FILTER`, `ICMP6_FILTER`; null where the protocol is another. */
  private readonly filter: TypeFilter | null
  private readonly filterLevel: number
  /** `IPV6_CHECKSUM`, -1 for none. */
  private checksumAt: number

  constructor(host: Host, network: NetworkLayer, family: number, protocol: number, counters: RawCounters) {
    super(host, family, SOCK_RAW, protocol)
    this.counters = counters
    this.options.hdrIncl = protocol === IPPROTO_RAW
    const v6 = family === AF_INET6
    this.filter = protocol === (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP) ? new TypeFilter() : null
    this.filterLevel = v6 ? SOL_ICMPV6 : SOL_RAW
    this.checksumAt = v6 && protocol === IPPROTO_ICMPV6 ? ICMPV6_CHECKSUM : -1
    this.untap = network.tap(protocol, {
      receive: (packet, header) => this.deliver(packet, header),
      error: (report) => this.report(report),
    })
  }

  override close(): void {
    if (!this.closed) this.untap()
    super.close()
  }

  override setOption(level: number, name: number, value: OptionValue): number {
    if (level === SOL_IPV6 && name === IPV6_CHECKSUM && this.family === AF_INET6) return this.setChecksum(value)
    if (level !== SOL_RAW && level !== SOL_ICMPV6) return super.setOption(level, name, value)
    const { filter } = this
    if (filter === null || level !== this.filterLevel || name !== ICMP_FILTER) return -EOPNOTSUPP
    return level === SOL_RAW ? filter.setMask(value) : filter.setBytes(value)
  }

  override getOption(level: number, name: number): OptionValue | OptionFailure {
    if (level === SOL_IPV6 && name === IPV6_CHECKSUM && this.family === AF_INET6) return this.checksumAt
    if (level !== SOL_RAW && level !== SOL_ICMPV6) return super.getOption(level, name)
    const { filter } = this
    if (filter === null || level !== this.filterLevel || name !== ICMP_FILTER) return new OptionFailure(EOPNOTSUPP)
    return level === SOL_RAW ? filter.mask : filter.bytes
  }

  /** `IPV6_CHECKSUM` (RFC 3542 3.1): where the checksum is that the host computes and checks, -1 for none; ICMPv6's is fixed. */
  private setChecksum(value: OptionValue): number {
    const offset = optionInteger(value)
    if (Number.isNaN(offset) || this.protocol === IPPROTO_ICMPV6) return -EINVAL
    if (offset > 0 && (offset & 1) !== 0) return -EINVAL
    this.checksumAt = offset < 0 ? -1 : offset
    return 0
  }

  protected get shownPort(): number {
    return this.protocol
  }

  /** A raw socket's number is its protocol. */
  protected take(): number {
    return 0
  }

  protected autobind(): number {
    return 0
  }

  protected check(message: Message): number {
    return this.checksumAt >= 0 && !this.options.hdrIncl && this.checksumAt + 2 > message.length ? -EINVAL : 0
  }

  protected transmit(message: Message, network: NetworkLayer): number {
    const packet = this.packetOf(message)
    packet.checksum = CHECKSUM_NONE
    this.counters.RawOutDatagrams++
    const { flow, hdrIncl } = this.options
    if (!hdrIncl) {
      if (this.checksumAt >= 0) this.complete(packet)
      return network.send(packet, flow)
    }
    // The network layer completes what Linux completes: lengths, checksum, and source and identification of 0.
    const error = network.sendRaw(packet, flow)
    return error === ENOBUFS && !this.options.recvErr ? 0 : error
  }

  private complete(packet: Packet): void {
    const { view, start, end } = packet
    const { flow } = this.options
    const at = start + this.checksumAt
    view.setUint16(at, 0)
    const pseudo = pseudoHeaderSum(sourceOf(flow), flow.destination, this.protocol, end - start)
    const sum = checksum(view, start, end, pseudo)
    // RFC 768: 0 would say that there is none.
    view.setUint16(at, sum === 0 && this.protocol === IPPROTO_UDP ? 0xffff : sum)
  }

  /** `raw_v4_input`, `ipv6_raw_deliver`. */
  private deliver(packet: Packet, header: NetworkHeader): boolean {
    const { options } = this
    if (!this.concerns(header.source, header.destination, header.interfaceIndex)) return false
    if (header.cast === CAST_MULTICAST) {
      const { source, destination, interfaceIndex } = header
      if (!options.groups.accepts(destination, source, interfaceIndex, options.hearsGroups(header.version))) return true
    }
    const { filter } = this
    if (filter !== null && packet.end > packet.start && filter.blocks(packet.view.getUint8(packet.start))) return true
    if (this.checksumAt >= 0 && !verifyChecksum(packet, header, this.protocol)) {
      this.counters.RawInCsumErrors++
      return true
    }
    const copy = packet.share()
    // IPv4 raw sockets see the header, IPv6 ones do not (RFC 3542 3).
    if (header.version === 4) copy.start = copy.networkHeader
    if (this.enqueue(copy)) this.counters.RawInDatagrams++
    else this.counters.RawRcvbufErrors++
    return true
  }

  private report(report: IcmpReport): void {
    if (!this.concerns(report.destination, report.source, report.interfaceIndex)) return
    this.fail(report, this.options.hdrIncl ? report.quoteStart : report.quoteTransport)
  }

  private concerns(remote: NetworkHeader['source'], local: NetworkHeader['source'], interfaceIndex: number): boolean {
    if (this.connected && !this.peer.equals(remote)) return false
    if (!this.bound.isUnspecified && !this.bound.equals(local)) return false
    const { boundInterface } = this.options
    return boundInterface === 0 || boundInterface === interfaceIndex
  }
}
