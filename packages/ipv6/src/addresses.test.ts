import { IpAddress, MacAddress, Prefix, type SocketAddress } from '@jackfield/addr'
import { AF_INET6, CAST_MULTICAST, CAST_UNICAST } from '@jackfield/interfaces'
import { createFakeInterface } from '@jackfield/interfaces/compliance'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Ipv6Address } from './address.js'
import type { Addresses } from './addresses.js'
import { arrive, type Bench, bench, finish, flowTo, packetBytes, Sink, send } from './layer.test-fixture.js'

let net: Bench
beforeEach(() => {
  net = bench()
})
afterEach(() => finish(net))

const address = (text: string): IpAddress => IpAddress.parse(text)
const routes = (of: Bench = net): string[] =>
  of.layer
    .routes()
    .map((each) => `${each.type} ${each.destination} ${each.interface ?? '-'} ${each.metric}`)
    .sort()
const states = (of: Bench = net): string[] =>
  of.layer
    .addresses()
    .filter((each) => each.interface === of.a && !`${each.prefix}`.startsWith('fe80'))
    .map((each) => `${each.prefix} ${each.state}`)
const SECOND = 1_000_000

describe('IPv6 addresses', () => {
  it('bring and take their routes, those of a prefix with the last of it', () => {
    const before = routes()
    net.layer.addAddress(net.a, Prefix.parse('3fff::9/64'))
    expect(routes().filter((each) => !before.includes(each))).toEqual([
      'local 3fff::9/128 2 0',
      'unicast 3fff::/64 2 256',
    ])
    net.layer.addAddress(net.a, Prefix.parse('3fff::10/64'))
    net.layer.removeAddress(net.a, address('3fff::9'))
    expect(routes().filter((each) => !before.includes(each))).toEqual([
      'local 3fff::10/128 2 0',
      'unicast 3fff::/64 2 256',
    ])
    net.layer.removeAddress(net.a, address('3fff::10'))
    expect(routes()).toEqual(before)
    expect(net.a.addressChanges.slice(-4)).toEqual(['+3fff::9', '+3fff::10', '-3fff::9', '-3fff::10'])
  })

  it('say what is wrong', () => {
    const add =
      (text: string, more = {}) =>
      () =>
        net.layer.addAddress(net.a, Prefix.parse(text), more)
    expect(add('2001:db8:a::1/64')).toThrow('EEXIST')
    expect(add('ff02::9/64')).toThrow('cannot be the address of a host')
    expect(add('::/64')).toThrow('cannot be the address of a host')
    expect(add('::ffff:10.0.0.1/128')).toThrow('cannot be the address of a host')
    expect(add('::1/128')).toThrow('loopback interface, not of a')
    expect(add('10.0.0.1/24')).toThrow('not IPv6')
    expect(add('3fff::1/64', { preferredLifetime: 2, validLifetime: 1 })).toThrow('a preferred lifetime is 0 seconds')
    expect(add('3fff::1/64', { validLifetime: 0 })).toThrow('a valid lifetime is a number of seconds above 0')
    expect(() => net.layer.removeAddress(net.b, address('2001:db8:a::1'))).toThrow('EADDRNOTAVAIL')
    net.a.mtu = 1279
    net.layer.interfaceChanged(net.a)
    expect(add('3fff::1/64')).toThrow('IPv6 does not run on a: it needs an MTU of 1280')
  })

  it('become deprecated and go when their time is over (RFC 4862 5.5.4)', () => {
    net.layer.addAddress(net.a, Prefix.parse('3fff::1/64'), { preferredLifetime: 10, validLifetime: 20 })
    expect(states()).toEqual(['2001:db8:a::1/64 preferred', '3fff::1/64 preferred'])
    net.host.clock.advance(10 * SECOND)
    expect(states()[1]).toBe('3fff::1/64 deprecated')
    arrive(net, packetBytes({ destination: '3fff::1' }))
    expect(net.udp.received).toHaveLength(1)
    net.host.clock.advance(10 * SECOND)
    expect(states()).toHaveLength(1)
    expect(net.layer.isLocal(address('3fff::1'), 0)).toBe(false)
  })

  it('come and go with their interface, and with disable_ipv6', () => {
    const ethernet = createFakeInterface({
      index: 4,
      name: 'e',
      medium: 'ethernet',
      hardwareAddress: MacAddress.parse('02:00:5e:10:00:01'),
    })
    net.host.interfaces.push(ethernet)
    net.layer.addInterface(ethernet)
    for (const setting of net.layer.configurations.settings(ethernet)) net.host.settings.set(setting.name, setting)
    const own = (): string[] =>
      net.layer
        .addresses()
        .filter((each) => each.interface === ethernet)
        .map((each) => `${each.prefix} ${each.origin}`)
    expect(own()).toEqual(['fe80::5eff:fe10:1/64 link-local'])
    net.layer.addAddress(ethernet, Prefix.parse('3fff::1/64'))
    net.host.set('net.ipv6.conf.e.disable_ipv6', 1)
    expect(own()).toEqual([])
    expect(routes().some((each) => each.includes(' 4 '))).toBe(false)
    net.host.set('net.ipv6.conf.e.disable_ipv6', 0)
    expect(own()).toEqual(['fe80::5eff:fe10:1/64 link-local'])
    net.layer.removeInterface(ethernet)
    net.host.interfaces.splice(net.host.interfaces.indexOf(ethernet), 1)
    expect(own()).toEqual([])
    expect(net.layer.addresses().some((each) => `${each.prefix}` === '::1/128' && each.interface === net.lo)).toBe(true)
  })

  it('adding and removing any of them leaves the routes as they were', () => {
    const one = fc.record({ word: fc.nat(15), length: fc.integer({ min: 120, max: 128 }), onB: fc.boolean() })
    fc.assert(
      fc.property(fc.array(one, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (list, order) => {
        const own = bench()
        const before = routes(own)
        const added: [typeof net.a, IpAddress][] = []
        for (const { word, length, onB } of list) {
          const by = onB ? own.b : own.a
          const one = IpAddress.v6(0x3fff0000, 0, 0, 0x210 + word)
          if (added.some(([other, each]) => other === by && each.equals(one))) continue
          own.layer.addAddress(by, new Prefix(one, length))
          added.push([by, one])
        }
        while (added.length > 0) {
          const at = (order.next().value as number) % added.length
          const [by, one] = added.splice(at, 1)[0] as [typeof net.a, IpAddress]
          own.layer.removeAddress(by, one)
        }
        expect(routes(own)).toEqual(before)
        finish(own)
      }),
      { numRuns: 25 },
    )
  })
})

describe('tentative addresses', () => {
  let pending: Ipv6Address[]
  let told: string[]
  let book: Addresses
  beforeEach(() => {
    pending = []
    told = []
    net.layer.setDiscovery((context) => {
      book = context.addresses
      return {
        addInterface() {},
        removeInterface() {},
        interfaceChanged() {},
        configurationChanged: (index, key) => told.push(`${index} ${key}`),
        addressAdded: (each) => pending.push(each) > 0,
        addressRemoved: (each) => told.push(`-${each.prefix}`),
        receive: () => true,
        sendRedirect() {},
        close: () => told.push('closed'),
      }
    })
  })

  it('are used once nobody else has them', () => {
    net.layer.addAddress(net.a, Prefix.parse('3fff::1/64'))
    expect(states()[1]).toBe('3fff::1/64 tentative')
    expect(net.layer.isLocal(address('3fff::1'), 0)).toBe(false)
    // Solicitations for it are heard all the same.
    arrive(net, packetBytes({ destination: 'ff02::1:ff00:1' }))
    expect(net.udp.received).toHaveLength(1)
    send(net, flowTo('3fff::99'), 8)
    net.a.takeBytes()
    book.confirm(pending[0] as Ipv6Address)
    expect(states()[1]).toBe('3fff::1/64 preferred')
    expect(net.layer.isLocal(address('3fff::1'), 0)).toBe(true)
    book.makeTentative(pending[0] as Ipv6Address)
    expect(states()[1]).toBe('3fff::1/64 tentative')
  })

  it('of another node are never used, and stay to be seen', () => {
    net.layer.addAddress(net.a, Prefix.parse('3fff::1:1/64'))
    book.markDuplicate(pending[0] as Ipv6Address)
    book.confirm(pending[0] as Ipv6Address)
    expect(states()[1]).toBe('3fff::1:1/64 duplicate')
    expect(routes().some((each) => each.includes('3fff'))).toBe(false)
    expect(told).toEqual(['-3fff::1:1/64'])
    net.layer.removeAddress(net.a, address('3fff::1:1'))
    expect(states()).toHaveLength(1)
  })

  it('are not waited for where nobody looks', () => {
    net.layer.addAddress(net.a, Prefix.parse('3fff::1/64'), { noDad: true })
    expect([pending, states()[1]]).toEqual([[], '3fff::1/64 preferred'])
    net.host.set('net.ipv6.conf.a.hop_limit', 9)
    expect(told).toEqual(['2 hop_limit'])
    expect(() => net.layer.setDiscovery(() => null as never)).toThrow('has its neighbour discovery already')
  })
})

describe('the IPv6 layer', () => {
  it('tells addresses apart', () => {
    const cast = (text: string): number => net.layer.castOf(address(text), 0)
    expect(['2001:db8:a::1', 'ff02::1', '3fff::1'].map(cast)).toEqual([CAST_UNICAST, CAST_MULTICAST, CAST_UNICAST])
    const local = (text: string, index = 0): boolean => net.layer.isLocal(address(text), index)
    expect([local('::1'), local('fe80::a', 2), local('fe80::a', 3), local('10.0.0.1'), local('ff02::1')]).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
    expect(`${net.layer.sourceFor(address('fe80::9'), 3)}`).toBe('fe80::b')
    expect(net.layer.sourceFor(address('fe80::9'), 9)).toBe(null)
  })

  it('gives its own link-local packets the zone that they stay in', () => {
    arrive(net, packetBytes({ source: 'fe80::b', destination: 'fe80::b' }), net.lo)
    expect(net.udp.received).toMatchObject([{ interfaceIndex: 3 }])
  })

  it('takes one transport for each protocol', () => {
    expect(() => net.layer.attach(17, new Sink(17))).toThrow('protocol 17 has a transport already')
  })

  it('limits ICMPv6 messages, but neither to itself nor "packet too big"', () => {
    const allowed = (to: string, type: number): number =>
      Array.from({ length: 100 }, () => net.layer.permitMessage(address(to), type)).filter((each) => each).length
    expect(allowed('3fff::1', 1)).toBeLessThan(20)
    expect(allowed('3fff::1', 2)).toBe(100)
    expect(allowed('::1', 1)).toBe(100)
    expect(net.layer.rateCounters['Icmp6OutRateLimitHost']).toBeGreaterThan(0)
  })

  it('keeps settings in their bounds, by their sysctl names', () => {
    const { host } = net
    for (const [name, setting] of host.settings) {
      const value = setting.get()
      if (typeof value !== 'number' || setting.minimum === undefined) continue
      if (!name.endsWith('.mtu')) setting.set(value)
      expect(setting.get(), name).toBe(value)
      expect(() => setting.set((setting.minimum as number) - 1), name).toThrow(RangeError)
      expect(() => setting.set('x'), name).toThrow(RangeError)
    }
    expect(host.settings.get('net.ipv6.ip6frag_time')?.get()).toBe(60)
    expect(host.settings.get('net.ipv6.conf.a.mtu')?.get()).toBe(1500)
    host.set('net.ipv6.conf.all.forwarding', 1)
    expect(host.settings.get('net.ipv6.conf.b.forwarding')?.get()).toBe(1)
    expect(host.settings.get('net.ipv6.conf.default.forwarding')?.get()).toBe(1)
  })

  it('registers AF_INET6', () => {
    const family = net.host.families.find((each) => each.family === AF_INET6)
    const parsed = family?.parseAddress('[fe80::1%b]:80') as SocketAddress
    expect([`${parsed.address}`, parsed.scopeId, parsed.port]).toEqual(['fe80::1', 3, 80])
    expect(family?.formatAddress(parsed)).toBe('[fe80::1%b]:80')
    expect(family?.parseAddress(parsed)).toBe(parsed)
    const mapped = family?.parseAddress('10.0.0.1:80') as SocketAddress
    expect([mapped.family, `${mapped}`]).toEqual([AF_INET6, '[::ffff:10.0.0.1]:80'])
    expect(family?.createAddress()).toMatchObject({ family: AF_INET6 })
    expect(() => family?.parseAddress('[fe80::1%nowhere]:80')).toThrow("there is no interface 'nowhere'")
  })

  it('a burst of own multicasts is bounded on its way back', () => {
    net.host.clock.loop.enter()
    for (let i = 0; i < 1100; i++) {
      net.layer.send(net.host.packets.allocate(8), flowTo('ff02::1', { interfaceIndex: 2 }))
    }
    net.host.clock.loop.leave()
    expect(net.udp.received).toHaveLength(1000)
    expect(net.layer.counters.Ip6ExtLoopbackDrops).toBe(100)
  })
})
