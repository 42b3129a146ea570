import { PacketPool, setPacketChecks } from '@jackfield/packet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OutOfOrderQueue } from './out-of-order.js'

setPacketChecks(true)

/** Just before the wrap, so that half of the numbers are negative. */
const BASE = 0x7fff_ff00 | 0

function listOf(queue: OutOfOrderQueue): number[] {
  const list: number[] = []
  for (let entry = queue.first; entry !== null; entry = entry.next) list.push((entry.seq - BASE) | 0)
  return list
}

describe('the out-of-order queue', () => {
  it('keeps segments sorted under any order of insertion and removal, across the wrap', () => {
    const step = fc.record({ at: fc.nat(400), remove: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const pool = new PacketPool()
        const total = { memory: 0 }
        const queue = new OutOfOrderQueue(pool, total)
        const model = new Set<number>()
        for (const { at, remove } of steps) {
          const seq = (BASE + at) | 0
          const found = queue.before(seq)
          const expected = [...model].filter((each) => each <= at).sort((a, b) => b - a)[0]
          expect(found === null ? undefined : (found.seq - BASE) | 0).toBe(expected)
          if (found !== null && found.seq === seq) {
            if (!remove) continue
            queue.discard(found)
            model.delete(at)
          } else {
            queue.insert(pool.allocate(1), seq, (seq + 1) | 0, false)
            model.add(at)
          }
          expect(queue.length).toBe(model.size)
        }
        const sorted = [...model].sort((a, b) => a - b)
        expect(listOf(queue)).toEqual(sorted)
        const backwards: number[] = []
        for (let entry = queue.last; entry !== null; entry = entry.previous) backwards.push((entry.seq - BASE) | 0)
        expect(backwards).toEqual(sorted.reverse())
        expect(total.memory).toBe(queue.charged)
        queue.clear()
        expect(pool.outstanding + total.memory).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  it('finds its place among many in about the logarithm of steps', () => {
    const pool = new PacketPool()
    const queue = new OutOfOrderQueue(pool)
    for (let i = 4000; i > 0; i--) queue.insert(pool.allocate(1), i * 2, i * 2 + 1, false)
    expect(queue.length).toBe(4000)
    expect(queue.before(5001)?.seq).toBe(5000)
    queue.clear()
    expect(pool.outstanding).toBe(0)
  })

  it('collapses what touches or overlaps, and leaves gaps and FINs alone', () => {
    const pool = new PacketPool()
    const total = { memory: 0 }
    const queue = new OutOfOrderQueue(pool, total)
    const put = (from: number, to: number, fin = false) => {
      const packet = pool.allocate(to - from, 1200)
      for (let i = from; i < to; i++) packet.bytes[packet.start + i - from] = i & 0xff
      queue.insert(packet, (BASE + from) | 0, (BASE + to + (fin ? 1 : 0)) | 0, fin)
    }
    put(1000, 1600)
    put(1600, 2200)
    put(2100, 2700)
    put(3000, 3600)
    put(3600, 4200, true)
    expect(queue.collapse()).toBe(2)
    expect(listOf(queue)).toEqual([1000, 3000, 3600])
    const { first } = queue
    expect(first?.endSeq).toBe((BASE + 2700) | 0)
    const packet = first?.packet
    for (let i = 0; i < 1700; i++) expect(packet?.bytes[(packet?.start ?? 0) + i]).toBe((1000 + i) & 0xff)
    expect(total.memory).toBe(queue.charged)
    queue.clear()
    expect(pool.outstanding + total.memory).toBe(0)
  })
})
