import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createBench, host, mac } from './neighbor-cache.test-bench.js'
import { MAX_QUEUED_BYTES } from './waiting-packets.js'

const SECOND = 1_000_000

type Event =
  | { readonly kind: 'send'; readonly host: number; readonly length: number }
  | { readonly kind: 'update'; readonly host: number; readonly mac: number; readonly flags: number }
  | { readonly kind: 'confirm' | 'delete' | 'set'; readonly host: number }
  | { readonly kind: 'wait'; readonly time: number }
  | { readonly kind: 'flush' }

const hosts = fc.integer({ min: 0, max: 30 })
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      host: hosts,
      length: fc.integer({ min: 20, max: 9000 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('update' as const),
      host: hosts,
      mac: fc.integer({ min: 0, max: 5 }),
      flags: fc.integer({ min: 0, max: 63 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('confirm' as const, 'delete' as const, 'set' as const), host: hosts }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), time: fc.integer({ min: 0, max: 40 * SECOND }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'flush' as const }) },
)

describe('whatever happens', () => {
  it('tables and queues keep their bounds, questions their distance, and each packet has one end', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120 }), fc.integer(), (events, seed) => {
        const limits = { gc_thresh1: 4, gc_thresh2: 8, gc_thresh3: 12, unres_qlen: 5, unres_qlen_bytes: 30_000 }
        const bench = createBench(limits, seed)
        let mark = 0
        let direct = 0
        const fixed = new Set<number>()
        for (const e of events) {
          if (e.kind === 'send') {
            const packet = bench.packet(++mark, e.length)
            if (bench.cache.resolve(packet, host(e.host), 1) !== null) {
              direct++
              packet.release()
            }
          } else if (e.kind === 'update') bench.cache.update(host(e.host), 1, mac(e.mac), e.flags)
          else if (e.kind === 'confirm') bench.cache.confirm(host(e.host), 1)
          else if (e.kind === 'delete') {
            bench.cache.delete(host(e.host), 1)
            fixed.delete(e.host)
          } else if (e.kind === 'set') {
            bench.cache.set(host(e.host), 1, mac(9))
            fixed.add(e.host)
          } else if (e.kind === 'wait') bench.clock.advance(e.time)
          else bench.cache.flush(1, true)

          expect(bench.cache.size - fixed.size).toBeLessThanOrEqual(12)
          expect(bench.cache.entries().filter((entry) => entry.state === 'PERMANENT')).toHaveLength(fixed.size)
          let waiting = 0
          let bytes = 0
          for (let i = 0; i <= 30; i++) {
            const neighbor = bench.cache.find(host(i), 1)
            if (neighbor === null) continue
            expect(neighbor.queueLength).toBeLessThanOrEqual(5)
            expect(neighbor.queueBytes).toBeLessThanOrEqual(30_000)
            if (neighbor.queueLength > 0) expect(neighbor.toEntry().state).toBe('INCOMPLETE')
            waiting += neighbor.queueLength
            bytes += neighbor.queueBytes
          }
          expect(bench.cache.waitingBytes).toBe(bytes)
          expect(bytes).toBeLessThanOrEqual(MAX_QUEUED_BYTES)
          expect(bench.pool.outstanding).toBe(waiting)
        }
        bench.cache.close()
        expect(bench.pool.outstanding).toBe(0)
        expect(bench.clock.nextDeadline()).toBe(Number.POSITIVE_INFINITY)
        const { unresolvedDiscards, tableFulls } = bench.cache.statistics
        const ends = direct + bench.sent.length + bench.returned.length
        // tableFulls counts strangers too.
        expect(mark - ends).toBeGreaterThanOrEqual(unresolvedDiscards)
        expect(mark - ends).toBeLessThanOrEqual(unresolvedDiscards + tableFulls)
        expect(new Set([...bench.sent, ...bench.returned]).size).toBe(bench.sent.length + bench.returned.length)
      }),
      { numRuns: 150 },
    )
  })
})
