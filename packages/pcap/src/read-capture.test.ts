import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPcapBuffer } from './pcap-buffer.js'
import { PcapError } from './pcap-error.js'
import { PcapngWriter } from './pcapng-writer.js'
import { readCapture, readPackets } from './read-capture.js'

/** Writes words of either byte order. */
class Bytes {
  readonly bytes: number[] = []
  readonly little: boolean
  constructor(little: boolean) {
    this.little = little
  }
  word(size: number, value: number): this {
    const part = (i: number): number => Math.floor(value / 256 ** (this.little ? i : size - 1 - i)) % 256
    for (let i = 0; i < size; i++) this.bytes.push(part(i))
    return this
  }
  u16(...values: number[]): this {
    for (const value of values) this.word(2, value)
    return this
  }
  u32(...values: number[]): this {
    for (const value of values) this.word(4, value)
    return this
  }
  raw(...bytes: number[]): this {
    this.bytes.push(...bytes)
    while (this.bytes.length % 4 !== 0) this.bytes.push(0)
    return this
  }
  option(code: number, ...bytes: number[]): this {
    return this.u16(code, bytes.length).raw(...bytes)
  }
  block(type: number, body: (to: Bytes) => void): this {
    const inner = new Bytes(this.little)
    body(inner)
    const length = inner.bytes.length + 12
    this.u32(type, length)
    this.bytes.push(...inner.bytes)
    return this.u32(length)
  }
  section(): this {
    return this.block(0x0a0d0d0a, (to) => to.u32(0x1a2b3c4d).u16(1, 0).u32(0xffffffff, 0xffffffff))
  }
  done(): Uint8Array {
    return Uint8Array.from(this.bytes)
  }
}

describe.each([true, false])('pcapng, little-endian: %s', (little) => {
  test('every kind of block', () => {
    const one = [0, 0, 0, 0, 0, 0, 0, 1]
    const offset = little ? [...one].reverse() : one
    const file = new Bytes(little)
      .section()
      .block(1, (to) => to.u16(1, 0).u32(4).option(2, 101, 116, 104, 48, 0).option(1, 0x68, 0x69).u32(0))
      .block(1, (to) =>
        to
          .u16(101, 0)
          .u32(0)
          .option(9, 9)
          .option(14, ...offset)
          .option(6, 2, 0, 0, 0, 0, 9)
          .u32(0),
      )
      .block(1, (to) => to.u16(0, 0).u32(0).option(9, 0x8a))
      .block(6, (to) =>
        to.u32(0, 0x0001_0000, 7, 3, 60).raw(1, 2, 3).u16(2, 4).u32(2).option(1, 0x61).option(1, 0x62).u32(0),
      )
      .block(6, (to) => to.u32(1, 0, 1_500_000_001, 0, 0))
      .block(6, (to) => to.u32(2, 0, 512, 1, 1).raw(5))
      .block(3, (to) => to.u32(9).raw(1, 2, 3, 4))
      .block(2, (to) => to.u16(0, 5).u32(0, 1, 2, 2).raw(8, 9).u16(2, 4).u32(1).u32(0))
      .block(2, (to) => to.u16(0, 0xffff).u32(0, 1, 2, 2).raw(8, 9))
      .block(0x0bad, (to) => to.u32(1, 2, 3))
      .block(4, (to) => to.u32(0))
      .block(5, (to) =>
        to
          .u32(0, 0, 9)
          .u16(4, 8)
          .u32(little ? 6 : 0, little ? 0 : 6),
      )
      .done()
    const records = [...readCapture(file)]
    expect(records.map((record) => record.kind)).toEqual([
      'section',
      'interface',
      'interface',
      'interface',
      ...Array(6).fill('packet'),
      'statistics',
    ])
    expect(records[0]).toMatchObject({ littleEndian: little })
    expect(records[1]).toMatchObject({ interface: { name: 'eth0', comments: ['hi'], snapLength: 4 } })
    expect(records.at(-1)).toMatchObject({ received: 6, timestamp: 9 })
    expect(records.at(-1)).not.toHaveProperty('dropped')
    const packets = readPackets(file)
    expect(packets.map((p) => [p.interface.index, [...p.bytes], p.originalLength])).toEqual([
      [0, [1, 2, 3], 60],
      [1, [], 0],
      [2, [5], 1],
      [0, [1, 2, 3, 4], 9],
      [0, [8, 9], 2],
      [0, [8, 9], 2],
    ])
    expect(packets.map((p) => [p.seconds, p.nanoseconds])).toEqual([
      [281_474_976, 710_663_000],
      [2, 500_000_001],
      [0, 500_000_000],
      [0, 0],
      [0, 1000],
      [0, 1000],
    ])
    expect(packets.map((p) => [p.direction, p.dropCount, p.comments])).toEqual([
      [2, 0, ['a', 'b']],
      [0, 0, []],
      [0, 0, []],
      [0, 0, []],
      [1, 5, []],
      [0, 0, []],
    ])
    expect(packets[1]?.interface.hardwareAddress?.toString()).toBe('02:00:00:00:00:09')
  })

  test('a section may have another byte order than the one before', () => {
    const other = new Bytes(!little)
      .section()
      .block(1, (to) => to.u16(1, 0).u32(0))
      .block(6, (to) => to.u32(0, 0, 5, 0, 0))
    const file = new Bytes(little).section()
    file.bytes.push(...other.bytes)
    expect(readPackets(file.done()).map((p) => [p.timestamp, p.interface.section])).toEqual([[5, 1]])
  })

  test.each<[string, (to: Bytes) => void, number, RegExp]>([
    ['a packet of no interface', (to) => to.block(6, (b) => b.u32(0, 0, 5, 0, 0)), 36, /interface 0 was not described/],
    ['a statistics block of none', (to) => to.block(5, (b) => b.u32(3, 0, 5)), 36, /interface 3/],
    ['a short packet block', (to) => to.block(6, (b) => b.u32(0, 0)), 28, /packet block is cut short/],
    ['a short interface block', (to) => to.block(1, (b) => b.u32(0)), 28, /interface block is cut short/],
    ['a long packet', (to) => to.block(6, (b) => b.u32(0, 0, 5, 100, 100)), 56, /100 bytes does not fit/],
    ['a huge packet', (to) => to.block(6, (b) => b.u32(0, 0, 5, 0xffffffff, 100)), 56, /does not fit/],
    ['a long option', (to) => to.block(1, (b) => b.u16(1, 0).u32(0).u16(2, 90)), 44, /option 2 of 90 bytes/],
    ['half a block', (to) => to.u32(6, 64, 0), 28, /ends inside a block of 64/],
    ['half a block header', (to) => to.u32(6), 28, /ends inside a block header/],
    ['a block of no length', (to) => to.u32(6, 0, 0), 32, /multiple of 4 from 12, not 0/],
    ['an odd length', (to) => to.u32(6, 13, 0, 13), 32, /not 13/],
    ['two lengths', (to) => to.u32(6, 12, 16), 36, /ends with the length 16/],
    ['another version', (to) => to.block(0x0a0d0d0a, (b) => b.u32(0x1a2b3c4d).u16(2, 0).u32(0, 0)), 40, /version 2/],
    ['no byte order', (to) => to.block(0x0a0d0d0a, (b) => b.u32(5).u16(1, 0).u32(0, 0)), 36, /byte-order magic/],
  ])('%s is an error that tells where', (_, add, offset, message) => {
    const file = new Bytes(little).section()
    add(file)
    const bytes = file.done()
    expect(() => readPackets(bytes)).toThrow(PcapError)
    expect(() => readPackets(bytes)).toThrow(message)
    expect(() => readPackets(bytes)).toThrow(expect.objectContaining({ offset }))
    // The section before it was good.
    expect(readCapture(bytes).next().value).toMatchObject({ kind: 'section' })
  })
})

