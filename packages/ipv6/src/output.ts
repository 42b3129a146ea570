import { IPV6_ANY, type IpAddress, multicastScope, SCOPE_INTERFACE_LOCAL } from '@jackfield/addr'
import {
  CAST_MULTICAST,
  CAST_UNICAST,
  EADDRNOTAVAIL,
  EINVAL,
  EMSGSIZE,
  ENETDOWN,
  ETH_P_IPV6,
  IP_PMTUDISC_DO,
  IP_PMTUDISC_OMIT,
  IP_PMTUDISC_PROBE,
  type NetworkFlow,
  type NetworkInterface,
} from '@jackfield/interfaces'
import { type Cutter, FlowRouter, type LoopQueue, segmentLength, type TableRoute } from '@jackfield/ip'
import { PACKET_MULTICAST, type Packet } from '@jackfield/packet'
import type { Ipv6Context } from './context.js'
import { autoFlowLabel, labelsFlow } from './flow-label.js'
import type { Fragmenter } from './fragment.js'
import { IPV6_HEADER_LENGTH, IPV6_HOP_LIMIT, IPV6_MAX_PAYLOAD, writeIpv6Header } from './wire/header.js'
import { NEXT_DESTINATION_OPTIONS, NEXT_HOP_BY_HOP } from './wire/next-header.js'
import type { ZonedRoutes } from './zoned-routes.js'

/** Room kept before the network header for a link header (Ethernet with a tag: 18 bytes). */
const LINK_ROOM = 32

/** Puts headers on packets of this host and sends them. */
export class Output {
  private readonly context: Ipv6Context
  private readonly fragmenter: Fragmenter
  private readonly cutter: Cutter
  private readonly loop: LoopQueue
  private readonly router: FlowRouter

  constructor(context: Ipv6Context, fragmenter: Fragmenter, cutter: Cutter, loop: LoopQueue, routes: ZonedRoutes) {
    this.context = context
    this.fragmenter = fragmenter
    this.cutter = cutter
    this.loop = loop
    this.router = new FlowRouter(IPV6_ANY, (query) => routes.lookup(query))
  }

  /** `NetworkLayer.send`. */
  send(given: Packet, flow: NetworkFlow): number {
    let packet = given
    const { context } = this
    context.counters.Ip6OutRequests++
    let route = flow.route as TableRoute | null
    if (route === null || !route.valid) {
      const error = this.findRoute(flow)
      if (error !== 0) return refuse(packet, error)
      route = flow.route as TableRoute
    }
    const source = flow.source.isUnspecified ? route.source : flow.source
    if (source.isUnspecified) return this.noSource(packet)
    const { hopByHop } = flow
    const extra = extensionLength(flow)
    const payload = packet.end - packet.start + extra
    const mode = flow.mtuDiscover
    let mtu = mode >= IP_PMTUDISC_PROBE ? route.interface.mtu : route.mtu
    if (flow.fragmentSize !== 0 && flow.fragmentSize < mtu) mtu = flow.fragmentSize
    let whole = true
    if (payload + IPV6_HEADER_LENGTH > mtu) {
      if (payload > IPV6_MAX_PAYLOAD) return this.tooLarge(packet)
      if (packet.segmentType === 0) {
        // Only the source fragments (RFC 8200 5), and not where its socket wants to know.
        if (mode >= IP_PMTUDISC_DO && mode !== IP_PMTUDISC_OMIT) return this.tooLarge(packet)
        whole = false
      }
    }
    let label = flow.flowLabel
    if (label === 0 && labelsFlow(context.settings.autoFlowlabels, flow.autoFlowLabel)) {
      const { host } = context
      label = autoFlowLabel(packet, flow, source, flow.destination, host.secret0, host.secret1)
    }
    // Headers are never written where another holder may see them.
    const room = IPV6_HEADER_LENGTH + extra + LINK_ROOM
    if (packet.start < room || packet.shared) packet = context.pool.reserve(packet, room)
    packet.transportHeader = packet.start
    const next = extra === 0 ? flow.protocol : prependOptions(packet, flow)
    const start = packet.prepend(IPV6_HEADER_LENGTH)
    packet.networkHeader = start
    let hops = flow.ttl < 0 ? context.configurations.of(route.interface.index).hop_limit : flow.ttl
    if (route.cast === CAST_MULTICAST) hops = flow.multicastTtl
    const destination = flow.destination.isUnspecified ? route.nextHop : flow.destination
    writeIpv6Header(packet.view, start, flow.tos, label, payload, next, hops, source, destination)
    packet.mark = flow.mark
    packet.priority = flow.priority
    if (route.cast === CAST_MULTICAST && !this.spread(packet, route, flow, source, hops)) return 0
    return this.transmit(packet, route, whole ? 0 : mtu, mtu, IPV6_HEADER_LENGTH + (hopByHop?.length ?? 0))
  }

  /** `NetworkLayer.sendRaw`: nothing of the header is completed, as in Linux's `rawv6_send_hdrinc`. */
  sendRaw(given: Packet, flow: NetworkFlow): number {
    const { context } = this
    context.counters.Ip6OutRequests++
    if (flow.route === null || !flow.route.valid) {
      const error = this.findRoute(flow)
      if (error !== 0) return refuse(given, error)
    }
    const route = flow.route as TableRoute
    if (given.length < IPV6_HEADER_LENGTH) return refuse(given, EINVAL)
    if (given.length > route.interface.mtu) return this.tooLarge(given)
    const packet = context.pool.reserve(given, LINK_ROOM)
    packet.networkHeader = packet.start
    packet.transportHeader = packet.start + IPV6_HEADER_LENGTH
    packet.mark = flow.mark
    packet.priority = flow.priority
    const hops = packet.view.getUint8(packet.start + IPV6_HOP_LIMIT)
    if (route.cast === CAST_MULTICAST && !this.spread(packet, route, flow, route.source, hops)) return 0
    return this.transmit(packet, route, 0, route.interface.mtu)
  }

