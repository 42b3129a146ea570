import type { NetworkHeader } from '@jackfield/interfaces'
import {
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  CHECKSUM_VERIFIED,
  foldSum,
  type Packet,
  pseudoHeaderSum,
  sumBytes,
} from '@jackfield/packet'

export { pseudoHeaderSum }

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
