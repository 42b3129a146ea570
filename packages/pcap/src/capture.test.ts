import { createVirtualClock } from '@jackfield/clock'
import type { LinkReceiver, LinkState } from '@jackfield/interfaces'
import { linkDeviceCompliance, linkDeviceQueueCompliance } from '@jackfield/interfaces/compliance'
import { CHECKSUM_PARTIAL, foldSum, type Packet, PacketPool, SEGMENT_UDP, sumBytes } from '@jackfield/packet'
import { describe, expect, test } from 'vitest'
import { capture } from './capture.js'
import { FakeDevice } from './fake-device.test-fixture.js'
import { DIRECTION_INBOUND, DIRECTION_OUTBOUND } from './format/pcapng.js'
import { LINKTYPE_ETHERNET, LINKTYPE_RAW } from './link-type.js'
import { createPcapBuffer } from './pcap-buffer.js'
import { PcapngWriter } from './pcapng-writer.js'
import { readCapture, readPackets } from './read-capture.js'

/** Keeps what it is told. */
class Receiver implements LinkReceiver {
  readonly pool: PacketPool = new PacketPool()
  readonly packets: Packet[] = []
  bursts = 0
  wakes = 0
  state: LinkState | null = null
  receive(packet: Packet): void {
    this.packets.push(packet)
  }
  burstEnd(): void {
    this.bursts++
  }
  writable(): void {
    this.wakes++
  }
  changed(state: LinkState): void {
    this.state = state
  }
  releaseAll(): void {
    for (const packet of this.packets.splice(0)) packet.release()
    expect(this.pool.outstanding).toBe(0)
  }
}

describe('a captured device is a device', () => {
  const create = () => {
    const device = new FakeDevice('ip')
    const captured = capture(device, createPcapBuffer().sink, { clock: device.clock })
    const { clock } = device
    return { a: captured, b: captured, loop: clock.loop, settle: () => void clock.runUntilIdle() }
  }
  const cases = [...linkDeviceCompliance(create), ...linkDeviceQueueCompliance(create)]
  test.each(cases.map(({ name, run }) => [name, run] as const))('%s', async (_, run) => {
    await run()
  })
})

test('both ways are written, with directions, times and the interface', () => {
  const clock = createVirtualClock({ epoch: 1_700_000_000_000_000 })
  const device = new FakeDevice('ethernet', clock)
  const file = createPcapBuffer()
  const captured = capture(device, file.sink, { clock, comment: 'the one' })
  const receiver = new Receiver()
  captured.open(receiver)
  captured.transmit(receiver.pool.copyOf(Uint8Array.of(1, 2, 3)))
  captured.flush()
  clock.runUntilIdle()
  const stamped = receiver.pool.copyOf(Uint8Array.of(4))
  stamped.timestamp = 1_600_000_000_000_000 + 0.25
  device.receiver?.receive(stamped)
  device.receiver?.changed({ carrier: false, mtu: 1400 })
  expect([device.flushes, receiver.bursts, receiver.packets.length, receiver.state?.mtu]).toEqual([1, 1, 2, 1400])
  // A forwarded packet still has its receive time: not the one at which it leaves.
  const forwarded = receiver.pool.copyOf(Uint8Array.of(5))
  forwarded.timestamp = 5
  captured.transmit(forwarded)
  void captured.close()

  const records = [...readCapture(file.toBytes())]
  expect(records.map((record) => record.kind)).toEqual([
    'section',
    'interface',
    'packet',
    'packet',
    'packet',
    'packet',
    'statistics',
  ])
  expect(records[1]).toMatchObject({
    interface: { name: 'fake0', linkType: LINKTYPE_ETHERNET, snapLength: 0, comments: ['the one'] },
  })
  expect(readPackets(file.toBytes()).map((p) => [p.direction, p.seconds, p.nanoseconds, [...p.bytes]])).toEqual([
    [DIRECTION_OUTBOUND, 1_700_000_000, 0, [1, 2, 3]],
    [DIRECTION_INBOUND, 1_700_000_000, 0, [1, 2, 3]],
    [DIRECTION_INBOUND, 1_600_000_000, 250, [4]],
    [DIRECTION_OUTBOUND, 1_700_000_000, 0, [5]],
  ])
  expect(records[6]).toMatchObject({ received: 3, dropped: 0, accepted: 4, timestamp: 1_700_000_000_000_000 })
  receiver.releaseAll()
})

test('a partial checksum is finished in the file and stays partial in the packet', () => {
  const device = new FakeDevice('ip')
  const file = createPcapBuffer()
  const captured = capture(device, file.sink, { clock: device.clock })
  const receiver = new Receiver()
  captured.open(receiver)
  const packet = receiver.pool.copyOf(Uint8Array.of(9, 9, 0x12, 0x34, 0, 0, 0xab, 0xcd, 1, 2, 3))
  packet.checksum = CHECKSUM_PARTIAL
  packet.checksumStart = packet.start + 4
  packet.checksumOffset = 2
  packet.segmentType = SEGMENT_UDP
  packet.segmentSize = 1
  captured.transmit(packet)
  device.clock.runUntilIdle()
  const [received] = receiver.packets
  expect(received?.checksum).toBe(CHECKSUM_PARTIAL)
  expect(received?.toBytes()).toEqual(Uint8Array.of(9, 9, 0x12, 0x34, 0, 0, 0xab, 0xcd, 1, 2, 3))
  void captured.close()
  for (const { bytes } of readPackets(file.toBytes())) {
    expect([...bytes.subarray(0, 6), ...bytes.subarray(8)]).toEqual([9, 9, 0x12, 0x34, 0, 0, 1, 2, 3])
    // The field and what it covers now sum to the pseudo-header's share.
    const view = new DataView(bytes.slice().buffer)
    const written = view.getUint16(6)
    view.setUint16(6, 0xabcd)
    expect(~foldSum(sumBytes(view, 4, 11)) & 0xffff).toBe(written)
  }
  receiver.releaseAll()
})

