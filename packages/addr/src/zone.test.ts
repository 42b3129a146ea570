import fc from 'fast-check'
import { expect, test } from 'vitest'
import { IpAddress } from './ip-address.js'
import { ipv6 } from './ip-address.test-arbitraries.js'
import { formatZoned, parseZoned } from './zone.js'

test.each([
  ['fe80::1%eth0', 'fe80::1', 'eth0'],
  ['FE80::0:1%2', 'fe80::1', '2'],
  ['fe80::1%eth0.100', 'fe80::1', 'eth0.100'],
  ['fe80::1%25eth0', 'fe80::1', '25eth0'],
  ['fe80::1', 'fe80::1', ''],
  ['192.0.2.1', '192.0.2.1', ''],
])('%s is %s in zone %j', (text, address, zone) => {
  const zoned = parseZoned(text)
  expect([zoned.address.toString(), zoned.zone]).toEqual([address, zone])
})

test.each([
  ['fe80::1%25eth0', 'eth0'],
  ['fe80::1%25en1', 'en1'],
  ['fe80::a%25ee1', 'ee1'],
  ['fe80::1%25br%2D1', 'br-1'],
  ['fe80::1%25%C3%A9', 'é'],
  ['fe80::1', ''],
])('in a URI, %s has the zone %j', (text, zone) => {
  expect(parseZoned(text, { uri: true }).zone).toBe(zone)
})

test.each([
  'fe80::1%',
  'fe80::1%a b',
  'fe80::1%a%b',
  'fe80::1%a]',
  'fe80::1%[',
  'fe80::1%a/b',
  'fe80::1%\u0000',
  'fe80::1%\ud800',
])('%j has no valid zone', (text) => {
  expect(() => parseZoned(text)).toThrow(/no valid zone/)
})

test.each([
  'fe80::1%eth0',
  'fe80::1%25',
  'fe80::1%25a+b',
  'fe80::1%25a%2',
  'fe80::1%25%ff',
  'fe80::1%25%2F',
  'fe80::1%25é',
  'fe80::1%25a:b',
])('%j has no valid zone in a URI', (text) => {
  expect(() => parseZoned(text, { uri: true })).toThrow(/no valid zone/)
})

test('only IPv6 addresses have a zone', () => {
  expect(() => parseZoned('127.0.0.1%lo')).toThrow('only IPv6 addresses have a zone')
  expect(() => formatZoned(IpAddress.parse('127.0.0.1'), 'lo')).toThrow('only IPv6 addresses have a zone')
  expect(() => formatZoned(IpAddress.parse('fe80::1'), 'a b')).toThrow('not a zone')
  expect(() => parseZoned('fe80::g%eth0')).toThrow('hexadecimal digits only')
  expect(() => parseZoned(null as unknown as string)).toThrow('parsed from a string')
})

test('parseZoned(formatZoned(a, z)) = a, z, in plain text and in a URI', () => {
  const zone = fc
    .oneof(
      fc.string({ minLength: 1 }),
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.constantFrom("a!'()*", '0', '25'),
    )
    .filter((text) => !/[\s%/[\]\p{Cc}\p{Cs}]/u.test(text))
  fc.assert(
    fc.property(ipv6, fc.oneof(fc.constant(''), zone), fc.boolean(), (address, zone, uri) => {
      const text = formatZoned(address, zone, { uri })
      if (uri) expect(text).toMatch(/^[0-9a-f:.]+(%25[A-Za-z0-9%._~-]+)?$/)
      const back = parseZoned(text, { uri })
      expect(back.zone).toBe(zone)
      expect(back.address.equals(address)).toBe(true)
    }),
  )
})
