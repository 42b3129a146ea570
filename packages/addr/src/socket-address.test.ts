import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { IpAddress } from './ip-address.js'
import { ip } from './ip-address.test-arbitraries.js'
import { SocketAddress } from './socket-address.js'

const resolve = (zone: string): number => (zone === 'eth0' ? 3 : 0)

describe('text', () => {
  test.each([
    ['10.0.0.1:80', 2, '10.0.0.1', 80, 0],
    ['0.0.0.0:0', 2, '0.0.0.0', 0, 0],
    ['[::]:65535', 10, '::', 65_535, 0],
    ['[2001:DB8::1]:443', 10, '2001:db8::1', 443, 0],
    ['[fe80::1%eth0]:80', 10, 'fe80::1', 80, 3],
    ['[fe80::1%7]:80', 10, 'fe80::1', 80, 7],
    ['[::ffff:1.2.3.4]:80', 10, '::ffff:1.2.3.4', 80, 0],
  ])('%s', (text, family, address, port, scopeId) => {
    const parsed = SocketAddress.parse(text, resolve)
    expect([parsed.family, parsed.address.toString(), parsed.port, parsed.scopeId]).toEqual([
      family,
      address,
      port,
      scopeId,
    ])
  })

  test.each([
    ['', /write a port/],
    ['10.0.0.1', /write a port/],
    ['[::1]', /write a port/],
    ['[::1]80', /write a port/],
    ['[::1', /has no "\]"/],
    ['::1:80', /brackets/],
    ['[10.0.0.1]:80', /brackets are for IPv6/],
    ['localhost:80', /four octets/],
    [':80', /empty/],
    ['[]:80', /empty/],
    ['10.0.0.1:', /plain digits/],
    ['10.0.0.1:65536', /0 to 65535/],
    ['10.0.0.1:080', /plain digits/],
    ['10.0.0.1:00', /plain digits/],
    ['10.0.0.1:+80', /plain digits/],
    ['10.0.0.1:-1', /plain digits/],
    ['10.0.0.1:80 ', /plain digits/],
    ['10.0.0.1:8e1', /plain digits/],
    ['10.0.0.1:99999999999999999999', /plain digits/],
    ['[fe80::1%]:80', /zone/],
    ['[fe80::1%eth9]:80', /no interface 'eth9'/],
    ['[fe80::1%99999999999]:80', /no interface/],
  ])('refuses %j', (text, reason) => {
    expect(() => SocketAddress.parse(text, resolve)).toThrow(reason)
    expect(() => SocketAddress.parse(text, resolve)).toThrow(TypeError)
  })

  test('a zone by name needs somebody who knows names', () => {
    expect(() => SocketAddress.parse('[fe80::1%eth0]:80')).toThrow('only an interface index')
    expect(() => SocketAddress.parse(80 as unknown as string)).toThrow('parsed from a string')
    expect(() => SocketAddress.parse('[fe80::1%x]:80', () => -1)).toThrow('no interface')
  })

  test('parse(format(a)) = a', () => {
    fc.assert(
      fc.property(
        ip,
        fc.integer({ min: 0, max: 65_535 }),
        fc.nat({ max: 100 }),
        fc.boolean(),
        (address, port, zone, wide) => {
          const original = new SocketAddress(address, port, address.version === 6 ? zone : 0)
          if (wide) original.family = 10
          const back = SocketAddress.parse(original.toString())
          expect(back.equals(original)).toBe(true)
          expect(back.toString()).toBe(original.toString())
        },
      ),
    )
  })

  test('a zone can be written by name', () => {
    const address = new SocketAddress(IpAddress.parse('fe80::1'), 80, 3)
    expect(address.toString()).toBe('[fe80::1%3]:80')
    expect(address.toString((index) => `eth${index - 3}`)).toBe('[fe80::1%eth0]:80')
  })
})

describe('from', () => {
  test('takes text, objects and itself', () => {
    const address = SocketAddress.from('10.0.0.1:80')
    expect(SocketAddress.from(address)).toBe(address)
    for (const input of [
      { address: '10.0.0.1', port: 80 },
      { address: IpAddress.parse('10.0.0.1'), port: 80, family: 2 as const },
      { address: '10.0.0.1', port: 80, family: 'IPv4' as const },
    ]) {
      expect(SocketAddress.from(input).equals(address)).toBe(true)
    }
    expect(SocketAddress.from({ address: 'fe80::1%eth0', port: 1 }, resolve).scopeId).toBe(3)
    expect(SocketAddress.from('[fe80::1%eth0]:1', resolve).scopeId).toBe(3)
    const full = SocketAddress.from({ address: 'fe80::1', port: 1, family: 'IPv6', scopeId: 4, flowInfo: 0xfffff })
    expect([full.family, full.scopeId, full.flowInfo]).toEqual([10, 4, 0xfffff])
    expect(SocketAddress.from({ address: '10.0.0.1', port: 80, family: 10 }).toString()).toBe('[::ffff:10.0.0.1]:80')
  })

  test.each([
    [{ address: '10.0.0.1', port: 65_536 }, RangeError],
    [{ address: '10.0.0.1', port: -1 }, RangeError],
    [{ address: '10.0.0.1', port: 1.5 }, RangeError],
    [{ address: '10.0.0.1', port: '80' }, RangeError],
    [{ address: '10.0.0.1' }, RangeError],
    [{ address: 'example', port: 80 }, TypeError],
    [{ port: 80 }, TypeError],
    [{ address: 'fe80::1', port: 80, scopeId: -1 }, RangeError],
    [{ address: 'fe80::1', port: 80, flowInfo: 1 << 20 }, RangeError],
    [{ address: 'fe80::1', port: 80, family: 2 }, TypeError],
    [{ address: 'fe80::1', port: 80, family: 4 }, TypeError],
    [null, TypeError],
    [80, TypeError],
  ])('refuses %j', (input, error) => {
    expect(() => SocketAddress.from(input as unknown as string)).toThrow(error)
  })
})

test('set overwrites in place, copy stays', () => {
  const address = SocketAddress.parse('[fe80::1%2]:80')
  address.flowInfo = 5
  const slot = address.address
  const copy = address.copy()
  address.set(2, IpAddress.parse('10.0.0.1'), 53)
  expect(address.toString()).toBe('10.0.0.1:53')
  expect(address.address).toBe(slot)
  expect([address.scopeId, address.flowInfo]).toEqual([0, 0])
  expect(copy.toString()).toBe('[fe80::1%2]:80')
  expect(copy.flowInfo).toBe(5)
})

test('equals looks at family, address, port and zone', () => {
  const base = SocketAddress.parse('[fe80::1%2]:80')
  for (const other of ['[fe80::1%3]:80', '[fe80::1%2]:81', '[fe80::2%2]:80', '10.0.0.1:80']) {
    expect(base.equals(SocketAddress.parse(other))).toBe(false)
  }
  expect(SocketAddress.parse('1.2.3.4:5').equals(SocketAddress.parse('[::ffff:1.2.3.4]:5'))).toBe(false)
  expect(new SocketAddress().toString()).toBe('0.0.0.0:0')
})
