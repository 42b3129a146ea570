import { type IpAddressSlot, setSlot, setSlotV4 } from '@jackfield/addr'
import {
  EHOSTUNREACH,
  ERROR_HOST_UNREACHABLE,
  ERROR_PACKET_TOO_BIG,
  IcmpReport,
  type NetworkInterface,
} from '@jackfield/interfaces'
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

/** ICMP errors on their way in: finds out what they are about, and tells the raw sockets and the transport. */
export class ErrorsIn {
  private readonly context: Ipv4Context
  private readonly forwarder: Forwarder
  private readonly own = new IcmpReport()

  constructor(context: Ipv4Context, forwarder: Forwarder) {
    this.context = context
    this.forwarder = forwarder
  }

  /** `NetworkLayer.dispatchError`. */
  dispatch(report: IcmpReport): void {
    const { context } = this
    const { counters, settings } = context
    const packet = report.packet
    // A gateway's sockets send from any address.
    if (
      packet === null ||
      !this.readQuote(report, packet) ||
      !(context.routes.anySource || context.network.isLocal(report.source, 0))
    ) {
      counters.IpExtInBadQuotes++
      return
    }
    if (report.kind === ERROR_PACKET_TOO_BIG) {
      if (settings.noPmtuDisc === 2) return
      // What is told has a floor (`min_pmtu`), which holds, too, where a router does not tell its MTU, or is not to be heard.
      if (settings.noPmtuDisc === 1) report.info = 0
      if (!context.protocols.believesMtu(report.protocol)) {
        context.network.updatePathMtu(report.destination, report.info)
      }
    }
    context.protocols.error(report)
  }

  /** `NetworkLayer.neighborUnreachable`. */
  neighborUnreachable(packet: Packet, networkInterface: NetworkInterface): void {
    const { context, own } = this
    context.counters.IpExtOutNeighborFails++
    const { start, end, view } = packet
    if (end - start < IPV4_HEADER_LENGTH || view.getUint8(start) >>> 4 !== 4) {
      packet.release()
      return
    }
    packet.networkHeader = start
    own.version = 4
    own.packet = packet
    own.quoteStart = start
    if (!this.readQuote(own, packet) || !context.network.isLocal(own.source, 0)) {
      own.packet = null
      this.forwarder.refuse(packet, ERROR_HOST_UNREACHABLE, 0)
      return
    }
    // What a router on the way would have answered, from this host to itself (Linux's ipv4_link_failure).
    own.type = 3
    own.code = 1
    own.kind = ERROR_HOST_UNREACHABLE
    own.errno = EHOSTUNREACH
    own.fatal = false
    own.info = 0
    own.interfaceIndex = networkInterface.index
    setSlot(own.offender as IpAddressSlot, own.source)
    context.routes.unreachable(own.destination)
    context.protocols.error(own)
    own.packet = null
    packet.release()
  }

  /**
   * Reads the quoted header. False where it is malformed, quotes less than 8 bytes of the transport's header (RFC 792),
   * or is of a later fragment, which no transport can place.
   */
  private readQuote(report: IcmpReport, packet: Packet): boolean {
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
}
