import { IpAddress } from '@jackfield/addr'
import { NetworkHeader } from '@jackfield/interfaces'
import { CHECKSUM_PARTIAL, CHECKSUM_VERIFIED, completeChecksum, foldSum, PacketPool, sumBytes } from '@jackfield/packet'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pseudoHeaderSum, setPartialChecksum, verifyChecksum } from './checksum.js'

const word = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff })
const v4 = word.map((value) => IpAddress.v4(value))
const v6 = fc.tuple(word, word, word, word).map((words) => IpAddress.v6(...words))

/** The pseudo-header as its RFC draws it, in bytes. */
function pseudoHeader(source: IpAddress, destination: IpAddress, protocol: number, length: number): Uint8Array {
  const tail =
    source.version === 4
      ? [0, protocol, length >>> 8, length & 255]
      : [length >>> 24, (length >>> 16) & 255, (length >>> 8) & 255, length & 255, 0, 0, 0, protocol]
  return Uint8Array.of(...source.toBytes(), ...destination.toBytes(), ...tail)
}

test('the sum over the words is the sum over the pseudo-header of either version', () => {
  const pair = fc.oneof(fc.tuple(v4, v4), fc.tuple(v6, v6))
  fc.assert(
    fc.property(
      pair,
      fc.integer({ min: 1, max: 255 }),
      fc.integer({ min: 8, max: 0xffff }),
      (pair, protocol, length) => {
        const bytes = pseudoHeader(pair[0], pair[1], protocol, length)
        const expected = foldSum(sumBytes(new DataView(bytes.buffer), 0, bytes.length))
        expect(foldSum(pseudoHeaderSum(pair[0], pair[1], protocol, length))).toBe(expected)
      },
    ),
  )
})

test('what was left partial and then completed verifies, and a changed bit does not', () => {
  const pool = new PacketPool()
  fc.assert(
    fc.property(v4, v4, fc.uint8Array({ minLength: 8, maxLength: 60 }), fc.nat(), (source, destination, bytes, bit) => {
      const packet = pool.copyOf(bytes)
      const header = new NetworkHeader()
      Object.assign(header, { source, destination })
      setPartialChecksum(packet, 6, pseudoHeaderSum(source, destination, 17, bytes.length))
      expect(packet.checksum).toBe(CHECKSUM_PARTIAL)
      expect(verifyChecksum(packet, header, 17)).toBe(true)
      completeChecksum(packet)
      expect(verifyChecksum(packet, header, 17)).toBe(true)
      expect(packet.checksum).toBe(CHECKSUM_VERIFIED)
      packet.checksum = 0
      const at = packet.start + (bit % bytes.length)
      packet.bytes[at] = (packet.bytes[at] as number) ^ (1 << (bit % 8))
      expect(verifyChecksum(packet, header, 17)).toBe(false)
      packet.release()
    }),
  )
  expect(pool.outstanding).toBe(0)
})
