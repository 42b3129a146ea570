import type { Packet } from '@jackfield/packet'

/** `Uint8Array.set` wants a view object for a part of an array; up to here words are faster, and allocate nothing. */
const LOOP_LIMIT = 128

/** Copies `length` bytes from one packet at `from` to another at `to`. Both ranges must lie within the buffers. */
export function copyBetween(source: Packet, from: number, length: number, target: Packet, to: number): void {
  if (length > LOOP_LIMIT) {
    target.bytes.set(source.bytes.subarray(from, from + length), to)
    return
  }
  const a = source.view
  const b = target.view
  let i = 0
  for (; i + 4 <= length; i += 4) b.setInt32(to + i, a.getInt32(from + i, true), true)
  for (; i < length; i++) b.setUint8(to + i, a.getUint8(from + i))
}
