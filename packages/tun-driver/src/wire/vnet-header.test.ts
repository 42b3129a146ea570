import {
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  CHECKSUM_VERIFIED,
  type Packet,
  PacketPool,
  SEGMENT_NONE,
  SEGMENT_TCP,
  SEGMENT_UDP,
} from '@jackfield/packet'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { decodeVnetHeader, encodeVnetHeader, VNET_HEADER_LENGTH } from './vnet-header.js'

const pool = new PacketPool()
afterEach(() => expect(pool.outstanding).toBe(0))

const transports = fc.record({
  version: fc.constantFrom(4, 6),
  ethernet: fc.boolean(),
  tcp: fc.boolean(),
  options: fc.integer({ min: 0, max: 10 }),
  congestionWindowReduced: fc.boolean(),
  payload: fc.integer({ min: 1, max: 4000 }),
  segmentSize: fc.integer({ min: 1, max: 1460 }),
})
type Shape = typeof transports extends fc.Arbitrary<infer T> ? T : never

/** A large packet as a transport makes it. */
function large(shape: Shape): Packet {
  const link = shape.ethernet ? 14 : 0
  const network = shape.version === 4 ? 20 : 40
  const transport = shape.tcp ? 20 + shape.options * 4 : 8
  const packet = pool.allocate(link + network + transport + shape.payload)
  packet.bytes.fill(0, packet.start, packet.end)
  const ip = packet.start + link
  if (shape.ethernet) packet.view.setUint16(ip - 2, shape.version === 4 ? 0x0800 : 0x86dd)
  packet.view.setUint8(ip, shape.version === 4 ? 0x45 : 0x60)
  packet.view.setUint8(ip + (shape.version === 4 ? 9 : 6), shape.tcp ? 6 : 17)
  packet.checksum = CHECKSUM_PARTIAL
  packet.checksumStart = ip + network
  packet.checksumOffset = shape.tcp ? 16 : 6
  if (shape.tcp) {
    packet.view.setUint8(ip + network + 12, (5 + shape.options) << 4)
    packet.view.setUint8(ip + network + 13, shape.congestionWindowReduced ? 0x80 : 0x10)
  }
  packet.segmentType = shape.tcp ? SEGMENT_TCP : SEGMENT_UDP
  packet.segmentSize = shape.segmentSize
  packet.segmentCount = Math.ceil(shape.payload / shape.segmentSize)
  return packet
}

test('decode(encode(packet)) = packet, for all large packets of more than one segment', () => {
  fc.assert(
    fc.property(transports, (shape) => {
      const packet = large({ ...shape, payload: Math.max(shape.payload, shape.segmentSize + 1) })
      const at = packet.start - VNET_HEADER_LENGTH
      expect(encodeVnetHeader(packet.view, at, packet, shape.ethernet)).toBe(true)
      const copy = pool.copyOf(packet.bytes, packet.start, packet.end)
      expect(decodeVnetHeader(packet.view, at, copy, shape.ethernet)).toBe(true)
      expect(copy).toMatchObject({
        checksum: CHECKSUM_PARTIAL,
        checksumStart: packet.checksumStart - packet.start + copy.start,
        checksumOffset: packet.checksumOffset,
        segmentType: packet.segmentType,
        segmentSize: packet.segmentSize,
        segmentCount: packet.segmentCount,
      })
      copy.release()
      packet.release()
    }),
  )
})

test('a large packet is described as virtio says, to the byte', () => {
  const packet = large({
    version: 6,
    ethernet: true,
    tcp: true,
    options: 3,
    congestionWindowReduced: true,
    payload: 3000,
    segmentSize: 1000,
  })
  expect(encodeVnetHeader(packet.view, 0, packet, true)).toBe(true)
  // NEEDS_CSUM; TCPV6 with ECN; hdr_len 14 + 40 + 32; gso_size 1000; csum_start 54; csum_offset 16.
  expect([...packet.bytes.subarray(0, 10)]).toEqual([1, 0x84, 86, 0, 0xe8, 3, 54, 0, 16, 0])
  packet.release()
})

