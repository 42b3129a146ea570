import { type IpAddressSlot, setSlot } from '@jackfield/addr'
import {
  EHOSTUNREACH,
  ERROR_HOST_UNREACHABLE,
  ERROR_PACKET_TOO_BIG,
  IcmpReport,
  type NetworkInterface,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import type { Ipv6Context } from './context.js'
import type { Forwarder } from './forward.js'
import { IPV6_DESTINATION, IPV6_HEADER_LENGTH, IPV6_MIN_MTU, IPV6_SOURCE, readAddress } from './wire/header.js'
import { CHAIN_OK, HeaderChain, walkHeaders } from './wire/header-chain.js'

/** Quoted transport bytes without which no transport can tell whose the packet was. */
const QUOTED_TRANSPORT_BYTES = 8

/** ICMPv6 errors on their way in: finds out what they are about, and tells the raw sockets and the transport. */
export class ErrorsIn {
  private readonly context: Ipv6Context
  private readonly forwarder: Forwarder
  private readonly own = new IcmpReport()
  private readonly chain = new HeaderChain()

  constructor(context: Ipv6Context, forwarder: Forwarder) {
    this.context = context
    this.forwarder = forwarder
  }

  /** `NetworkLayer.dispatchError`. */
  dispatch(report: IcmpReport): void {
    const { context } = this
    const { counters, network, protocols } = context
    const packet = report.packet
    // A gateway's sockets send from any address.
    if (
      packet === null ||
      !this.readQuote(report, packet) ||
      !(context.routes.anySource || network.isLocal(report.source, 0))
    ) {
      counters.Ip6ExtInBadQuotes++
      return
    }
    if (report.kind === ERROR_PACKET_TOO_BIG) {
      // RFC 8201 4: a path of less than the least MTU is a lie, and atomic fragments are no answer to it (RFC 8021).
      if (report.info < IPV6_MIN_MTU) {
        counters.Ip6ExtInBadMtus++
        return
      }
      if (!protocols.believesMtu(report.protocol)) network.updatePathMtu(report.destination, report.info)
    }
    protocols.error(report)
  }

  /** `NetworkLayer.neighborUnreachable`. */
  neighborUnreachable(packet: Packet, networkInterface: NetworkInterface): void {
    const { context, own } = this
    context.counters.Ip6ExtOutNeighborFails++
    const { start, end, view } = packet
    if (end - start < IPV6_HEADER_LENGTH || view.getUint8(start) >>> 4 !== 6) {
      packet.release()
      return
    }
    packet.networkHeader = start
    own.version = 6
    own.packet = packet
    own.quoteStart = start
    if (!this.readQuote(own, packet) || !context.network.isLocal(own.source, 0)) {
      own.packet = null
      this.forwarder.refuse(packet, ERROR_HOST_UNREACHABLE, 0)
      return
    }
    // What a router on the way would have answered, from this host to itself (Linux's ip6_link_failure).
    own.type = 1
    own.code = 3
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
   * Reads the quoted headers. False where they are malformed, quote less than 8 bytes of the transport's header, or are of a
   * later fragment, which no transport can place.
   */
  private readQuote(report: IcmpReport, packet: Packet): boolean {
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
}
