import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SendBlocks, SendBuffer } from './send-buffer.js'

const pattern = (from: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => ((from + index) * 31 + ((from + index) >> 8)) & 0xff)

describe('the send buffer', () => {
  test('gives any part of what is kept, under any sequence of writes and acknowledgements', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('append' as const), length: fc.integer({ min: 0, max: 150_000 }) }),
      fc.record({ kind: fc.constant('append' as const), length: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ kind: fc.constant('release' as const), length: fc.nat(200_000) }),
      fc.record({ kind: fc.constant('copy' as const), length: fc.nat(100_000), from: fc.nat(300_000) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const buffer = new SendBuffer(new SendBlocks())
        let first = 0
        let last = 0
        for (const each of steps) {
          if (each.kind === 'append') {
            buffer.append(pattern(last, each.length), 0, each.length)
            last += each.length
          } else if (each.kind === 'release') {
            const length = Math.min(each.length, last - first)
            buffer.release(length)
            first += length
          } else {
            const from = Math.min(each.from, last - first)
            const length = Math.min(each.length, last - first - from)
            const target = new Uint8Array(length + 2)
            buffer.copy(from, length, target, 1)
            expect(target.subarray(1, length + 1)).toEqual(pattern(first + from, length))
            expect([target[0], target[length + 1]]).toEqual([0, 0])
          }
          expect(buffer.length).toBe(last - first)
          if (last === first) expect(buffer.pinned).toBe(0)
          expect(buffer.pinned).toBeLessThan(last - first + 3 * 65_536)
        }
        buffer.clear()
        expect([buffer.length, buffer.pinned]).toEqual([0, 0])
      }),
      { numRuns: 60 },
    )
  })

  test('holds little for little', () => {
    const buffer = new SendBuffer(new SendBlocks())
    buffer.append(Uint8Array.of(1), 0, 1)
    expect(buffer.pinned).toBe(4096)
  })
})
