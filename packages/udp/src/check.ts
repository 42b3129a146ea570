import { IPPROTO_UDP, IPPROTO_UDPLITE, type NetworkHeader } from '@jackfield/interfaces'
import { CHECKSUM_NONE, foldSum, type Packet, sumBytes } from '@jackfield/packet'
import { pseudoHeaderSum, verifyChecksum } from '@jackfield/transport'
import { UDP_HEADER_LENGTH } from './wire/udp.js'

/** The header or its length is bad. */
export const DATAGRAM_BAD_HEADER = 0
export const DATAGRAM_BAD_CHECKSUM = 1
/** Over IPv6, without a checksum: for the socket to decide. */
export const DATAGRAM_NO_CHECKSUM = 2
export const DATAGRAM_GOOD = 3

/** Checks a UDP datagram (RFC 768, RFC 1122 4.1.3.4) and trims what follows it. The window begins at the header. */
export function checkUdp(packet: Packet, header: NetworkHeader): number {
  const { start, end, view } = packet
  if (end - start < UDP_HEADER_LENGTH) return DATAGRAM_BAD_HEADER
  const length = view.getUint16(start + 4)
  if (length < UDP_HEADER_LENGTH || length > end - start) return DATAGRAM_BAD_HEADER
  packet.end = start + length
  if (view.getUint16(start + 6) === 0) return header.version === 4 ? DATAGRAM_GOOD : DATAGRAM_NO_CHECKSUM
  return verifyChecksum(packet, header, IPPROTO_UDP) ? DATAGRAM_GOOD : DATAGRAM_BAD_CHECKSUM
}

/** Checks a UDP-Lite datagram (RFC 3828 3.1): the checksum is never absent and covers what the header says. */
export function checkUdpLite(packet: Packet, header: NetworkHeader): number {
  const { start, end, view } = packet
  const length = end - start
  if (length < UDP_HEADER_LENGTH) return DATAGRAM_BAD_HEADER
  const field = view.getUint16(start + 4)
  const covered = field === 0 ? length : field
  if (covered < UDP_HEADER_LENGTH || covered > length) return DATAGRAM_BAD_HEADER
  if (view.getUint16(start + 6) === 0) return DATAGRAM_BAD_CHECKSUM
  if (packet.checksum !== CHECKSUM_NONE) return DATAGRAM_GOOD
  const initial = pseudoHeaderSum(header.source, header.destination, IPPROTO_UDPLITE, length)
  const sum = foldSum(sumBytes(view, start, start + covered, initial))
  return sum === 0xffff ? DATAGRAM_GOOD : DATAGRAM_BAD_CHECKSUM
}
