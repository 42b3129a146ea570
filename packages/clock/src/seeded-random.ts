import type { RandomSource } from './clock.js'
import { below, fraction } from './distribution.js'

/** splitmix32: one step of the state, and the word it gives. */
const GOLDEN = 0x9e3779b9

function mix(state: number): number {
  let z = state
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return z ^ (z >>> 15)
}

/** xoshiro128** 1.1 (Blackman and Vigna), period 2^128 - 1. Not for secrets. */
class Xoshiro128 implements RandomSource {
  private a: number
  private b: number
  private c: number
  private d: number

  constructor(words: Int32Array) {
    this.a = words[0] as number
    this.b = words[1] as number
    this.c = words[2] as number
    this.d = words[3] as number
    // The one state that it never leaves.
    if ((this.a | this.b | this.c | this.d) === 0) this.a = 1
  }

  uint32(): number {
    const scrambled = Math.imul(this.b, 5)
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9)
    const shifted = this.b << 9
    this.c ^= this.a
    this.d ^= this.b
    this.b ^= this.c
    this.a ^= this.d
    this.c ^= shifted
    this.d = (this.d << 11) | (this.d >>> 21)
    return result >>> 0
  }

  below(bound: number): number {
    return below(this, bound)
  }

  fraction(): number {
    return fraction(this)
  }

  fill(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.length) {
      let word = this.uint32()
      for (let i = 0; i < 4 && at < bytes.length; i++) {
        bytes[at++] = word
        word >>>= 8
      }
    }
  }
}

/**
 * Chance that repeats: the same seed gives the same sequence on every machine. Not for secrets.
 * @param seed an integer from -(2^53 - 1) to 2^53 - 1, or any text
 * @throws RangeError for another number
 */
export function createSeededRandom(seed: number | string): RandomSource {
  const words = new Int32Array(4)
  if (typeof seed === 'number') {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`a seed must be a safe integer or a string, not ${seed}`)
    const high = Math.floor(seed / 2 ** 32) | 0
    let state = mix(high ^ 0x5851f42d) ^ (seed | 0)
    for (let i = 0; i < 4; i++) {
      state = (state + GOLDEN) | 0
      words[i] = mix(state)
    }
  } else {
    // Four hashes of the text with different bases (FNV-1a over UTF-16 units), each mixed once more.
    for (let i = 0; i < 4; i++) {
      let state = mix((0x811c9dc5 + Math.imul(i + 1, GOLDEN)) | 0)
      for (let at = 0; at < seed.length; at++) state = Math.imul(state ^ seed.charCodeAt(at), 0x01000193)
      words[i] = mix((state ^ seed.length) | 0)
    }
  }
  return new Xoshiro128(words)
}
