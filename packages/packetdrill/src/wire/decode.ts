import { IpAddress } from '@jackfield/addr'
import { internetChecksum, pseudoHeaderSum } from './checksum.js'
import { IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_TCP, IPPROTO_UDP, type WirePacket } from './packet.js'
import { readTcpOptions } from './tcp-options.js'

/** A packet that came out of the stack, or what is wrong with its bytes. */
export type Decoded =
  | { readonly packet: WirePacket; readonly fault: null }
  | { readonly packet: null; readonly fault: string }

/** Reads a packet of the stack's, and checks lengths and checksums on the way. */
export function decodePacket(bytes: Uint8Array): Decoded {
  const version = (bytes[0] ?? 0) >>> 4
  if (version === 4) return decodeIpv4(bytes)
  return version === 6 ? decodeIpv6(bytes) : bad(`the IP version is ${version}`)
}

function bad(fault: string): Decoded {
  return { packet: null, fault }
}

function decodeIpv4(bytes: Uint8Array): Decoded {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const headerLength = ((bytes[0] ?? 0) & 15) * 4
  if (headerLength < 20 || headerLength > bytes.length) return bad(`the IPv4 header is ${headerLength} bytes long`)
  const total = view.getUint16(2)
  if (total !== bytes.length) return bad(`ipv4_total_length is ${total} in a packet of ${bytes.length} bytes`)
  if (internetChecksum(bytes, 0, headerLength) !== 0) return bad('bad IPv4 header checksum')
  const ip = {
    source: IpAddress.v4(view.getInt32(12)),
    destination: IpAddress.v4(view.getInt32(16)),
    tos: view.getUint8(1),
    ttl: view.getUint8(8),
    flowLabel: 0,
  }
  const protocol = view.getUint8(9)
  if ((view.getUint16(6) & 0x3fff) !== 0) {
    return { packet: { ...ip, body: { protocol: 'other', text: `a fragment of protocol ${protocol}` } }, fault: null }
  }
  return decodeBody(bytes, view, headerLength, protocol, ip)
}

function decodeIpv6(bytes: Uint8Array): Decoded {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length < 40) return bad('the IPv6 header is cut short')
  const payload = view.getUint16(4)
  if (payload + 40 !== bytes.length)
    return bad(`ipv6_payload_length is ${payload} in a packet of ${bytes.length} bytes`)
  const first = view.getUint32(0)
  const address = (at: number): IpAddress =>
    IpAddress.v6(view.getInt32(at), view.getInt32(at + 4), view.getInt32(at + 8), view.getInt32(at + 12))
  const ip = {
    source: address(8),
    destination: address(24),
    tos: (first >>> 20) & 0xff,
    ttl: view.getUint8(7),
    flowLabel: first & 0xf_ffff,
  }
  return decodeBody(bytes, view, 40, view.getUint8(6), ip)
}

function decodeBody(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  protocol: number,
  ip: Omit<WirePacket, 'body'>,
): Decoded {
  const { source, destination } = ip
  const size = bytes.length - at
  const summed = protocol === IPPROTO_TCP || protocol === IPPROTO_UDP || protocol === IPPROTO_ICMPV6
  const pseudo = summed ? pseudoHeaderSum(source, destination, protocol, size) : 0
  const good = (): boolean => internetChecksum(bytes, at, bytes.length, pseudo) === 0
  const ports = (): { sourcePort: number; destinationPort: number } => ({
    sourcePort: view.getUint16(at),
    destinationPort: view.getUint16(at + 2),
  })
  if (protocol === IPPROTO_TCP) {
    if (size < 20) return bad('the TCP header is cut short')
    const offset = view.getUint8(at + 12) >>> 4
    if (offset < 5 || offset * 4 > size) return bad(`tcp_data_offset is ${offset} in a segment of ${size} bytes`)
    if (!good()) return bad('bad TCP checksum')
    const body = {
      protocol: 'tcp' as const,
      ...ports(),
      seq: view.getUint32(at + 4),
      ack: view.getUint32(at + 8),
      flags: view.getUint16(at + 12) & 0xfff,
      window: view.getUint16(at + 14),
      urgent: view.getUint16(at + 18),
      options: readTcpOptions(bytes.slice(at + 20, at + offset * 4)),
      length: size - offset * 4,
    }
    return { packet: { ...ip, body }, fault: null }
  }
  if (protocol === IPPROTO_UDP) {
    if (size < 8 || view.getUint16(at + 4) !== size) return bad('the UDP length is wrong')
    const none = source.version === 4 && view.getUint16(at + 6) === 0
    if (!none && !good()) return bad('bad UDP checksum')
    return { packet: { ...ip, body: { protocol: 'udp', ...ports(), length: size - 8 } }, fault: null }
  }
  if (protocol === IPPROTO_ICMP || protocol === IPPROTO_ICMPV6) {
    if (size < 8) return bad('the ICMP header is cut short')
    if (!good()) return bad('bad ICMP checksum')
    const [type, code] = [view.getUint8(at), view.getUint8(at + 1)]
    const body = { protocol: 'icmp' as const, type, code, rest: view.getUint32(at + 4), payload: bytes.slice(at + 8) }
    return { packet: { ...ip, body }, fault: null }
  }
  return { packet: { ...ip, body: { protocol: 'other', text: `protocol ${protocol}` } }, fault: null }
}
