import { type IpAddressSlot, setSlotV4 } from '@jackfield/addr'
import { ERROR_HOST_UNREACHABLE, type IcmpReport } from '@jackfield/interfaces'
import { ErrorsIn } from '@jackfield/ip'
import type { Packet } from '@jackfield/packet'
import type { Ipv4Context } from './context.js'
import type { Forwarder } from './forward.js'
import {
  IP_OFFSET_MASK,
  IPV4_DESTINATION,
  IPV4_FRAGMENT,
  IPV4_HEADER_LENGTH,
  IPV4_PROTOCOL,
  IPV4_SOURCE,
} from './wire/header.js'

/** ICMPv4 errors on their way in. */
export class Ipv4ErrorsIn extends ErrorsIn {
  protected readonly unreachableType = 3
  protected readonly unreachableCode = 1
  private readonly context: Ipv4Context
  private readonly forwarder: Forwarder

  constructor(context: Ipv4Context, forwarder: Forwarder) {
    super(context)
    this.context = context
    this.forwarder = forwarder
  }

  protected override readQuote(report: IcmpReport, packet: Packet): boolean {
    const { quoteStart: at } = report
    const { view, end } = packet
    if (at < 0 || end - at < IPV4_HEADER_LENGTH) return false
    const first = view.getUint8(at)
    const headerLength = (first & 15) << 2
    if (first >>> 4 !== 4 || headerLength < IPV4_HEADER_LENGTH || end - at < headerLength + 8) return false
    if ((view.getUint16(at + IPV4_FRAGMENT) & IP_OFFSET_MASK) !== 0) return false
    setSlotV4(report.source as IpAddressSlot, view.getInt32(at + IPV4_SOURCE))
    setSlotV4(report.destination as IpAddressSlot, view.getInt32(at + IPV4_DESTINATION))
    report.protocol = view.getUint8(at + IPV4_PROTOCOL)
    report.quoteTransport = at + headerLength
    return true
  }

  protected override believesMtu(report: IcmpReport): boolean {
    const { noPmtuDisc } = this.context.settings
    // What is told has a floor (`min_pmtu`), which holds, too, where a router does not tell its MTU, or is not to be heard.
    if (noPmtuDisc === 1) report.info = 0
    return noPmtuDisc !== 2
  }

  protected override refuseUnreachable(packet: Packet): void {
    this.forwarder.refuse(packet, ERROR_HOST_UNREACHABLE, 0)
  }

  protected override countBadQuote(): void {
    this.context.counters.IpExtInBadQuotes++
  }

  protected override countNeighborFailure(): void {
    this.context.counters.IpExtOutNeighborFails++
  }
}
