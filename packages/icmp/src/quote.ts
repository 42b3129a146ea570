import { CHECKSUM_PARTIAL, checksum, type Packet, SEGMENT_NONE } from '@jackfield/packet'

/**
 * Copies a packet from its network header on into an error about it, at `quote`.
 * A packet that waits for its checksum to be computed must not be quoted with half of one.
 */
export function quotePacket(packet: Packet, length: number, error: Packet, quote: number): void {
  error.bytes.set(packet.bytes.subarray(packet.networkHeader, packet.networkHeader + length), quote)
  if (packet.checksum !== CHECKSUM_PARTIAL || packet.segmentType !== SEGMENT_NONE) return
  const from = packet.checksumStart
  const field = from + packet.checksumOffset
  if (from < packet.networkHeader || field < from || field + 2 > packet.end) return
  const at = field - packet.networkHeader + quote
  if (at + 2 > error.end) return
  const value = checksum(packet.view, from, packet.end)
  error.view.setUint16(at, value === 0 ? 0xffff : value)
}
