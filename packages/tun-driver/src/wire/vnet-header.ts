import {
  CHECKSUM_PARTIAL,
  CHECKSUM_VERIFIED,
  type Packet,
  SEGMENT_NONE,
  SEGMENT_TCP,
  SEGMENT_UDP,
} from '@jackfield/packet'
import { readTransportOffset, readVersion } from './frame-offsets.js'

/**
 * The header that stands before every packet on a device with offloads: `struct virtio_net_hdr`
 * (OASIS virtio 1.2, 5.1.6), little-endian here (the device is told so).
 *
 * | offset | bytes | field |
 * |---|---|---|
 * | 0 | 1 | flags |
 * | 1 | 1 | gso_type |
 * | 2 | 2 | hdr_len: bytes of headers before the payload; a hint |
 * | 4 | 2 | gso_size: payload bytes of each segment |
 * | 6 | 2 | csum_start: where the checksum begins, from the start of the packet |
 * | 8 | 2 | csum_offset: where it is stored, from csum_start |
 */
export const VNET_HEADER_LENGTH = 10

const FLAG_NEEDS_CHECKSUM = 1
const FLAG_DATA_VALID = 2
const GSO_NONE = 0
const GSO_TCPV4 = 1
const GSO_TCPV6 = 4
const GSO_UDP_L4 = 5
/** Set beside the TCP types where the first segment alone carries CWR (RFC 3168 6.1.2). */
const GSO_ECN = 0x80

/** Offsets of the checksum fields, which the kernel demands of large packets. */
const TCP_CHECKSUM = 16
const UDP_CHECKSUM = 6
const TCP_CWR = 0x80

/**
 * Takes over what the header at `at` says of the packet, whose window follows it.
 * @returns false where header and packet do not fit together; the packet must then be dropped
 */
export function decodeVnetHeader(view: DataView, at: number, packet: Packet, ethernet: boolean): boolean {
  const flags = view.getUint8(at)
  const type = view.getUint8(at + 1) & ~GSO_ECN
  const length = packet.end - packet.start
  if ((flags & FLAG_NEEDS_CHECKSUM) !== 0) {
    const start = view.getUint16(at + 6, true)
    const offset = view.getUint16(at + 8, true)
    if (start + offset + 2 > length) return false
    packet.checksum = CHECKSUM_PARTIAL
    packet.checksumStart = packet.start + start
    packet.checksumOffset = offset
  } else if ((flags & FLAG_DATA_VALID) !== 0) {
    packet.checksum = CHECKSUM_VERIFIED
  }
  if (type === GSO_NONE) return true
  const segmentSize = view.getUint16(at + 4, true)
  const segmentType = type === GSO_UDP_L4 ? SEGMENT_UDP : type === GSO_TCPV4 || type === GSO_TCPV6 ? SEGMENT_TCP : 0
  if (segmentSize === 0 || segmentType === 0) return false
  const transport = packet.checksum === CHECKSUM_PARTIAL ? packet.checksumStart : readTransportOffset(packet, ethernet)
  const payload = payloadOffset(packet, transport, segmentType)
  // hdr_len is not used: the kernel puts the length of its linear part there, which may hold payload.
  if (payload < 0 || payload > packet.end) return false
  packet.segmentType = segmentType
  packet.segmentSize = segmentSize
  packet.segmentCount = Math.max(1, Math.ceil((packet.end - payload) / segmentSize))
  return true
}

/**
 * Writes the header for a packet at `at`; every byte of it.
 * @returns false for a large packet that has no partial checksum or whose headers are not those of its type
 */
export function encodeVnetHeader(view: DataView, at: number, packet: Packet, ethernet: boolean): boolean {
  let type = GSO_NONE
  let headers = 0
  let size = 0
  const partial = packet.checksum === CHECKSUM_PARTIAL
  const transport = packet.checksumStart
  if (partial) {
    const field = transport + packet.checksumOffset
    if (transport < packet.start || field + 2 > packet.end) return false
  }
  if (packet.segmentType !== SEGMENT_NONE && packet.segmentCount !== 1) {
    const payload = partial ? payloadOffset(packet, transport, packet.segmentType) : -1
    const version = readVersion(packet, ethernet)
    size = packet.segmentSize
    if (payload < 0 || payload > packet.end || version === 0 || size < 1 || size > 0xffff) return false
    if (packet.segmentType === SEGMENT_UDP) {
      if (packet.checksumOffset !== UDP_CHECKSUM) return false
      type = GSO_UDP_L4
    } else {
      if (packet.checksumOffset !== TCP_CHECKSUM) return false
      type = version === 4 ? GSO_TCPV4 : GSO_TCPV6
      if ((packet.view.getUint8(transport + 13) & TCP_CWR) !== 0) type |= GSO_ECN
    }
    headers = payload - packet.start
  }
  view.setUint8(at, partial ? FLAG_NEEDS_CHECKSUM : 0)
  view.setUint8(at + 1, type)
  view.setUint16(at + 2, headers, true)
  view.setUint16(at + 4, size, true)
  view.setUint16(at + 6, partial ? transport - packet.start : 0, true)
  view.setUint16(at + 8, partial ? packet.checksumOffset : 0, true)
  return true
}

/** Where the payload of a TCP segment or UDP datagram begins; -1 where its header is cut off. */
function payloadOffset(packet: Packet, transport: number, segmentType: number): number {
  if (transport < packet.start) return -1
  if (segmentType === SEGMENT_UDP) return transport + 8
  if (transport + 20 > packet.end) return -1
  const length = (packet.view.getUint8(transport + 12) >>> 4) * 4
  return length < 20 ? -1 : transport + length
}
