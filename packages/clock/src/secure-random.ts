import type { RandomSource } from './clock.js'
import { below, fraction } from './distribution.js'

declare const crypto: { getRandomValues<T extends Uint8Array | Uint32Array>(array: T): T } | undefined

/** The most bytes that one call of `getRandomValues` gives. */
const MAX_CALL = 65_536
const BUFFERED_WORDS = 256

class SecureRandom implements RandomSource {
  private readonly words = new Uint32Array(BUFFERED_WORDS)
  private at = BUFFERED_WORDS
  private readonly source: NonNullable<typeof crypto>

  constructor(source: NonNullable<typeof crypto>) {
    this.source = source
  }

  uint32(): number {
    if (this.at === BUFFERED_WORDS) {
      this.source.getRandomValues(this.words)
      this.at = 0
    }
    const word = this.words[this.at] as number
    // What was given out must not be found in memory later.
    this.words[this.at++] = 0
    return word
  }

  below(bound: number): number {
    return below(this, bound)
  }

  fraction(): number {
    return fraction(this)
  }

  fill(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += MAX_CALL) {
      this.source.getRandomValues(bytes.subarray(at, at + MAX_CALL))
    }
  }
}

/**
 * Chance from the host's cryptographic generator (`crypto.getRandomValues`), a kilobyte at a time: good for secrets.
 * @throws Error where the host has none
 */
export function createSecureRandom(): RandomSource {
  if (typeof crypto === 'undefined') {
    throw new Error('this runtime has no crypto.getRandomValues: pass a RandomSource of your own instead')
  }
  return new SecureRandom(crypto)
}
