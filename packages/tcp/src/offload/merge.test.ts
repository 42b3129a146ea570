import { CHECKSUM_NONE, CHECKSUM_PARTIAL, CHECKSUM_VERIFIED, type Packet, SEGMENT_TCP } from '@jackfield/packet'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TcpSegment } from '../wire/plain-segment.js'
import {
  FLAG_ACK,
  FLAG_AE,
  FLAG_CWR,
  FLAG_ECE,
  FLAG_FIN,
  FLAG_PSH,
  FLAG_RST,
  FLAG_SYN,
  FLAG_URG,
  TCP_CHECKSUM,
} from '../wire/segment.js'
import { OffloadBench } from './offload.test-bench.js'

const bench = new OffloadBench()
const { offload } = bench

const FIRST = {
  sourcePort: 9,
  destinationPort: 80,
  sequence: 0xffff_ff9c,
  acknowledgment: 7,
  flags: FLAG_ACK,
  window: 500,
}
const NEXT = { ...FIRST, sequence: 0 }

function made(fields: Partial<TcpSegment>, length = 100): Packet {
  return bench.packet({ payload: new Uint8Array(length).fill(length), ...fields })
}

/** Whether a segment is put behind another one; releases both. */
function merges(head: Packet, packet: Packet): boolean {
  const before = { end: head.end, bytes: head.toBytes() }
  const merged = offload.merge(head, packet)
  if (!merged) {
    expect([head.segmentType, head.segmentCount, head.end]).toEqual([0, 0, before.end])
    expect(head.toBytes()).toEqual(before.bytes)
    packet.release()
  }
  head.release()
  expect(bench.host.packets.outstanding).toBe(0)
  return merged
}

test('what follows is put behind, across the wrap of sequence numbers', () => {
  expect(merges(made(FIRST), made(NEXT))).toBe(true)
  expect(merges(made(FIRST), made({ ...NEXT, sequence: 1 }))).toBe(false)
  expect(merges(made(FIRST), made({ ...NEXT, sequence: 0xffff_ffff }))).toBe(false)
  expect(merges(made(FIRST), made(FIRST))).toBe(false)
})

test('only what is alike', () => {
  const stamped = (value: number): Partial<TcpSegment> => ({
    options: [{ name: 'nop' }, { name: 'nop' }, { name: 'timestamp', value, echo: 1 }],
  })
  expect(merges(made({ ...FIRST, ...stamped(1) }), made({ ...NEXT, ...stamped(1) }))).toBe(true)
  expect(merges(made({ ...FIRST, ...stamped(1) }), made({ ...NEXT, ...stamped(2) }))).toBe(false)
  expect(merges(made({ ...FIRST, ...stamped(1) }), made(NEXT))).toBe(false)
  expect(merges(made(FIRST), made({ ...NEXT, acknowledgment: 8 }))).toBe(false)
  expect(merges(made(FIRST), made({ ...NEXT, window: 501 }))).toBe(false)
  expect(merges(made(FIRST), made({ ...NEXT, flags: FLAG_ACK | FLAG_ECE }))).toBe(false)
  expect(merges(made(FIRST), made({ ...NEXT, flags: FLAG_ACK | FLAG_AE }))).toBe(false)
  const echo = { flags: FLAG_ACK | FLAG_ECE }
  expect(merges(made({ ...FIRST, ...echo }), made({ ...NEXT, ...echo }))).toBe(true)
})

test('FIN and PSH end a merged packet and are kept', () => {
  for (const last of [FLAG_PSH, FLAG_FIN, FLAG_FIN | FLAG_PSH]) {
    const head = made(FIRST)
    expect(offload.merge(head, made({ ...NEXT, flags: FLAG_ACK | last }))).toBe(true)
    const late = made({ ...NEXT, sequence: 100 })
    expect(offload.merge(head, late)).toBe(false)
    late.release()
    expect(bench.read(head).flags).toBe(FLAG_ACK | last)
    expect(merges(made({ ...FIRST, flags: FLAG_ACK | last }), made(NEXT))).toBe(false)
  }
})

test('CWR comes first or not at all', () => {
  expect(merges(made({ ...FIRST, flags: FLAG_ACK | FLAG_CWR }), made(NEXT))).toBe(true)
  expect(merges(made(FIRST), made({ ...NEXT, flags: FLAG_ACK | FLAG_CWR }))).toBe(false)
  const both = { flags: FLAG_ACK | FLAG_CWR }
  expect(merges(made({ ...FIRST, ...both }), made({ ...NEXT, ...both }))).toBe(false)
})

test('SYN, RST and URG are delivered alone, and so are acknowledgments', () => {
  for (const flag of [FLAG_SYN, FLAG_RST, FLAG_URG]) {
    const flags = { flags: FLAG_ACK | flag }
    expect(merges(made({ ...FIRST, ...flags }), made({ ...NEXT, ...flags }))).toBe(false)
    expect(merges(made({ ...FIRST, ...flags }), made(NEXT))).toBe(false)
  }
  expect(merges(made(FIRST), made(NEXT, 0))).toBe(false)
  expect(merges(made({ ...FIRST, sequence: 0 }, 0), made(NEXT))).toBe(false)
})