  /**
   * Sends a message of the layer's own, which needs no route: out of one interface, to a group or neighbour on its link. Takes it.
   * The window begins at what `nextHeader` names, its checksum complete.
   * @param source may be unspecified (RFC 4861 4.3, RFC 3810 5.2.13)
   * @returns 0 or an error number
   */
  sendOnLink(
    given: Packet,
    nextHeader: number,
    source: IpAddress,
    destination: IpAddress,
    hopLimit: number,
    networkInterface: NetworkInterface,
  ): number {
    const { context } = this
    context.counters.Ip6OutRequests++
    const payload = given.length
    const packet = context.pool.reserve(given, IPV6_HEADER_LENGTH + LINK_ROOM)
    packet.transportHeader = packet.start
    const start = packet.prepend(IPV6_HEADER_LENGTH)
    packet.networkHeader = start
    packet.packetType = destination.isMulticast ? PACKET_MULTICAST : CAST_UNICAST
    writeIpv6Header(packet.view, start, 0, 0, payload, nextHeader, hopLimit, source, destination)
    if (destination.isMulticast) this.countMulticast(packet)
    return this.hand(packet, networkInterface, destination)
  }

  /**
   * Sends a finished network packet by a route. Takes it.
   * @param pieces fragment size in bytes, 0 where it goes whole
   * @param mtu what the segments of a large packet must fit in
   * @param headers bytes that every fragment has of it
   */
  transmit(
    packet: Packet,
    route: TableRoute,
    pieces: number,
    mtu: number,
    headers: number = IPV6_HEADER_LENGTH,
  ): number {
    // The same numbers for both: `PACKET_HOST`, `PACKET_MULTICAST`.
    packet.packetType = route.cast
    if (pieces !== 0) return this.fragmenter.send(packet, pieces, headers, route.interface, route.nextHop)
    if (packet.segmentType !== 0 && packet.length > mtu) {
      if (segmentLength(packet, IPV6_HEADER_LENGTH) > mtu || packet.length > route.maxSegment) {
        return this.cutter.send(packet, route, mtu)
      }
    }
    return this.hand(packet, route.interface, route.nextHop)
  }

  /** Gives a packet to an interface. Takes it. 0 or an error number. */
  hand(packet: Packet, networkInterface: NetworkInterface, nextHop: IpAddress): number {
    const { counters, configurations } = this.context
    if (configurations.disabled(networkInterface.index)) {
      counters.Ip6OutDiscards++
      return refuse(packet, ENETDOWN)
    }
    counters.Ip6OutTransmits++
    counters.Ip6OutOctets += packet.end - packet.start
    const error = networkInterface.output(packet, ETH_P_IPV6, nextHop)
    if (error !== 0) counters.Ip6OutDiscards++
    return error
  }

  private findRoute(flow: NetworkFlow): number {
    const error = this.router.find(flow)
    if (error !== 0) this.context.counters.Ip6OutNoRoutes++
    return error
  }

  /**
   * A multicast: counts it and gives a copy to this host where it is for it as well. A device that leads back to the host brings it
   * anyway. Whether the packet still goes out; else it was released.
   */
  private spread(packet: Packet, route: TableRoute, flow: NetworkFlow, source: IpAddress, hops: number): boolean {
    const { context } = this
    const networkInterface = route.interface
    this.countMulticast(packet)
    if (networkInterface.loopback) return true
    if (flow.multicastLoop && context.groups.accepts(networkInterface.index, flow.destination, source)) {
      const own = context.pool.clone(packet)
      own.etherType = ETH_P_IPV6
      this.loop.add(own, networkInterface)
    }
    // RFC 4291 2.7: an interface-local group does not leave the host; nor does hop limit 0.
    if (hops !== 0 && multicastScope(flow.destination) > SCOPE_INTERFACE_LOCAL) return true
    packet.release()
    return false
  }

  private countMulticast(packet: Packet): void {
    const { counters } = this.context
    counters.Ip6OutMcastPkts++
    counters.Ip6OutMcastOctets += packet.length
  }

  private noSource(packet: Packet): number {
    this.context.counters.Ip6OutNoRoutes++
    return refuse(packet, EADDRNOTAVAIL)
  }

  private tooLarge(packet: Packet): number {
    this.context.counters.Ip6FragFails++
    return refuse(packet, EMSGSIZE)
  }
}

/** Puts the flow's options headers before the transport's (RFC 8200 4.1). The number of the first. */
function prependOptions(packet: Packet, flow: NetworkFlow): number {
  let next = flow.protocol
  if (flow.destinationOptions !== null) {
    prependHeader(packet, flow.destinationOptions, next)
    next = NEXT_DESTINATION_OPTIONS
  }
  if (flow.hopByHop !== null) {
    prependHeader(packet, flow.hopByHop, next)
    next = NEXT_HOP_BY_HOP
  }
  return next
}

function prependHeader(packet: Packet, header: Uint8Array, next: number): void {
  const at = packet.prepend(header.length)
  packet.bytes.set(header, at)
  packet.view.setUint8(at, next)
}

function refuse(packet: Packet, error: number): number {
  packet.release()
  return error
}

/** Bytes of the extension headers that the flow's packets get. */
export function extensionLength({ hopByHop, destinationOptions }: NetworkFlow): number {
  return (hopByHop === null ? 0 : hopByHop.length) + (destinationOptions === null ? 0 : destinationOptions.length)
}
