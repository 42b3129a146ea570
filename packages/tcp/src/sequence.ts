/*
 * Arithmetic of sequence numbers (RFC 9293 3.4), modulo 2^32. They are int32 here, not uint32: an engine keeps those unboxed,
 * and `(a - b) | 0` is the signed distance from b to a. Comparisons hold while the two are less than 2^31 apart; at a
 * distance of exactly 2^31 each is less than the other, as with Linux's `before`.
 */

/** Whether `a` is before `b`. */
export function seqLt(a: number, b: number): boolean {
  return ((a - b) | 0) < 0
}

/** Whether `a` is before `b` or the same. */
export function seqLe(a: number, b: number): boolean {
  return ((b - a) | 0) >= 0
}

/** Whether `a` is after `b`. */
export function seqGt(a: number, b: number): boolean {
  return ((b - a) | 0) < 0
}

/** Whether `a` is after `b` or the same. */
export function seqGe(a: number, b: number): boolean {
  return ((a - b) | 0) >= 0
}

/** Whether `low <= x <= high`, for a `high` anywhere up to 2^32 - 1 after `low`. */
export function seqBetween(x: number, low: number, high: number): boolean {
  return (high - low) >>> 0 >= (x - low) >>> 0
}

/** The later of two. */
export function seqMax(a: number, b: number): number {
  return ((a - b) | 0) < 0 ? b : a
}

/** The earlier of two. */
export function seqMin(a: number, b: number): number {
  return ((a - b) | 0) < 0 ? a : b
}

/** `a` and so many bytes on, as int32. */
export function seqAdd(a: number, bytes: number): number {
  return (a + bytes) | 0
}

/** How far `a` is after `b`, in bytes; negative where it is before. */
export function seqDiff(a: number, b: number): number {
  return (a - b) | 0
}