test('a plain packet has a header of zeros, whatever was there before', () => {
  const packet = pool.copyOf(new Uint8Array(40).fill(0x45))
  packet.bytes.fill(0xff, 0, 10)
  packet.checksumStart = 77
  packet.checksum = CHECKSUM_VERIFIED
  expect(encodeVnetHeader(packet.view, 0, packet, false)).toBe(true)
  expect([...packet.bytes.subarray(0, 10)]).toEqual(Array.from({ length: 10 }, () => 0))
  packet.release()
})

test('a packet that says one segment is a plain one', () => {
  const packet = large({
    version: 4,
    ethernet: false,
    tcp: true,
    options: 0,
    congestionWindowReduced: false,
    payload: 100,
    segmentSize: 1000,
  })
  expect(encodeVnetHeader(packet.view, 0, packet, false)).toBe(true)
  expect([...packet.bytes.subarray(0, 10)]).toEqual([1, 0, 0, 0, 0, 0, 20, 0, 16, 0])
  packet.release()
})

test('a packet whose checksum is known to be good is verified', () => {
  const packet = pool.copyOf(new Uint8Array(40))
  const header = new DataView(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0, 0).buffer)
  expect(decodeVnetHeader(header, 0, packet, false)).toBe(true)
  expect(packet).toMatchObject({ checksum: CHECKSUM_VERIFIED, segmentType: SEGMENT_NONE, segmentCount: 0 })
  packet.release()
})

test('a large packet without a partial checksum is counted by its own headers', () => {
  const packet = large({
    version: 4,
    ethernet: true,
    tcp: true,
    options: 3,
    congestionWindowReduced: false,
    payload: 2500,
    segmentSize: 1000,
  })
  packet.checksum = CHECKSUM_NONE
  packet.segmentType = SEGMENT_NONE
  const header = new DataView(Uint8Array.of(2, 1, 0, 0, 0xe8, 3, 0, 0, 0, 0).buffer)
  expect(decodeVnetHeader(header, 0, packet, true)).toBe(true)
  expect(packet).toMatchObject({ checksum: CHECKSUM_VERIFIED, segmentType: SEGMENT_TCP, segmentCount: 3 })
  packet.release()
})

test('no header with any packet throws, and what is accepted lies inside of the packet', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 10, maxLength: 10 }),
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc.boolean(),
      (header, bytes, ethernet) => {
        const packet = pool.copyOf(bytes)
        if (decodeVnetHeader(new DataView(header.buffer, header.byteOffset, 10), 0, packet, ethernet)) {
          if (packet.checksum === CHECKSUM_PARTIAL) {
            expect(packet.checksumStart + packet.checksumOffset + 2).toBeLessThanOrEqual(packet.end)
          }
          if (packet.segmentType !== SEGMENT_NONE) {
            expect(packet.segmentSize).toBeGreaterThan(0)
            expect(packet.segmentCount).toBeGreaterThan(0)
          }
        }
        packet.release()
      },
    ),
    { numRuns: 2000 },
  )
})

test('nothing is encoded that does not fit: each fault is refused', () => {
  const shape: Shape = {
    version: 4,
    ethernet: false,
    tcp: true,
    options: 0,
    congestionWindowReduced: false,
    payload: 3000,
    segmentSize: 1000,
  }
  const faults: ((packet: Packet) => void)[] = [
    (packet) => (packet.checksum = CHECKSUM_NONE),
    (packet) => (packet.checksumStart = packet.start - 1),
    (packet) => (packet.checksumStart = packet.end - 10),
    (packet) => (packet.checksumOffset = 6),
    (packet) => (packet.segmentSize = 0),
    (packet) => (packet.segmentSize = 65_536),
    (packet) => packet.view.setUint8(packet.start, 0x55),
    (packet) => packet.view.setUint8(packet.checksumStart + 12, 0x40),
  ]
  for (const fault of faults) {
    const packet = large(shape)
    fault(packet)
    expect(encodeVnetHeader(packet.view, 0, packet, false)).toBe(false)
    packet.release()
  }
})
