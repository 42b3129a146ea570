import { type Packet, PacketPool } from '@jackfield/packet'
import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { flowHash, readTransportOffset, readVersion } from './frame-offsets.js'

const pool = new PacketPool()
afterEach(() => expect(pool.outstanding).toBe(0))

function udp4(source: number, port: number, fragment = 0): Packet {
  const packet = pool.allocate(28)
  packet.bytes.fill(0, packet.start, packet.end)
  packet.view.setUint8(packet.start, 0x45)
  packet.view.setUint16(packet.start + 6, fragment)
  packet.view.setUint8(packet.start + 9, 17)
  packet.view.setUint32(packet.start + 12, source)
  packet.view.setUint16(packet.start + 20, port)
  return packet
}

function hashOf(packet: Packet): number {
  const hash = flowHash(packet, false)
  packet.release()
  return hash
}

test('packets of one flow have one hash, those of others spread over the queues', () => {
  expect(hashOf(udp4(1, 5000))).toBe(hashOf(udp4(1, 5000)))
  const used = new Set<number>()
  for (let port = 5000; port < 5040; port++) used.add(hashOf(udp4(1, port)) % 4)
  expect(used.size).toBe(4)
})

test('fragments of one sender stay together, first and later ones', () => {
  expect(hashOf(udp4(1, 5000, 0x2000))).toBe(hashOf(udp4(1, 77, 0x0100)))
})

test('a VLAN tag is stepped over', () => {
  const packet = pool.allocate(18 + 40)
  packet.bytes.fill(0, packet.start, packet.end)
  packet.view.setUint16(packet.start + 12, 0x8100)
  packet.view.setUint8(packet.start + 18, 0x60)
  expect(readVersion(packet, true)).toBe(6)
  packet.release()
})

test('no frame throws, and an offset that is found leaves room for the ports', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.boolean(), (bytes, ethernet) => {
      const packet = pool.copyOf(bytes)
      const hash = flowHash(packet, ethernet)
      expect(hash).toBe(hash >>> 0)
      const transport = readTransportOffset(packet, ethernet)
      if (transport >= 0) {
        expect(transport).toBeGreaterThan(packet.start)
        expect(transport + 8).toBeLessThanOrEqual(packet.end)
      }
      packet.release()
    }),
    { numRuns: 2000 },
  )
})
