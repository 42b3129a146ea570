import { isLinkLocal, isLoopback } from '@jackfield/addr'
import {
  CAST_UNICAST,
  EACCES,
  EINVAL,
  ERROR_BEYOND_SCOPE,
  ERROR_NET_UNREACHABLE,
  ERROR_PACKET_TOO_BIG,
  ERROR_PROHIBITED,
  ERROR_TTL_EXCEEDED,
  type NetworkHeader,
  type NetworkInterface,
} from '@jackfield/interfaces'
import { pathHash, segmentLength, type TableRoute } from '@jackfield/ip'
import { PACKET_HOST, type Packet } from '@jackfield/packet'
import type { Ipv6Context } from './context.js'
import { fillWholeHeader } from './network-header.js'
import type { Output } from './output.js'
import { IPV6_HEADER_LENGTH, IPV6_HOP_LIMIT, IPV6_MIN_MTU } from './wire/header.js'

/** Sends packets on that are for others (RFC 8200, RFC 4291, in the order of Linux's `ip6_forward`). */
export class Forwarder {
  private readonly context: Ipv6Context
  private readonly output: Output
  private readonly header: NetworkHeader

  /** @param header the input's, filled from the packet that is at hand */
  constructor(context: Ipv6Context, output: Output, header: NetworkHeader) {
    this.context = context
    this.output = output
    this.header = header
  }

  /** Sends a packet on: its header is checked, at `packet.start`, and in `header`. Takes it. */
  forward(packet: Packet, networkInterface: NetworkInterface): void {
    const { context, header } = this
    const { counters, configurations, routes, host } = context
    const { source, destination } = header
    if (!configurations.forwards) {
      counters.Ip6InAddrErrors++
      packet.release()
      return
    }
    if (packet.packetType !== PACKET_HOST) {
      counters.Ip6InDiscards++
      packet.release()
      return
    }
    // RFC 4291 2.5.2, 2.5.3, 2.5.6: such addresses do not leave their host or link.
    if (source.isUnspecified || isLoopback(source) || destination.isUnspecified || isLinkLocal(destination)) {
      counters.Ip6InAddrErrors++
      packet.release()
      return
    }
    if (header.ttl <= 1) {
      counters.Ip6InHdrErrors++
      this.refuse(packet, ERROR_TTL_EXCEEDED, 0)
      return
    }
    const route = routes.lookupForward(destination, pathHash(source.w3, destination.w3, host.secret0))
    if (typeof route === 'number') {
      this.unreachable(packet, route)
      return
    }
    if (isLinkLocal(source) && route.interface !== networkInterface) {
      counters.Ip6InAddrErrors++
      this.refuse(packet, ERROR_BEYOND_SCOPE, 0)
      return
    }
    const mtu = this.mtuOf(route)
    if (
      packet.end - packet.start > mtu &&
      (packet.segmentType === 0 || segmentLength(packet, IPV6_HEADER_LENGTH) > mtu)
    ) {
      // Routers do not fragment (RFC 8200 5).
      counters.Ip6InTooBigErrors++
      counters.Ip6FragFails++
      this.refuse(packet, ERROR_PACKET_TOO_BIG, mtu)
      return
    }
    if (route.interface === networkInterface) this.tellBetterHop(packet, route, networkInterface)
    packet.unshare()
    packet.view.setUint8(packet.start + IPV6_HOP_LIMIT, header.ttl - 1)
    counters.Ip6OutForwDatagrams++
    packet.priority = 0
    this.output.transmit(packet, route, 0, mtu)
  }

  /** Quotes a packet in an error, and releases it. */
  refuse(packet: Packet, kind: number, info: number): void {
    const { context, header } = this
    if (context.control !== null) {
      fillWholeHeader(packet, header, packet.networkHeader)
      context.control.sendError(context.network, packet, header, kind, info, null)
    }
    packet.release()
  }

  private unreachable(packet: Packet, error: number): void {
    const { counters } = this.context
    if (error === EINVAL) {
      counters.Ip6ExtInBlackhole++
      packet.release()
    } else if (error === EACCES) {
      counters.Ip6InDiscards++
      this.refuse(packet, ERROR_PROHIBITED, 0)
    } else {
      counters.Ip6InNoRoutes++
      // A route of type unreachable is no route, as with Linux; that a neighbour is not there is said elsewhere.
      this.refuse(packet, ERROR_NET_UNREACHABLE, 0)
    }
  }

  /** A router goes by its links' MTUs and not by what strangers told it of paths. */
  private mtuOf(route: TableRoute): number {
    const { configurations } = this.context
    let mtu = route.interface.mtu
    const fixed = route.entry?.mtu
    if (fixed !== undefined && fixed < mtu) mtu = fixed
    const own = configurations.of(route.interface.index).mtu
    if (own !== 0 && own < mtu) mtu = own
    return Math.max(mtu, IPV6_MIN_MTU)
  }

  /** RFC 4861 8.2: the packet leaves by where it came in, and its sender, a neighbour, could have gone straight to the next hop. */
  private tellBetterHop(packet: Packet, route: TableRoute, networkInterface: NetworkInterface): void {
    const { discovery } = this.context
    if (discovery === null || route.cast !== CAST_UNICAST) return
    discovery.sendRedirect(packet, this.header, route.nextHop, networkInterface)
  }
}
