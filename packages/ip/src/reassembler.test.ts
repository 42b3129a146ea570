import { IpAddress, type IpAddressSlot, setSlot } from '@jackfield/addr'
import { createVirtualClock } from '@jackfield/clock'
import { type CounterGroup, NetworkHeader } from '@jackfield/interfaces'
import { type Packet, PacketPool } from '@jackfield/packet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Reassembler } from './reassembler.js'

const HEADER = 20

interface Fragment {
  id?: number
  offset: number
  data: Uint8Array
  more: boolean
  source?: number
  version?: 4 | 6
  protocol?: number
  tos?: number
  interfaceIndex?: number
  /** Bytes of buffer to waste. */
  tailroom?: number
}

function setUp() {
  const clock = createVirtualClock()
  const pool = new PacketPool()
  const counters: CounterGroup = {}
  const expired: string[] = []
  const reassembler = new Reassembler({
    clock,
    pool,
    secret0: 7,
    secret1: 8,
    counters,
    names: {
      requests: 'Reqds',
      oks: 'OKs',
      fails: 'Fails',
      timeouts: 'Timeout',
      overlaps: 'Overlaps',
      duplicates: 'Dups',
    },
    timeout: 30e6,
    expired: (first) => {
      expired.push(`${first.networkHeader >= 0 ? first.view.getUint16(first.networkHeader) : -1}:${first.length}`)
    },
  })
  const header = new NetworkHeader()
  /** A header of 20 bytes that begins with the id, then the data. */
  function add(fragment: Fragment): Packet | null {
    const { data, offset, more } = fragment
    const id = fragment.id ?? 1
    const packet = pool.allocate(HEADER + data.length, 14, fragment.tailroom ?? 0)
    const at = packet.start
    packet.bytes.fill(0x45, at, at + HEADER)
    packet.view.setUint16(at, id & 0xffff)
    packet.view.setUint16(at + 2, offset)
    packet.bytes.set(data, at + HEADER)
    packet.networkHeader = at
    packet.linkHeader = at - 14
    packet.start = at + HEADER
    packet.interfaceIndex = fragment.interfaceIndex ?? 1
    header.version = fragment.version ?? 4
    const source = fragment.source ?? 1
    const address = header.version === 4 ? IpAddress.v4(0x0a000000 + source) : IpAddress.v6(0xfe800000, 0, 0, source)
    setSlot(header.source as IpAddressSlot, address)
    setSlot(header.destination as IpAddressSlot, address)
    header.headerLength = HEADER
    header.protocol = fragment.protocol ?? 17
    header.tos = fragment.tos ?? 0
    header.interfaceIndex = packet.interfaceIndex
    return reassembler.add(packet, header, id, offset, more)
  }
  return { clock, pool, counters, expired, reassembler, header, add }
}

const bytes = (length: number, seed = 0): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7 + seed) & 0xff)

/** Cuts data at multiples of 8. */
function cut(data: Uint8Array, size: number): { offset: number; data: Uint8Array; more: boolean }[] {
  const parts = []
  for (let offset = 0; offset < data.length; offset += size) {
    const end = Math.min(offset + size, data.length)
    parts.push({ offset, data: data.slice(offset, end), more: end < data.length })
  }
  return parts
}

function taken(packet: Packet | null): Uint8Array | null {
  if (packet === null) return null
  const data = packet.toBytes()
  packet.release()
  return data
}

