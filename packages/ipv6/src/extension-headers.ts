import {
  ERROR_INCOMPLETE_HEADERS,
  ERROR_PARAMETER_PROBLEM,
  ERROR_UNKNOWN_HEADER,
  ERROR_UNKNOWN_OPTION,
  type NetworkHeader,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import type { Ipv6Context } from './context.js'
import type { Fragments } from './fragments.js'
import { IPV6_DESTINATION, IPV6_HEADER_LENGTH, IPV6_NEXT_HEADER, IPV6_PAYLOAD_LENGTH } from './wire/header.js'
import { MAX_EXTENSION_HEADERS } from './wire/header-chain.js'
import * as next from './wire/next-header.js'
import * as options from './wire/options.js'

/** Says what is wrong with a packet, to its sender where there is ICMPv6, and releases it. */
export type Refuse = (packet: Packet, kind: number, info: number) => void

/** Reads the extension headers of packets that are for this host, in whatever order they come (RFC 8200 4.1). */
export class ExtensionHeaders {
  /** The router alert option of the last packet whose hop-by-hop options were read; -1 without one. */
  routerAlert = -1
  /** Where the byte is that names the transport of the packet that `read` answered. */
  namedAt = 0
  private readonly context: Ipv6Context
  private readonly fragments: Fragments
  private readonly refuse: Refuse
  private readonly scan = new options.OptionScan()

  constructor(context: Ipv6Context, fragments: Fragments, refuse: Refuse) {
    this.context = context
    this.fragments = fragments
    this.refuse = refuse
  }

  /**
   * Reads the hop-by-hop options, which every node on the way does, before it is known whose the packet is. The fixed header names them.
   * @returns false: the packet was dropped
   */
  readHopByHop(packet: Packet): boolean {
    const { view, start, end } = packet
    const at = start + IPV6_HEADER_LENGTH
    const length = next.extensionLength(view, at, end, next.NEXT_HOP_BY_HOP)
    if (length < 0) return this.drop(packet)
    const good = this.readOptions(packet, at, at + length, true)
    if (good) this.routerAlert = this.scan.routerAlert
    return good
  }

  /**
   * Goes along the headers to the transport's: `header` says then what it is and how long those before it are, and the window
   * begins there. Hop-by-hop options at the front were read before. Takes the packet.
   * @returns the packet, or the whole datagram that its fragment completed; null where there is nothing to deliver
   */
  read(given: Packet, header: NetworkHeader): Packet | null {
    let packet = given
    let at = packet.start + IPV6_HEADER_LENGTH
    let namedAt = packet.start + IPV6_NEXT_HEADER
    let protocol = header.protocol
    let count = 0
    // Nobody here can check an authentication header: it is a protocol like any unknown one (RFC 4443 3.4).
    while (next.isExtensionHeader(protocol) && protocol !== next.NEXT_AUTHENTICATION) {
      const length = next.extensionLength(packet.view, at, packet.end, protocol)
      count++
      if (length < 0 || count > MAX_EXTENSION_HEADERS) {
        // A payload length of 0, which a jumbogram has, and a fragment header exclude one another (RFC 2675 3): Linux says so.
        const isJumbo = packet.view.getUint16(packet.networkHeader + IPV6_PAYLOAD_LENGTH) === 0
        if (isJumbo && protocol === next.NEXT_FRAGMENT) this.refuseAt(packet, at)
        else this.drop(packet)
        return null
      }
      if (protocol === next.NEXT_HOP_BY_HOP && namedAt !== packet.networkHeader + IPV6_NEXT_HEADER) {
        // RFC 8200 4: anywhere but right behind the fixed header it is a number like any unknown one.
        this.context.counters.Ip6InHdrErrors++
        this.refuse(packet, ERROR_UNKNOWN_HEADER, namedAt - packet.networkHeader)
        return null
      }
      if (protocol === next.NEXT_DESTINATION_OPTIONS && !this.readOptions(packet, at, at + length, false)) return null
      if (protocol === next.NEXT_ROUTING && !this.readRouting(packet, at)) return null
      if (protocol === next.NEXT_FRAGMENT && !this.fragments.isWhole(packet, at)) {
        const whole = this.reassemble(packet, header, at)
        if (whole === null) return null
        packet = whole
        // The fragment header is gone, and the header before it names what followed it.
        at = packet.start
        namedAt = this.fragments.namedAt
        protocol = header.protocol
        continue
      }
      namedAt = at
      protocol = packet.view.getUint8(at)
      at += length
    }
    if (protocol === next.NEXT_NONE) {
      // RFC 8200 4.7: there is nothing to look at.
      packet.release()
      return null
    }
    packet.start = at
    packet.transportHeader = at
    header.protocol = protocol
    header.headerLength = at - packet.networkHeader
    header.hasOptions = header.headerLength !== IPV6_HEADER_LENGTH
    this.namedAt = namedAt
    return packet
  }

  /** The datagram that the fragment completed; null where it waits for others, or was bad. */
  private reassemble(packet: Packet, header: NetworkHeader, at: number): Packet | null {
    const { fragments, context } = this
    const fault = fragments.check(packet, at)
    if (fault < 0) return fragments.add(packet, header, at)
    context.counters.Ip6InHdrErrors++
    this.refuse(packet, fragments.incomplete ? ERROR_INCOMPLETE_HEADERS : ERROR_PARAMETER_PROBLEM, fault)
    return null
  }

  /** RFC 8200 4.4, RFC 5095: no routing type is known here, type 0 least of all. Without segments left it is passed over. */
  private readRouting(packet: Packet, at: number): boolean {
    if (packet.view.getUint8(at + next.ROUTING_SEGMENTS_LEFT) === 0) return true
    this.refuseAt(packet, at + next.ROUTING_TYPE)
    return false
  }

  /** False: the packet was dropped, and its sender told where the option says so (RFC 8200 4.2). */
  private readOptions(packet: Packet, at: number, end: number, hopByHop: boolean): boolean {
    const { scan } = this
    const outcome = options.scanIpv6Options(packet.view, at, end, hopByHop, scan)
    if (outcome === options.OPTIONS_OK) return true
    const toGroup = packet.view.getUint8(packet.networkHeader + IPV6_DESTINATION) === 0xff
    const answer = outcome === options.OPTIONS_ANSWER || (outcome === options.OPTIONS_ANSWER_UNICAST && !toGroup)
    if (!answer) return this.drop(packet)
    this.context.counters.Ip6InHdrErrors++
    this.refuse(packet, ERROR_UNKNOWN_OPTION, scan.at - packet.networkHeader)
    return false
  }

  /** Drops a packet and points at the field in which it is wrong. */
  private refuseAt(packet: Packet, at: number): void {
    this.context.counters.Ip6InHdrErrors++
    this.refuse(packet, ERROR_PARAMETER_PROBLEM, at - packet.networkHeader)
  }

  private drop(packet: Packet): false {
    this.context.counters.Ip6InHdrErrors++
    packet.release()
    return false
  }
}
