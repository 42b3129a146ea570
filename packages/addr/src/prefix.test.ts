import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IpAddress } from './ip-address.js'
import { ip } from './ip-address.test-arbitraries.js'
import { commonPrefixLength, maskWord, Prefix } from './prefix.js'

/** The address as bits, most significant first. */
function bits(address: IpAddress): string {
  return [...address.toBytes()].map((byte) => byte.toString(2).padStart(8, '0')).join('')
}

const prefix = ip.chain((address) =>
  fc.integer({ min: 0, max: address.version === 4 ? 32 : 128 }).map((length) => new Prefix(address, length)),
)

describe('text', () => {
  test.each(['10.0.0.1/24', '0.0.0.0/0', '255.255.255.255/32', '::/0', '2001:db8::1/64', '::1/128', 'fe80::/10'])(
    '%s',
    (text) => {
      expect(Prefix.parse(text).toString()).toBe(text)
      expect(Prefix.tryParse(text)?.toString()).toBe(text)
    },
  )

  test.each([
    ['10.0.0.1', /length after a slash/],
    ['10.0.0.1/', /0 to 32/],
    ['10.0.0.1/33', /0 to 32/],
    ['10.0.0.1/08', /0 to 32/],
    ['10.0.0.1/+8', /0 to 32/],
    ['10.0.0.1/8 ', /0 to 32/],
    ['10.0.0.1/255.0.0.0', /0 to 32/],
    ['::/129', /0 to 128/],
    ['::/1/2', /0 to 128/],
    ['10.0.0.256/8', /0 to 255/],
    ['/8', /empty/],
    ['fe80::1%eth0/64', /zone/],
  ])('refuses %s', (text, reason) => {
    expect(Prefix.tryParse(text)).toBeNull()
    expect(() => Prefix.parse(text)).toThrow(reason)
    expect(() => Prefix.parse(text)).toThrow(TypeError)
  })

  test('parse(format(p)) = p', () => {
    fc.assert(fc.property(prefix, (p) => Prefix.parse(p.toString()).equals(p)))
  })

  test('the constructor checks the length', () => {
    expect(() => new Prefix(IpAddress.v4(0), 33)).toThrow(RangeError)
    expect(() => new Prefix(IpAddress.v4(0), 1.5)).toThrow(RangeError)
    expect(() => new Prefix(IpAddress.v6(0, 0, 0, 0), -1)).toThrow(RangeError)
    expect(() => Prefix.parse(8 as unknown as string)).toThrow('parsed from a string')
  })
})

describe('the block', () => {
  test.each([
    ['10.1.2.3/24', '10.1.2.0', '255.255.255.0', '10.1.2.255', '10.1.2.255'],
    ['10.1.2.3/0', '0.0.0.0', '0.0.0.0', '255.255.255.255', '255.255.255.255'],
    ['10.1.2.3/30', '10.1.2.0', '255.255.255.252', '10.1.2.3', '10.1.2.3'],
    ['10.1.2.3/31', '10.1.2.2', '255.255.255.254', '10.1.2.3', null],
    ['10.1.2.3/32', '10.1.2.3', '255.255.255.255', '10.1.2.3', null],
    ['2001:db8::1/64', '2001:db8::', 'ffff:ffff:ffff:ffff::', '2001:db8::ffff:ffff:ffff:ffff', null],
    ['2001:db8:ffff::1/33', '2001:db8:8000::', 'ffff:ffff:8000::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', null],
  ])('%s', (text, network, mask, last, broadcast) => {
    const p = Prefix.parse(text)
    expect(p.network.toString()).toBe(network)
    expect(p.first.toString()).toBe(network)
    expect(p.mask.toString()).toBe(mask)
    expect(p.last.toString()).toBe(last)
    expect(p.broadcast?.toString() ?? null).toBe(broadcast)
    expect(p.masked.toString()).toBe(`${network}/${p.length}`)
  })

  test('contains what shares its first bits, and lies from first to last', () => {
    fc.assert(
      fc.property(prefix, ip, fc.nat({ max: 128 }), (p, other, keep) => {
        // A random address seldom lies in the block: take some leading bits from the prefix.
        const head = bits(p.address)
        const tail = bits(other)
        const address = other.version === p.address.version ? fromBits(head.slice(0, keep) + tail.slice(keep)) : other
        const inside = address.version === p.address.version && bits(address).startsWith(head.slice(0, p.length))
        expect(p.contains(address)).toBe(inside)
        expect(p.contains(p.first) && p.contains(p.last)).toBe(true)
        if (inside) {
          expect(p.first.compare(address)).toBeLessThanOrEqual(0)
          expect(p.last.compare(address)).toBeGreaterThanOrEqual(0)
        }
        expect(commonPrefixLength(p.address, address) >= p.length && address.version === p.address.version).toBe(inside)
      }),
    )
  })

  test('blocks overlap where one contains the first address of the other', () => {
    fc.assert(
      fc.property(prefix, prefix, fc.nat({ max: 128 }), (a, other, length) => {
        const near = new Prefix(a.address, Math.min(length, a.address.version === 4 ? 32 : 128))
        expect(a.overlaps(near) && near.overlaps(a)).toBe(true)
        const expected = a.contains(other.first) || other.contains(a.first)
        expect(a.overlaps(other)).toBe(expected)
        expect(other.overlaps(a)).toBe(expected)
      }),
    )
  })

  test('IPv4 and its mapped form never meet', () => {
    expect(Prefix.parse('0.0.0.0/0').contains(IpAddress.parse('::ffff:1.2.3.4'))).toBe(false)
    expect(Prefix.parse('::/0').contains(IpAddress.parse('1.2.3.4'))).toBe(false)
    expect(commonPrefixLength(IpAddress.parse('1.2.3.4'), IpAddress.parse('::ffff:1.2.3.4'))).toBe(0)
    expect(Prefix.parse('10.0.0.1/8').equals(Prefix.parse('10.0.0.2/8'))).toBe(false)
  })
})

test('maskWord', () => {
  expect([-5, 0, 1, 8, 31, 32, 40].map((length) => maskWord(length) >>> 0)).toEqual([
    0, 0, 0x80000000, 0xff000000, 0xfffffffe, 0xffffffff, 0xffffffff,
  ])
})

test('commonPrefixLength counts the leading bits that agree', () => {
  fc.assert(
    fc.property(ip, fc.nat(), (a, at) => {
      const text = bits(a)
      const flip = at % text.length
      const b = fromBits(text.slice(0, flip) + (text[flip] === '0' ? '1' : '0') + text.slice(flip + 1))
      expect(commonPrefixLength(a, b)).toBe(flip)
      expect(commonPrefixLength(a, a)).toBe(text.length)
    }),
  )
})

function fromBits(text: string): IpAddress {
  const bytes = Uint8Array.from(text.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))
  return IpAddress.fromBytes(bytes, 0, bytes.length === 4 ? 4 : 6)
}
