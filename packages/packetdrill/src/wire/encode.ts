import { internetChecksum, pseudoHeaderSum } from './checksum.js'
import {
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  IPPROTO_TCP,
  IPPROTO_UDP,
  type WireIcmp,
  type WirePacket,
  type WireTcp,
  type WireUdp,
} from './packet.js'
import { tcpOptionsLength, writeTcpOptions } from './tcp-options.js'

const DONT_FRAGMENT = 0x4000

/**
 * A packet's bytes, with every checksum. Payloads of TCP and UDP are zeros.
 * @param finish looks at the bytes before the checksum of what is in the packet is made
 */
export function encodePacket(packet: WirePacket, finish: (bytes: Uint8Array) => void = () => {}): Uint8Array {
  const { body } = packet
  if (body.protocol === 'other') throw new Error(`there is no encoding of ${body.text}`)
  const version = packet.source.version
  const ipLength = version === 4 ? 20 : 40
  const bytes = new Uint8Array(ipLength + bodyLength(body))
  const view = new DataView(bytes.buffer)
  const protocol = protocolNumber(body.protocol, version)
  if (version === 4) writeIpv4(view, packet, protocol, bytes)
  else writeIpv6(view, packet, protocol)
  const field = body.protocol === 'tcp' ? writeTcp(view, ipLength, body) : writeShort(view, ipLength, body)
  if (body.protocol === 'icmp') bytes.set(body.payload, ipLength + 8)
  finish(bytes)
  const length = bytes.length - ipLength
  const pseudo = protocol === IPPROTO_ICMP ? 0 : pseudoHeaderSum(packet.source, packet.destination, protocol, length)
  const sum = internetChecksum(bytes, ipLength, bytes.length, pseudo)
  // RFC 768: a computed zero goes out as all ones, since zero says that there is none.
  view.setUint16(field, sum === 0 && protocol === IPPROTO_UDP ? 0xffff : sum)
  return bytes
}

/** The protocol field of a packet. */
export function protocolNumber(protocol: 'tcp' | 'udp' | 'icmp', version: 4 | 6): number {
  if (protocol === 'tcp') return IPPROTO_TCP
  if (protocol === 'udp') return IPPROTO_UDP
  return version === 4 ? IPPROTO_ICMP : IPPROTO_ICMPV6
}

function bodyLength(body: WireTcp | WireUdp | WireIcmp): number {
  if (body.protocol === 'tcp') return tcpHeaderLength(body) + body.length
  return 8 + (body.protocol === 'udp' ? body.length : body.payload.length)
}

/** Bytes of a TCP header with its options, padded to whole words. */
export function tcpHeaderLength(body: Pick<WireTcp, 'options'>): number {
  return 20 + ((tcpOptionsLength(body.options) + 3) & ~3)
}

function writeIpv4(view: DataView, packet: WirePacket, protocol: number, bytes: Uint8Array): void {
  view.setUint8(0, 0x45)
  view.setUint8(1, packet.tos)
  view.setUint16(2, bytes.length)
  if (packet.dontFragment === true) view.setUint16(6, DONT_FRAGMENT)
  view.setUint8(8, packet.ttl)
  view.setUint8(9, protocol)
  packet.source.writeTo(view, 12)
  packet.destination.writeTo(view, 16)
  view.setUint16(10, internetChecksum(bytes, 0, 20))
}

function writeIpv6(view: DataView, packet: WirePacket, protocol: number): void {
  view.setUint32(0, 0x6000_0000 | (packet.tos << 20) | packet.flowLabel)
  view.setUint16(4, view.byteLength - 40)
  view.setUint8(6, protocol)
  view.setUint8(7, packet.ttl)
  packet.source.writeTo(view, 8)
  packet.destination.writeTo(view, 24)
}

/** Writes the header and returns where its checksum is. */
function writeTcp(view: DataView, at: number, body: WireTcp): number {
  view.setUint16(at, body.sourcePort)
  view.setUint16(at + 2, body.destinationPort)
  view.setUint32(at + 4, body.seq)
  view.setUint32(at + 8, body.ack)
  view.setUint16(at + 12, ((tcpHeaderLength(body) / 4) << 12) | body.flags)
  view.setUint16(at + 14, body.window)
  view.setUint16(at + 18, body.urgent)
  writeTcpOptions(view, at + 20, body.options)
  return at + 16
}

/** The 8 bytes of a UDP or ICMP header; returns where its checksum is. */
function writeShort(view: DataView, at: number, body: WireUdp | WireIcmp): number {
  if (body.protocol === 'udp') {
    view.setUint16(at, body.sourcePort)
    view.setUint16(at + 2, body.destinationPort)
    view.setUint16(at + 4, 8 + body.length)
    return at + 6
  }
  view.setUint8(at, body.type)
  view.setUint8(at + 1, body.code)
  view.setUint32(at + 4, body.rest)
  return at + 2
}
