/** What the functions here draw from. */
interface WordSource {
  uint32(): number
}

/**
 * A uniform integer below `bound`, without bias: words that would favour small results are drawn again.
 * @throws RangeError unless `bound` is an integer from 1 to 2^32
 */
export function below(source: WordSource, bound: number): number {
  if (!(Number.isInteger(bound) && bound >= 1 && bound <= 2 ** 32)) {
    throw new RangeError(`below() takes an integer from 1 to 2^32, not ${bound}`)
  }
  if ((bound & (bound - 1)) === 0) {
    // A power of two (2^32 included, whose low 32 bits are 0).
    const word = source.uint32()
    return bound === 2 ** 32 ? word : (word & (bound - 1)) >>> 0
  }
  const threshold = (2 ** 32 - bound) % bound
  let word = source.uint32()
  while (word < threshold) word = source.uint32()
  return word % bound
}

/** A uniform number from 0 to 1, 1 not included, of 53 random bits. */
export function fraction(source: WordSource): number {
  return ((source.uint32() >>> 5) * 0x4000000 + (source.uint32() >>> 6)) / 2 ** 53
}
