import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSecureRandom } from './secure-random.js'
import { createSeededRandom } from './seeded-random.js'

const sources = [
  ['seeded', () => createSeededRandom(7)],
  ['secure', () => createSecureRandom()],
] as const

describe.each(sources)('%s random source', (_name, create) => {
  test('below(n) is an integer from 0 to n - 1', () => {
    const random = create()
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), (bound) => {
        const value = random.below(bound)
        expect(Number.isInteger(value) && value >= 0 && value < bound).toBe(true)
      }),
    )
    for (const wrong of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1]) expect(() => random.below(wrong)).toThrow(RangeError)
  })

  test('words, fractions and bytes fill their ranges evenly', () => {
    const random = create()
    let words = 0
    let fractions = 0
    const count = 20_000
    const faces = [0, 0, 0, 0, 0, 0]
    for (let i = 0; i < count; i++) {
      words += random.uint32() / 2 ** 32
      const fraction = random.fraction()
      expect(fraction >= 0 && fraction < 1).toBe(true)
      fractions += fraction
      const face = random.below(6)
      faces[face] = (faces[face] ?? 0) + 1
    }
    // Nine standard deviations: a fair source fails once in 10^18 runs.
    expect(Math.abs(words / count - 0.5)).toBeLessThan(0.0184)
    expect(Math.abs(fractions / count - 0.5)).toBeLessThan(0.0184)
    for (const face of faces) expect(Math.abs(face - count / 6)).toBeLessThan(480)
    const bytes = new Uint8Array(70_001)
    random.fill(bytes)
    expect(new Set(bytes).size).toBe(256)
    expect(bytes.subarray(66_000).some((byte) => byte !== 0)).toBe(true)
  })
})

describe('seeded random source', () => {
  test('the same seed gives the same sequence, another seed another', () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.string()), fc.oneof(fc.maxSafeInteger(), fc.string()), (a, b) => {
        const take = (seed: number | string) => {
          const random = createSeededRandom(seed)
          return [random.uint32(), random.uint32(), random.uint32(), random.below(1000), random.fraction()]
        }
        expect(take(a)).toEqual(take(a))
        if (a !== b) expect(take(a)).not.toEqual(take(b))
      }),
    )
  })

  test('the sequence of a seed never changes between versions', () => {
    const random = createSeededRandom(42)
    const text = createSeededRandom('jackfield')
    expect([random.uint32(), random.uint32(), text.uint32(), text.uint32()]).toMatchInlineSnapshot(`
      [
        2011756770,
        447350400,
        2283564894,
        3770701072,
      ]
    `)
  })

  test('refuses numbers that are not safe integers', () => {
    for (const wrong of [0.5, Number.NaN, Infinity, 2 ** 53])
      expect(() => createSeededRandom(wrong)).toThrow(RangeError)
  })
})
