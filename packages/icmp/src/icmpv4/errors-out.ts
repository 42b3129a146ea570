import { IPV4_ANY, type IpAddress } from '@jackfield/addr'
import {
  CAST_UNICAST,
  ERROR_PACKET_TOO_BIG,
  ERROR_PARAMETER_PROBLEM,
  ERROR_REDIRECT,
  type Host,
  IPPROTO_ICMP,
  type NetworkHeader,
  type NetworkLayer,
} from '@jackfield/interfaces'
import { CHECKSUM_NONE, PACKET_HOST, type Packet } from '@jackfield/packet'
import type { MessageOutput } from '../message-output.js'
import { quotePacket } from '../quote.js'
import type { IcmpSettings } from '../settings.js'
import { ICMP_HEADER_LENGTH, isIcmpv4Error, writeIcmpv4 } from '../wire/icmpv4.js'
import { messageOf } from './error-table.js'

const IPV4_HEADER_LENGTH = 20
/** RFC 1812 4.3.2.3: as much of the packet as fits without the whole error exceeding 576 bytes. */
const LONGEST_ERROR = 576
/** RFC 1812 4.3.2.5: errors go out with precedence 6, internetwork control. */
const INTERNETWORK_CONTROL = 0xc0
/** What is kept of the TOS of the packet that caused the error: Linux's `IPTOS_TOS_MASK`. */
const TOS_MASK = 0x1e
/** 240.0.0.0/4 is reserved (RFC 1112 4). */
const CLASS_E = 0xf

/** Sends errors about packets that this host could not deliver or forward. */
export class ErrorsOut {
  private readonly host: Host
  private readonly network: NetworkLayer
  private readonly settings: IcmpSettings
  private readonly output: MessageOutput

  constructor(host: Host, network: NetworkLayer, settings: IcmpSettings, output: MessageOutput) {
    this.host = host
    this.network = network
    this.settings = settings
    this.output = output
  }

  /** `ControlMessages.sendError` for IPv4. */
  send(packet: Packet, header: NetworkHeader, kind: number, info: number, gateway: IpAddress | null): boolean {
    const message = messageOf(kind, info)
    if (message < 0 || !this.mayAnswer(packet, header)) return false
    const { output, host } = this
    const type = message >>> 8
    output.aim(this.source(header), header.source, (header.tos & TOS_MASK) | INTERNETWORK_CONTROL, 0)
    const route = output.route()
    if (route === null || !output.permits(route, kind, type)) return false
    const room = Math.min(LONGEST_ERROR, route.mtu) - IPV4_HEADER_LENGTH - ICMP_HEADER_LENGTH
    if (room < IPV4_HEADER_LENGTH) return false
    const quoted = Math.min(packet.end - packet.networkHeader, room)
    const error = host.packets.allocate(ICMP_HEADER_LENGTH + quoted)
    const quote = error.start + ICMP_HEADER_LENGTH
    quotePacket(packet, quoted, error, quote)
    let rest = 0
    if (kind === ERROR_PACKET_TOO_BIG) rest = Math.max(0, Math.min(0xffff, info))
    else if (kind === ERROR_PARAMETER_PROBLEM) rest = (info & 0xff) << 24
    else if (kind === ERROR_REDIRECT) rest = gateway === null ? 0 : gateway.w3
    writeIcmpv4(error.view, error.start, error.end, type, message & 0xff, rest)
    error.checksum = CHECKSUM_NONE
    return output.send(error, type) === 0
  }

  /** RFC 1122 3.2.2 and RFC 1812 4.3.2.7: what no error is ever sent about. */
  private mayAnswer(packet: Packet, header: NetworkHeader): boolean {
    if (packet.packetType !== PACKET_HOST || header.cast !== CAST_UNICAST) return false
    const at = packet.networkHeader
    if (at < 0 || packet.end - at < IPV4_HEADER_LENGTH) return false
    const { view } = packet
    if ((view.getUint16(at + 6) & 0x1fff) !== 0) return false
    const { source } = header
    if (source.isUnspecified || source.w3 >>> 28 === CLASS_E) return false
    if (this.network.castOf(source, header.interfaceIndex) !== CAST_UNICAST) return false
    if (view.getUint8(at + 9) === IPPROTO_ICMP) {
      const inner = at + (view.getUint8(at) & 0x0f) * 4
      if (inner >= packet.end || isIcmpv4Error(view.getUint8(inner))) return false
    }
    return true
  }

  /** The address that it was sent to, if that is ours; else one of the interface, or the route's (RFC 1812 4.3.2.4). */
  private source(header: NetworkHeader): IpAddress {
    const { network } = this
    if (network.isLocal(header.destination, 0)) return header.destination
    if (!this.settings.errorsUseInboundAddress) return IPV4_ANY
    return network.sourceFor(header.source, header.interfaceIndex) ?? IPV4_ANY
  }
}