describe.each([
  [true, 0xa1b2c3d4, 1000],
  [false, 0xa1b2c3d4, 1000],
  [true, 0xa1b23c4d, 1],
  [false, 0xa1b23c4d, 1],
])('pcap, little-endian: %s, magic %d', (little, magic, unit) => {
  const head = (): Bytes => new Bytes(little).u32(magic).u16(2, 4).u32(0, 0, 65_535, 0xf000_0001)

  test('packets with their times', () => {
    const file = head()
      .u32(1_700_000_000, 7, 4, 60)
      .raw(1, 2, 3, 4)
      .u32(1, 5_000_000 / unit, 0, 0)
    expect(readPackets(file.done())).toMatchObject([
      { seconds: 1_700_000_000, nanoseconds: 7 * unit, originalLength: 60, bytes: Uint8Array.of(1, 2, 3, 4) },
      { seconds: 1, nanoseconds: 5_000_000, interface: { linkType: 1, snapLength: 65_535 } },
    ])
  })

  test.each<[Bytes, number]>([
    [head().u32(0, 0, 5, 5), 24],
    [head().u32(0, 0, 0xffffffff, 5), 24],
    [head().u32(0), 24],
    [new Bytes(little).u32(magic), 0],
    [new Bytes(little).u32(magic).u16(3, 0).u32(0, 0, 0, 0), 4],
  ])('a file that breaks off is an error that tells where', (file, offset) => {
    expect(() => readPackets(file.done())).toThrow(expect.objectContaining({ name: 'PcapError', offset }))
  })
})

describe('hostile files', () => {
  function read(bytes: Uint8Array): void {
    try {
      for (const record of readCapture(bytes)) expect(record.offset).toBeLessThan(bytes.length)
    } catch (error) {
      expect(error).toBeInstanceOf(PcapError)
    }
  }

  test('random bytes throw nothing but PcapError', () => {
    const magics = [
      [],
      [0x0a, 0x0d, 0x0d, 0x0a],
      [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0],
      [0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4],
    ]
    fc.assert(
      fc.property(fc.constantFrom(...magics), fc.uint8Array({ maxLength: 200 }), (magic, bytes) => {
        read(Uint8Array.from([...magic, ...bytes]))
      }),
    )
    expect(() => readPackets(new Uint8Array(0))).toThrow(PcapError)
  })

  test('files with any of their bytes changed or cut off throw nothing but PcapError', () => {
    const file = createPcapBuffer()
    const writer = new PcapngWriter(file.sink, { comment: 'a' })
    const id = writer.addInterface({ linkType: 1, name: 'x' })
    writer.writePacket(id, new Uint8Array(20), 0, 20, 5, { comment: 'b', direction: 1, dropCount: 1 })
    writer.close()
    const good = file.toBytes()
    for (let i = 0; i < good.length; i++) read(good.slice(0, i))
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = good.slice()
        for (const [at, value] of changes) bytes[at] = value
        read(bytes)
      }),
      { numRuns: 500 },
    )
  })
})
