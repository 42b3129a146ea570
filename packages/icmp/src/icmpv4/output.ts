import { createAddressSlot, type IpAddress, type IpAddressSlot, setSlot } from '@jackfield/addr'
import { IP_PMTUDISC_DONT, IPPROTO_ICMP, NetworkFlow, type NetworkLayer } from '@jackfield/interfaces'
import { PACKET_HOST, type Packet, SEGMENT_NONE } from '@jackfield/packet'
import { countTypeOut, type IcmpCounters, type IcmpTypeCounters } from '../counters.js'

/** Sends this host's own ICMP messages by one flow, whose route is kept while the same peer is answered. */
export class Icmpv4Output {
  readonly flow: NetworkFlow
  private readonly network: NetworkLayer
  private readonly counters: IcmpCounters
  private readonly types: IcmpTypeCounters

  constructor(network: NetworkLayer, counters: IcmpCounters, types: IcmpTypeCounters) {
    this.network = network
    this.counters = counters
    this.types = types
    this.flow = new NetworkFlow(IPPROTO_ICMP, createAddressSlot(), createAddressSlot())
    // As Linux's ICMP socket: no path MTU discovery, so that large replies are fragmented.
    this.flow.mtuDiscover = IP_PMTUDISC_DONT
    // The addresses that it answers from were found to be this host's, `local` routes included.
    this.flow.anySource = true
  }

  /** Points the flow. `source` unspecified: the route's. */
  aim(source: IpAddress, destination: IpAddress, tos: number): void {
    const flow = this.flow
    if (flow.tos !== tos || !flow.destination.equals(destination) || !flow.source.equals(source)) {
      setSlot(flow.destination as IpAddressSlot, destination)
      setSlot(flow.source as IpAddressSlot, source)
      flow.tos = tos
      flow.route = null
    }
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
    this.counters.IcmpOutMsgs++
    countTypeOut(this.counters, type)
    this.types.countSent(type)
    const error = this.network.send(packet, this.flow)
    if (error !== 0) this.counters.IcmpOutErrors++
    return error
  }
}
