import {
  CAST_BROADCAST,
  CAST_MULTICAST,
  CAST_UNICAST,
  ERROR_PARAMETER_PROBLEM,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROTOCOL_UNREACHABLE,
  ERROR_REASSEMBLY_TIMEOUT,
  ERROR_SOURCE_ROUTE_FAILED,
  IFF_ALLMULTI,
  IPPROTO_IGMP,
  type NetworkHeader,
  type NetworkInterface,
} from '@jackfield/interfaces'
import { PACKET_REFUSED, PACKET_TAKEN, PACKET_UNKNOWN, type Reassembler } from '@jackfield/ip'
import { PACKET_OTHERHOST, type Packet } from '@jackfield/packet'
import * as decided from './classify.js'
import type { Ipv4Context } from './context.js'
import type { Forwarder } from './forward.js'
import { fillHeader } from './network-header.js'
import type { OptionStamps } from './option-stamps.js'
import * as wire from './wire/header.js'
import { OptionPlaces, scanOptions } from './wire/options.js'

/** Takes packets in: checks them, decides whose they are, and gives this host's own to the transports. */
export class Input {
  private readonly context: Ipv4Context
  private readonly decisions: decided.InputDecisions
  private readonly forwarder: Forwarder
  private readonly reassembler: Reassembler
  private readonly stamps: OptionStamps
  /** One for all packets: the run loop never enters `receive` from inside itself. */
  private readonly header: NetworkHeader
  private readonly places = new OptionPlaces()

  constructor(
    context: Ipv4Context,
    decisions: decided.InputDecisions,
    forwarder: Forwarder,
    reassembler: Reassembler,
    stamps: OptionStamps,
    header: NetworkHeader,
  ) {
    this.context = context
    this.decisions = decisions
    this.forwarder = forwarder
    this.reassembler = reassembler
    this.stamps = stamps
    this.header = header
  }

  /** `NetworkLayer.receive`. */
  receive(packet: Packet, networkInterface: NetworkInterface): void {
    if (!this.accept(packet, networkInterface)) return
    const { view, start } = packet
    const source = view.getInt32(start + wire.IPV4_SOURCE)
    const destination = view.getInt32(start + wire.IPV4_DESTINATION)
    let places: OptionPlaces | null = null
    if (view.getUint8(start) !== 0x45) {
      if (!this.checkOptions(packet)) return
      places = this.places
    }
    if (destination >>> 28 === 0xe) {
      this.receiveMulticast(packet, networkInterface, source, places)
      return
    }
    const decision = this.decisions.decide(source, destination, networkInterface)
    if (decision === decided.TO_HOST) this.deliver(packet, CAST_UNICAST, networkInterface, places)
    else if (decision === decided.TO_FORWARD) this.forwarder.forward(packet, networkInterface, places)
    else this.receiveOther(packet, decision, networkInterface, places)
  }

  /** One of this host's own multicasts or broadcasts on its way back: its source is this host, and that is right. */
  receiveOwn(packet: Packet, networkInterface: NetworkInterface): void {
    if (!this.accept(packet, networkInterface)) return
    let places: OptionPlaces | null = null
    if (packet.view.getUint8(packet.start) !== 0x45) {
      if (!this.checkOptions(packet)) return
      places = this.places
    }
    const multicast = packet.view.getUint8(packet.start + wire.IPV4_DESTINATION) >>> 4 === 0xe
    const cast = multicast ? CAST_MULTICAST : CAST_BROADCAST
    this.countCast(packet, cast)
    this.deliver(packet, cast, networkInterface, places)
  }

  /** Checks the header and cuts off what the link added behind the packet. False: it was dropped. */
  private accept(packet: Packet, networkInterface: NetworkInterface): boolean {
    const counters = this.context.counters
    const { view, start, end } = packet
    counters.IpInReceives++
    counters.IpExtInOctets += end - start
    if (packet.packetType === PACKET_OTHERHOST) {
      counters.IpExtInOtherHost++
      packet.release()
      return false
    }
    const fault = wire.checkIpv4Header(view, start, end)
    if (fault !== wire.HEADER_OK) {
      if (fault === wire.HEADER_TRUNCATED) counters.IpExtInTruncatedPkts++
      else counters.IpInHdrErrors++
      if (fault === wire.HEADER_BAD_CHECKSUM) counters.IpExtInCsumErrors++
      packet.release()
      return false
    }
    packet.end = start + view.getUint16(start + wire.IPV4_TOTAL_LENGTH)
    packet.networkHeader = start
    packet.interfaceIndex = networkInterface.index
    switch (view.getUint8(start + wire.IPV4_TOS) & 3) {
      case 0:
        counters.IpExtInNoECTPkts++
        break
      case 1:
        counters.IpExtInECT1Pkts++
        break
      case 2:
        counters.IpExtInECT0Pkts++
        break
      default:
        counters.IpExtInCEPkts++
    }
    return true
  }

  /** False: the options were bad, or a source route, which this host refuses (RFC 7126 4.3, 4.4); the packet was dropped. */
  private checkOptions(packet: Packet): boolean {
    const { view, start } = packet
    const { places } = this
    const good = scanOptions(view, start, (view.getUint8(start) & 15) << 2, places)
    if (good && places.sourceRoute < 0) return true
    this.context.counters.IpInHdrErrors++
    this.refuse(packet, good ? ERROR_SOURCE_ROUTE_FAILED : ERROR_PARAMETER_PROBLEM, good ? 0 : places.fault)
    return false
  }

