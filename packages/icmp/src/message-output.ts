import { createAddressSlot, type IpAddress, type IpAddressSlot, setSlot } from '@jackfield/addr'
import {
  aimRouteQuery,
  createRouteQuery,
  ERROR_PACKET_TOO_BIG,
  IP_PMTUDISC_DONT,
  NetworkFlow,
  type NetworkLayer,
  type Route,
} from '@jackfield/interfaces'
import { PACKET_HOST, type Packet, SEGMENT_NONE } from '@jackfield/packet'

/** Counts the messages that this host sends. */
export interface SentCounter {
  /** Every message, those that the network layer refuses too. */
  countSent(type: number): void
  /** The network layer refused one. */
  countRefused(): void
}

/** Sends this host's own ICMP messages by one flow, whose route is kept while the same peer is answered. */
export class MessageOutput {
  readonly flow: NetworkFlow
  private readonly network: NetworkLayer
  private readonly counter: SentCounter
  private readonly query = createRouteQuery(createAddressSlot())

  /** @param protocol `IPPROTO_ICMP` or `IPPROTO_ICMPV6` */
  constructor(network: NetworkLayer, protocol: number, counter: SentCounter) {
    this.network = network
    this.counter = counter
    this.flow = new NetworkFlow(protocol, createAddressSlot(), createAddressSlot())
    // As Linux's ICMP socket: no path MTU discovery, so that large replies are fragmented.
    this.flow.mtuDiscover = IP_PMTUDISC_DONT
    // The addresses that it answers from were found to be this host's, `local` routes included.
    this.flow.anySource = true
  }

  /**
   * Points the flow.
   * @param source unspecified: the route's
   * @param scopeId the zone of the destination where it has one, else 0
   */
  aim(source: IpAddress, destination: IpAddress, tos: number, scopeId: number): void {
    const flow = this.flow
    if (
      flow.tos !== tos ||
      flow.scopeId !== scopeId ||
      !flow.destination.equals(destination) ||
      !flow.source.equals(source)
    ) {
      setSlot(flow.destination as IpAddressSlot, destination)
      setSlot(flow.source as IpAddressSlot, source)
      flow.tos = tos
      flow.scopeId = scopeId
      flow.route = null
    }
  }

  /** The way to where `aim` pointed; null where there is none. */
  route(): Route | null {
    const { flow, query } = this
    if (flow.route?.valid) return flow.route
    aimRouteQuery(query, flow)
    const found = this.network.route(query)
    flow.route = typeof found === 'number' ? null : found
    return flow.route
  }

  /** The source address that messages will have, once `route` found a way. */
  get source(): IpAddress {
    const { source, route } = this.flow
    return source.isUnspecified && route !== null ? route.source : source
  }

  /** Whether an error may leave by this way now. Linux limits neither path MTU discovery nor what stays in the host. */
  permits(route: Route, kind: number, type: number): boolean {
    if (kind === ERROR_PACKET_TOO_BIG || route.local || route.interface.loopback) return true
    return this.network.permitMessage(this.flow.destination, type)
  }

  /** Sends a message whose header and checksum are written, where `aim` pointed. Takes the packet. 0 or an error number. */
  send(packet: Packet, type: number): number {
    packet.linkHeader = -1
    packet.networkHeader = -1
    packet.transportHeader = packet.start
    packet.interfaceIndex = 0
    packet.packetType = PACKET_HOST
    packet.vlan = -1
    packet.mark = 0
    packet.priority = 0
    packet.timestamp = 0
    packet.segmentType = SEGMENT_NONE
    packet.segmentSize = 0
    packet.segmentCount = 0
    this.counter.countSent(type)
    const error = this.network.send(packet, this.flow)
    if (error !== 0) this.counter.countRefused()
    return error
  }
}
