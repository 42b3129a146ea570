import { IpAddress } from '@jackfield/addr'
import { checksum } from '@jackfield/packet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lowerTtl } from '../forward.js'
import * as wire from './header.js'

const fields = fc.record({
  tos: fc.nat(255),
  identification: fc.nat(0xffff),
  reserved: fc.boolean(),
  dontFragment: fc.boolean(),
  moreFragments: fc.boolean(),
  fragmentOffset: fc.nat(8191).map((units) => units * 8),
  ttl: fc.nat(255),
  protocol: fc.nat(255),
  source: fc.integer().map((word) => IpAddress.v4(word)),
  destination: fc.integer().map((word) => IpAddress.v4(word)),
  options: fc.nat(10).chain((words) => fc.uint8Array({ minLength: words * 4, maxLength: words * 4 })),
})

function headerOf(record: Partial<wire.Ipv4Header>, payload: number): wire.Ipv4Header {
  const header = Object.assign(new wire.Ipv4Header(), record)
  header.headerLength = 20 + header.options.length
  header.totalLength = header.headerLength + payload
  return header
}

function parse(bytes: Uint8Array, start = 0): [number, wire.Ipv4Header] {
  const header = new wire.Ipv4Header()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return [wire.parseIpv4Header(view, start, bytes.length, header), header]
}

describe('the IPv4 header', () => {
  it('parse(format(header)) = header, at any offset', () => {
    fc.assert(
      fc.property(fields, fc.nat(100), fc.nat(7), (record, payload, start) => {
        const header = headerOf(record, payload)
        const bytes = new Uint8Array(start + header.totalLength)
        expect(wire.formatIpv4Header(new DataView(bytes.buffer), start, header)).toBe(header.headerLength)
        const [fault, again] = parse(bytes, start)
        expect(fault).toBe(wire.HEADER_OK)
        expect({ ...again, checksum: 0 }).toEqual({ ...header, checksum: 0 })
      }),
    )
  })

  it('the plain header written by words = the header written by fields', () => {
    fc.assert(
      fc.property(fields, fc.nat(100), (record, payload) => {
        const header = headerOf({ ...record, options: new Uint8Array(0) }, payload)
        const slow = new DataView(new ArrayBuffer(header.totalLength))
        const fast = new DataView(new ArrayBuffer(header.totalLength))
        wire.formatIpv4Header(slow, 0, header)
        const { tos, totalLength, identification, ttl, protocol, source, destination } = header
        const fragment = slow.getUint16(wire.IPV4_FRAGMENT)
        wire.writePlainHeader(
          fast,
          0,
          tos,
          totalLength,
          identification,
          fragment,
          ttl,
          protocol,
          source.w3,
          destination.w3,
        )
        expect(new Uint8Array(fast.buffer)).toEqual(new Uint8Array(slow.buffer))
      }),
    )
  })

  it('a header with one bit changed is never taken for good, unless the bit is beyond it', () => {
    fc.assert(
      fc.property(fields, fc.nat(479), (record, bit) => {
        const header = headerOf(record, 0)
        const bytes = new Uint8Array(header.totalLength)
        wire.formatIpv4Header(new DataView(bytes.buffer), 0, header)
        const at = bit >>> 3
        if (at >= bytes.length) return
        bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7))
        expect(parse(bytes)[0]).not.toBe(wire.HEADER_OK)
      }),
    )
  })

  it('random bytes never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(parse(bytes)[0]).toBeGreaterThanOrEqual(0)
      }),
    )
  })

  it('the checksum repaired for a lower TTL = the checksum computed anew', () => {
    fc.assert(
      fc.property(fields, fc.integer({ min: 1, max: 255 }), (record, ttl) => {
        const header = headerOf({ ...record, ttl }, 0)
        const view = new DataView(new ArrayBuffer(header.totalLength))
        wire.formatIpv4Header(view, 0, header)
        lowerTtl(view, 0)
        expect(view.getUint8(wire.IPV4_TTL)).toBe(ttl - 1)
        expect(checksum(view, 0, header.headerLength)).toBe(0)
      }),
    )
  })

  it.each([
    ['shorter than 20 bytes', (b: Uint8Array) => b.slice(0, 19), wire.HEADER_SHORT],
    ['version 6', (b: Uint8Array) => change(b, 0, 0x65), wire.HEADER_BAD_VERSION],
    ['IHL 4', (b: Uint8Array) => change(b, 0, 0x44), wire.HEADER_BAD_IHL],
    ['IHL beyond the packet', (b: Uint8Array) => change(b, 0, 0x4f), wire.HEADER_SHORT],
    ['a wrong checksum', (b: Uint8Array) => change(b, 8, 3), wire.HEADER_BAD_CHECKSUM],
    ['more length than there is', (b: Uint8Array) => b.slice(0, 25), wire.HEADER_TRUNCATED],
  ])('%s is told', (_name, spoil, fault) => {
    const header = headerOf({}, 8)
    const bytes = new Uint8Array(header.totalLength)
    wire.formatIpv4Header(new DataView(bytes.buffer), 0, header)
    expect(parse(spoil(bytes))[0]).toBe(fault)
  })

  it('a total length below the header is told', () => {
    const bytes = new Uint8Array(28)
    const view = new DataView(bytes.buffer)
    wire.writePlainHeader(view, 0, 0, 12, 0, 0, 64, 17, 1, 2)
    expect(parse(bytes)[0]).toBe(wire.HEADER_BAD_LENGTH)
  })

  it('refuses to write what does not fit', () => {
    const view = new DataView(new ArrayBuffer(64))
    const write = (record: Partial<wire.Ipv4Header>) => () => wire.formatIpv4Header(view, 0, headerOf(record, 0))
    expect(write({ ttl: 256 })).toThrow('TTL is an integer from 0 to 255')
    expect(write({ fragmentOffset: 4 })).toThrow('multiple of 8')
    expect(write({ options: new Uint8Array(3) })).toThrow('multiple of 4')
    expect(write({ options: new Uint8Array(44) })).toThrow('0 to 40 bytes')
  })
})

function change(bytes: Uint8Array, at: number, value: number): Uint8Array {
  bytes[at] = value
  return bytes
}
