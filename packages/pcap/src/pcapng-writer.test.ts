import { MacAddress } from '@jackfield/addr'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from './link-type.js'
import { createPcapBuffer } from './pcap-buffer.js'
import { PcapngWriter } from './pcapng-writer.js'
import { readCapture, readPackets } from './read-capture.js'

const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((s) => !s.includes('\0'))
const packet = fc.record({
  interface: fc.nat(1),
  bytes: fc.uint8Array({ maxLength: 40 }),
  // Microseconds whose fraction a double holds.
  time: fc.tuple(fc.integer({ min: 0, max: 2 ** 51 }), fc.nat(3)).map(([us, quarter]) => us + quarter / 4),
  direction: fc.nat(2),
  comment: fc.option(text, { nil: undefined }),
  dropCount: fc.nat(),
  more: fc.nat(2000),
})

describe('PcapngWriter', () => {
  test('what is written is read again', () => {
    fc.assert(
      fc.property(
        fc.array(packet, { maxLength: 20 }),
        text,
        text,
        fc.integer({ min: 1, max: 50 }),
        fc.boolean(),
        (packets, name, comment, snapLength, unbuffered) => {
          const file = createPcapBuffer()
          const writer = new PcapngWriter(file.sink, { comment, os: name, hardware: name, chunkSize: 4096, unbuffered })
          const hardwareAddress = MacAddress.parse('02:00:00:00:00:07')
          writer.addInterface({ name, description: comment, linkType: LINKTYPE_ETHERNET, hardwareAddress, comment })
          const statistics = (): { received: number; dropped: number } => ({ received: 2 ** 40, dropped: 5 })
          writer.addInterface({ linkType: LINKTYPE_RAW, snapLength, statistics })
          for (const p of packets) {
            const padded = new Uint8Array(p.bytes.length + 9)
            padded.set(p.bytes, 5)
            writer.writePacket(p.interface, padded, 5, 5 + p.bytes.length, p.time, {
              direction: p.direction,
              dropCount: p.dropCount,
              originalLength: p.bytes.length + p.more,
              ...(p.comment === undefined ? {} : { comment: p.comment }),
            })
          }
          writer.close()
          const records = [...readCapture(file.toBytes())]
          expect(records[0]).toMatchObject({ hardware: name, os: name, application: 'jackfield', comments: [comment] })
          expect(records[1]).toMatchObject({ interface: { name, description: comment, comments: [comment] } })
          expect(records[1]).toMatchObject({ interface: { hardwareAddress } })
          expect(records[2]).toMatchObject({ interface: { index: 1, snapLength } })
          expect(records.at(-1)).toMatchObject({ received: 2 ** 40, dropped: 5 })
          expect(
            readPackets(file.toBytes()).map((p) => ({
              interface: p.interface.index,
              bytes: p.bytes,
              time: [p.timestamp, p.seconds * 1e6 + p.nanoseconds / 1000],
              direction: p.direction,
              comments: p.comments,
              dropCount: p.dropCount,
              originalLength: p.originalLength,
            })),
          ).toEqual(
            packets.map((p) => ({
              interface: p.interface,
              bytes: p.interface === 1 ? p.bytes.slice(0, snapLength) : p.bytes,
              time: [p.time, p.time],
              direction: p.direction,
              comments: p.comment === undefined ? [] : [p.comment],
              dropCount: p.dropCount,
              originalLength: p.bytes.length + p.more,
            })),
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a small file, byte for byte', () => {
    const file = createPcapBuffer()
    const writer = new PcapngWriter(file.sink)
    writer.writePacket(writer.addInterface({ linkType: 101 }), Uint8Array.of(0xaa, 0xbb), 0, 2, 1_000_000.5)
    writer.flush()
    const hex = [...file.toBytes()].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    expect(hex).toBe(
      // Section: magic, 1.0, length not known, application, end of options.
      `0a0d0d0a300000004d3c2b1a01000000ffffffffffffffff${'04000900'}6a61636b6669656c64000000${'00000000'}30000000` +
        // Interface: raw, no limit, nanoseconds.
        `01000000200000006500000000000000${'09000100'}09000000${'00000000'}20000000` +
        // Packet: interface 0, 1,000,000,500 ns, 2 bytes of 2.
        `0600000024000000${'00000000'}00000000${'f4cb9a3b'}0200000002000000aabb000024000000`,
    )
  })

  test('chunks are the sink’s own and no larger than asked', () => {
    const chunks: Uint8Array[] = []
    const writer = new PcapngWriter((bytes) => chunks.push(bytes), { chunkSize: 4096 })
    const id = writer.addInterface({ linkType: 1 })
    for (let i = 0; i < 20; i++) writer.writePacket(id, new Uint8Array(1000).fill(i), 0, 1000, i)
    writer.writePacket(id, new Uint8Array(9000), 0, 9000, 21)
    writer.close()
    expect(new Set(chunks.map((chunk) => chunk.buffer)).size).toBe(chunks.length)
    expect(chunks.filter((chunk) => chunk.length > 4096).length).toBeLessThanOrEqual(1)
    const all = createPcapBuffer()
    for (const chunk of chunks) all.sink(chunk)
    expect(readPackets(all.toBytes()).map((p) => p.bytes[0])).toEqual([...Array(20).keys(), 0])
  })

  test('files may be joined: each is a section', () => {
    const file = createPcapBuffer()
    for (const linkType of [1, 101]) {
      const writer = new PcapngWriter(file.sink)
      writer.writePacket(writer.addInterface({ linkType }), Uint8Array.of(linkType), 0, 1, 0)
      writer.close()
    }
    const packets = readPackets(file.toBytes())
    expect(packets.map((p) => [p.interface.section, p.interface.index, p.interface.linkType])).toEqual([
      [0, 0, 1],
      [1, 0, 101],
    ])
  })

  test('after its end it counts and writes nothing', () => {
    const file = createPcapBuffer()
    const writer = new PcapngWriter(file.sink)
    const id = writer.addInterface({ linkType: 1 })
    writer.endInterface(id)
    expect(writer.writePacket(id, Uint8Array.of(1), 0, 1, 0)).toBe(false)
    writer.close()
    const { length } = file
    writer.close()
    expect([writer.closed, writer.addInterface({ linkType: 1 })]).toEqual([true, -1])
    expect(writer.writePacket(id, Uint8Array.of(1), 0, 1, 0)).toBe(false)
    writer.endInterface(id)
    expect([writer.dropped, file.length]).toEqual([2, length])
  })

  test('a sink that throws ends it', () => {
    const buffer = createPcapBuffer(100)
    const writer = new PcapngWriter(buffer.sink, { unbuffered: true })
    const id = writer.addInterface({ linkType: 1 })
    expect(writer.writePacket(id, new Uint8Array(50), 0, 50, 0)).toBe(true)
    expect([writer.closed, writer.writePacket(id, new Uint8Array(50), 0, 50, 0)]).toEqual([true, false])
    expect(() => writer.close()).toThrow('longer than 100 bytes')
    expect(() => writer.close()).not.toThrow()
  })

  test('bad arguments are refused', () => {
    const { sink } = createPcapBuffer()
    expect(() => new PcapngWriter(sink, { chunkSize: 12 })).toThrow('chunk size is an integer from 4096')
    expect(() => new PcapngWriter(sink, { comment: 'x'.repeat(65_536) })).toThrow('at most 65535 bytes')
    expect(() => createPcapBuffer(0)).toThrow('above 0')
    const writer = new PcapngWriter(sink)
    expect(() => writer.addInterface({ linkType: 70_000 })).toThrow('link type')
    expect(() => writer.addInterface({ linkType: 1, snapLength: 0 })).toThrow('snap length')
    const id = writer.addInterface({ linkType: 1 })
    expect(() => writer.writePacket(7, new Uint8Array(1), 0, 1, 0)).toThrow('no interface 7')
    expect(() => writer.writePacket(id, new Uint8Array(1), 0, 2, 0)).toThrow('end of the packet')
    expect(() => writer.writePacket(id, new Uint8Array(9), 5, 4, 0)).toThrow('start of the packet')
    expect(() => writer.writePacket(id, new Uint8Array(9), 0, 9, 0, { originalLength: 8 })).toThrow('original length')
    expect(() => writer.writePacket(id, new Uint8Array(9), 0, 9, 0, { direction: 3 })).toThrow('direction')
  })

  test('a time that is no time becomes the epoch', () => {
    const file = createPcapBuffer()
    const writer = new PcapngWriter(file.sink)
    const id = writer.addInterface({ linkType: 1 })
    for (const time of [Number.NaN, -1, Number.POSITIVE_INFINITY]) writer.writePacket(id, new Uint8Array(1), 0, 1, time)
    writer.close()
    expect(readPackets(file.toBytes()).map((p) => p.timestamp)).toEqual([0, 0, 0])
  })
})