test('all are as large as the first, but the last, which may be shorter', () => {
  expect(merges(made(FIRST), made(NEXT, 101))).toBe(false)
  const head = made(FIRST)
  expect(offload.merge(head, made(NEXT))).toBe(true)
  expect(offload.merge(head, made({ ...NEXT, sequence: 100 }, 99))).toBe(true)
  expect([head.segmentType, head.segmentSize, head.segmentCount]).toEqual([SEGMENT_TCP, 100, 3])
  const late = made({ ...NEXT, sequence: 199 }, 1)
  expect(offload.merge(head, late)).toBe(false)
  late.release()
  const large = made({ ...NEXT, sequence: 199 })
  large.segmentType = SEGMENT_TCP
  expect(offload.merge(head, large)).toBe(false)
  large.release()
  expect(bench.read(head).payload.length).toBe(299)
})

test('a merged packet has at most 65,535 bytes', () => {
  const head = made({ ...FIRST, sequence: 0 }, 1400)
  let sequence = 1400
  for (; ; sequence += 1400) {
    const packet = made({ ...FIRST, sequence }, 1400)
    if (offload.merge(head, packet)) continue
    packet.release()
    break
  }
  expect(head.segmentCount).toBe(46)
  expect(offload.merge(head, made({ ...FIRST, sequence }, 1095))).toBe(true)
  expect(head.length).toBe(65_535)
  expect(bench.read(head).payload.length).toBe(65_495)
})

describe('checksums', () => {
  function spoilt(fields: Partial<TcpSegment>): Packet {
    const packet = made(fields)
    packet.view.setUint8(packet.end - 1, 0)
    return packet
  }

  test('are looked at where the device did not', () => {
    expect(merges(made(FIRST), spoilt(NEXT))).toBe(false)
    expect(merges(spoilt(FIRST), made(NEXT))).toBe(false)
    const known = spoilt(NEXT)
    known.checksum = CHECKSUM_VERIFIED
    expect(merges(made(FIRST), known)).toBe(true)
    const head = made(FIRST)
    expect(offload.merge(head, made(NEXT))).toBe(true)
    const third = spoilt({ ...NEXT, sequence: 100 })
    expect(offload.merge(head, third)).toBe(false)
    third.release()
    expect(bench.read(head).payload.length).toBe(200)
  })

  test('that were good need not be looked at again', () => {
    const bad = spoilt(FIRST)
    const packet = made(NEXT)
    expect(offload.merge(bad, packet)).toBe(false)
    expect([bad.checksum, packet.checksum]).toEqual([CHECKSUM_NONE, CHECKSUM_VERIFIED])
    packet.release()
    bad.release()
  })

  test('of a merged packet are partial, over the whole', () => {
    const head = made(FIRST)
    expect(offload.merge(head, made(NEXT))).toBe(true)
    expect(head.checksum).toBe(CHECKSUM_PARTIAL)
    expect([head.checksumStart, head.checksumOffset]).toEqual([head.transportHeader, TCP_CHECKSUM])
    head.release()
  })

  test('cannot be looked at without the network layer', () => {
    const head = made(FIRST)
    head.etherType = 0x1234
    expect(merges(head, made(NEXT))).toBe(false)
  })
})

test('bytes that others hold are not written to', () => {
  const head = made(FIRST)
  const seen = head.share()
  const before = seen.toBytes()
  expect(offload.merge(head, made(NEXT))).toBe(true)
  expect(seen.toBytes()).toEqual(before)
  seen.release()
  expect(bench.read(head).payload.length).toBe(200)
})

test('flows are told apart by both ports', () => {
  const packets = [
    made(FIRST),
    made({ ...FIRST, sourcePort: 10 }),
    made({ ...FIRST, destinationPort: 81 }),
    bench.packetOf(new Uint8Array(3)),
  ]
  const [head] = packets as [Packet]
  expect(packets.map((packet) => offload.sameFlow(head, packet))).toEqual([true, false, false, false])
  for (const packet of packets) packet.release()
})

test('merging is wanted until TCP says otherwise', () => {
  expect(offload.mergeWanted).toBe(true)
  expect(offload.segmentType).toBe(SEGMENT_TCP)
})

test('any bytes can be merged or cut, or not', () => {
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 70 }),
    fc.tuple(fc.integer({ min: 5, max: 15 }), fc.uint8Array({ minLength: 20, maxLength: 80 })).map(([words, bytes]) => {
      bytes[12] = words << 4
      return bytes
    }),
  )
  fc.assert(
    fc.property(octets, octets, fc.integer({ min: 1, max: 30 }), fc.nat(2), (one, other, size, state) => {
      const head = bench.packetOf(one)
      const packet = bench.packetOf(other)
      offload.sameFlow(head, packet)
      if (!offload.merge(head, packet)) packet.release()
      if (head.checksum === CHECKSUM_NONE) {
        head.checksum = state
        head.checksumStart = head.transportHeader
        head.checksumOffset = TCP_CHECKSUM
      }
      for (const segment of bench.cut(head, size)) segment.release()
      expect(bench.host.packets.outstanding).toBe(0)
    }),
    { numRuns: 1000 },
  )
})
