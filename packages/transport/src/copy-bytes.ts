import type { Packet } from '@jackfield/packet'

/*
 * `Uint8Array.set` is the fastest copy, but for a part of an array it wants a view object, which costs 50 ns and 97
 * bytes. Up to LOOP_LIMIT a loop that goes by words through the packet's own DataView is faster and allocates nothing.
 */
const LOOP_LIMIT = 128

/** Copies `source[from..from + length)` to `packet.bytes[at..)`. The ranges must lie within the arrays. */
export function copyToPacket(source: Uint8Array, from: number, length: number, packet: Packet, at: number): void {
  if (from === 0 && length === source.length) {
    packet.bytes.set(source, at)
  } else if (length > LOOP_LIMIT) {
    packet.bytes.set(source.subarray(from, from + length), at)
  } else {
    const { view } = packet
    let i = 0
    for (; i + 3 < length; i += 4) {
      const word =
        (source[from + i] as number) |
        ((source[from + i + 1] as number) << 8) |
        ((source[from + i + 2] as number) << 16) |
        ((source[from + i + 3] as number) << 24)
      view.setInt32(at + i, word, true)
    }
    for (; i < length; i++) view.setUint8(at + i, source[from + i] as number)
  }
}

/** Copies `packet.bytes[from..from + length)` to `target[at..)`. The ranges must lie within the arrays. */
export function copyFromPacket(packet: Packet, from: number, length: number, target: Uint8Array, at: number): void {
  if (length > LOOP_LIMIT) {
    target.set(packet.part(from, length), at)
    return
  }
  const { view } = packet
  let i = 0
  for (; i + 3 < length; i += 4) {
    const word = view.getInt32(from + i, true)
    target[at + i] = word
    target[at + i + 1] = word >> 8
    target[at + i + 2] = word >> 16
    target[at + i + 3] = word >> 24
  }
  for (; i < length; i++) target[at + i] = view.getUint8(from + i)
}
