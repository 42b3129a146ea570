import { IPV4_ANY, type IpAddress } from '@jackfield/addr'
import {
  CAST_BROADCAST,
  CAST_MULTICAST,
  CAST_UNICAST,
  EACCES,
  EINVAL,
  EMSGSIZE,
  ETH_P_IP,
  IP_PMTUDISC_DO,
  IP_PMTUDISC_OMIT,
  IP_PMTUDISC_PROBE,
  IP_PMTUDISC_WANT,
  type NetworkFlow,
  type NetworkInterface,
} from '@jackfield/interfaces'
import { type Cutter, FlowRouter, type LoopQueue, segmentLength, type TableRoute } from '@jackfield/ip'
import { PACKET_MULTICAST, type Packet } from '@jackfield/packet'
import type { Ipv4Context } from './context.js'
import type { Fragmenter } from './fragment.js'
import { Identification } from './identification.js'
import type { OptionStamps } from './option-stamps.js'
import {
  IP_DF,
  IPV4_FRAGMENT,
  IPV4_HEADER_LENGTH,
  IPV4_ID,
  IPV4_MAX_LENGTH,
  IPV4_PROTOCOL,
  IPV4_SOURCE,
  IPV4_TOTAL_LENGTH,
  IPV4_TTL,
  writeIpv4Checksum,
  writePlainHeader,
} from './wire/header.js'
import { ROUTER_ALERT_OPTION } from './wire/option-list.js'
import { OptionPlaces, scanOptions } from './wire/options.js'

/** Room kept before the network header for a link header (Ethernet with a tag: 18 bytes). */
const LINK_ROOM = 32

/** Puts headers on packets of this host and sends them. */
export class Output {
  private readonly context: Ipv4Context
  private readonly fragmenter: Fragmenter
  private readonly cutter: Cutter
  private readonly loop: LoopQueue
  private readonly stamps: OptionStamps
  private readonly places = new OptionPlaces()
  private readonly identification: Identification
  private readonly router: FlowRouter

  constructor(context: Ipv4Context, fragmenter: Fragmenter, cutter: Cutter, loop: LoopQueue, stamps: OptionStamps) {
    this.context = context
    this.fragmenter = fragmenter
    this.cutter = cutter
    this.loop = loop
    this.stamps = stamps
    const { clock, host } = context
    this.identification = new Identification(clock, host.random, host.secret0, host.secret1)
    this.router = new FlowRouter(IPV4_ANY, (query) => context.routes.lookup(query))
  }

  /** `NetworkLayer.send`. */
  send(given: Packet, flow: NetworkFlow): number {
    let packet = given
    const { context } = this
    const counters = context.counters
    counters.IpOutRequests++
    let route = flow.route as TableRoute | null
    if (route === null || !route.valid) {
      const error = this.findRoute(flow)
      if (error !== 0) return refuse(packet, error)
      route = flow.route as TableRoute
    }
    const cast = route.cast
    if (cast === CAST_BROADCAST && !flow.allowBroadcast) return refuse(packet, EACCES)
    const options = flow.options
    const headerLength = options === null ? IPV4_HEADER_LENGTH : IPV4_HEADER_LENGTH + options.length
    const length = packet.end - packet.start + headerLength
    const mode = flow.mtuDiscover
    const mtu = mode >= IP_PMTUDISC_PROBE ? route.interface.mtu : route.mtu
    // Too large a packet leaves in pieces only where DF need not be set.
    let whole = true
    if (length > mtu || length > IPV4_MAX_LENGTH) {
      if (length > IPV4_MAX_LENGTH) return this.tooLarge(packet)
      const pieces = mode < IP_PMTUDISC_DO || mode === IP_PMTUDISC_OMIT
      if (packet.segmentType === 0) {
        if (!pieces) return this.tooLarge(packet)
        whole = false
      }
    }
    // Headers are never written where another holder may see them.
    if (packet.start < headerLength + LINK_ROOM || packet.shared) {
      packet = context.pool.reserve(packet, headerLength + LINK_ROOM)
    }
    packet.transportHeader = packet.start
    const start = packet.prepend(headerLength)
    packet.networkHeader = start
    let df = 0
    if (mode === IP_PMTUDISC_WANT) {
      if (whole && !route.mtuLocked && context.settings.noPmtuDisc === 0) df = IP_DF
    } else if (mode === IP_PMTUDISC_DO || mode === IP_PMTUDISC_PROBE) df = IP_DF
    const source = flow.source.w3 === 0 ? route.source.w3 : flow.source.w3
    const destination = flow.destination.w3 === 0 ? route.nextHop.w3 : flow.destination.w3
    // RFC 6864 4.1: the identification of a datagram that cannot be fragmented means nothing.
    let id = 0
    if (df === 0) {
      const count = Math.max(packet.segmentCount, 1)
      id = this.identification.next(source, destination, flow.protocol, count)
    }
    let ttl = flow.ttl < 0 ? context.settings.defaultTtl : flow.ttl
    if (cast === CAST_MULTICAST) ttl = flow.multicastTtl
    writePlainHeader(packet.view, start, flow.tos, length, id, df, ttl, flow.protocol, source, destination)
    if (options !== null) {
      writeOptions(packet, options)
      // The host that a datagram comes from is the first to record itself (RFC 1122 3.2.1.8).
      if (scanOptions(packet.view, start, headerLength, this.places)) {
        this.stamps.stamp(packet, start, this.places, source)
      }
    }
    packet.mark = flow.mark
    packet.priority = flow.priority
    if (cast !== CAST_UNICAST && !this.spread(packet, route, flow, ttl)) return 0
    return this.transmit(packet, route, whole ? 0 : mtu, mtu)
  }

