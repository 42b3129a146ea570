import { IpAddress, Prefix } from '@jackfield/addr'
import {
  createRouteQuery,
  ECONNREFUSED,
  EHOSTUNREACH,
  EMSGSIZE,
  ERROR_BEYOND_SCOPE,
  ERROR_HOST_UNREACHABLE,
  ERROR_NET_UNREACHABLE,
  ERROR_PACKET_TOO_BIG,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROHIBITED,
  ERROR_TTL_EXCEEDED,
  IcmpReport,
} from '@jackfield/interfaces'
import { PACKET_MULTICAST } from '@jackfield/packet'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  arrive,
  type Bench,
  bench,
  counting,
  finish,
  flowTo,
  type Parts,
  packetBytes,
  read,
} from './layer.test-fixture.js'

let net: Bench
beforeEach(() => {
  net = bench()
  net.host.set('net.ipv6.conf.all.forwarding', 1)
})
afterEach(() => finish(net))

const through = (parts: Parts = {}): Uint8Array =>
  packetBytes({ source: '2001:db8:a::2', destination: '2001:db8:b::2', ...parts })

describe('a router', () => {
  it('sends packets on with a hop less and nothing else changed', () => {
    const bytes = through({ trafficClass: 0x2b, flowLabel: 0xabcde, hopLimit: 9, payload: counting(30) })
    arrive(net, bytes)
    const [sent] = net.b.takeBytes()
    expect(sent).toEqual(bytes.fill(8, 7, 8))
    expect(net.layer.counters.Ip6OutForwDatagrams).toBe(1)
  })

  it('is in the groups of routers', () => {
    arrive(net, packetBytes({ destination: 'ff02::2' }))
    expect(net.udp.received).toHaveLength(1)
    net.host.set('net.ipv6.conf.a.forwarding', 0)
    arrive(net, packetBytes({ destination: 'ff02::2' }))
    expect(net.udp.received).toHaveLength(1)
  })

  it.each<[string, Parts, number, number]>([
    ['without hops left', { hopLimit: 1 }, ERROR_TTL_EXCEEDED, 0],
    ['too big for the next link', { payload: counting(1261) }, ERROR_PACKET_TOO_BIG, 1300],
    ['from a link-local address to another link', { source: 'fe80::2' }, ERROR_BEYOND_SCOPE, 0],
    ['without a route', { destination: '3fff::1' }, ERROR_NET_UNREACHABLE, 0],
    ['with a route that says so', { destination: '2001:db8:beef::1' }, ERROR_NET_UNREACHABLE, 0],
    ['prohibited', { destination: '2001:db8:dead::1' }, ERROR_PROHIBITED, 0],
  ])('answers what is %s', (_name, parts, kind, info) => {
    net.b.mtu = 1300
    net.layer.removeRoute({ destination: Prefix.parse('::/0'), type: 'unicast' })
    net.layer.addRoute({ destination: Prefix.parse('2001:db8:dead::/48'), type: 'prohibit' })
    net.layer.addRoute({ destination: Prefix.parse('2001:db8:beef::/48'), type: 'unreachable' })
    const bytes = through(parts)
    arrive(net, bytes)
    expect(net.refusals.list).toMatchObject([{ kind, info, quote: bytes }])
    expect(net.b.outputs).toEqual([])
  })

  it.each<[string, Parts]>([
    ['from nobody', { source: '::' }],
    ['to a link-local address', { destination: 'fe80::99' }],
  ])('drops what is %s', (_name, parts) => {
    arrive(net, through(parts))
    expect([net.refusals.list, net.b.outputs]).toEqual([[], []])
    expect(net.layer.counters.Ip6InAddrErrors).toBe(1)
  })

  it('drops what the link sent to many, and what goes into a black hole', () => {
    arrive(net, through(), net.a, (packet) => {
      packet.packetType = PACKET_MULTICAST
    })
    net.layer.addRoute({ destination: Prefix.parse('2001:db8:b::2/128'), type: 'blackhole' })
    arrive(net, through())
    expect([net.refusals.list, net.b.outputs]).toEqual([[], []])
    expect(net.layer.counters).toMatchObject({ Ip6InDiscards: 1, Ip6ExtInBlackhole: 1 })
  })

  it('tells of a better first hop where the packet goes back by the way it came', () => {
    const told: string[] = []
    net.layer.setDiscovery(() => ({
      addInterface() {},
      removeInterface() {},
      interfaceChanged() {},
      configurationChanged() {},
      addressAdded: () => false,
      addressRemoved() {},
      receive: () => true,
      sendRedirect: (_packet, header, target, by) => told.push(`${header.source} ${target} ${by.name}`),
      close() {},
    }))
    arrive(net, through({ destination: '2001:db8:a::77' }))
    arrive(net, through({ destination: '3fff::1' }))
    arrive(net, through())
    expect(told).toEqual(['2001:db8:a::2 2001:db8:a::77 a', '2001:db8:a::2 fe80::ff a'])
  })
})

