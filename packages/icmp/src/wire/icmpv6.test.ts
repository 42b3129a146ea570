import { IpAddress } from '@jackfield/addr'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Icmpv6Message, icmpv6QuoteEnd, parseIcmpv6, verifyIcmpv6, writeIcmpv6 } from './icmpv6.js'
import { icmpv6CodeName, icmpv6TypeName } from './icmpv6-names.js'

const [from, to] = [IpAddress.parse('2001:db8::1'), IpAddress.parse('fe80::2')]

test('what was written is read the same, and its checksum is right', () => {
  const field = fc.nat(255)
  fc.assert(
    fc.property(field, field, fc.nat(0xffff_ffff), fc.uint8Array({ maxLength: 200 }), (type, code, rest, body) => {
      const bytes = new Uint8Array(8 + body.length)
      bytes.set(body, 8)
      const view = new DataView(bytes.buffer)
      writeIcmpv6(view, 0, bytes.length, type, code, rest, from, to)
      expect(verifyIcmpv6(view, 0, bytes.length, from, to)).toBe(true)
      const message = new Icmpv6Message()
      expect(parseIcmpv6(view, 0, bytes.length, message)).toBe(true)
      expect([message.type, message.code, message.dataStart]).toEqual([type, code, 8])
      if (type === 2) expect(message.mtu).toBe(rest)
      if (type === 4) expect(message.pointer).toBe(rest)
      if (type === 128 || type === 129)
        expect([message.identifier, message.sequence]).toEqual([rest >>> 16, rest & 0xffff])
      expect(message.quoteEnd).toBeLessThanOrEqual(bytes.length)
    }),
  )
})

test('short messages are refused', () => {
  expect(parseIcmpv6(new DataView(new ArrayBuffer(8)), 0, 7, new Icmpv6Message())).toBe(false)
  expect(parseIcmpv6(new DataView(new ArrayBuffer(8)), 0, 9, new Icmpv6Message())).toBe(false)
})

test('extensions begin where the length says (RFC 4884 5.3, units of 8 bytes)', () => {
  const view = new DataView(new ArrayBuffer(200))
  view.setUint8(0, 1)
  view.setUint8(4, 16)
  expect(icmpv6QuoteEnd(view, 0, 200)).toBe(8 + 128)
  view.setUint8(4, 15)
  expect(icmpv6QuoteEnd(view, 0, 200)).toBe(200)
  view.setUint8(0, 2)
  view.setUint8(4, 16)
  expect(icmpv6QuoteEnd(view, 0, 200)).toBe(200)
})

test('types and codes have names', () => {
  expect([icmpv6TypeName(135), icmpv6TypeName(77)]).toEqual(['neighbor solicitation', 'type 77'])
  expect([icmpv6CodeName(1, 4), icmpv6CodeName(1, 77), icmpv6CodeName(128, 0)]).toEqual([
    'port unreachable',
    'code 77',
    null,
  ])
})
