import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Eui64 } from './eui64.js'
import { IpAddress } from './ip-address.js'
import { MAC_BROADCAST, MAC_ZERO, MacAddress } from './mac-address.js'

const octets = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: 0, max: 255 }), { minLength: length, maxLength: length })

/** All spellings of a list of octets. */
function spellings(values: number[]): string[] {
  const pairs = values.map((value) => value.toString(16).padStart(2, '0'))
  const plain = pairs.join('')
  const forms = [pairs.join(':'), pairs.join('-'), (plain.match(/.{4}/g) ?? []).join('.'), plain]
  return [...forms, ...forms.map((form) => form.toUpperCase())]
}

describe('EUI-48', () => {
  test('every spelling of an address parses to it, and parse(format(a)) = a', () => {
    fc.assert(
      fc.property(octets(6), (values) => {
        const address = MacAddress.fromBytes(Uint8Array.from(values))
        expect([...address.toBytes()]).toEqual(values)
        for (const text of spellings(values)) expect(MacAddress.parse(text).equals(address)).toBe(true)
        expect(MacAddress.parse(address.toString()).equals(address)).toBe(true)
        expect(address.toString()).toBe(spellings(values)[0])
        const view = new DataView(new ArrayBuffer(8))
        address.writeTo(view, 1)
        expect(MacAddress.read(view, 1).equals(address)).toBe(true)
        expect([view.getUint8(0), view.getUint8(7)]).toEqual([0, 0])
      }),
    )
  })

  test.each([
    '',
    '02:00:5e:10:00',
    '02:00:5e:10:00:01:02',
    '2:0:5e:10:0:1',
    '02:00:5e-10:00:01',
    '02:00:5e:10:00:0g',
    '0200:5e10:0001',
    '0200.5e10.00010',
    '0200.5e10-0001',
    '02005e10000',
    '02005e1000011',
    ' 2005e100001',
    '02.00.5e.10.00.01',
    '02:00:5e:10:00:01 ',
  ])('refuses %j', (text) => {
    expect(MacAddress.tryParse(text)).toBeNull()
    expect(() => MacAddress.parse(text)).toThrow(/six octets/)
  })

  test('random strings never crash tryParse', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 24 }), (text) => MacAddress.tryParse(text) !== undefined),
    )
    expect(() => MacAddress.parse(undefined as unknown as string)).toThrow('parsed from a string')
    expect(() => MacAddress.fromBytes(new Uint8Array(6), 1)).toThrow(RangeError)
  })

  test('its bits', () => {
    expect(MAC_BROADCAST.toString()).toBe('ff:ff:ff:ff:ff:ff')
    expect(MAC_BROADCAST.isBroadcast && MAC_BROADCAST.isMulticast).toBe(true)
    expect(MAC_ZERO.isZero && !MAC_ZERO.isMulticast && !MAC_ZERO.isLocal).toBe(true)
    const local = MacAddress.parse('02:00:5e:10:00:01')
    expect(local.isLocal && !local.isMulticast && !local.isBroadcast && !local.isZero).toBe(true)
    expect(MacAddress.parse('01:00:5e:00:00:01').isMulticast).toBe(true)
    expect(MacAddress.parse('00:1b:21:00:00:01').isLocal).toBe(false)
  })

  test.each([
    ['224.0.0.1', '01:00:5e:00:00:01'],
    ['239.255.255.250', '01:00:5e:7f:ff:fa'],
    ['224.128.0.1', '01:00:5e:00:00:01'],
    ['ff02::1', '33:33:00:00:00:01'],
    ['ff02::1:ff12:3456', '33:33:ff:12:34:56'],
  ])('the group %s is sent to %s', (group, mac) => {
    expect(MacAddress.forGroup(IpAddress.parse(group)).toString()).toBe(mac)
  })

  test('only groups have a group address', () => {
    expect(() => MacAddress.forGroup(IpAddress.parse('10.0.0.1'))).toThrow('not a multicast group')
  })
})

describe('EUI-64', () => {
  test('every spelling parses to it, and parse(format(a)) = a', () => {
    fc.assert(
      fc.property(octets(8), (values) => {
        const texts = spellings(values)
        const value = Eui64.parse(texts[0] as string)
        expect(value.toString()).toBe(texts[0])
        for (const text of texts) expect(Eui64.parse(text).equals(value)).toBe(true)
      }),
    )
  })

  test('an EUI-48 is not an EUI-64, nor anything else', () => {
    for (const text of ['', '02:00:5e:10:00:01', '02:00:5e:ff:fe:10:00:0x', '0200.5eff.fe10.0001.']) {
      expect(Eui64.tryParse(text)).toBeNull()
      expect(() => Eui64.parse(text)).toThrow(/eight octets/)
    }
    expect(() => Eui64.parse(0 as unknown as string)).toThrow('parsed from a string')
  })

  // RFC 4291 appendix A, and its example of a local address in 2.5.1.
  test('an interface identifier is the modified EUI-64 of the MAC address', () => {
    const mac = MacAddress.parse('34:56:78:9a:bc:de')
    expect(Eui64.fromMac(mac).toString()).toBe('34:56:78:ff:fe:9a:bc:de')
    const id = Eui64.fromMac(mac).modified
    expect(id.toString()).toBe('36:56:78:ff:fe:9a:bc:de')
    expect(id.modified.equals(Eui64.fromMac(mac))).toBe(true)
    expect(IpAddress.v6(0xfe800000, 0, id.high, id.low).toString()).toBe('fe80::3656:78ff:fe9a:bcde')
  })
})
