import {
  AF_INET,
  CAST_MULTICAST,
  EINVAL,
  ENOBUFS,
  EOPNOTSUPP,
  type Host,
  ICMP_FILTER,
  type IcmpReport,
  IPPROTO_ICMP,
  IPPROTO_RAW,
  type Message,
  type NetworkHeader,
  type NetworkLayer,
  OptionFailure,
  type OptionValue,
  SOCK_RAW,
  SOL_RAW,
  type Untap,
} from '@jackfield/interfaces'
import { CHECKSUM_NONE, type Packet } from '@jackfield/packet'
import { optionInteger } from '@jackfield/transport'
import type { RawCounters } from './counters.js'
import { InetEndpoint } from './inet-endpoint.js'

/**
 * A raw socket: gets a copy of every packet of its protocol that this host gets, IPv4 header included, and sends
 * packets of it, or whole ones with `IP_HDRINCL`.
 */
export class RawSocket extends InetEndpoint {
  protected readonly bindsGroups = true
  private readonly counters: RawCounters
  private readonly untap: Untap
  /** `ICMP_FILTER`: bits of the types that are not wanted. */
  private filter = 0

  constructor(host: Host, network: NetworkLayer, family: number, protocol: number, counters: RawCounters) {
    super(host, family, SOCK_RAW, protocol)
    this.counters = counters
    this.options.hdrIncl = protocol === IPPROTO_RAW
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
    if (level !== SOL_RAW) return super.setOption(level, name, value)
    if (name !== ICMP_FILTER || !this.filters) return -EOPNOTSUPP
    const mask = optionInteger(value)
    if (Number.isNaN(mask)) return -EINVAL
    this.filter = mask
    return 0
  }

  override getOption(level: number, name: number): OptionValue | OptionFailure {
    if (level !== SOL_RAW) return super.getOption(level, name)
    return name === ICMP_FILTER && this.filters ? this.filter >>> 0 : new OptionFailure(EOPNOTSUPP)
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

  protected check(): number {
    return 0
  }

  protected transmit(message: Message, network: NetworkLayer): number {
    const packet = this.packetOf(message)
    packet.checksum = CHECKSUM_NONE
    this.counters.RawOutDatagrams++
    const { flow } = this.options
    if (!this.options.hdrIncl || network.version !== 4) return network.send(packet, flow)
    // The network layer completes what Linux completes: lengths, checksum, and source and identification of 0.
    const error = network.sendRaw(packet, flow)
    return error === ENOBUFS && !this.options.recvErr ? 0 : error
  }

  private get filters(): boolean {
    return this.protocol === IPPROTO_ICMP && this.family === AF_INET
  }

  /** `raw_v4_input`. */
  private deliver(packet: Packet, header: NetworkHeader): boolean {
    const { options } = this
    if (!this.concerns(header.source, header.destination, header.interfaceIndex)) return false
    if (header.cast === CAST_MULTICAST) {
      const { source, destination, interfaceIndex } = header
      if (!options.groups.accepts(destination, source, interfaceIndex, options.multicastAll)) return true
    }
    if (this.filter !== 0 && packet.end > packet.start) {
      const type = packet.view.getUint8(packet.start)
      if (type < 32 && ((this.filter >>> type) & 1) === 1) return true
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
