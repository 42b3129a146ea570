import { type IpAddressSlot, setSlot } from '@jackfield/addr'
import {
  EHOSTUNREACH,
  ERROR_HOST_UNREACHABLE,
  ERROR_PACKET_TOO_BIG,
  IcmpReport,
  type NetworkInterface,
  type NetworkLayer,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import type { ProtocolTable } from './protocol-table.js'
import type { RouteTable } from './route-table.js'

/** What errors on their way in work with. */
export interface ErrorsInParts {
  readonly network: NetworkLayer
  readonly protocols: ProtocolTable
  readonly routes: RouteTable
}

/** ICMP errors on their way in: finds out what they are about, and tells the raw sockets and the transport. */
export abstract class ErrorsIn {
  /** Type and code of the ICMP message "host unreachable". */
  protected abstract readonly unreachableType: number
  protected abstract readonly unreachableCode: number
  private readonly parts: ErrorsInParts
  private readonly own = new IcmpReport()

  constructor(parts: ErrorsInParts) {
    this.parts = parts
  }

  /** `NetworkLayer.dispatchError`. */
  dispatch(report: IcmpReport): void {
    const { network, protocols, routes } = this.parts
    const { packet } = report
    // A gateway's sockets send from any address.
    if (
      packet === null ||
      !this.readQuote(report, packet) ||
      !(routes.anySource || network.isLocal(report.source, 0))
    ) {
      this.countBadQuote()
      return
    }
    if (report.kind === ERROR_PACKET_TOO_BIG) {
      if (!this.believesMtu(report)) return
      if (!protocols.believesMtu(report.protocol)) network.updatePathMtu(report.destination, report.info)
    }
    protocols.error(report)
  }

  /** `NetworkLayer.neighborUnreachable`. */
  neighborUnreachable(packet: Packet, networkInterface: NetworkInterface): void {
    const { own } = this
    const { network, protocols, routes } = this.parts
    this.countNeighborFailure()
    const { start, end, view } = packet
    if (end - start < network.headerLength || view.getUint8(start) >>> 4 !== network.version) {
      packet.release()
      return
    }
    packet.networkHeader = start
    own.version = network.version
    own.packet = packet
    own.quoteStart = start
    if (!this.readQuote(own, packet) || !network.isLocal(own.source, 0)) {
      own.packet = null
      this.refuseUnreachable(packet)
      return
    }
    // What a router on the way would have answered, from this host to itself (Linux's ipv4_link_failure, ip6_link_failure).
    own.type = this.unreachableType
    own.code = this.unreachableCode
    own.kind = ERROR_HOST_UNREACHABLE
    own.errno = EHOSTUNREACH
    own.fatal = false
    own.info = 0
    own.interfaceIndex = networkInterface.index
    setSlot(own.offender as IpAddressSlot, own.source)
    routes.unreachable(own.destination)
    protocols.error(own)
    own.packet = null
    packet.release()
  }

  /**
   * Reads the headers that a report quotes, at `report.quoteStart`, into it. False where they are malformed, quote less than 8 bytes of
   * the transport's header (RFC 792), or are of a later fragment, which no transport can place.
   */
  protected abstract readQuote(report: IcmpReport, packet: Packet): boolean

  /** Whether a report that a packet was too big is to be heard; `report.info`, the MTU, may be put right. */
  protected abstract believesMtu(report: IcmpReport): boolean

  /** Answers the sender of a packet of another host that the next hop is unreachable. Takes it. */
  protected abstract refuseUnreachable(packet: Packet): void

  protected abstract countBadQuote(): void

  protected abstract countNeighborFailure(): void
}
