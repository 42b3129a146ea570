import type { LinkReceiver, LinkStatistics } from '@jackfield/interfaces'
import { CHECKSUM_PARTIAL, type Packet, PacketPool } from '@jackfield/packet'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MemoryCalls } from './memory.test-calls.js'
import { QueueReader } from './queue-reader.js'

const pool = new PacketPool()
const received: Packet[] = []
const receiver: LinkReceiver = {
  pool,
  receive: (packet) => received.push(packet),
  burstEnd: () => undefined,
  writable: () => undefined,
  changed: () => undefined,
}
let calls: MemoryCalls
let statistics: LinkStatistics
let reader: QueueReader

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
  reader = new QueueReader(calls, 3, receiver, statistics, { ethernet: false, offload: true })
})
afterEach(() => {
  reader.close()
  for (const packet of received.splice(0)) packet.release()
  expect(pool.outstanding).toBe(0)
})

/** A plain packet behind its offload header. */
function incoming(length: number): Uint8Array {
  const bytes = new Uint8Array(10 + length).map((_, i) => i * 7)
  bytes.fill(0, 0, 10)
  return bytes
}

test('packets of every length arrive whole, in memory that fits them, with headroom', () => {
  for (const length of [1, 40, 95, 96, 1500, 9000, 10_112, 10_113, 40_000, 65_535]) {
    const bytes = incoming(length)
    calls.incoming.push(bytes)
    expect(reader.readBurst(8)).toBe(1)
    const packet = received.at(-1) as Packet
    expect(packet.length).toBe(length)
    expect(packet.toBytes().every((byte, i) => byte === bytes[10 + i])).toBe(true)
    expect(packet.headroom).toBeGreaterThanOrEqual(128)
    expect(packet.bytes.length).toBeLessThanOrEqual(Math.max(512, 8 * length))
  }
  expect(statistics).toMatchObject({ rxPackets: 10, rxErrors: 0 })
})

test('what the event loop read is delivered as well', () => {
  const bytes = incoming(300)
  bytes.set([1, 0, 0, 0, 0, 0, 20, 0, 6, 0])
  reader.deliverFrom(bytes, new DataView(bytes.buffer), bytes.length)
  const packet = received[0] as Packet
  expect(packet.toBytes()).toEqual(bytes.subarray(10))
  expect(packet).toMatchObject({ checksum: CHECKSUM_PARTIAL, checksumStart: packet.start + 20, checksumOffset: 6 })
})

test('a burst ends at its limit, or when nothing is left', () => {
  for (let i = 0; i < 10; i++) calls.incoming.push(incoming(100))
  expect(reader.readBurst(6)).toBe(6)
  expect(reader.readBurst(6)).toBe(4)
  expect(reader.readBurst(6)).toBe(0)
})

test('what is cut off, too long or has a header that does not fit is counted and dropped', () => {
  calls.incoming.push(incoming(0), new Uint8Array(4), incoming(70_000), incoming(100))
  const wrong = incoming(30)
  wrong.set([1, 0, 0, 0, 0, 0, 20, 0, 16, 0])
  calls.incoming.push(wrong)
  expect(reader.readBurst(8)).toBe(5)
  expect(received.length).toBe(1)
  expect(statistics).toMatchObject({ rxPackets: 1, rxErrors: 4 })
})

test('after it was closed, in the midst of a burst too, nothing is read', () => {
  for (let i = 0; i < 3; i++) calls.incoming.push(incoming(100))
  const closing = new QueueReader(
    calls,
    3,
    {
      ...receiver,
      receive: (packet) => {
        received.push(packet)
        closing.close()
      },
    },
    statistics,
    { ethernet: false, offload: true },
  )
  expect(closing.readBurst(8)).toBe(1)
  expect(closing.readBurst(8)).toBe(0)
  expect(calls.incoming.length).toBe(2)
})
