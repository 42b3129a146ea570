import { createSeededRandom } from '@jackfield/clock'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AddressTable, KNOWN, LEARNED, MOVED, TABLE_FULL } from './address-table.js'

describe('address table', () => {
  test('behaves as a map that forgets, whatever its secret', () => {
    const step = fc.record({
      kind: fc.constantFrom('learn', 'learn', 'learn', 'lookup', 'forget', 'expire'),
      station: fc.nat(11),
      port: fc.nat(3),
      wait: fc.nat(40),
    })
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120 }),
        fc.integer({ min: 1, max: 8 }),
        fc.nat(),
        (script, capacity, seed) => {
          const table = new AddressTable(capacity, 100, createSeededRandom(seed))
          const model = new Map<number, { port: number; seen: number }>()
          let now = 0
          const expire = () => {
            for (const [station, entry] of model) if (entry.seen + 100 <= now) model.delete(station)
          }
          for (const { kind, station, port, wait } of script) {
            now += wait
            const high = station & 3
            const low = (station >> 2) - 1
            if (kind === 'learn') {
              const known = model.get(station)
              if (known === undefined && model.size === capacity) expire()
              const expected =
                known === undefined
                  ? model.size === capacity
                    ? TABLE_FULL
                    : LEARNED
                  : known.port === port
                    ? KNOWN
                    : MOVED
              expect(table.learn(high, low, port, now)).toBe(expected)
              if (expected !== TABLE_FULL) {
                model.delete(station)
                model.set(station, { port, seen: now })
              }
            } else if (kind === 'lookup') {
              const known = model.get(station)
              expect(table.lookup(high, low, now)).toBe(known && known.seen + 100 > now ? known.port : -1)
            } else if (kind === 'forget') {
              table.forgetPort(port)
              for (const [other, entry] of model) if (entry.port === port) model.delete(other)
            } else {
              table.expire(now)
              expire()
            }
            expect(table.size).toBe(model.size)
            const stations: number[] = []
            table.forEach((h, l) => {
              stations.push(h + ((l + 1) << 2))
            })
            expect(stations).toEqual([...model.keys()])
          }
        },
      ),
    )
  })
})
