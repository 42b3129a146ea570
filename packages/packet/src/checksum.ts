import { CHECKSUM_NONE, CHECKSUM_PARTIAL, type Packet } from './packet.js'

/**
 * The sum of `[start, end)` as big-endian words, not yet folded, added to `initial` (RFC 1071).
 * Any alignment; an odd last byte counts as the high byte of a word. Exact for sums up to 8 MB.
 * Fold with `foldSum`. Check the range first: a DataView throws past its end.
 */
export function sumBytes(view: DataView, start: number, end: number, initial = 0): number {
  let sum = initial
  let at = start
  const blockEnd = end - 15
  while (at < blockEnd) {
    sum +=
      view.getUint32(at, true) +
      view.getUint32(at + 4, true) +
      view.getUint32(at + 8, true) +
      view.getUint32(at + 12, true)
    at += 16
  }
  let tail = 0
  while (at + 1 < end) {
    tail += view.getUint16(at, true)
    at += 2
  }
  if (at < end) tail += view.getUint8(at)
  return sum + tail
}

/**
 * Reduces what `sumBytes` returned to 16 bits in network order (as `setUint16(at, value)` wants it), not complemented.
 * 0 only for a sum of nothing but zeros.
 */
export function foldSum(sum: number): number {
  // By 16-bit parts, as a double holds up to 53 bits; half the time of the remainder by 65,535.
  const low = sum >>> 0
  const high = (sum / 0x1_0000_0000) >>> 0
  let word = (low >>> 16) + (low & 0xffff) + (high >>> 16) + (high & 0xffff)
  word = (word >>> 16) + (word & 0xffff)
  word = (word >>> 16) + (word & 0xffff)
  return ((word & 0xff) << 8) | (word >>> 8)
}

/** The Internet checksum of `[start, end)` (RFC 1071), ready for `setUint16`. */
export function checksum(view: DataView, start: number, end: number, initial = 0): number {
  return ~foldSum(sumBytes(view, start, end, initial)) & 0xffff
}

/** A 16-bit word in network order as `sumBytes` counts it, for sums made by hand. */
export function sumWord(word: number): number {
  return ((word & 0xff) << 8) | ((word >>> 8) & 0xff)
}

/**
 * RFC 1624 (equation 3): the checksum after one 16-bit word under it changed.
 * All three in network order.
 */
export function updateChecksum(old: number, from: number, to: number): number {
  let sum = (~old & 0xffff) + (~from & 0xffff) + to
  sum = (sum & 0xffff) + (sum >>> 16)
  sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/** Where UDP's header has its checksum; no other transport's has it there. */
const UDP_CHECKSUM_OFFSET = 6

/**
 * Completes a partial checksum: sums from `checksumStart` to the end of the window, in which the field holds the
 * pseudo-header's folded sum, and stores the complement. For UDP, whose 0 says that there is none, a result of 0 is stored
 * as 0xffff (RFC 768), which is the same number in one's complement. The bytes must not be shared. Without a partial checksum
 * nothing happens.
 */
export function completeChecksum(packet: Packet): void {
  if (packet.checksum !== CHECKSUM_PARTIAL) return
  const view = packet.view
  const value = checksum(view, packet.checksumStart, packet.end)
  const stored = value === 0 && packet.checksumOffset === UDP_CHECKSUM_OFFSET ? 0xffff : value
  view.setUint16(packet.checksumStart + packet.checksumOffset, stored)
  packet.checksum = CHECKSUM_NONE
}
