import { IpAddress } from '@jackfield/addr'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodePacket } from './wire/decode.js'
import { encodePacket } from './wire/encode.js'
import type { WirePacket } from './wire/packet.js'
import { readTcpOptions, tcpOptionsLength, writeTcpOptions } from './wire/tcp-options.js'

const u8 = fc.nat(0xff)
const u16 = fc.nat(0xffff)
const u32 = fc.nat(0xffff_ffff)

const body = fc.oneof(
  fc.record({
    protocol: fc.constant('tcp' as const),
    sourcePort: u16,
    destinationPort: u16,
    seq: u32,
    ack: u32,
    flags: fc.nat(0xfff),
    window: u16,
    urgent: u16,
    options: fc.constantFrom(
      [],
      [{ kind: 'mss' as const, value: 1460 }],
      [{ kind: 'sackOK' as const }, { kind: 'nop' as const }],
    ),
    length: fc.nat(1500),
  }),
  fc.record({ protocol: fc.constant('udp' as const), sourcePort: u16, destinationPort: u16, length: fc.nat(1500) }),
  fc.record({ protocol: fc.constant('icmp' as const), type: u8, code: u8, rest: u32, payload: fc.uint8Array() }),
)

const packet: fc.Arbitrary<WirePacket> = fc.boolean().chain((six) => {
  const address = six ? fc.tuple(u32, u32, u32, u32).map((words) => IpAddress.v6(...words)) : u32.map(IpAddress.v4)
  return fc.record({
    source: address,
    destination: address,
    tos: u8,
    ttl: u8,
    flowLabel: six ? fc.nat(0xf_ffff) : fc.constant(0),
    body,
  })
})

test('decode(encode(packet)) = packet', () => {
  fc.assert(
    fc.property(packet, (wire) => {
      const { packet: decoded, fault } = decodePacket(encodePacket(wire))
      expect(fault).toBe(null)
      expect(decoded?.body).toEqual(wire.body)
      expect(decoded?.source.equals(wire.source) && decoded.destination.equals(wire.destination)).toBe(true)
      expect([decoded?.tos, decoded?.ttl, decoded?.flowLabel]).toEqual([wire.tos, wire.ttl, wire.flowLabel])
    }),
  )
})

test('a bit that is wrong anywhere under a checksum is found', () => {
  fc.assert(
    fc.property(packet, fc.nat(), (wire, position) => {
      const bytes = encodePacket(wire)
      const header = wire.source.version === 4 ? 0 : 40
      const bit = position % ((bytes.length - header) * 8)
      const at = header + (bit >> 3)
      bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7))
      const { packet: decoded, fault } = decodePacket(bytes)
      // A UDP checksum of zero says that there is none.
      const none = wire.source.version === 4 && wire.body.protocol === 'udp' && bytes[26] === 0 && bytes[27] === 0
      expect(decoded === null ? fault !== null : none).toBe(true)
    }),
  )
})

test('no bytes make the decoder throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.constantFrom(4, 6), (bytes, version) => {
      if (bytes.length > 0) bytes[0] = (version << 4) | 5
      const { packet: decoded, fault } = decodePacket(bytes)
      expect((decoded === null) !== (fault === null)).toBe(true)
    }),
  )
})

test('no bytes make the reader of TCP options throw, and what it reads it writes the same', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const options = readTcpOptions(bytes)
      if (options.some((option) => option.kind === 'unknown')) return
      const length = tcpOptionsLength(options)
      expect(length).toBeLessThanOrEqual(bytes.length)
      const written = new Uint8Array((length + 3) & ~3)
      writeTcpOptions(new DataView(written.buffer), 0, options)
      expect(written.slice(0, length)).toEqual(bytes.slice(0, length))
    }),
  )
})