describe('ICMPv6 errors in', () => {
  function report(quote: Uint8Array, kind: number, errno: number, info = 0, of: Bench = net): void {
    const packet = of.host.packets.copyOf(quote)
    const made = Object.assign(new IcmpReport(), { version: 6, kind, errno, info, packet, quoteStart: packet.start })
    made.interfaceIndex = 2
    of.layer.dispatchError(made)
    packet.release()
  }
  const sent = (parts: Parts = {}): Uint8Array =>
    packetBytes({ source: '2001:db8:a::1', destination: '3fff::5', ...parts })
  const header = { kind: 'destination-options' as const, options: [{ type: 1, data: new Uint8Array(4) }] }

  it('reach the transport, behind extension headers too', () => {
    report(sent(), ERROR_PORT_UNREACHABLE, ECONNREFUSED)
    report(sent({ extensions: [header] }), ERROR_PORT_UNREACHABLE, ECONNREFUSED)
    const told = { kind: ERROR_PORT_UNREACHABLE, errno: ECONNREFUSED, source: '2001:db8:a::1', destination: '3fff::5' }
    expect(net.udp.errors).toMatchObject([told, told])
  })

  it.each<[string, Uint8Array]>([
    ['of a source that is not this host', sent({ source: '2001:db8:a::9' })],
    ['too short for ports', sent().slice(0, 47)],
    ['of another version', sent().fill(0x45, 0, 1)],
    ['of a later fragment', sent({ extensions: [{ kind: 'fragment', offset: 8, more: true, identification: 1 }] })],
  ])('are dropped and counted where the quote is %s', (_name, quote) => {
    report(quote, ERROR_PORT_UNREACHABLE, ECONNREFUSED)
    expect(net.udp.errors).toEqual([])
    expect(net.layer.counters.Ip6ExtInBadQuotes).toBe(1)
  })

  it('with random quotes never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 90 }), (bytes) => report(bytes.fill(0x60, 0, 1), 5, EMSGSIZE, 1280)),
      { numRuns: 100 },
    )
  })

  it('lower the MTU of the path, but not below what every link has (RFC 8201)', () => {
    const mtu = (): number => {
      const route = net.layer.route(createRouteQuery(IpAddress.parse('3fff::5')))
      return typeof route === 'number' ? -1 : route.mtu
    }
    report(sent(), ERROR_PACKET_TOO_BIG, EMSGSIZE, 1279)
    expect([mtu(), net.udp.errors.length, net.layer.counters.Ip6ExtInBadMtus]).toEqual([1500, 0, 1])
    report(sent(), ERROR_PACKET_TOO_BIG, EMSGSIZE, 1280)
    expect([mtu(), net.udp.errors.length]).toEqual([1280, 1])
  })

  it('of the link about the next hop reach the sender, here or elsewhere', () => {
    net.layer.neighborUnreachable(net.host.packets.copyOf(sent()), net.a)
    expect(net.udp.errors).toMatchObject([{ kind: ERROR_HOST_UNREACHABLE, errno: EHOSTUNREACH }])
    net.layer.neighborUnreachable(net.host.packets.copyOf(sent({ source: '2001:db8:b::9' })), net.a)
    expect(net.refusals.list).toMatchObject([{ kind: ERROR_HOST_UNREACHABLE, source: '2001:db8:b::9' }])
    net.layer.neighborUnreachable(net.host.packets.copyOf(new Uint8Array(30)), net.a)
  })
})

describe('redirects', () => {
  const hop = (destination: string): string => {
    const route = net.layer.route(createRouteQuery(IpAddress.parse(destination)))
    return typeof route === 'number' ? `error ${route}` : `${route.nextHop}`
  }
  const redirect = (destination: string, gateway: string, from = 'fe80::ff'): boolean =>
    net.layer.redirect(IpAddress.parse(destination), IpAddress.parse(gateway), IpAddress.parse(from), 2)

  it('are believed of the present first hop, towards routers and neighbours', () => {
    net.host.set('net.ipv6.conf.all.forwarding', 0)
    redirect('3fff::1', 'fe80::fe')
    redirect('3fff::2', '3fff::2')
    expect([hop('3fff::1'), hop('3fff::2'), hop('3fff::3')]).toEqual(['fe80::fe', '3fff::2', 'fe80::ff'])
    redirect('3fff::4', 'fe80::fe', 'fe80::99')
    redirect('3fff::5', '2001:db8:a::5')
    redirect('ff02::1', 'fe80::fe')
    expect([hop('3fff::4'), hop('3fff::5')]).toEqual(['fe80::ff', 'fe80::ff'])
    expect(net.layer.counters.Ip6ExtInRedirectsIgnored).toBe(3)
  })

  it('are not believed by a router, nor where the setting says so', () => {
    redirect('3fff::1', 'fe80::fe')
    net.host.set('net.ipv6.conf.all.forwarding', 0)
    net.host.set('net.ipv6.conf.a.accept_redirects', 0)
    redirect('3fff::1', 'fe80::fe')
    expect(hop('3fff::1')).toBe('fe80::ff')
    expect(net.layer.send(net.host.packets.allocate(8), flowTo('3fff::1'))).toBe(0)
    expect(net.a.takeBytes().map(read)).toMatchObject([{ destination: '3fff::1' }])
  })
})
