import { isLinkLocal, isLoopback, multicastScope, SCOPE_INTERFACE_LOCAL } from '@jackfield/addr'
import {
  CAST_ANYCAST,
  ERROR_PORT_UNREACHABLE,
  ERROR_REASSEMBLY_TIMEOUT,
  ERROR_UNKNOWN_HEADER,
  IFF_ALLMULTI,
  IPPROTO_ICMPV6,
  type NetworkHeader,
  type NetworkInterface,
} from '@jackfield/interfaces'
import { PACKET_REFUSED, PACKET_TAKEN, PACKET_UNKNOWN, type Reassembler } from '@jackfield/ip'
import { PACKET_HOST, PACKET_OTHERHOST, type Packet } from '@jackfield/packet'
import type { Ipv6Context } from './context.js'
import { ExtensionHeaders } from './extension-headers.js'
import type { Forwarder } from './forward.js'
import { Fragments } from './fragments.js'
import { fillHeader, fillWholeHeader } from './network-header.js'
import * as wire from './wire/header.js'
import { isExtensionHeader, NEXT_HOP_BY_HOP, NEXT_NONE } from './wire/next-header.js'

/** Takes packets in: checks them, decides whose they are, and gives this host's own to the transports. */
export class Input {
  private readonly context: Ipv6Context
  private readonly forwarder: Forwarder
  private readonly extensions: ExtensionHeaders
  /** One for all packets: the run loop never enters `receive` from inside itself. */
  private readonly header: NetworkHeader

  constructor(context: Ipv6Context, forwarder: Forwarder, reassembler: Reassembler, header: NetworkHeader) {
    this.context = context
    this.forwarder = forwarder
    this.header = header
    const fragments = new Fragments(reassembler, context.counters)
    this.extensions = new ExtensionHeaders(context, fragments, (packet, kind, info) =>
      this.forwarder.refuse(packet, kind, info),
    )
  }

  /** The router alert option of the packet that is being delivered; -1 without one. */
  get routerAlert(): number {
    return this.extensions.routerAlert
  }

  /** `NetworkLayer.receive`. */
  receive(packet: Packet, networkInterface: NetworkInterface): void {
    if (!this.accept(packet, networkInterface, networkInterface.loopback)) return
    const { header, context } = this
    const { destination } = header
    if (destination.isMulticast) {
      this.receiveMulticast(packet, networkInterface)
      return
    }
    // A link-local address is this host's on its own link alone (RFC 4007 9); a loopback knows no links.
    const zone = isLinkLocal(destination) && !networkInterface.loopback ? networkInterface.index : 0
    const own = context.routes.localEntry(destination, zone)
    if (own?.type === 'local' || own?.type === 'anycast') {
      if (own.type === 'anycast') header.cast = CAST_ANYCAST
      // What a host sends to its own link-local address stays on that link, though a loopback brought it.
      if (networkInterface.loopback && own.interface !== undefined && isLinkLocal(destination)) {
        packet.interfaceIndex = own.interface
        header.interfaceIndex = own.interface
      }
      this.deliver(packet)
      return
    }
    if (context.configurations.accepts(networkInterface.index, destination)) this.deliver(packet)
    else this.forwarder.forward(packet, networkInterface)
  }

  /** One of this host's own multicasts on its way back. */
  receiveOwn(packet: Packet, networkInterface: NetworkInterface): void {
    if (!this.accept(packet, networkInterface, true)) return
    this.countMulticast(packet)
    this.deliver(packet)
  }

  /**
   * Checks the header, fills `this.header` from it and cuts off what the link added behind the packet (Linux's `ip6_rcv_core`).
   * @param own whether the packet never left this host
   * @returns false: it was dropped
   */
  private accept(packet: Packet, networkInterface: NetworkInterface, own: boolean): boolean {
    const { counters, configurations } = this.context
    const { view, start, end } = packet
    const { index } = networkInterface
    counters.Ip6InReceives++
    counters.Ip6InOctets += end - start
    if (packet.packetType === PACKET_OTHERHOST) {
      counters.Ip6ExtInOtherHost++
      packet.release()
      return false
    }
    if (configurations.disabled(index)) {
      counters.Ip6InDiscards++
      packet.release()
      return false
    }
    const fault = wire.checkIpv6Header(view, start, end)
    if (fault !== wire.HEADER_OK) {
      if (fault === wire.HEADER_TRUNCATED) counters.Ip6InTruncatedPkts++
      else counters.Ip6InHdrErrors++
      packet.release()
      return false
    }
    packet.end = start + wire.IPV6_HEADER_LENGTH + view.getUint16(start + wire.IPV6_PAYLOAD_LENGTH)
    packet.networkHeader = start
    packet.interfaceIndex = index
    fillHeader(packet, this.header, start)
    this.countEcn(this.header.tos)
    if (!this.addressesAreSane(packet, own)) {
      counters.Ip6InHdrErrors++
      packet.release()
      return false
    }
    this.extensions.routerAlert = -1
    return this.header.protocol !== NEXT_HOP_BY_HOP || this.extensions.readHopByHop(packet)
  }

