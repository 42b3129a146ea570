/** Up to here a loop is cheaper than the view object that `set` needs, and it allocates nothing. In bytes. */
const LOOP_LIMIT = 128

/** Copies `source[from..from + length)` to `target[at..)`. The ranges must lie within the arrays. */
export function copyBytes(source: Uint8Array, from: number, length: number, target: Uint8Array, at: number): void {
  if (length <= LOOP_LIMIT) {
    for (let i = 0; i < length; i++) target[at + i] = source[from + i] as number
  } else if (from === 0 && length === source.length) {
    target.set(source, at)
  } else {
    target.set(source.subarray(from, from + length), at)
  }
}
