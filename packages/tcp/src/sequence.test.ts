import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seqAdd, seqBetween, seqDiff, seqGe, seqGt, seqLe, seqLt, seqMax, seqMin } from './sequence.js'

/** Any number, those beside the wraps of int32 and uint32 often. */
const sequence = fc.oneof(
  fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  fc
    .constantFrom(0, -0x8000_0000, 0x7fff_ffff)
    .chain((near) => fc.integer({ min: -3, max: 3 }).map((d) => (near + d) | 0)),
)
const step = fc.oneof(fc.integer({ min: 1, max: 0x7fff_ffff }), fc.integer({ min: 1, max: 5 }))

test('what is up to 2^31 - 1 bytes on is after, across every wrap', () => {
  fc.assert(
    fc.property(sequence, step, (a, bytes) => {
      const b = seqAdd(a, bytes)
      expect(b).toBe(b | 0)
      expect(seqDiff(b, a)).toBe(bytes)
      expect(seqDiff(a, b)).toBe(-bytes)
      expect([seqLt(a, b), seqLe(a, b), seqGt(a, b), seqGe(a, b)]).toEqual([true, true, false, false])
      expect([seqLt(b, a), seqLe(b, a), seqGt(b, a), seqGe(b, a)]).toEqual([false, false, true, true])
      expect([seqMax(a, b), seqMax(b, a), seqMin(a, b), seqMin(b, a)]).toEqual([b, b, a, a])
    }),
  )
})

test('a number is neither before nor after itself', () => {
  fc.assert(
    fc.property(sequence, (a) => {
      expect([seqLt(a, a), seqLe(a, a), seqGt(a, a), seqGe(a, a)]).toEqual([false, true, false, true])
      expect([seqMax(a, a), seqMin(a, a), seqDiff(a, a)]).toEqual([a, a, 0])
    }),
  )
})

test('between is what lies in the window, its edges too, however large it is', () => {
  fc.assert(
    fc.property(sequence, fc.nat(0xffff_ffff), fc.nat(0xffff_ffff), (low, length, offset) => {
      expect(seqBetween(seqAdd(low, offset), low, seqAdd(low, length))).toBe(offset <= length)
    }),
  )
  expect(seqBetween(0, -1, 1)).toBe(true)
  expect(seqBetween(2, -1, 1)).toBe(false)
})

test('wraps by hand', () => {
  expect(seqAdd(0x7fff_ffff, 1)).toBe(-0x8000_0000)
  expect(seqAdd(-1, 1)).toBe(0)
  expect(seqLt(0x7fff_ffff, -0x8000_0000)).toBe(true)
  expect(seqGt(0, -1)).toBe(true)
})
