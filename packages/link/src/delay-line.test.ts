import { PacketPool } from '@jackfield/packet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DelayLine } from './delay-line.js'

describe('delay line', () => {
  test('packets come out by time, those of one time in the order they went in', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(20), fc.constant(-1)), { maxLength: 300 }), (script) => {
        const pool = new PacketPool()
        const line = new DelayLine()
        const model: { time: number; tag: number }[] = []
        script.forEach((time, tag) => {
          if (time < 0) {
            model.sort((x, y) => x.time - y.time || x.tag - y.tag)
            const expected = model.shift()
            expect(line.nextTime).toBe(expected?.time ?? Infinity)
            const packet = line.shift()
            expect(packet?.mark).toBe(expected?.tag)
            packet?.release()
          } else {
            const packet = pool.allocate(1)
            packet.mark = tag
            line.push(packet, time)
            model.push({ time, tag })
          }
          expect(line.length).toBe(model.length)
        })
        expect(line.clear()).toBe(model.length)
        expect([line.length, line.shift(), pool.outstanding]).toEqual([0, null, 0])
      }),
    )
  })
})
