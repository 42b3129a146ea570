import type { Packet, PacketPool } from '@jackfield/packet'

/**
 * A fragment of a packet whose network header is at `packet.start`: a copy of that header, room behind it for a header of the
 * fragment's own, and a piece of the payload. Lengths, offsets and checksums are the caller's to write.
 * @param headerLength bytes of the header that is copied
 * @param room bytes between it and the payload
 * @param at where the piece begins in the packet's buffer, `length` bytes long
 */
export function copyFragment(
  pool: PacketPool,
  packet: Packet,
  headerLength: number,
  room: number,
  at: number,
  length: number,
): Packet {
  const { start, bytes } = packet
  const payload = headerLength + room
  const fragment = pool.allocate(payload + length)
  const to = fragment.start
  const target = fragment.bytes
  for (let i = 0; i < headerLength; i++) target[to + i] = bytes[start + i] as number
  target.set(bytes.subarray(at, at + length), to + payload)
  fragment.networkHeader = to
  fragment.transportHeader = to + payload
  fragment.packetType = packet.packetType
  fragment.mark = packet.mark
  fragment.priority = packet.priority
  return fragment
}
