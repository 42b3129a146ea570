import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checksum, completeChecksum, foldSum, sumBytes, sumWord, updateChecksum } from './checksum.js'
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, CHECKSUM_VERIFIED } from './packet.js'
import { PacketPool } from './packet-pool.js'

/** RFC 1071 word by word, in network order, not complemented. */
function naiveSum(bytes: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 2) {
    sum += ((bytes[i] as number) << 8) | (bytes[i + 1] ?? 0)
    if (sum > 0xffff) sum -= 0xffff
  }
  return sum
}

const naive = (bytes: Uint8Array): number => ~naiveSum(bytes) & 0xffff
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
/** 0 and 0xffff are the same number in one's complement. */
const number = (word: number): number => (word === 0xffff ? 0 : word)

const content = fc.oneof(
  fc.uint8Array({ maxLength: 3000 }),
  fc.uint8Array({ maxLength: 40 }),
  fc.tuple(fc.nat(3000), fc.constantFrom(0, 0xff, 0x80)).map(([length, byte]) => new Uint8Array(length).fill(byte)),
)

describe('Internet checksum', () => {
  test('is that of RFC 1071 for any length at any alignment', () => {
    fc.assert(
      fc.property(content, fc.nat(9), fc.nat(9), (bytes, before, after) => {
        const buffer = new Uint8Array(before + bytes.length + after).fill(0xa5)
        buffer.set(bytes, before)
        expect(checksum(viewOf(buffer), before, before + bytes.length)).toBe(naive(bytes))
      }),
    )
  })

  test('the example of RFC 1071 section 3', () => {
    const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7)
    expect(foldSum(sumBytes(viewOf(bytes), 0, 8))).toBe(0xddf2)
    expect(checksum(viewOf(bytes), 0, 8)).toBe(0x220d)
  })

  test('is exact for the largest packets of nothing but ones', () => {
    const bytes = new Uint8Array(8 * 1024 * 1024).fill(0xff)
    expect(checksum(viewOf(bytes), 0, bytes.length)).toBe(0)
    bytes[12_345] = 0
    expect(checksum(viewOf(bytes), 0, bytes.length)).toBe(naive(bytes))
  })

  test('may be summed in parts that begin at even places, and with words by hand', () => {
    fc.assert(
      fc.property(content, fc.nat(1500), fc.nat(0xffff), (bytes, half, word) => {
        const view = viewOf(bytes)
        const split = Math.min(2 * half, bytes.length & ~1)
        const parts = sumBytes(view, split, bytes.length, sumBytes(view, 0, split))
        expect(foldSum(parts)).toBe(naiveSum(bytes))
        const more = new Uint8Array(2 + bytes.length)
        more.set([word >>> 8, word & 0xff])
        more.set(bytes, 2)
        expect(foldSum(parts + sumWord(word))).toBe(naiveSum(more))
        expect(checksum(view, 0, bytes.length, sumWord(word))).toBe(naive(more))
      }),
    )
  })

  test('bytes with their checksum in them sum to 0xffff', () => {
    fc.assert(
      fc.property(content, fc.nat(1500), (bytes, place) => {
        fc.pre(bytes.length >= 2)
        const view = viewOf(bytes)
        const at = Math.min(place, (bytes.length >> 1) - 1) * 2
        view.setUint16(at, 0)
        view.setUint16(at, checksum(view, 0, bytes.length))
        expect(foldSum(sumBytes(view, 0, bytes.length))).toBe(0xffff)
      }),
    )
  })

  test('RFC 1624: an update gives what summing anew gives', () => {
    const word = fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 0xffff, 1, 0xfffe))
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 12 }), fc.nat(11), word, (words, index, to) => {
        const bytes = new Uint8Array(words.length * 2)
        const view = viewOf(bytes)
        for (const [i, value] of words.entries()) view.setUint16(i * 2, value)
        const at = (index % words.length) * 2
        const from = view.getUint16(at)
        const old = checksum(view, 0, bytes.length)
        view.setUint16(at, to)
        const updated = updateChecksum(old, from, to)
        const anew = checksum(view, 0, bytes.length)
        expect(number(updated)).toBe(number(anew))
        // The two forms of zero differ only where nothing but zeros is left, which no IP header is.
        if (bytes.some((byte) => byte !== 0)) expect(updated).toBe(anew)
      }),
    )
  })

  test('the example of RFC 1624 section 4', () => {
    expect(updateChecksum(0xdd2f, 0x5555, 0x3285)).toBe(0x0000)
  })

  test('completing a partial checksum stores the sum over the pseudo-header and the rest', () => {
    const pool = new PacketPool()
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 8, maxLength: 200 }),
        fc.nat(0xffff),
        fc.nat(3),
        (bytes, pseudo, field) => {
          const packet = pool.copyOf(bytes)
          packet.checksum = CHECKSUM_PARTIAL
          packet.checksumStart = packet.start
          packet.checksumOffset = field * 2
          packet.view.setUint16(packet.start + field * 2, pseudo)
          completeChecksum(packet)
          expect(packet.checksum).toBe(CHECKSUM_NONE)
          const stored = packet.view.getUint16(packet.start + field * 2)
          const sum = foldSum(sumBytes(packet.view, packet.start, packet.end) + sumWord(pseudo))
          expect(number(sum)).toBe(0)
          packet.checksum = CHECKSUM_VERIFIED
          completeChecksum(packet)
          expect(packet.view.getUint16(packet.start + field * 2)).toBe(stored)
          packet.release()
        },
      ),
    )
    expect(pool.outstanding).toBe(0)
  })

  test.each([
    ['TCP', 16, 0],
    ['UDP, where 0 is none', 6, 0xffff],
  ])('a checksum of 0 is stored as it is in %s', (_, offset, expected) => {
    const pool = new PacketPool()
    const packet = pool.copyOf(new Uint8Array(20))
    packet.checksum = CHECKSUM_PARTIAL
    packet.checksumStart = packet.start
    packet.checksumOffset = offset
    // All the rest is 0, so that the sum is the pseudo-header's.
    packet.view.setUint16(packet.start + offset, 0xffff)
    completeChecksum(packet)
    expect(packet.view.getUint16(packet.start + offset)).toBe(expected)
    packet.release()
  })
})
