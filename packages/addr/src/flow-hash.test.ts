import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashAddress, hashFlow } from './flow-hash.js'
import { IpAddress } from './ip-address.js'
import { ip } from './ip-address.test-arbitraries.js'

/** HalfSipHash-1-3 over bytes, written out from the paper. */
function halfSipHash(k0: number, k1: number, bytes: number[]): number {
  let [v0, v1, v2, v3] = [k0, k1, 0x6c796765 ^ k0, 0x74656462 ^ k1]
  const rotate = (x: number, n: number): number => (x << n) | (x >>> (32 - n))
  const round = (): void => {
    v0 = (v0 + v1) | 0
    v1 = rotate(v1, 5) ^ v0
    v0 = rotate(v0, 16)
    v2 = (v2 + v3) | 0
    v3 = rotate(v3, 8) ^ v2
    v0 = (v0 + v3) | 0
    v3 = rotate(v3, 7) ^ v0
    v2 = (v2 + v1) | 0
    v1 = rotate(v1, 13) ^ v2
    v2 = rotate(v2, 16)
  }
  const padded = [...bytes]
  while (padded.length % 4 !== 3) padded.push(0)
  padded.push(bytes.length & 0xff)
  for (let i = 0; i < padded.length; i += 4) {
    const at = (n: number): number => padded[i + n] as number
    const word = at(0) | (at(1) << 8) | (at(2) << 16) | (at(3) << 24)
    v3 ^= word
    round()
    v0 ^= word
  }
  v2 ^= 0xff
  for (let i = 0; i < 3; i++) round()
  return v1 ^ v3
}

function littleEndian(words: number[]): number[] {
  return words.flatMap((word) => [word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24])
}

const port = fc.integer({ min: 0, max: 65_535 })

describe('hashFlow', () => {
  test('the reference in this test is the published function', () => {
    // The first of the vectors that Linux tests hsiphash with on 32-bit machines: key 00..07, messages 00, 00 01, ...
    const vectors = [0x5814c896, 0xe7e864ca, 0xbc4b0e30, 0x01539939, 0x7e059ea6, 0x88e3d89b]
    const message = [0, 1, 2, 3, 4, 5]
    expect(vectors.map((_, i) => halfSipHash(0x03020100, 0x07060504, message.slice(0, i)) >>> 0)).toEqual(vectors)
  })

  test('is HalfSipHash-1-3 of the words', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), ip, port, ip, port, (k0, k1, a, ap, b, bp) => {
        const short = a.version === 4 && b.version === 4
        const head = short ? [] : [a.w0, a.w1, a.w2, b.w0, b.w1, b.w2]
        const words = [...head, a.w3, b.w3, (ap << 16) | bp]
        expect(hashFlow(k0, k1, a, ap, b, bp)).toBe(halfSipHash(k0, k1, littleEndian(words)))
        const own = a.version === 4 ? [a.w3] : [a.w0, a.w1, a.w2, a.w3]
        expect(hashAddress(k0, k1, a)).toBe(halfSipHash(k0, k1, littleEndian(own)))
      }),
    )
  })

  test('every input bit and every key bit changes about half of the output', () => {
    const base = { k0: 0x12345678, k1: 0x9abcdef0 | 0, w3: 0x0a000001, port: 40_000 }
    const hash = (of: typeof base): number =>
      hashFlow(of.k0, of.k1, IpAddress.v4(of.w3), of.port, IpAddress.v4(0xc0000201), 443)
    const ones = (word: number): number => {
      let count = 0
      for (let rest = word >>> 0; rest !== 0; rest &= rest - 1) count++
      return count
    }
    let flips = 0
    let tried = 0
    for (const name of ['k0', 'k1', 'w3', 'port'] as const) {
      for (let bit = 0; bit < (name === 'port' ? 16 : 32); bit++) {
        const changed = ones(hash(base) ^ hash({ ...base, [name]: base[name] ^ (1 << bit) }))
        expect(changed).toBeGreaterThanOrEqual(5)
        flips += changed
        tried++
      }
    }
    expect(flips / tried).toBeGreaterThan(14.5)
    expect(flips / tried).toBeLessThan(17.5)
  })
})