  /** `NetworkLayer.sendRaw`: completes a header as Linux's `raw_send_hdrinc` does. */
  sendRaw(given: Packet, flow: NetworkFlow): number {
    let packet = given
    const { context } = this
    context.counters.IpOutRequests++
    if (flow.route === null || !flow.route.valid) {
      const error = this.findRoute(flow)
      if (error !== 0) return refuse(packet, error)
    }
    const route = flow.route as TableRoute
    if (route.cast === CAST_BROADCAST && !flow.allowBroadcast) return refuse(packet, EACCES)
    const length = packet.length
    if (length < IPV4_HEADER_LENGTH) return refuse(packet, EINVAL)
    const headerLength = (packet.view.getUint8(packet.start) & 15) << 2
    if (headerLength < IPV4_HEADER_LENGTH || headerLength > length) return refuse(packet, EINVAL)
    if (length > route.interface.mtu || length > IPV4_MAX_LENGTH) return this.tooLarge(packet)
    packet = context.pool.reserve(packet, LINK_ROOM)
    const { view, start } = packet
    if (view.getInt32(start + IPV4_SOURCE) === 0) {
      view.setInt32(start + IPV4_SOURCE, flow.source.w3 === 0 ? route.source.w3 : flow.source.w3)
    }
    view.setUint16(start + IPV4_TOTAL_LENGTH, length)
    if (view.getUint16(start + IPV4_ID) === 0 && (view.getUint16(start + IPV4_FRAGMENT) & IP_DF) === 0) {
      const protocol = view.getUint8(start + IPV4_PROTOCOL)
      const id = this.identification.next(view.getInt32(start + IPV4_SOURCE), flow.destination.w3, protocol, 1)
      view.setUint16(start + IPV4_ID, id)
    }
    writeIpv4Checksum(view, start, headerLength)
    packet.networkHeader = start
    packet.transportHeader = start + headerLength
    packet.mark = flow.mark
    packet.priority = flow.priority
    if (route.cast !== CAST_UNICAST && !this.spread(packet, route, flow, view.getUint8(start + IPV4_TTL))) return 0
    return this.transmit(packet, route, 0, route.interface.mtu)
  }

