import { expect, test } from 'vitest'
import { SipHash, swapBytes } from './sip-hash.js'

const words = (...bytes: number[]): Int32Array => new Int32Array(Uint8Array.from(bytes).buffer)
const counting = (count: number): Int32Array => words(...Array.from({ length: count }, (_, i) => i))

test('is SipHash-2-4: the vectors of its reference implementation', () => {
  const hash = new SipHash()
  const of = (bytes: number): string => {
    hash.hash(counting(16), counting(bytes), bytes / 4)
    return [hash.high, hash.low].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
  }
  expect(of(0)).toBe('726fdb47dd0e0e31')
  expect(of(8)).toBe('93f5f5799a932462')
  expect(of(16)).toBe('3f2acc7f57c29bdb')
})

test('swaps bytes', () => {
  expect(swapBytes(0x01020304)).toBe(0x04030201)
  expect(swapBytes(0x000000ff) >>> 0).toBe(0xff000000)
})
