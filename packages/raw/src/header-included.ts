import type { IpAddress } from '@jackfield/addr'
import type { RandomSource } from '@jackfield/clock'
import { checksum, type Packet } from '@jackfield/packet'

const SHORTEST_HEADER = 20

/**
 * Completes the IPv4 header that a caller of `IP_HDRINCL` made, as Linux does: total length and checksum always, source
 * and identification where they are 0.
 * @returns false where there is no header, or less of the packet than it claims
 */
export function completeHeader(packet: Packet, source: IpAddress, random: RandomSource): boolean {
  const { view, start } = packet
  if (packet.length < SHORTEST_HEADER) return false
  const headerLength = (view.getUint8(start) & 0x0f) * 4
  if (view.getUint8(start) >>> 4 !== 4 || headerLength < SHORTEST_HEADER || headerLength > packet.length) return false
  if (view.getInt32(start + 12) === 0) view.setInt32(start + 12, source.w3)
  view.setUint16(start + 2, packet.length)
  if (view.getUint16(start + 4) === 0) view.setUint16(start + 4, 1 + random.below(0xffff))
  view.setUint16(start + 10, 0)
  view.setUint16(start + 10, checksum(view, start, start + headerLength))
  return true
}
