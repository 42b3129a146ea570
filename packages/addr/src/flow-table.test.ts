import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FlowTable } from './flow-table.js'
import { IpAddress } from './ip-address.js'

/** Few addresses and ports, so that tuples are met again; among them words that differ in the version alone. */
const address = fc.constantFrom(
  IpAddress.parse('10.0.0.1'),
  IpAddress.parse('::ffff:10.0.0.1'),
  IpAddress.parse('10.0.0.2'),
  IpAddress.parse('::'),
  IpAddress.parse('0.0.0.0'),
  IpAddress.parse('2001:db8::1'),
)
const port = fc.constantFrom(0, 1, 80, 0x8000, 65_535)
const tuple = fc.record({ local: address, localPort: port, remote: address, remotePort: port })
type Tuple = typeof tuple extends fc.Arbitrary<infer T> ? T : never

function text(t: Tuple): string {
  return `${t.local.version} ${t.local} ${t.localPort} ${t.remote.version} ${t.remote} ${t.remotePort}`
}

describe('FlowTable', () => {
  test('equals a Map with strings for keys under random operations', () => {
    const step = fc.record({ call: fc.constantFrom('set', 'set', 'delete', 'get'), tuple })
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.array(step, { maxLength: 200 }), (secret0, secret1, steps) => {
        const limit = 60
        const table = new FlowTable<number>(secret0, secret1, limit)
        const map = new Map<string, number>()
        steps.forEach(({ call, tuple: t }, i) => {
          const key = text(t)
          if (call === 'delete') {
            expect(table.delete(t.local, t.localPort, t.remote, t.remotePort)).toBe(map.delete(key))
          } else if (call === 'set') {
            const taken = map.has(key) || map.size < limit
            if (taken) map.set(key, i)
            expect(table.set(t.local, t.localPort, t.remote, t.remotePort, i)).toBe(taken)
          }
          expect(table.get(t.local, t.localPort, t.remote, t.remotePort)).toBe(map.get(key))
          expect(table.size).toBe(map.size)
        })
        expect(table.toArray().sort()).toEqual([...map.values()].sort())
        for (const { tuple: t } of steps) {
          expect(table.get(t.local, t.localPort, t.remote, t.remotePort)).toBe(map.get(text(t)))
        }
        table.clear()
        expect([table.size, table.toArray()]).toEqual([0, []])
      }),
    )
  })

  test('grows, and reuses the rows of what was deleted', () => {
    const table = new FlowTable<number>(1, 2)
    const local = IpAddress.parse('10.0.0.1')
    const fill = (from: number, to: number): void => {
      for (let i = from; i < to; i++) table.set(local, 80, IpAddress.v4(i), i & 0xffff, i)
      expect(table.size).toBe(to)
    }
    fill(0, 5000)
    const rows = table['rows'].length
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5000; i++) table.delete(local, 80, IpAddress.v4(i), i & 0xffff)
      expect(table.size).toBe(0)
      fill(0, 5000)
    }
    expect(table['rows'].length).toBe(rows)
    const found = Array.from({ length: 5000 }, (_, i) => table.get(local, 80, IpAddress.v4(i), i & 0xffff))
    expect(found.every((value, i) => value === i)).toBe(true)
    expect(table.get(local, 80, IpAddress.v4(5000), 5000)).toBeUndefined()
    // Well spread: a chain is short.
    let longest = 0
    for (const head of table['heads']) {
      let length = 0
      for (let row = head; row !== 0; row = table['rows'][row * 12 + 10] as number) length++
      longest = Math.max(longest, length)
    }
    expect(longest).toBeLessThan(12)
  })

  test('entries may be deleted while they are visited', () => {
    const table = new FlowTable<number>(1, 2)
    const any = IpAddress.parse('0.0.0.0')
    for (let i = 0; i < 10; i++) table.set(any, i, any, 0, i)
    const seen: number[] = []
    table.forEach((value) => {
      seen.push(value)
      table.delete(any, value, any, 0)
      table.delete(any, value + 1, any, 0)
    })
    expect(seen).toEqual([0, 2, 4, 6, 8])
    expect(table.size).toBe(0)
  })

  test('a limit must be a number of entries', () => {
    for (const limit of [0, -1, 1.5, Number.NaN, 2 ** 25]) expect(() => new FlowTable(1, 2, limit)).toThrow(RangeError)
  })
})
