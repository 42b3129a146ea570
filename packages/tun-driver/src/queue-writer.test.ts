import { EAGAIN, EBADFD, EINTR, EINVAL, EIO, ENETDOWN, type LinkStatistics } from '@jackfield/interfaces'
import { CHECKSUM_PARTIAL, type Packet, PacketPool, SEGMENT_TCP } from '@jackfield/packet'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MemoryCalls } from './memory.test-calls.js'
import { QueueWriter } from './queue-writer.js'

const pool = new PacketPool()
let calls: MemoryCalls
let statistics: LinkStatistics

beforeEach(() => {
  calls = new MemoryCalls()
  statistics = {
    rxPackets: 0,
    rxBytes: 0,
    rxDropped: 0,
    rxErrors: 0,
    txPackets: 0,
    txBytes: 0,
    txDropped: 0,
    txErrors: 0,
  }
})
afterEach(() => expect(pool.outstanding).toBe(0))

function writer(offload = true): QueueWriter {
  return new QueueWriter(calls, 3, statistics, { ethernet: false, offload })
}

function numbered(number: number, length = 40, headroom = 128): Packet {
  const packet = pool.allocate(length, headroom)
  packet.bytes.fill(0, packet.start, packet.end)
  packet.view.setUint8(packet.start, 0x45)
  packet.view.setUint32(packet.start + 4, number)
  return packet
}

const numbersWritten = (): number[] => calls.written.map((bytes) => new DataView(bytes.buffer).getUint32(14))

test('a packet goes out at once, in one piece behind its header', () => {
  const queue = writer()
  expect(queue.transmit(numbered(1))).toBe(true)
  expect(calls.written[0]?.length).toBe(50)
  expect([...(calls.written[0]?.subarray(0, 11) ?? [])]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x45])
  expect(calls.vectors).toBe(0)
  expect(statistics).toMatchObject({ txPackets: 1, txBytes: 40 })
})

test('a packet whose bytes others read, or without room before it, is written in two pieces and left as it is', () => {
  const queue = writer()
  const original = numbered(2)
  original.bytes.fill(0xee, 0, original.start)
  queue.transmit(original.share())
  expect(original.bytes.subarray(0, original.start).every((byte) => byte === 0xee)).toBe(true)
  original.release()
  queue.transmit(numbered(3, 40, 9))
  expect(calls.vectors).toBe(2)
  expect(numbersWritten()).toEqual([2, 3])
  expect(calls.written.map((bytes) => bytes.length)).toEqual([50, 50])
})

test('while the kernel takes nothing, 256 packets wait and any more are dropped and counted', () => {
  const queue = writer()
  calls.failure = EAGAIN
  for (let i = 0; i < 256; i++) expect(queue.transmit(numbered(i))).toBe(true)
  for (let i = 0; i < 10; i++) expect(queue.transmit(numbered(1000))).toBe(false)
  expect(queue.waiting).toBe(256)
  expect(pool.outstanding).toBe(256)
  expect(statistics).toMatchObject({ txPackets: 0, txDropped: 10, txErrors: 0 })
  queue.drain()
  expect(queue.waiting).toBe(256)
  calls.failure = 0
  queue.drain()
  expect(queue.waiting).toBe(0)
  expect(numbersWritten()).toEqual(Array.from({ length: 256 }, (_, i) => i))
})

test('packets leave in the order in which they were given, whenever the kernel takes them', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(0, EAGAIN, EINTR), fc.boolean()), { maxLength: 60 }), (steps) => {
      calls = new MemoryCalls()
      const queue = writer()
      steps.forEach(([failure, drain], i) => {
        calls.failure = failure
        if (drain) queue.drain()
        queue.transmit(numbered(i))
      })
      calls.failure = 0
      queue.drain()
      expect(numbersWritten()).toEqual(steps.map((_, i) => i))
      expect(pool.outstanding).toBe(0)
    }),
  )
})

test('what waits is dropped when it is closed', () => {
  const queue = writer()
  calls.failure = EAGAIN
  for (let i = 0; i < 5; i++) queue.transmit(numbered(i))
  queue.close()
  expect(queue.waiting).toBe(0)
  expect(statistics.txDropped).toBe(5)
})

test('an interface that is down or gone is a drop, any other refusal an error; the packet is taken', () => {
  const queue = writer()
  for (const failure of [EIO, ENETDOWN, EBADFD, EINVAL]) {
    calls.failure = failure
    expect(queue.transmit(numbered(1))).toBe(true)
  }
  expect(statistics).toMatchObject({ txPackets: 0, txDropped: 3, txErrors: 1 })
})

test('without offloads there is no header, checksums are completed and large packets refused', () => {
  const queue = writer(false)
  const packet = numbered(1)
  packet.checksum = CHECKSUM_PARTIAL
  packet.checksumStart = packet.start + 20
  packet.checksumOffset = 16
  const twin = packet.share()
  queue.transmit(packet)
  expect(calls.written[0]?.length).toBe(40)
  expect(new DataView((calls.written[0] as Uint8Array).buffer).getUint16(36)).toBe(0xffff)
  expect(twin.view.getUint16(twin.start + 36)).toBe(0)
  twin.release()
  const large = numbered(2, 4000)
  large.segmentType = SEGMENT_TCP
  large.segmentSize = 1460
  large.segmentCount = 3
  expect(queue.transmit(large)).toBe(true)
  expect(statistics).toMatchObject({ txPackets: 1, txErrors: 1 })
})

test('an empty packet and one whose memory was taken away never reach the kernel', () => {
  const queue = writer()
  const empty = numbered(1)
  empty.end = empty.start
  queue.transmit(empty)
  const gone = numbered(2)
  structuredClone(gone.bytes.buffer, { transfer: [gone.bytes.buffer as ArrayBuffer] })
  queue.transmit(gone)
  expect(calls.written.length).toBe(0)
  expect(statistics.txErrors).toBe(2)
})