test('a checksum field past the snap length, or outside of the packet, is let be', () => {
  const device = new FakeDevice('ip')
  const file = createPcapBuffer()
  const captured = capture(device, file.sink, { clock: device.clock, snapLength: 3 })
  const receiver = new Receiver()
  captured.open(receiver)
  for (const offset of [2, 40]) {
    const packet = receiver.pool.copyOf(Uint8Array.of(1, 2, 3, 4, 5, 6))
    packet.checksum = CHECKSUM_PARTIAL
    packet.checksumStart = packet.start
    packet.checksumOffset = offset
    captured.transmit(packet)
  }
  device.clock.runUntilIdle()
  void captured.close()
  for (const { bytes, originalLength } of readPackets(file.toBytes())) {
    expect([[...bytes], originalLength]).toEqual([[1, 2, 3], 6])
  }
  receiver.releaseAll()
})

test('a filter chooses, and drops are told', () => {
  const device = new FakeDevice('ip')
  const file = createPcapBuffer()
  const captured = capture(device, file.sink, {
    clock: device.clock,
    filter: (packet, direction) => direction === DIRECTION_OUTBOUND && packet.length === 2,
  })
  const receiver = new Receiver()
  captured.open(receiver)
  for (let i = 0; i < 103; i++) expect(captured.transmit(filled(receiver.pool, 1))).toBe(i < 100)
  device.clock.runUntilIdle()
  expect(receiver.wakes).toBe(1)
  captured.transmit(filled(receiver.pool, 2))
  captured.transmit(filled(receiver.pool, 2))
  device.clock.runUntilIdle()
  void captured.close()
  expect(readPackets(file.toBytes()).map((p) => [p.bytes.length, p.dropCount])).toEqual([
    [2, 3],
    [2, 0],
  ])
  expect([...readCapture(file.toBytes())].at(-1)).toMatchObject({ received: 204, dropped: 3, accepted: 2 })
  receiver.releaseAll()
})

test('devices share a writer, and go on when it has ended', () => {
  const clock = createVirtualClock()
  const file = createPcapBuffer()
  const writer = new PcapngWriter(file.sink)
  const [one, two, late] = [new FakeDevice('ip', clock), new FakeDevice('ethernet', clock), new FakeDevice('ip', clock)]
  const receiver = new Receiver()
  const devices = [one, two, late].map((device, i) => capture(device, writer, { clock, name: `if${i}` }))
  devices[0]?.open(receiver)
  devices[1]?.open(receiver)
  devices[1]?.transmit(filled(receiver.pool, 20))
  devices[0]?.transmit(filled(receiver.pool, 30))
  clock.runUntilIdle()
  void devices[0]?.close()
  writer.close()
  devices[2]?.open(receiver)
  devices[1]?.transmit(filled(receiver.pool, 40))
  devices[2]?.transmit(filled(receiver.pool, 50))
  clock.runUntilIdle()
  expect(receiver.packets.map((packet) => packet.length)).toEqual([20, 30, 40, 50])
  for (const device of devices) void device.close()
  const records = [...readCapture(file.toBytes())]
  expect(records.flatMap((r) => (r.kind === 'packet' ? [[r.interface.name, r.bytes.length]] : []))).toEqual([
    ['if1', 20],
    ['if0', 30],
    ['if1', 20],
    ['if0', 30],
  ])
  expect(records.flatMap((r) => (r.kind === 'interface' ? [r.interface.linkType] : []))).toEqual([
    LINKTYPE_RAW,
    LINKTYPE_ETHERNET,
  ])
  expect(records.filter((r) => r.kind === 'statistics').length).toBe(2)
  // The two that came after the end.
  expect(writer.dropped).toBe(2)
  receiver.releaseAll()
})

test('a sink that fails ends the capture, not the traffic; close tells', () => {
  const device = new FakeDevice('ip')
  const captured = capture(
    device,
    () => {
      throw new Error('disk full')
    },
    { clock: device.clock },
  )
  const receiver = new Receiver()
  captured.open(receiver)
  for (let i = 0; i < 90; i++) captured.transmit(filled(receiver.pool, 1000))
  device.clock.runUntilIdle()
  expect(receiver.packets.length).toBe(90)
  expect(() => captured.close()).toThrow('disk full')
  receiver.releaseAll()
})

function filled(pool: PacketPool, length: number): Packet {
  return pool.copyOf(new Uint8Array(length).fill(0x45))
}