  /** Whether the addresses are ones that a packet may have which came from a link (RFC 4291 2.5.2, 2.5.3, 2.7; Linux). */
  private addressesAreSane(packet: Packet, own: boolean): boolean {
    const { source, destination } = this.header
    if (source.isMulticast || source.isMapped || destination.isMapped) return false
    if (!own && (isLoopback(source) || isLoopback(destination))) return false
    if (destination.isMulticast) {
      const scope = multicastScope(destination)
      return scope !== 0 && (own || scope !== SCOPE_INTERFACE_LOCAL)
    }
    const strict = this.context.configurations.of(packet.interfaceIndex).drop_unicast_in_l2_multicast === 1
    return packet.packetType === PACKET_HOST || !strict
  }

  private receiveMulticast(packet: Packet, networkInterface: NetworkInterface): void {
    const { counters, groups } = this.context
    const { header } = this
    const { index } = networkInterface
    const all = (networkInterface.flags & IFF_ALLMULTI) !== 0
    if (!all && !groups.accepts(index, header.destination, header.source)) {
      // MLD is heard about joined groups whatever their source filter (Linux's ipv6_chk_mcast_addr leaves it to them).
      if (header.protocol !== NEXT_HOP_BY_HOP || !groups.isMember(index, header.destination)) {
        counters.Ip6ExtInMcastNotMember++
        packet.release()
        return
      }
    }
    this.countMulticast(packet)
    this.deliver(packet)
  }

  /** Gives a packet for this host to the raw sockets and its transport. Takes it. */
  private deliver(given: Packet): void {
    let packet = given
    const { context, header, extensions } = this
    const { counters } = context
    if (isExtensionHeader(header.protocol) || header.protocol === NEXT_NONE) {
      const read = extensions.read(packet, header)
      if (read === null) return
      packet = read
    } else {
      packet.start += wire.IPV6_HEADER_LENGTH
      packet.transportHeader = packet.start
      extensions.namedAt = packet.networkHeader + wire.IPV6_NEXT_HEADER
    }
    const { namedAt } = extensions
    const outcome = context.protocols.deliver(packet, header)
    if (outcome === PACKET_UNKNOWN) counters.Ip6InUnknownProtos++
    else counters.Ip6InDelivers++
    if (outcome === PACKET_TAKEN) return
    if (outcome === PACKET_REFUSED) this.forwarder.refuse(packet, ERROR_PORT_UNREACHABLE, 0)
    else if (header.protocol === IPPROTO_ICMPV6) packet.release()
    else this.forwarder.refuse(packet, ERROR_UNKNOWN_HEADER, namedAt - packet.networkHeader)
  }

  /** Fragments of a datagram never came: tells its sender, who has sent the first of them (RFC 8200 4.5). Borrows it. */
  reassemblyExpired(first: Packet): void {
    const { control, network } = this.context
    if (control === null) return
    fillWholeHeader(first, this.header, first.networkHeader)
    control.sendError(network, first, this.header, ERROR_REASSEMBLY_TIMEOUT, 0, null)
  }

  private countMulticast(packet: Packet): void {
    const { counters } = this.context
    counters.Ip6InMcastPkts++
    counters.Ip6InMcastOctets += packet.length
  }

  private countEcn(trafficClass: number): void {
    const { counters } = this.context
    switch (trafficClass & 3) {
      case 0:
        counters.Ip6InNoECTPkts++
        break
      case 1:
        counters.Ip6InECT1Pkts++
        break
      case 2:
        counters.Ip6InECT0Pkts++
        break
      default:
        counters.Ip6InCEPkts++
    }
  }
}