  /** Sends an IGMP message out of one interface, with TTL 1 and the Router Alert option (RFC 3376 4). Takes it. */
  sendIgmp(given: Packet, destination: IpAddress, networkInterface: NetworkInterface): void {
    const { context } = this
    const headerLength = IPV4_HEADER_LENGTH + 4
    const packet = context.pool.reserve(given, headerLength + LINK_ROOM)
    context.counters.IpOutRequests++
    const source = context.addresses.primary(networkInterface.index)
    packet.transportHeader = packet.start
    const start = packet.prepend(headerLength)
    packet.networkHeader = start
    packet.packetType = PACKET_MULTICAST
    const word = source === null ? 0 : source.w3
    writePlainHeader(packet.view, start, 0xc0, packet.length, 0, IP_DF, 1, 2, word, destination.w3)
    writeOptions(packet, ROUTER_ALERT_OPTION)
    countCast(context, CAST_MULTICAST, packet.length)
    this.hand(packet, networkInterface, destination)
  }

  /**
   * Sends a finished network packet by a route. Takes it.
   * @param pieces fragment size in bytes, 0 where it goes whole
   * @param mtu what the segments of a large packet must fit in
   */
  transmit(packet: Packet, route: TableRoute, pieces: number, mtu: number): number {
    // The same numbers for both: `PACKET_HOST`, `PACKET_BROADCAST`, `PACKET_MULTICAST`.
    packet.packetType = route.cast
    if (pieces !== 0) return this.fragmenter.send(packet, pieces, route.interface, route.nextHop)
    if (packet.segmentType !== 0 && packet.length > mtu) {
      const each = segmentLength(packet, (packet.view.getUint8(packet.start) & 15) << 2)
      if (each > mtu || packet.length > route.maxSegment) {
        const df = (packet.view.getUint16(packet.start + IPV4_FRAGMENT) & IP_DF) !== 0
        if (each > mtu && df) return this.tooLarge(packet)
        return this.cutter.send(packet, route, mtu)
      }
    }
    return this.hand(packet, route.interface, route.nextHop)
  }

  /** Gives a packet to an interface. Takes it. 0 or an error number. */
  hand(packet: Packet, networkInterface: NetworkInterface, nextHop: IpAddress): number {
    const counters = this.context.counters
    counters.IpOutTransmits++
    counters.IpExtOutOctets += packet.end - packet.start
    const error = networkInterface.output(packet, ETH_P_IP, nextHop)
    if (error !== 0) counters.IpOutDiscards++
    return error
  }

  private findRoute(flow: NetworkFlow): number {
    const error = this.router.find(flow)
    if (error !== 0) this.context.counters.IpOutNoRoutes++
    return error
  }

  /**
   * A broadcast or multicast: counts it and gives a copy to this host where it is for it as well. A device that leads back
   * to the host brings it anyway. Whether the packet still goes out; else it was released.
   */
  private spread(packet: Packet, route: TableRoute, flow: NetworkFlow, ttl: number): boolean {
    const { context } = this
    const networkInterface = route.interface
    countCast(context, route.cast, packet.length)
    if (!networkInterface.loopback) {
      const wanted =
        route.cast === CAST_BROADCAST ||
        (flow.multicastLoop && context.groups.accepts(networkInterface.index, flow.destination, route.source))
      if (wanted) this.loop.add(context.pool.clone(packet), networkInterface)
    }
    // RFC 1112 6.1: TTL 0 does not leave the host.
    if (ttl !== 0 || networkInterface.loopback) return true
    packet.release()
    return false
  }

  private tooLarge(packet: Packet): number {
    this.context.counters.IpFragFails++
    return refuse(packet, EMSGSIZE)
  }
}

function refuse(packet: Packet, error: number): number {
  packet.release()
  return error
}

/** Puts options behind the plain header that was written at `packet.start`. */
function writeOptions(packet: Packet, options: Readonly<Uint8Array>): void {
  const { view, start } = packet
  const headerLength = IPV4_HEADER_LENGTH + options.length
  for (let i = 0; i < options.length; i++) view.setUint8(start + IPV4_HEADER_LENGTH + i, options[i] as number)
  view.setUint8(start, 0x40 | (headerLength >>> 2))
  writeIpv4Checksum(view, start, headerLength)
}

function countCast(context: Ipv4Context, cast: number, length: number): void {
  const counters = context.counters
  if (cast === CAST_MULTICAST) {
    counters.IpExtOutMcastPkts++
    counters.IpExtOutMcastOctets += length
  } else {
    counters.IpExtOutBcastPkts++
    counters.IpExtOutBcastOctets += length
  }
}