describe('putting together', () => {
  test('the result has the first fragment’s header and fields, and the size of the largest', () => {
    const { add, header, counters, pool, reassembler } = setUp()
    const data = bytes(3001)
    expect(add({ offset: 1480, data: data.slice(1480, 2960), more: true, tos: 8, interfaceIndex: 3 })).toBeNull()
    expect(add({ offset: 2960, data: data.slice(2960), more: false, tos: 12, interfaceIndex: 3 })).toBeNull()
    const whole = add({ offset: 0, data: data.slice(0, 1480), more: true, tos: 4, interfaceIndex: 2 })
    if (whole === null) throw new Error('not complete')
    expect([whole.length, whole.start - whole.networkHeader, whole.transportHeader - whole.start]).toEqual([
      3001, 20, 0,
    ])
    expect([whole.view.getUint16(whole.networkHeader), whole.view.getUint16(whole.networkHeader + 2)]).toEqual([1, 0])
    expect([whole.interfaceIndex, whole.linkHeader]).toEqual([2, -1])
    expect([header.fragmentSize, header.tos, header.headerLength]).toEqual([1500, 4, 20])
    expect(taken(whole)).toEqual(data)
    expect(counters).toEqual({ Reqds: 3, OKs: 1, Fails: 0, Timeout: 0, Overlaps: 0, Dups: 0 })
    expect([pool.outstanding, reassembler.size, reassembler.memory]).toEqual([0, 0, 0])
  })

  test('reassembly is order-blind, and fragments that come twice do no harm', () => {
    const length = fc.integer({ min: 9, max: 4000 })
    const size = fc.integer({ min: 1, max: 60 }).map((n) => n * 8)
    fc.assert(
      fc.property(length, size, fc.infiniteStream(fc.nat()), fc.boolean(), (total, chunk, chance, twice) => {
        const { add, pool, reassembler } = setUp()
        reassembler.maxDistance = 0
        const data = bytes(total, chunk)
        const parts = cut(data, chunk)
        if (parts.length === 1) return
        for (let i = parts.length - 1; i > 0; i--) {
          const j = (chance.next().value as number) % (i + 1)
          const swapped = parts[i]
          parts[i] = parts[j] as (typeof parts)[0]
          parts[j] = swapped as (typeof parts)[0]
        }
        const results = parts.flatMap((part, i) => {
          const result = [taken(add(part))]
          if (twice && i < parts.length - 1) result.push(taken(add(part)))
          return result
        })
        expect(results.filter((result) => result !== null)).toEqual([data])
        expect([pool.outstanding, reassembler.memory]).toEqual([0, 0])
      }),
      { numRuns: 100 },
    )
  })

  test('datagrams are told apart by id, addresses and protocol', () => {
    const { add, pool, reassembler } = setUp()
    const keys = [{}, { id: 2 }, { source: 2 }, { protocol: 1 }, { id: 0x10001 }]
    for (const key of keys) expect(add({ ...key, offset: 0, data: bytes(8), more: true })).toBeNull()
    expect(reassembler.size).toBe(5)
    for (const [i, key] of keys.entries()) {
      expect(taken(add({ ...key, offset: 8, data: bytes(5, i), more: false }))).toEqual(
        Uint8Array.from([...bytes(8), ...bytes(5, i)]),
      )
    }
    expect(pool.outstanding).toBe(0)
  })

  test('link-local IPv6 datagrams are told apart by their interface, not by protocol', () => {
    const { add, reassembler } = setUp()
    add({ version: 6, interfaceIndex: 1, offset: 0, data: bytes(8), more: true })
    expect(add({ version: 6, interfaceIndex: 2, offset: 8, data: bytes(8), more: false })).toBeNull()
    expect(reassembler.size).toBe(2)
    expect(
      taken(add({ version: 6, interfaceIndex: 1, protocol: 6, offset: 8, data: bytes(8), more: false })),
    ).toHaveLength(16)
    reassembler.removeInterface(2)
    expect(reassembler.size).toBe(0)
  })

  test('congestion marks are kept, and mixtures of ECN and none dropped (RFC 3168 5.3)', () => {
    const { add, header, counters } = setUp()
    const pair = (first: number, second: number): number => {
      add({ offset: 0, data: bytes(8), more: true, tos: 0x10 | first })
      const whole = add({ offset: 8, data: bytes(8), more: false, tos: 0x20 | second })
      return taken(whole) === null ? -1 : header.tos
    }
    expect([pair(2, 2), pair(2, 3), pair(3, 1), pair(1, 2), pair(0, 0)]).toEqual([0x12, 0x13, 0x13, 0x11, 0x10])
    expect([pair(0, 2), pair(3, 0)]).toEqual([-1, -1])
    expect(counters['Fails']).toBe(2)
  })

  test('the largest datagram fits, a larger one does not', () => {
    const { add, pool, counters, reassembler } = setUp()
    reassembler.maxDistance = 0
    const data = bytes(65_535 - HEADER)
    const results = cut(data, 1480).map((part) => taken(add(part)))
    expect(results.at(-1)).toEqual(data)
    expect(add({ id: 2, offset: 65_512, data: bytes(4), more: false })).toBeNull()
    expect(counters['Fails']).toBe(1)
    expect([pool.outstanding, reassembler.size]).toEqual([0, 0])
  })
})

