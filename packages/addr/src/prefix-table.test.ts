import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IpAddress } from './ip-address.js'
import { Prefix } from './prefix.js'
import { PrefixTable } from './prefix-table.js'

/** The rule itself: of all prefixes in a list, the longest that contains the address. */
class BruteForce<T> {
  entries: [Prefix, T][] = []

  set(prefix: Prefix, value: T): void {
    this.delete(prefix)
    this.entries.push([prefix.masked, value])
  }

  delete(prefix: Prefix): boolean {
    const before = this.entries.length
    this.entries = this.entries.filter(([other]) => !other.equals(prefix.masked))
    return this.entries.length < before
  }

  get(prefix: Prefix): T | undefined {
    return this.entries.find(([other]) => other.equals(prefix.masked))?.[1]
  }

  lookup(address: IpAddress, accept: (value: T) => boolean = () => true): [Prefix, T] | undefined {
    return this.entries
      .filter(([prefix, value]) => prefix.contains(address) && accept(value))
      .sort(([a], [b]) => b.length - a.length)[0]
  }
}

/** Addresses from few values, so that prefixes nest and are met again. */
const word = fc.constantFrom(0, 1, -1, 0xffff, 0x0a000000, 0x0a000001, 0x0a008000, 0x0b000000, 0x8000_0000, 0x2001_0db8)
const address = fc.oneof(
  word.map((w) => IpAddress.v4(w)),
  fc.tuple(word, word, word, word).map(([a, b, c, d]) => IpAddress.v6(a, b, c, d)),
  word.map((w) => IpAddress.v6(0, 0, 0xffff, w)),
)
const prefix = fc.tuple(address, fc.nat({ max: 128 })).map(([a, n]) => new Prefix(a, a.version === 4 ? n % 33 : n))

describe('PrefixTable', () => {
  test('the longest prefix wins, and the versions do not meet', () => {
    const table = new PrefixTable<string>()
    expect(table.lookup(IpAddress.parse('10.0.0.1'))).toBeUndefined()
    table
      .set(Prefix.parse('0.0.0.0/0'), 'default')
      .set(Prefix.parse('10.9.9.9/8'), 'ten')
      .set(Prefix.parse('10.1.0.0/16'), 'ten one')
      .set(Prefix.parse('10.1.2.3/32'), 'host')
      .set(Prefix.parse('2001:db8::/32'), 'six')
    const of = (text: string): string | undefined => table.lookup(IpAddress.parse(text))
    expect(['192.0.2.1', '10.2.3.4', '10.1.2.4', '10.1.2.3', '2001:db8::1', '::1', '::ffff:10.1.2.3'].map(of)).toEqual([
      'default',
      'ten',
      'ten one',
      'host',
      'six',
      undefined,
      undefined,
    ])
    expect(table.size).toBe(5)
    expect(table.lookupPrefix(IpAddress.parse('10.1.2.4'))?.toString()).toBe('10.1.0.0/16')
    expect(table.lookupPrefix(IpAddress.parse('::1'))).toBeUndefined()
    expect(table.entries().map(([p]) => p.toString())).toEqual([
      '0.0.0.0/0',
      '10.0.0.0/8',
      '10.1.0.0/16',
      '10.1.2.3/32',
      '2001:db8::/32',
    ])
    table.clear()
    expect([table.size, of('10.1.2.3'), table.entries()]).toEqual([0, undefined, []])
  })

  test('equals a brute-force list under random sets, deletes and lookups', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ call: fc.constant('set' as const), prefix }) },
      { weight: 2, arbitrary: fc.record({ call: fc.constant('delete' as const), prefix }) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.array(address, { maxLength: 20 }), (steps, addresses) => {
        const table = new PrefixTable<number>()
        const list = new BruteForce<number>()
        steps.forEach((s, i) => {
          if (s.call === 'set') {
            table.set(s.prefix, i)
            list.set(s.prefix, i)
          } else expect(table.delete(s.prefix)).toBe(list.delete(s.prefix))
          expect(table.get(s.prefix)).toBe(list.get(s.prefix))
          expect(table.lookup(s.prefix.address)).toBe(list.lookup(s.prefix.address)?.[1])
        })
        const even = (value: number): boolean => value % 2 === 0
        for (const a of [...addresses, ...list.entries.flatMap(([p]) => [p.first, p.last])]) {
          const expected = list.lookup(a)
          expect(table.lookup(a)).toBe(expected?.[1])
          expect(table.lookupPrefix(a)?.toString()).toBe(expected?.[0].toString())
          expect(table.lookupWhere(a, even)).toBe(list.lookup(a, even)?.[1])
        }
        const text = ([p, value]: [Prefix, number]): string => `${p} ${value}`
        const order = ([a]: [Prefix, number], [b]: [Prefix, number]): number =>
          a.address.compare(b.address) || a.length - b.length
        expect(table.entries().map(text)).toEqual([...list.entries].sort(order).map(text))
        expect(table.size).toBe(list.entries.length)
      }),
      { numRuns: 300 },
    )
  })

  test('what is deleted leaves no node behind', () => {
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 40 }), (prefixes) => {
        const table = new PrefixTable<number>()
        const nodes = (): number => table['used']
        for (const p of prefixes) table.set(p, 1)
        const most = nodes()
        expect(most).toBeLessThanOrEqual(2 * table.size + 1)
        for (let round = 0; round < 3; round++) {
          for (const p of prefixes) table.delete(p)
          expect([table.size, table.entries()]).toEqual([0, []])
          expect([...table['nodes'].subarray(5, 7)]).toEqual([0, 0])
          for (const p of prefixes) table.set(p, 2)
          expect(nodes()).toBe(most)
        }
      }),
      { numRuns: 50 },
    )
  })

  test('20,000 routes', () => {
    const table = new PrefixTable<number>()
    for (let i = 0; i < 20_000; i++) table.set(new Prefix(IpAddress.v4(0x0a000000 + (i << 8)), 24), i)
    expect(table.size).toBe(20_000)
    for (let i = 0; i < 20_000; i += 7) expect(table.lookup(IpAddress.v4(0x0a000000 + (i << 8) + (i & 0xff)))).toBe(i)
    for (let i = 0; i < 20_000; i += 2) table.delete(new Prefix(IpAddress.v4(0x0a000000 + (i << 8)), 24))
    expect(table.size).toBe(10_000)
    expect(table.lookup(IpAddress.v4(0x0a000000))).toBeUndefined()
    expect(table.lookup(IpAddress.v4(0x0a000100))).toBe(1)
  })
})
