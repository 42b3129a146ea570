import { ERROR_HOST_UNREACHABLE, type IcmpReport } from '@jackfield/interfaces'
import { ErrorsIn } from '@jackfield/ip'
import type { Packet } from '@jackfield/packet'
import type { Ipv6Context } from './context.js'
import type { Forwarder } from './forward.js'
import { IPV6_DESTINATION, IPV6_HEADER_LENGTH, IPV6_MIN_MTU, IPV6_SOURCE, readAddress } from './wire/header.js'
import { CHAIN_OK, HeaderChain, walkHeaders } from './wire/header-chain.js'

/** Quoted transport bytes without which no transport can tell whose the packet was. */
const QUOTED_TRANSPORT_BYTES = 8

/** ICMPv6 errors on their way in. */
export class Ipv6ErrorsIn extends ErrorsIn {
  protected readonly unreachableType = 1
  protected readonly unreachableCode = 3
  private readonly context: Ipv6Context
  private readonly forwarder: Forwarder
  private readonly chain = new HeaderChain()

  constructor(context: Ipv6Context, forwarder: Forwarder) {
    super(context)
    this.context = context
    this.forwarder = forwarder
  }

  protected override readQuote(report: IcmpReport, packet: Packet): boolean {
    const { quoteStart: at } = report
    const { view, end } = packet
    const { chain } = this
    if (at < 0 || end - at < IPV6_HEADER_LENGTH || view.getUint8(at) >>> 4 !== 6) return false
    if (walkHeaders(view, at, end, chain) !== CHAIN_OK) return false
    if (end - chain.transport < QUOTED_TRANSPORT_BYTES) return false
    readAddress(report.source, view, at + IPV6_SOURCE)
    readAddress(report.destination, view, at + IPV6_DESTINATION)
    report.protocol = chain.protocol
    report.quoteTransport = chain.transport
    return true
  }

  /** RFC 8201 4: a path of less than the least MTU is a lie, and atomic fragments are no answer to it (RFC 8021). */
  protected override believesMtu(report: IcmpReport): boolean {
    if (report.info >= IPV6_MIN_MTU) return true
    this.context.counters.Ip6ExtInBadMtus++
    return false
  }

  protected override refuseUnreachable(packet: Packet): void {
    this.forwarder.refuse(packet, ERROR_HOST_UNREACHABLE, 0)
  }

  protected override countBadQuote(): void {
    this.context.counters.Ip6ExtInBadQuotes++
  }

  protected override countNeighborFailure(): void {
    this.context.counters.Ip6ExtOutNeighborFails++
  }
}
