import { PacketPool, setPacketChecks } from '@jackfield/packet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InOrderQueue } from './in-order.js'

setPacketChecks(true)

function bytesOf(queue: InOrderQueue): number[] {
  const target = new Uint8Array(queue.bytes + 2)
  queue.copy(0, queue.bytes, target, 1)
  return [...target.subarray(1, queue.bytes + 1)]
}

describe('the in-order queue', () => {
  it('copies a small packet behind the last one, and accounts what is pinned', () => {
    const pool = new PacketPool()
    const total = { memory: 0 }
    const queue = new InOrderQueue(pool, total)
    expect(queue.append(pool.copyOf(Uint8Array.of(1, 2, 3)))).toBe(false)
    expect(queue.append(pool.copyOf(Uint8Array.of(4, 5)))).toBe(true)
    expect(queue.length).toBe(1)
    expect(queue.charged).toBe(512 + 256)
    expect(total.memory).toBe(queue.charged)
    expect(bytesOf(queue)).toEqual([1, 2, 3, 4, 5])
    queue.drop(4)
    expect(bytesOf(queue)).toEqual([5])
    queue.drop(1)
    expect([queue.charged, total.memory, queue.length, pool.outstanding]).toEqual([0, 0, 0, 0])
  })

  it('does not write into bytes that others show too', () => {
    const pool = new PacketPool()
    const queue = new InOrderQueue(pool)
    const packet = pool.copyOf(Uint8Array.of(1))
    const twin = packet.share()
    queue.append(packet)
    expect(queue.append(pool.copyOf(Uint8Array.of(2)))).toBe(false)
    twin.release()
    queue.clear()
    expect(pool.outstanding).toBe(0)
  })

  it('collapses many small packets into few, with the same bytes', () => {
    const pool = new PacketPool()
    const total = { memory: 0 }
    const queue = new InOrderQueue(pool, total)
    const all: number[] = []
    for (let i = 0; i < 40; i++) {
      const packet = pool.allocate(600, 1300)
      packet.bytes.fill(i, packet.start, packet.end)
      for (let j = 0; j < 600; j++) all.push(i)
      queue.append(packet)
    }
    const before = queue.charged
    expect(queue.collapse()).toBe(37)
    expect(queue.length).toBe(3)
    expect(queue.charged).toBeLessThan(before / 2)
    expect(total.memory).toBe(queue.charged)
    expect(bytesOf(queue)).toEqual(all)
    // Nothing new since: a peer cannot make it walk the queue again and again.
    expect(queue.collapse()).toBe(0)
    queue.clear()
    expect(pool.outstanding).toBe(0)
  })

  it('gives the bytes that were put in, in order, whatever the cuts and collapses', () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('append' as const), length: fc.nat(700), room: fc.nat(1600) }),
      fc.record({ kind: fc.constant('drop' as const), length: fc.nat(900), room: fc.constant(0) }),
      fc.record({ kind: fc.constant('collapse' as const), length: fc.constant(0), room: fc.constant(0) }),
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const pool = new PacketPool()
        const total = { memory: 0 }
        const queue = new InOrderQueue(pool, total)
        let model: number[] = []
        let next = 0
        for (const { kind, length, room } of actions) {
          if (kind === 'append') {
            const packet = pool.allocate(length, room)
            for (let i = packet.start; i < packet.end; i++) {
              packet.bytes[i] = next & 0xff
              model.push(next++ & 0xff)
            }
            queue.append(packet)
          } else if (kind === 'drop') {
            queue.drop(Math.min(length, queue.bytes))
            model = model.slice(Math.min(length, model.length))
          } else queue.collapse()
          expect(queue.bytes).toBe(model.length)
          expect(queue.charged).toBe(total.memory)
        }
        expect(bytesOf(queue)).toEqual(model)
        queue.clear()
        expect(pool.outstanding + total.memory).toBe(0)
      }),
      { numRuns: 60 },
    )
  })
})
