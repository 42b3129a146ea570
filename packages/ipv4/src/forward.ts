import { createAddressSlot, setSlotV4 } from '@jackfield/addr'
import {
  CAST_BROADCAST,
  CAST_UNICAST,
  EACCES,
  EHOSTUNREACH,
  EINVAL,
  ENETUNREACH,
  ERROR_HOST_UNREACHABLE,
  ERROR_NET_UNREACHABLE,
  ERROR_PACKET_TOO_BIG,
  ERROR_PROHIBITED,
  ERROR_REDIRECT,
  ERROR_TTL_EXCEEDED,
  type NetworkHeader,
  type NetworkInterface,
} from '@jackfield/interfaces'
import { pathHash, segmentLength, type TableRoute } from '@jackfield/ip'
import { PACKET_HOST, type Packet, updateChecksum } from '@jackfield/packet'
import type { Ipv4Context } from './context.js'
import { fillHeader } from './network-header.js'
import type { OptionStamps } from './option-stamps.js'
import type { Output } from './output.js'
import { RedirectLimit } from './redirect-limit.js'
import { IP_DF, IPV4_CHECKSUM, IPV4_DESTINATION, IPV4_FRAGMENT, IPV4_SOURCE, IPV4_TTL } from './wire/header.js'
import type { OptionPlaces } from './wire/options.js'

/** Sends packets on that are for others (RFC 1812 5, in the order of Linux's `ip_forward`). */
export class Forwarder {
  private readonly context: Ipv4Context
  private readonly output: Output
  private readonly stamps: OptionStamps
  private readonly header: NetworkHeader
  private readonly redirects: RedirectLimit
  private readonly source = createAddressSlot()
  private readonly destination = createAddressSlot()

  constructor(context: Ipv4Context, output: Output, stamps: OptionStamps, header: NetworkHeader) {
    this.context = context
    this.output = output
    this.stamps = stamps
    this.header = header
    this.redirects = new RedirectLimit(context.clock, context.settings, context.host.secret1)
  }

  /**
   * Sends a packet on: its header is checked, at `packet.start`. Takes it.
   * @param places its options, null where it has none
   */
  forward(packet: Packet, networkInterface: NetworkInterface, places: OptionPlaces | null): void {
    const { context } = this
    const { counters } = context
    // RFC 1812 5.3.4: what the link layer sent to all must not be forwarded.
    if (packet.packetType !== PACKET_HOST) {
      counters.IpInDiscards++
      packet.release()
      return
    }
    const { start } = packet
    const view = packet.view
    if (view.getUint8(start + IPV4_TTL) <= 1) {
      counters.IpInHdrErrors++
      this.refuse(packet, ERROR_TTL_EXCEEDED, 0)
      return
    }
    const { source, destination } = this
    setSlotV4(source, view.getInt32(start + IPV4_SOURCE))
    setSlotV4(destination, view.getInt32(start + IPV4_DESTINATION))
    const route = context.routes.lookupForward(destination, pathHash(source.w3, destination.w3, context.host.secret0))
    if (typeof route === 'number') {
      this.unreachable(packet, route)
      return
    }
    // A directed broadcast comes here only where `bc_forwarding` lets it through.
    if (route.cast !== CAST_UNICAST && route.cast !== CAST_BROADCAST) {
      counters.IpInAddrErrors++
      packet.release()
      return
    }
    const mtu = this.mtuOf(route)
    let pieces = 0
    if (packet.end - start > mtu) {
      const df = (view.getUint16(start + IPV4_FRAGMENT) & IP_DF) !== 0
      if (packet.segmentType === 0 || segmentLength(packet, (view.getUint8(start) & 15) << 2) > mtu) {
        if (df) {
          counters.IpFragFails++
          this.refuse(packet, ERROR_PACKET_TOO_BIG, mtu)
          return
        }
        if (packet.segmentType === 0) pieces = mtu
      }
    }
    if (route.interface === networkInterface && route.cast === CAST_UNICAST) {
      this.tellBetterHop(packet, route, networkInterface)
    }
    packet.unshare()
    lowerTtl(packet.view, start)
    if (places !== null) {
      const own = context.addresses.onInterface(route.nextHop, route.interface.index)
      this.stamps.stamp(packet, start, places, (own ?? route.source).w3)
    }
    counters.IpForwDatagrams++
    packet.priority = 0
    this.output.transmit(packet, route, pieces, mtu)
  }

  /** Quotes a packet in an error, and releases it. */
  refuse(packet: Packet, kind: number, info: number): void {
    const { context, header } = this
    if (context.control !== null) {
      fillHeader(packet, header, packet.networkHeader)
      header.cast = CAST_UNICAST
      context.control.sendError(context.network, packet, header, kind, info, null)
    }
    packet.release()
  }

  /** No way: RFC 1812 5.2.7.1; Linux's `ip_error`. */
  private unreachable(packet: Packet, error: number): void {
    const { counters } = this.context
    if (error === EINVAL) {
      counters.IpExtInBlackhole++
      packet.release()
    } else if (error === EACCES) {
      counters.IpInDiscards++
      this.refuse(packet, ERROR_PROHIBITED, 0)
    } else if (error === EHOSTUNREACH) {
      counters.IpInAddrErrors++
      this.refuse(packet, ERROR_HOST_UNREACHABLE, 0)
    } else {
      counters.IpExtInNoRoutes++
      this.refuse(packet, error === ENETUNREACH ? ERROR_NET_UNREACHABLE : ERROR_HOST_UNREACHABLE, 0)
    }
  }

  /** A router goes by its links' MTUs and not by what strangers told it of paths (`ip_forward_use_pmtu`). */
  private mtuOf(route: TableRoute): number {
    if (this.context.settings.forwardUsePmtu === 1) return route.mtu
    const fixed = route.entry?.mtu
    const link = route.interface.mtu
    return fixed !== undefined && fixed < link ? fixed : link
  }

  /** RFC 1812 5.2.7.2: the packet leaves by where it came in, and its sender could have gone straight to the next hop. */
  private tellBetterHop(packet: Packet, route: TableRoute, networkInterface: NetworkInterface): void {
    const { context, header, source } = this
    const { addresses, configurations, control } = context
    const index = networkInterface.index
    if (control === null || !configurations.either(index, 'send_redirects')) return
    const neighbour = addresses.sameLink(index, source, route.nextHop)
    // On a shared medium hosts of other subnets are reached directly too, if this host itself does so.
    if (!neighbour && !(configurations.either(index, 'shared_media') && this.isOnLink(index))) return
    if (!this.redirects.permit(source.w3)) return
    fillHeader(packet, header, packet.networkHeader)
    header.cast = CAST_UNICAST
    control.sendError(context.network, packet, header, ERROR_REDIRECT, 1, route.nextHop)
  }

  /** Whether the packet's source is on the link of the interface. */
  private isOnLink(index: number): boolean {
    const back = this.context.routes.lookupForward(this.source, 0)
    return typeof back !== 'number' && back.interface.index === index && back.nextHop.w3 === this.source.w3
  }
}

/** Decrements the TTL and repairs the checksum for it (RFC 1141). */
export function lowerTtl(view: DataView, at: number): void {
  const old = view.getUint16(at + IPV4_TTL)
  const lowered = old - 0x100
  view.setUint16(at + IPV4_TTL, lowered)
  view.setUint16(at + IPV4_CHECKSUM, updateChecksum(view.getUint16(at + IPV4_CHECKSUM), old, lowered))
}
