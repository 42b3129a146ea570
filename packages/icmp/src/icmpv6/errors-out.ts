import { IPV6_ANY, type IpAddress } from '@jackfield/addr'
import {
  CAST_MULTICAST,
  CAST_UNICAST,
  ERROR_PACKET_TOO_BIG,
  ERROR_UNKNOWN_OPTION,
  type Host,
  IPPROTO_ICMPV6,
  type NetworkHeader,
  type NetworkLayer,
} from '@jackfield/interfaces'
import { CHECKSUM_NONE, PACKET_HOST, type Packet } from '@jackfield/packet'
import type { MessageOutput } from '../message-output.js'
import { quotePacket } from '../quote.js'
import { ICMPV6_HEADER_LENGTH, isIcmpv6Error, NDISC_REDIRECT, writeIcmpv6 } from '../wire/icmpv6.js'
import { messageOf } from './error-table.js'
import { senderZone } from './zone.js'

const IPV6_HEADER_LENGTH = 40
/** RFC 4443 2.4 c: as much of the packet as fits without the error exceeding the least MTU. */
const LONGEST_ERROR = 1280

/** Sends errors about packets that this host could not deliver or forward. */
export class ErrorsOut {
  private readonly host: Host
  private readonly network: NetworkLayer
  private readonly output: MessageOutput

  constructor(host: Host, network: NetworkLayer, output: MessageOutput) {
    this.host = host
    this.network = network
    this.output = output
  }

  /** `ControlMessages.sendError` for IPv6. */
  send(packet: Packet, header: NetworkHeader, kind: number, info: number): boolean {
    const message = messageOf(kind)
    if (message < 0 || !this.mayAnswer(packet, header, kind)) return false
    const { host, output } = this
    const type = message >>> 8
    output.aim(this.source(header), header.source, 0, senderZone(header))
    const route = output.route()
    if (route === null || output.source.isUnspecified || !output.permits(route, kind, type)) return false
    const room = LONGEST_ERROR - IPV6_HEADER_LENGTH - ICMPV6_HEADER_LENGTH
    const quoted = Math.min(packet.end - packet.networkHeader, room)
    const error = host.packets.allocate(ICMPV6_HEADER_LENGTH + quoted)
    quotePacket(packet, quoted, error, error.start + ICMPV6_HEADER_LENGTH)
    const { destination } = output.flow
    writeIcmpv6(error.view, error.start, error.end, type, message & 0xff, info, output.source, destination)
    error.checksum = CHECKSUM_NONE
    return output.send(error, type) === 0
  }

  /** RFC 4443 2.4 e: what no error is ever sent about. */
  private mayAnswer(packet: Packet, header: NetworkHeader, kind: number): boolean {
    const toMany = packet.packetType !== PACKET_HOST || header.cast === CAST_MULTICAST
    if (toMany && kind !== ERROR_PACKET_TOO_BIG && kind !== ERROR_UNKNOWN_OPTION) return false
    const at = packet.networkHeader
    if (at < 0 || packet.end - at < IPV6_HEADER_LENGTH) return false
    const { source } = header
    if (source.isUnspecified || this.network.castOf(source, header.interfaceIndex) !== CAST_UNICAST) return false
    if (header.protocol === IPPROTO_ICMPV6) {
      const inner = at + header.headerLength
      // One that is not there to be looked at may be an error.
      if (inner >= packet.end) return false
      const type = packet.view.getUint8(inner)
      if (isIcmpv6Error(type) || type === NDISC_REDIRECT) return false
    }
    return true
  }

  /** The address that it was sent to, if that is ours; else the one of the way back (RFC 4443 2.2). */
  private source(header: NetworkHeader): IpAddress {
    const { destination } = header
    return destination.isMulticast || !this.network.isLocal(destination, 0) ? IPV6_ANY : destination
  }
}