describe('what is wrong', () => {
  test('empty and misaligned fragments are dropped alone', () => {
    const { add, counters, pool, reassembler } = setUp()
    add({ offset: 0, data: bytes(8), more: true })
    add({ offset: 8, data: bytes(0), more: true })
    add({ offset: 8, data: bytes(0), more: false })
    add({ offset: 8, data: bytes(9), more: true })
    expect([counters['Fails'], reassembler.size]).toEqual([3, 1])
    expect(taken(add({ offset: 8, data: bytes(9), more: false }))).toHaveLength(17)
    expect(pool.outstanding).toBe(0)
  })

  test('an overlap drops the whole datagram', () => {
    for (const [offset, length] of [
      [8, 16],
      [0, 24],
      [24, 24],
    ] as const) {
      const { add, counters, pool, reassembler } = setUp()
      add({ offset: 16, data: bytes(16), more: true })
      expect(add({ offset, data: bytes(length), more: true })).toBeNull()
      expect([counters['Overlaps'], counters['Fails']]).toEqual([1, 1])
      expect([reassembler.size, pool.outstanding]).toEqual([0, 0])
    }
  })

  test('two ends drop the whole datagram', () => {
    for (const second of [
      { offset: 16, data: bytes(8), more: false },
      { offset: 40, data: bytes(8), more: false },
      { offset: 40, data: bytes(8), more: true },
    ]) {
      const { add, counters, reassembler } = setUp()
      add({ offset: 24, data: bytes(8), more: false })
      expect(add(second)).toBeNull()
      expect([counters['Fails'], counters['Overlaps'], reassembler.size]).toEqual([1, 0, 0])
    }
  })

  test('a datagram that is not complete in time is given up, and its first fragment shown', () => {
    const { add, clock, expired, counters, pool, reassembler } = setUp()
    add({ id: 1, offset: 0, data: bytes(16), more: true })
    clock.advance(10e6)
    add({ id: 2, offset: 8, data: bytes(8), more: true })
    clock.advance(10e6)
    add({ id: 1, offset: 16, data: bytes(16), more: true })
    clock.advance(10e6)
    expect([expired, reassembler.size]).toEqual([['1:16'], 1])
    clock.advance(10e6)
    expect([expired, reassembler.size]).toEqual([['1:16'], 0])
    expect([counters['Timeout'], counters['Fails']]).toEqual([2, 2])
    expect(pool.outstanding).toBe(0)
    add({ id: 3, offset: 0, data: bytes(16), more: true })
    reassembler.clear()
    clock.advance(60e6)
    expect([expired.length, pool.outstanding, reassembler.memory]).toEqual([1, 0, 0])
  })

  test('fragments of a source that sent many others since begin anew', () => {
    const { add, counters, reassembler } = setUp()
    add({ id: 1, offset: 0, data: bytes(8), more: true })
    for (let id = 2; id < 2 + 64; id++) add({ id, offset: 0, data: bytes(8), more: true })
    expect(add({ id: 1, offset: 8, data: bytes(8), more: false })).toBeNull()
    expect([counters['Fails'], reassembler.size]).toEqual([1, 65])
  })
})

describe('bounds', () => {
  test('small fragments do not pin large buffers', () => {
    const { add, reassembler, pool } = setUp()
    add({ offset: 8, data: bytes(8), more: true, tailroom: 65_000 })
    expect(reassembler.memory).toBeLessThan(4000)
    expect(taken(add({ offset: 0, data: bytes(8), more: true, tailroom: 65_000 }))).toBeNull()
    expect(reassembler.memory).toBeLessThan(5000)
    const whole = add({ offset: 16, data: bytes(8), more: false, tailroom: 65_000 })
    expect(taken(whole)).toEqual(Uint8Array.from([...bytes(8), ...bytes(8), ...bytes(8)]))
    expect(pool.outstanding).toBe(0)
  })

  test('the oldest datagrams make room', () => {
    const { add, reassembler, counters, pool } = setUp()
    reassembler.highThreshold = 60_000
    reassembler.lowThreshold = 40_000
    for (let id = 0; id < 100; id++) {
      add({ id, offset: 0, data: bytes(800), more: true, source: id })
      expect(reassembler.memory).toBeLessThanOrEqual(60_000)
    }
    expect(counters['Fails']).toBe(100 - reassembler.size)
    expect(taken(add({ id: 99, offset: 800, data: bytes(8), more: false, source: 99 }))).toHaveLength(808)
    reassembler.highThreshold = 0
    expect(add({ id: 500, offset: 0, data: bytes(8), more: true })).toBeNull()
    reassembler.clear()
    expect(pool.outstanding).toBe(0)
  })

  test('hostile fragments never pin more than the limit, and all packets are released', () => {
    const fragment = fc.record({
      id: fc.integer({ min: 0, max: 12 }),
      offset: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 8191 })).map((n) => n * 8),
      length: fc.oneof(fc.integer({ min: 0, max: 64 }), fc.constantFrom(8, 16, 24, 1480)),
      more: fc.boolean(),
      source: fc.integer({ min: 0, max: 3 }),
      tos: fc.integer({ min: 0, max: 3 }),
      tailroom: fc.constantFrom(0, 2000, 60_000),
      wait: fc.constantFrom(0, 0, 0, 1e6, 20e6),
    })
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 200 }), (fragments) => {
        const { add, clock, reassembler, pool, counters } = setUp()
        reassembler.highThreshold = 30_000
        reassembler.lowThreshold = 20_000
        let completed = 0
        for (const { length, wait, ...rest } of fragments) {
          clock.advance(wait)
          const whole = add({ ...rest, data: bytes(length) })
          if (whole !== null) completed++
          whole?.release()
          expect(reassembler.memory).toBeLessThanOrEqual(30_000)
          expect(reassembler.size).toBeLessThanOrEqual(15)
        }
        expect(counters['Reqds']).toBe(fragments.length)
        expect(counters['OKs']).toBe(completed)
        clock.advance(31e6)
        expect([reassembler.size, reassembler.memory, pool.outstanding]).toEqual([0, 0, 0])
      }),
      { numRuns: 100 },
    )
  })
})
