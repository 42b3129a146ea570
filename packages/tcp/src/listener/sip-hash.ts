/**
 * SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF") of whole words: 64 bits, as two int32. Key and
 * message are little-endian words, as Linux's `siphash` reads them.
 */
export class SipHash {
  /** The hash. */
  low = 0
  high = 0
  // Low and high halves of v0 to v3.
  private readonly v = new Int32Array(8)

  /**
   * Hashes words.
   * @param key four words
   * @param count how many of `words`; even
   */
  hash(key: Int32Array, words: Int32Array, count: number): void {
    const { v } = this
    const [k0 = 0, k1 = 0, k2 = 0, k3 = 0] = key
    v[0] = k0 ^ 0x70736575
    v[1] = k1 ^ 0x736f6d65
    v[2] = k2 ^ 0x6e646f6d
    v[3] = k3 ^ 0x646f7261
    v[4] = k0 ^ 0x6e657261
    v[5] = k1 ^ 0x6c796765
    v[6] = k2 ^ 0x79746573
    v[7] = k3 ^ 0x74656462
    for (let i = 0; i < count; i += 2) this.absorb(words[i] as number, words[i + 1] as number)
    // The length in bytes, modulo 256, closes the message.
    this.absorb(0, (count * 4) << 24)
    v[4] = (v[4] as number) ^ 0xff
    for (let i = 0; i < 4; i++) this.round()
    this.low = (v[0] as number) ^ (v[2] as number) ^ (v[4] as number) ^ (v[6] as number)
    this.high = (v[1] as number) ^ (v[3] as number) ^ (v[5] as number) ^ (v[7] as number)
  }

  private absorb(low: number, high: number): void {
    const { v } = this
    v[6] = (v[6] as number) ^ low
    v[7] = (v[7] as number) ^ high
    this.round()
    this.round()
    v[0] = (v[0] as number) ^ low
    v[1] = (v[1] as number) ^ high
  }

  private round(): void {
    this.add(0, 2)
    this.turn(2, 13, 0)
    this.swap(0)
    this.add(4, 6)
    this.turn(6, 16, 4)
    this.add(0, 6)
    this.turn(6, 21, 0)
    this.add(4, 2)
    this.turn(2, 17, 4)
    this.swap(4)
  }

  /** v[a] += v[b] */
  private add(a: number, b: number): void {
    const { v } = this
    const low = ((v[a] as number) >>> 0) + ((v[b] as number) >>> 0)
    v[a] = low | 0
    v[a + 1] = ((v[a + 1] as number) + (v[b + 1] as number) + (low > 0xffff_ffff ? 1 : 0)) | 0
  }

  /** v[a] = (v[a] <<< bits) ^ v[b], bits below 32 */
  private turn(a: number, bits: number, b: number): void {
    const { v } = this
    const low = v[a] as number
    const high = v[a + 1] as number
    v[a] = ((low << bits) | (high >>> (32 - bits))) ^ (v[b] as number)
    v[a + 1] = ((high << bits) | (low >>> (32 - bits))) ^ (v[b + 1] as number)
  }

  /** v[a] <<<= 32 */
  private swap(a: number): void {
    const { v } = this
    const low = v[a] as number
    v[a] = v[a + 1] as number
    v[a + 1] = low
  }
}

/** A word with its bytes the other way round. */
export function swapBytes(word: number): number {
  return ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)
}
