import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  createAddressSlot,
  IPV4_ANY,
  IPV4_BROADCAST,
  IPV4_LOOPBACK,
  IPV6_ANY,
  IPV6_LOOPBACK,
  IpAddress,
  setSlot,
  setSlotV4,
  setSlotV6,
} from './ip-address.js'
import { ip, ipv4, ipv6, nearlyAddress, spelledV6 } from './ip-address.test-arbitraries.js'

describe('parse', () => {
  test.each([
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['192.0.2.1', '192.0.2.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0000:0000:0000:0000:0000:0000:0000:0001', '::1'],
    ['2001:DB8::8:800:200C:417A', '2001:db8::8:800:200c:417a'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
    ['::1.2.3.4', '::102:304'],
    ['::13.1.68.3', '::d01:4403'],
    ['::FFFF:129.144.52.38', '::ffff:129.144.52.38'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5::1.2.3.4', '1:2:3:4:5:0:102:304'],
    ['::ffff:0:1.2.3.4', '::ffff:0:102:304'],
  ])('%s is %s', (text, canonical) => {
    expect(IpAddress.parse(text).toString()).toBe(canonical)
  })

  // RFC 5952 4.
  test.each([
    ['2001:0db8::0001', '2001:db8::1'],
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:DB8:AAAA:BBBB:CCCC:DDDD:EEEE:FFFF', '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff'],
    ['0:0:1:0:0:0:0:0', '0:0:1::'],
    ['0:0:0:1:0:0:0:1', '::1:0:0:0:1'],
    ['1:0:0:0:0:0:0:0', '1::'],
  ])('RFC 5952: %s is written %s', (text, canonical) => {
    expect(IpAddress.parse(text).toString()).toBe(canonical)
  })

  test.each([
    ['', /empty/],
    ['1', /four octets/],
    ['localhost', /four octets/],
    ['1.2.3', /four octets/],
    ['1.2.3.4.5', /four octets/],
    ['1.2.3.', /four octets/],
    ['.1.2.3', /four octets/],
    ['1..2.3', /four octets/],
    ['1.2.3.256', /0 to 255/],
    ['1.2.3.1000', /0 to 255/],
    ['1.2.3.04', /leading zeros/],
    ['010.0.0.1', /leading zeros/],
    ['00.0.0.0', /leading zeros/],
    ['1.2.3.x', /decimal digits/],
    ['1.2.3.4 ', /decimal digits/],
    [' 1.2.3.4', /decimal digits/],
    ['+1.2.3.4', /decimal digits/],
    ['0x7f.0.0.1', /decimal digits/],
    ['1.2.3.٤', /decimal digits/],
    ['1.2.3.4%eth0', /zone/],
    [':', /colon at either end/],
    [':::', /at least one digit/],
    [':1', /colon at either end/],
    ['1:', /colon at either end/],
    ['1:2:3:4:5:6:7', /eight groups/],
    ['1:2:3:4:5:6:7:8:9', /eight groups/],
    ['1:2:3:4:5:6:7:8:', /colon at either end/],
    ['1::2::3', /at most one "::"/],
    ['::1::', /at most one "::"/],
    ['1:2:3:4::5:6:7:8', /at least one group/],
    ['1:2:3:4:5:6:7:8::', /at least one group/],
    ['::1:2:3:4:5:6:7:8', /at least one group/],
    ['::1:2:3:4:5:6:1.2.3.4', /at least one group/],
    ['00000::1', /four hexadecimal digits/],
    ['1234567::1', /four hexadecimal digits/],
    ['::12345', /four hexadecimal digits/],
    ['::g', /hexadecimal digits only/],
    ['[::1]', /hexadecimal digits only/],
    ['::1 ', /hexadecimal digits only/],
    ['::1/64', /hexadecimal digits only/],
    ['fe80::1%eth0', /zone/],
    ['::1.2.3', /four octets/],
    ['::01.2.3.4', /leading zeros/],
    ['::256.2.3.4', /0 to 255/],
    ['1.2.3.4::', /decimal digits/],
    ['::1.2.3.4:5', /decimal digits/],
    ['1:2:3:4:5:1.2.3.4', /last two/],
    ['1:2:3:4:5:6:7:1.2.3.4', /last two/],
  ])('refuses %j and says why', (text, reason) => {
    expect(IpAddress.tryParse(text)).toBeNull()
    expect(() => IpAddress.parse(text)).toThrow(TypeError)
    expect(() => IpAddress.parse(text)).toThrow(reason)
  })

  test('refuses what is no string, and keeps its message short', () => {
    expect(() => IpAddress.parse(1 as unknown as string)).toThrow('parsed from a string, not from number')
    expect(() => IpAddress.parse('1'.repeat(100_000))).toThrow(/^.{1,300}$/)
  })

  test('parse(format(a)) = a', () => {
    fc.assert(fc.property(ip, (address) => IpAddress.parse(address.toString()).equals(address)))
  })

  test('every legal spelling of an IPv6 address parses to it', () => {
    fc.assert(
      fc.property(spelledV6, ({ address, text }) => IpAddress.parse(text).equals(address)),
      { numRuns: 2000 },
    )
  })

  test('the canonical text has no shorter zero run written out, and only lower case', () => {
    fc.assert(
      fc.property(ipv6, (address) => {
        const text = address.toString()
        expect(text).toBe(text.toLowerCase())
        expect(text).not.toMatch(/(^|:)0[0-9a-f]/)
        if (!text.includes('::')) expect(text).not.toMatch(/(^|:)0:0(:|$)/)
      }),
    )
  })

  test('no string makes tryParse throw, and what it accepts has a stable text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), nearlyAddress), (text) => {
        const address = IpAddress.tryParse(text)
        if (address !== null) expect(IpAddress.parse(address.toString()).equals(address)).toBe(true)
        else expect(() => IpAddress.parse(text)).toThrow(TypeError)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('bytes', () => {
  test('fromBytes(toBytes(a)) = a, at any offset, and the same through a DataView', () => {
    fc.assert(
      fc.property(ip, fc.integer({ min: 0, max: 7 }), (address, offset) => {
        const bytes = new Uint8Array(offset + address.byteLength)
        bytes.set(address.toBytes(), offset)
        expect(IpAddress.fromBytes(bytes, offset, address.version).equals(address)).toBe(true)
        const view = new DataView(bytes.buffer)
        const read = address.version === 4 ? IpAddress.readV4(view, offset) : IpAddress.readV6(view, offset)
        expect(read.equals(address)).toBe(true)
        view.setUint8(offset, view.getUint8(offset) ^ 0xff)
        address.writeTo(view, offset)
        expect(IpAddress.fromBytes(bytes, offset, address.version).equals(address)).toBe(true)
      }),
    )
  })

  test('the order is the network order', () => {
    expect([...IpAddress.parse('1.2.3.4').toBytes()]).toEqual([1, 2, 3, 4])
    expect([...IpAddress.parse('102:304:506:708:90a:b0c:d0e:f10').toBytes()]).toEqual(
      Array.from({ length: 16 }, (_, i) => i + 1),
    )
  })

  test('fromBytes wants its bytes to be there', () => {
    expect(() => IpAddress.fromBytes(new Uint8Array(15), 0, 6)).toThrow(RangeError)
    expect(() => IpAddress.fromBytes(new Uint8Array(4), 1, 4)).toThrow(RangeError)
    expect(() => IpAddress.fromBytes(new Uint8Array(4), -1, 4)).toThrow(RangeError)
  })
})

describe('values', () => {
  test('constants', () => {
    expect([IPV4_ANY, IPV4_LOOPBACK, IPV4_BROADCAST, IPV6_ANY, IPV6_LOOPBACK].map(String)).toEqual([
      '0.0.0.0',
      '127.0.0.1',
      '255.255.255.255',
      '::',
      '::1',
    ])
  })

  test('an IPv4 address and its mapped form are different addresses with the same words', () => {
    fc.assert(
      fc.property(ipv4, (address) => {
        const mapped = address.toMapped()
        expect(mapped.version).toBe(6)
        expect(mapped.isMapped).toBe(true)
        expect(mapped.equals(address)).toBe(false)
        expect(mapped.toString()).toBe(`::ffff:${address}`)
        expect(mapped.unmapped().equals(address)).toBe(true)
        expect(mapped.toMapped()).toBe(mapped)
        expect(address.unmapped()).toBe(address)
      }),
    )
    expect(IPV6_LOOPBACK.isMapped).toBe(false)
  })

  test('compare orders by version, then as unsigned numbers', () => {
    const sorted = [
      '0.0.0.0',
      '127.255.255.255',
      '128.0.0.0',
      '255.255.255.255',
      '::',
      '::1',
      '::8000:0',
      '7fff::',
      '8000::',
      'ffff::1',
    ]
    const shuffled = [...sorted].sort()
    expect(
      shuffled
        .map((text) => IpAddress.parse(text))
        .sort((a, b) => a.compare(b))
        .map(String),
    ).toEqual(sorted)
    fc.assert(
      fc.property(ip, ip, (a, b) => {
        expect(Math.sign(a.compare(b))).toBe(-Math.sign(b.compare(a)) + 0)
        expect(a.compare(b) === 0).toBe(a.equals(b))
      }),
    )
  })

  test('unspecified and multicast', () => {
    const of = (text: string): IpAddress => IpAddress.parse(text)
    expect(of('0.0.0.0').isUnspecified && of('::').isUnspecified).toBe(true)
    expect(of('0.0.0.1').isUnspecified || of('::1').isUnspecified || of('::ffff:0.0.0.0').isUnspecified).toBe(false)
    expect(of('224.0.0.0').isMulticast && of('239.255.255.255').isMulticast && of('ff02::1').isMulticast).toBe(true)
    expect(of('240.0.0.0').isMulticast || of('223.255.255.255').isMulticast || of('fe80::1').isMulticast).toBe(false)
  })

  test('a slot is overwritten in place, a copy stays', () => {
    const slot = createAddressSlot()
    expect(slot.equals(IPV4_ANY)).toBe(true)
    setSlotV4(slot, 0x7f000001)
    expect(slot.toString()).toBe('127.0.0.1')
    const copy = slot.copy()
    setSlotV6(slot, 0xfe800000, 0, 0, 1)
    expect(slot.toString()).toBe('fe80::1')
    setSlot(slot, IPV4_BROADCAST)
    expect(slot.toString()).toBe('255.255.255.255')
    expect(copy.toString()).toBe('127.0.0.1')
    expect(Object.keys(slot)).toEqual(Object.keys(copy))
  })
})
