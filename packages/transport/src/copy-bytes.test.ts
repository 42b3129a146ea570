import { PacketPool } from '@jackfield/packet'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { copyFromPacket, copyToPacket } from './copy-bytes.js'

test('into a packet and out again gives the same bytes, and touches no others', () => {
  const pool = new PacketPool()
  const parts = fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.nat(300), fc.nat(300), fc.nat(9))
  fc.assert(
    fc.property(parts, ([source, a, b, at]) => {
      const from = Math.min(a, source.length)
      const length = Math.min(b, source.length - from)
      const packet = pool.allocate(length + 4)
      packet.bytes.fill(0xee)
      copyToPacket(source, from, length, packet, packet.start + 2)
      expect(packet.bytes[packet.start + 1]).toBe(0xee)
      expect(packet.bytes[packet.start + 2 + length]).toBe(0xee)
      const target = new Uint8Array(at + length + 1).fill(0xdd)
      copyFromPacket(packet, packet.start + 2, length, target, at)
      expect(target.slice(at, at + length)).toEqual(source.slice(from, from + length))
      expect(target.slice(0, at).every((byte) => byte === 0xdd)).toBe(true)
      expect(target[at + length]).toBe(0xdd)
      packet.release()
    }),
  )
  expect(pool.outstanding).toBe(0)
})
