import { CHECKSUM_NONE, CHECKSUM_PARTIAL, CHECKSUM_VERIFIED, SEGMENT_NONE } from '@jackfield/packet'
import { SendAccount } from '@jackfield/transport'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FLAG_ACK, FLAG_AE, FLAG_CWR, FLAG_ECE, FLAG_FIN, FLAG_PSH } from '../wire/segment.js'
import { OffloadBench } from './offload.test-bench.js'

const benches = [new OffloadBench(4), new OffloadBench(6)]

function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 7 + (i >> 8))
}

const fields = fc.record({
  sourcePort: fc.nat(0xffff),
  destinationPort: fc.nat(0xffff),
  sequence: fc.oneof(fc.nat(0xffff_ffff), fc.integer({ min: 0xffff_f000, max: 0xffff_ffff })),
  acknowledgment: fc.nat(0xffff_ffff),
  flags: fc
    .subarray([FLAG_FIN, FLAG_PSH, FLAG_CWR, FLAG_ECE, FLAG_AE])
    .map((flags) => flags.reduce((a, b) => a | b, FLAG_ACK)),
  window: fc.nat(0xffff),
})
const timestamp = [{ name: 'nop' }, { name: 'nop' }, { name: 'timestamp', value: 5, echo: 6 }] as const

test('the segments have the bytes once, in order, with good checksums, and merging them gives the packet back', () => {
  const size = fc.oneof(fc.integer({ min: 40, max: 1500 }), fc.integer({ min: 1, max: 200 }))
  fc.assert(
    fc.property(
      fc.constantFrom(...benches),
      fields,
      fc.boolean(),
      size,
      fc.oneof(fc.nat(4000), fc.nat(300)),
      fc.boolean(),
      (bench, given, stamped, mss, length, complete) => {
        const whole = { ...given, urgentPointer: 0, options: stamped ? [...timestamp] : [], payload: counting(length) }
        const segments = bench.cut(bench.large(whole, mss), mss)
        const count = Math.max(1, Math.ceil(length / mss))
        expect(segments.length).toBe(count)
        for (const [i, segment] of segments.entries()) {
          expect(segment.segmentType).toBe(SEGMENT_NONE)
          expect([segment.segmentCount, segment.checksum]).toEqual([0, CHECKSUM_PARTIAL])
          expect(segment.networkHeader).toBe(segment.start)
          const copy = segment.share()
          let flags = given.flags
          if (i > 0) flags &= ~FLAG_CWR
          if (i < count - 1) flags &= ~(FLAG_FIN | FLAG_PSH)
          expect(bench.read(copy)).toEqual({
            ...whole,
            sequence: (given.sequence + i * mss) % 2 ** 32,
            flags,
            payload: whole.payload.slice(i * mss, (i + 1) * mss),
          })
        }
        const packets = complete
          ? segments.map((segment) => {
              const one = bench.packetOf(segment.bytes.slice(segment.transportHeader, segment.end))
              segment.release()
              return one
            })
          : segments
        const [head, ...others] = packets
        if (head === undefined) throw new Error('no segment')
        for (const each of others) {
          expect(bench.offload.sameFlow(head, each)).toBe(true)
          expect(bench.offload.merge(head, each)).toBe(true)
        }
        if (count > 1) expect([head.segmentSize, head.segmentCount]).toEqual([mss, count])
        expect(bench.read(head)).toEqual(whole)
        expect(bench.host.packets.outstanding).toBe(0)
      },
    ),
    { numRuns: 60 },
  )
})

test('a packet that came from a device is cut without its transport header being known', () => {
  const whole = { flags: FLAG_ACK, payload: counting(250) }
  for (const bench of benches) {
    for (const state of [CHECKSUM_PARTIAL, CHECKSUM_VERIFIED, CHECKSUM_NONE]) {
      const packet = bench.large(whole, 100)
      packet.checksum = state
      packet.transportHeader = -1
      const segments = bench.cut(packet, 100)
      // Whatever the large one had, these have checksums that can be finished.
      expect(segments.map((segment) => bench.read(segment).payload.length)).toEqual([100, 100, 50])
    }
    expect(bench.host.packets.outstanding).toBe(0)
  }
})

test('segments are charged to the sender until they have left', () => {
  const bench = new OffloadBench()
  const account = new SendAccount(100_000, null)
  const packet = bench.large({ payload: counting(3000) }, 1000)
  account.charge(packet)
  const segments = bench.cut(packet, 1000)
  expect(account.used).toBe(3 * (2048 + 256))
  for (const segment of segments) segment.release()
  expect(account.used).toBe(0)
})

test('what cannot be cut is dropped and counted', () => {
  const bench = new OffloadBench()
  const { offload } = bench
  const cut = (change: (packet: ReturnType<OffloadBench['large']>) => void, size = 100): void => {
    const packet = bench.large({ payload: counting(300) }, 100)
    change(packet)
    expect(bench.cut(packet, size)).toEqual([])
  }
  cut(() => {}, 0)
  cut(() => {}, Number.NaN)
  cut((packet) => packet.view.setUint8(packet.transportHeader + 12, 0x40))
  cut((packet) => {
    packet.end = packet.transportHeader + 19
  })
  cut((packet) => {
    packet.checksumOffset = 6
  })
  cut((packet) => {
    packet.checksumStart = packet.start - 1
  })
  cut((packet) => {
    packet.checksum = CHECKSUM_NONE
    packet.etherType = 0x1234
  })
  expect(offload.uncuttable).toBe(7)
  expect(bench.host.packets.outstanding).toBe(0)
})
