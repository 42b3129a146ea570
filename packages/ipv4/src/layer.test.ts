import { IpAddress, Prefix, SocketAddress } from '@jackfield/addr'
import { AF_INET, CAST_BROADCAST, CAST_MULTICAST, CAST_UNICAST } from '@jackfield/interfaces'
import { createFakeHost, createFakeInterface, networkLayerCompliance } from '@jackfield/interfaces/compliance'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Bench, bench, finish, flowTo, packetBytes, read, Sink } from './layer.test-fixture.js'
import { ipv4 } from './module.js'

let net: Bench
beforeEach(() => {
  net = bench()
})
afterEach(() => finish(net))

const address = (text: string): IpAddress => IpAddress.parse(text)
const routes = (of: Bench = net): string[] =>
  of.layer
    .routes()
    .filter((each) => each.interface !== 1)
    .map((each) => `${each.type} ${each.destination} ${each.interface ?? '-'}${each.source ? ` ${each.source}` : ''}`)
    .sort()

describe('IPv4 addresses', () => {
  it('bring and take their routes', () => {
    const before = routes()
    net.layer.addAddress(net.a, Prefix.parse('192.0.2.9/28'))
    expect(routes().filter((each) => !before.includes(each))).toEqual([
      'broadcast 192.0.2.15/32 2 192.0.2.9',
      'local 192.0.2.9/32 2 192.0.2.9',
      'unicast 192.0.2.0/28 2 192.0.2.9',
    ])
    net.layer.addAddress(net.a, Prefix.parse('192.0.2.10/28'))
    net.layer.removeAddress(net.a, address('192.0.2.9'))
    expect(routes().filter((each) => !before.includes(each))).toEqual([
      'broadcast 192.0.2.15/32 2 192.0.2.10',
      'local 192.0.2.10/32 2 192.0.2.10',
      'unicast 192.0.2.0/28 2 192.0.2.10',
    ])
    net.layer.removeAddress(net.a, address('192.0.2.10'))
    expect(routes()).toEqual(before)
    expect(net.a.addressChanges.slice(-4)).toEqual(['+192.0.2.9', '+192.0.2.10', '-192.0.2.9', '-192.0.2.10'])
  })

  it('a /31 and a /32 have no broadcast (RFC 3021)', () => {
    net.layer.addAddress(net.a, Prefix.parse('192.0.2.0/31'))
    net.layer.addAddress(net.a, Prefix.parse('192.0.2.77/32'))
    expect(net.layer.castOf(address('192.0.2.1'), 0)).toBe(CAST_UNICAST)
    expect(net.layer.addresses().map((each) => each.broadcast === null)).toEqual([false, false, false, true, true])
  })

  it('say what is wrong', () => {
    const add = (text: string) => () => net.layer.addAddress(net.a, Prefix.parse(text))
    expect(add('10.0.0.1/24')).toThrow('EEXIST')
    expect(add('224.0.0.9/24')).toThrow('cannot be the address of a host')
    expect(add('0.0.0.0/8')).toThrow('cannot be the address of a host')
    expect(add('2001:db8::1/64')).toThrow('not IPv4')
    expect(() => net.layer.removeAddress(net.b, address('10.0.0.1'))).toThrow('EADDRNOTAVAIL')
  })

  it('are told apart', () => {
    const cast = (text: string) => net.layer.castOf(address(text), 0)
    expect(['10.0.0.1', '10.0.0.255', '255.255.255.255', '239.0.0.1', '8.8.8.8', '127.255.255.255'].map(cast)).toEqual([
      CAST_UNICAST,
      CAST_BROADCAST,
      CAST_BROADCAST,
      CAST_MULTICAST,
      CAST_UNICAST,
      CAST_BROADCAST,
    ])
    const local = (text: string, index = 0) => net.layer.isLocal(address(text), index)
    expect([local('127.9.9.9'), local('10.1.0.1'), local('10.0.0.1', 3), local('10.0.0.2'), local('::1')]).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
    expect(`${net.layer.sourceFor(address('10.1.0.7'), 3)}`).toBe('10.1.0.1')
    expect(`${net.layer.sourceFor(address('8.8.8.8'), 2)}`).toBe('10.0.0.1')
    expect(net.layer.sourceFor(address('8.8.8.8'), 9)).toBe(null)
  })

  it('adding and removing any of them leaves the routes as they were', () => {
    const one = fc.record({ word: fc.nat(15), length: fc.integer({ min: 28, max: 32 }), onB: fc.boolean() })
    fc.assert(
      fc.property(fc.array(one, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (list, order) => {
        const own = bench()
        const before = routes(own)
        const added: [typeof net.a, IpAddress][] = []
        for (const { word, length, onB } of list) {
          const by = onB ? own.b : own.a
          const one = IpAddress.v4(0xc0000210 + word)
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
      { numRuns: 50 },
    )
  })

  it('go with their interface', () => {
    net.layer.removeInterface(net.b)
    expect(net.layer.isLocal(address('10.1.0.1'), 0)).toBe(false)
    expect(routes().some((each) => each.includes('10.1.'))).toBe(false)
    net.layer.addInterface(net.b)
  })
})

describe('the IPv4 layer', () => {
  it('takes one transport for each protocol', () => {
    expect(() => net.layer.attach(17, new Sink(17))).toThrow('protocol 17 has a transport already')
    expect(() => net.layer.attach(2, new Sink(2))).toThrow('protocol 2')
    expect(() => net.layer.attach(300, new Sink(300))).toThrow('a protocol is 0 to 255')
  })

  it('limits ICMP messages, but not to itself', () => {
    let allowed = 0
    let own = 0
    for (let i = 0; i < 100; i++) {
      if (net.layer.permitMessage(address('203.0.113.5'), 3)) allowed++
      if (net.layer.permitMessage(address('127.0.0.1'), 3)) own++
    }
    expect(allowed).toBeGreaterThan(0)
    expect(allowed).toBeLessThan(20)
    expect(own).toBe(100)
    net.host.set('net.ipv4.icmp_ratelimit', 0)
    net.host.set('net.ipv4.icmp_msgs_per_sec', 1_000_000)
  })

  it('reports groups by IGMP, with the Router Alert option, TTL 1 and TOS 0xc0', () => {
    net.layer.setGroupFilter({}, net.a, address('239.1.2.3'), 'exclude', [])
    net.host.clock.advance(1_000_000)
    const [report] = net.a.takeBytes().map((bytes) => read(bytes))
    expect(report).toMatchObject({ protocol: 2, ttl: 1, tos: 0xc0, dontFragment: true })
    expect(report?.options).toEqual(Uint8Array.of(148, 4, 0, 0))
    expect([`${report?.source}`, `${report?.destination}`]).toEqual(['10.0.0.1', '224.0.0.22'])
  })

  it('keeps settings in their bounds, by their sysctl names', () => {
    const { host } = net
    for (const [name, setting] of host.settings) {
      const value = setting.get()
      if (typeof value !== 'number' || setting.minimum === undefined) continue
      setting.set(value)
      expect(setting.get(), name).toBe(value)
      expect(() => setting.set((setting.minimum as number) - 1), name).toThrow(RangeError)
      expect(() => setting.set('x'), name).toThrow(RangeError)
    }
    expect(host.settings.get('net.ipv4.ip_default_ttl')?.get()).toBe(64)
    expect(host.settings.get('net.ipv4.ipfrag_time')?.get()).toBe(30)
    expect(host.settings.get('net.ipv4.conf.a.strong_host_receive')?.get()).toBe(0)
    host.set('net.ipv4.conf.all.forwarding', 1)
    expect(host.settings.get('net.ipv4.ip_forward')?.get()).toBe(1)
    expect(host.settings.get('net.ipv4.conf.b.forwarding')?.get()).toBe(1)
  })

  it('gives new interfaces what conf.default says', () => {
    net.host.set('net.ipv4.conf.default.forwarding', 1)
    const late = createFakeInterface({ index: 9 })
    const settings = net.layer.configurations.settings(late)
    expect(settings.find((each) => each.name === 'net.ipv4.conf.fake9.forwarding')?.get()).toBe(1)
  })

  it('registers AF_INET', () => {
    const family = net.host.families.find((each) => each.family === AF_INET)
    const parsed = family?.parseAddress('10.0.0.1:80') as SocketAddress
    expect(family?.formatAddress(parsed)).toBe('10.0.0.1:80')
    expect(family?.parseAddress({ address: '10.0.0.1', port: 80 })).toEqual(parsed)
    expect(family?.parseAddress(parsed)).toBe(parsed)
    expect(family?.createAddress()).toBeInstanceOf(SocketAddress)
    expect(() => family?.parseAddress('[::1]:80')).toThrow('not an IPv4 socket address')
    expect(() => family?.parseAddress('10.0.0.1')).toThrow(TypeError)
  })

  it('lets only plain packets for this host be merged', () => {
    const inspect = (bytes: Uint8Array): number => {
      const packet = net.host.packets.copyOf(bytes)
      packet.interfaceIndex = net.a.index
      const protocol = net.layer.offload.inspect(packet)
      packet.release()
      return protocol
    }
    expect(inspect(packetBytes({}))).toBe(17)
    expect(inspect(packetBytes({ destination: '10.0.0.9' }))).toBe(-1)
    net.host.set('net.ipv4.conf.a.accept_any_destination', 1)
    expect(['10.0.0.9', '239.1.1.1', '10.0.0.255'].map((destination) => inspect(packetBytes({ destination })))).toEqual(
      [17, -1, -1],
    )
    net.host.set('net.ipv4.conf.a.accept_any_destination', 0)
    expect(inspect(packetBytes({ destination: '10.0.0.9' }))).toBe(-1)
    expect(inspect(packetBytes({ mf: true }))).toBe(-1)
    expect(inspect(packetBytes({ options: Uint8Array.of(1, 1, 1, 1) }))).toBe(-1)
    expect(inspect(packetBytes({}).slice(0, 25))).toBe(-1)
    expect(inspect(new Uint8Array(3))).toBe(-1)
    const [a, b, c] = [packetBytes({ id: 1 }), packetBytes({ id: 2 }), packetBytes({ ttl: 63 })].map((bytes) => {
      const packet = net.host.packets.copyOf(bytes)
      packet.networkHeader = packet.start
      return packet
    })
    if (a === undefined || b === undefined || c === undefined) throw new Error('three packets were made')
    expect([net.layer.offload.mergeable(a, b), net.layer.offload.mergeable(a, c)]).toEqual([true, false])
    net.layer.offload.finish(a, 4)
    expect(read(a.toBytes()).identification).toBe(5)
    for (const each of [a, b, c]) each.release()
  })
})

describe('the contract of a network layer', () => {
  const cases = networkLayerCompliance(() => {
    const device = createFakeInterface({ index: 2, mtu: 1500 })
    const lo = createFakeInterface({ index: 1, loopback: true })
    const host = createFakeHost([], [lo, device])
    ipv4().install(host)
    const layer = host.network(4)
    if (layer === undefined) throw new Error('ipv4() installed no network layer')
    layer.addInterface(lo)
    layer.addInterface(device)
    layer.addAddress(device, Prefix.parse('10.0.0.1/24'))
    return {
      network: layer,
      interface: device,
      pool: host.packets,
      local: '10.0.0.1',
      neighbour: '10.0.0.2',
      group: '239.1.2.3',
      unused: '192.0.2.1/24',
      arrive(from, to, protocol, payload) {
        layer.receive(host.packets.copyOf(packetBytes({ source: from, destination: to, protocol, payload })), device)
      },
      departed() {
        host.clock.loop.enter()
        host.clock.loop.leave()
        return device
          .takeBytes()
          .map(read)
          .filter((each) => each.protocol !== 2)
          .map((each) => ({
            source: `${each.source}`,
            destination: `${each.destination}`,
            protocol: each.protocol,
            payload: each.payload,
          }))
      },
      dispose() {
        host.close()
        lo.takeBytes()
        device.takeBytes()
      },
    }
  })
  it.each(cases.map((each) => [each.name, each] as const))('%s', (_name, each) => each.run())
})

it('a burst of own broadcasts is bounded on its way back', () => {
  net.host.clock.loop.enter()
  for (let i = 0; i < 1100; i++) {
    const bytes = packetBytes({ source: '10.0.0.1', destination: '10.0.0.255' })
    const packet = net.host.packets.copyOf(bytes)
    net.layer.sendRaw(packet, flowTo('10.0.0.255', { allowBroadcast: true }))
  }
  net.host.clock.loop.leave()
  expect(net.udp.received).toHaveLength(1000)
  expect(net.layer.counters.IpExtLoopbackDrops).toBe(100)
})
