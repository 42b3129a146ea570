import type { IpAddress } from '@jackfield/addr'
import type { NetworkHeader } from '@jackfield/interfaces'
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, CHECKSUM_VERIFIED, foldSum, type Packet, sumBytes } from '@jackfield/packet'

/**
 * The sum of the pseudo-header (RFC 768, RFC 8200 8.1) as `sumBytes` counts, for its `initial`. One form for both
 * versions: the ffff words of a mapped IPv4 address change nothing modulo 65535.
 * @param length bytes of transport header and payload
 */
export function pseudoHeaderSum(source: IpAddress, destination: IpAddress, protocol: number, length: number): number {
  let sum = addressSum(source) + addressSum(destination) + protocol + (length & 0xffff) + (length >>> 16)
  sum = (sum & 0xffff) + (sum >>> 16)
  sum = (sum & 0xffff) + (sum >>> 16)
  // Big-endian words were added; `sumBytes` counts them with their bytes swapped (RFC 1071 section 2 B).
  return ((sum & 0xff) << 8) | (sum >>> 8)
}

function addressSum(address: IpAddress): number {
  const { w0, w1, w2, w3 } = address
  return (
    (w0 >>> 16) +
    (w0 & 0xffff) +
    (w1 >>> 16) +
    (w1 & 0xffff) +
    (w2 >>> 16) +
    (w2 & 0xffff) +
    (w3 >>> 16) +
    (w3 & 0xffff)
  )
}

/**
 * Whether the transport checksum over the packet's window is good; the packet then says so. True at once where the
 * device verified it, or where it is partial: it never left this machine.
 */
export function verifyChecksum(packet: Packet, header: NetworkHeader, protocol: number): boolean {
  if (packet.checksum !== CHECKSUM_NONE) return true
  const initial = pseudoHeaderSum(header.source, header.destination, protocol, packet.end - packet.start)
  if (foldSum(sumBytes(packet.view, packet.start, packet.end, initial)) !== 0xffff) return false
  packet.checksum = CHECKSUM_VERIFIED
  return true
}

/**
 * Leaves the checksum to whoever sends the packet: stores the folded pseudo-header sum at `packet.start + fieldOffset`
 * and marks it partial from `packet.start`.
 */
export function setPartialChecksum(packet: Packet, fieldOffset: number, pseudoSum: number): void {
  packet.view.setUint16(packet.start + fieldOffset, foldSum(pseudoSum))
  packet.checksum = CHECKSUM_PARTIAL
  packet.checksumStart = packet.start
  packet.checksumOffset = fieldOffset
}