  private receiveMulticast(
    packet: Packet,
    networkInterface: NetworkInterface,
    source: number,
    places: OptionPlaces | null,
  ): void {
    const { counters, groups } = this.context
    const { header } = this
    fillHeader(packet, header, packet.start)
    // IGMP and link-local groups are spoken to by hosts without an address (RFC 3376 4.2.13; Linux's ip_mc_validate_source).
    const unspecified = header.protocol === IPPROTO_IGMP || header.destination.w3 >>> 8 === 0xe0_0000
    const verdict = this.decisions.multicastSource(source, unspecified, networkInterface)
    if (verdict !== decided.TO_HOST) {
      this.drop(packet, verdict)
      return
    }
    const all = (networkInterface.flags & IFF_ALLMULTI) !== 0
    if (!all && !groups.accepts(networkInterface.index, header.destination, header.source)) {
      // IGMP is heard about joined groups whatever their source filter (Linux's ip_check_mc_rcu).
      if (header.protocol !== IPPROTO_IGMP || !groups.isMember(networkInterface.index, header.destination)) {
        counters.IpExtInMcastNotMember++
        packet.release()
        return
      }
    }
    this.countCast(packet, CAST_MULTICAST)
    this.deliver(packet, CAST_MULTICAST, networkInterface, places)
  }

  private receiveOther(
    packet: Packet,
    decision: number,
    networkInterface: NetworkInterface,
    places: OptionPlaces | null,
  ): void {
    if (decision !== decided.TO_HOST_BROADCAST && decision !== decided.TO_BROADCAST_LINK) {
      this.drop(packet, decision)
      return
    }
    if (decision === decided.TO_BROADCAST_LINK) {
      this.forwarder.forward(this.context.pool.clone(packet), networkInterface, places)
    }
    this.countCast(packet, CAST_BROADCAST)
    this.deliver(packet, CAST_BROADCAST, networkInterface, places)
  }

  /** Gives a packet for this host to the raw sockets and its transport. Takes it. */
  private deliver(given: Packet, cast: number, networkInterface: NetworkInterface, places: OptionPlaces | null): void {
    let packet = given
    const { context, header } = this
    const { counters } = context
    if (places !== null) {
      const own = cast === CAST_UNICAST ? packet.view.getInt32(packet.start + wire.IPV4_DESTINATION) : undefined
      const word = own ?? context.addresses.primary(networkInterface.index)?.w3 ?? 0
      this.stamps.stamp(packet, packet.start, places, word)
    }
    fillHeader(packet, header, packet.start)
    const fragment = packet.view.getUint16(packet.start + wire.IPV4_FRAGMENT)
    if ((fragment & (wire.IP_MF | wire.IP_OFFSET_MASK)) !== 0) {
      const whole = this.reassemble(packet, fragment)
      if (whole === null) return
      packet = whole
    } else packet.start += header.headerLength
    header.cast = cast
    packet.transportHeader = packet.start
    const outcome = context.protocols.deliver(packet, header)
    if (outcome === PACKET_UNKNOWN) counters.IpInUnknownProtos++
    else counters.IpInDelivers++
    if (outcome === PACKET_TAKEN) return
    const kind = outcome === PACKET_REFUSED ? ERROR_PORT_UNREACHABLE : ERROR_PROTOCOL_UNREACHABLE
    if (cast === CAST_UNICAST) this.refuse(packet, kind, 0)
    else packet.release()
  }

  /** A fragment: the whole datagram if it is complete, with a header of its own, the window behind it. */
  private reassemble(packet: Packet, fragment: number): Packet | null {
    const { header } = this
    const id = packet.view.getUint16(packet.start + wire.IPV4_ID)
    packet.start += header.headerLength
    const offset = (fragment & wire.IP_OFFSET_MASK) << 3
    const whole = this.reassembler.add(packet, header, id, offset, (fragment & wire.IP_MF) !== 0)
    if (whole === null) return null
    const { view, networkHeader: at } = whole
    const { tos } = header
    view.setUint8(at + wire.IPV4_TOS, tos)
    view.setUint16(at + wire.IPV4_TOTAL_LENGTH, whole.end - at)
    view.setUint16(at + wire.IPV4_FRAGMENT, 0)
    wire.writeIpv4Checksum(view, at, whole.start - at)
    fillHeader(whole, header, at)
    return whole
  }

  /** Fragments of a datagram never came: tells its sender, who has sent the first of them (RFC 1122 3.3.2). Borrows it. */
  reassemblyExpired(first: Packet): void {
    const { control, network } = this.context
    if (control === null) return
    fillHeader(first, this.header, first.networkHeader)
    this.header.cast = network.castOf(this.header.destination, first.interfaceIndex)
    control.sendError(network, first, this.header, ERROR_REASSEMBLY_TIMEOUT, 0, null)
  }

  private drop(packet: Packet, decision: number): void {
    const { counters } = this.context
    if (decision === decided.NOT_OURS) counters.IpInAddrErrors++
    else if (decision === decided.REVERSE_PATH_FAILED) counters.TcpExtIPReversePathFilter++
    else if (decision === decided.MARTIAN_DESTINATION) counters.IpExtInMartianDst++
    else counters.IpExtInMartianSrc++
    packet.release()
  }

  /** Answers with an error and releases the packet. */
  private refuse(packet: Packet, kind: number, info: number): void {
    const { control, network } = this.context
    if (control !== null) {
      fillHeader(packet, this.header, packet.networkHeader)
      this.header.cast = network.castOf(this.header.destination, packet.interfaceIndex)
      control.sendError(network, packet, this.header, kind, info, null)
    }
    packet.release()
  }

  private countCast(packet: Packet, cast: number): void {
    const { counters } = this.context
    if (cast === CAST_MULTICAST) {
      counters.IpExtInMcastPkts++
      counters.IpExtInMcastOctets += packet.length
    } else {
      counters.IpExtInBcastPkts++
      counters.IpExtInBcastOctets += packet.length
    }
  }
}
