import { IpAddress, type IpAddressSlot, Prefix, setSlot } from '@jackfield/addr'
import {
  ECONNREFUSED,
  EHOSTUNREACH,
  EMSGSIZE,
  ERROR_HOST_UNREACHABLE,
  ERROR_PACKET_TOO_BIG,
  ERROR_PORT_UNREACHABLE,
  IcmpReport,
} from '@jackfield/interfaces'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Bench, bench, finish, flowTo, type Parts, packetBytes, send } from './layer.test-fixture.js'

let net: Bench
beforeEach(() => {
  net = bench()
})
afterEach(() => finish(net))

/** An ICMP error whose quote are these bytes, behind 28 bytes of IP and ICMP. */
function report(of: Bench, quote: Uint8Array, kind: number, errno: number, info = 0): void {
  const packet = of.host.packets.copyOf(Uint8Array.of(...new Uint8Array(28), ...quote))
  const made = new IcmpReport()
  setSlot(made.offender as IpAddressSlot, IpAddress.parse('10.0.0.254'))
  Object.assign(made, { kind, errno, info, packet, quoteStart: packet.start + 28, interfaceIndex: 2 })
  of.layer.dispatchError(made)
  packet.release()
}

const sent = (parts: Parts = {}): Uint8Array =>
  packetBytes({ source: '10.0.0.1', destination: '203.0.113.5', ...parts })

describe('ICMP errors in', () => {
  it('reach the transport that sent the quoted packet, and taps', () => {
    const tapped: number[] = []
    const untap = net.layer.tap(17, { receive: () => false, error: (each) => tapped.push(each.kind) })
    report(net, sent(), ERROR_PORT_UNREACHABLE, ECONNREFUSED)
    expect(net.udp.errors).toEqual([
      { kind: ERROR_PORT_UNREACHABLE, errno: ECONNREFUSED, info: 0, source: '10.0.0.1', destination: '203.0.113.5' },
    ])
    expect(tapped).toEqual([ERROR_PORT_UNREACHABLE])
    untap()
  })

  it.each<[string, Uint8Array]>([
    ['of a source that is not this host', packetBytes({ source: '10.0.0.9', destination: '203.0.113.5' })],
    ['too short for ports', sent().slice(0, 27)],
    ['of another version', sent().fill(0x65, 0, 1)],
    ['with a bad IHL', sent().fill(0x44, 0, 1)],
    ['with more header than there is', sent().fill(0x4f, 0, 1)],
    ['of a later fragment', sent({ offset: 8 })],
  ])('are dropped and counted where the quote is %s', (_name, quote) => {
    report(net, quote, ERROR_PORT_UNREACHABLE, ECONNREFUSED)
    expect(net.udp.errors).toEqual([])
    expect(net.layer.counters.IpExtInBadQuotes).toBe(1)
  })

  it('reach it where any address may be a source', () => {
    const quote = packetBytes({ source: '198.51.100.7', destination: '203.0.113.5' })
    net.host.set('net.ipv4.conf.a.accept_any_destination', 1)
    report(net, quote, ERROR_PORT_UNREACHABLE, ECONNREFUSED)
    expect(net.udp.errors).toMatchObject([{ source: '198.51.100.7' }])
    net.host.set('net.ipv4.conf.a.accept_any_destination', 0)
    report(net, quote, ERROR_PORT_UNREACHABLE, ECONNREFUSED)
    expect(net.udp.errors).toHaveLength(1)
  })

  it('with random quotes never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(13), fc.nat(70_000), (quote, kind, info) => {
        report(net, quote, kind, EMSGSIZE, info)
      }),
    )
  })
})

describe('path MTU discovery', () => {
  const tooBig = (info: number, parts: Parts = {}): void =>
    report(net, sent({ df: true, payload: new Uint8Array(1480), ...parts }), ERROR_PACKET_TOO_BIG, EMSGSIZE, info)
  const mtu = (): number => {
    const flow = flowTo('203.0.113.5')
    send(net, flow, 1)
    net.a.takeBytes()
    return flow.route?.mtu ?? 0
  }

  it('learns what the router tells', () => {
    tooBig(1400)
    expect(mtu()).toBe(1400)
    expect(net.udp.errors).toMatchObject([{ info: 1400 }])
  })

  it('goes down to min_pmtu where the router does not tell, as in Linux', () => {
    tooBig(0)
    expect(mtu()).toBe(552)
  })

  it('goes down to min_pmtu at most', () => {
    tooBig(68)
    expect(mtu()).toBe(552)
  })

  it('never grows by what a router says', () => {
    tooBig(1500)
    tooBig(60_000)
    expect(mtu()).toBe(1500)
  })

  it('holds for a quote without DF, as in Linux', () => {
    tooBig(1400, { df: false })
    expect(mtu()).toBe(1400)
  })

  it('follows ip_no_pmtu_disc', () => {
    net.host.set('net.ipv4.ip_no_pmtu_disc', 2)
    tooBig(1400)
    expect(mtu()).toBe(1500)
    expect(net.udp.errors).toEqual([])
    net.host.set('net.ipv4.ip_no_pmtu_disc', 1)
    tooBig(1400)
    expect(mtu()).toBe(552)
  })
})

describe('a neighbour that does not answer', () => {
  it('is told to the transport of a packet of this host', () => {
    net.layer.neighborUnreachable(net.host.packets.copyOf(sent()), net.a)
    expect(net.udp.errors).toMatchObject([{ kind: ERROR_HOST_UNREACHABLE, errno: EHOSTUNREACH }])
  })

  it('is told to the sender of a forwarded one', () => {
    const bytes = packetBytes({ source: '10.1.0.9', destination: '10.0.0.77' })
    net.layer.neighborUnreachable(net.host.packets.copyOf(bytes), net.a)
    expect(net.refusals.list).toMatchObject([{ kind: ERROR_HOST_UNREACHABLE, source: '10.1.0.9' }])
    net.layer.neighborUnreachable(net.host.packets.copyOf(bytes.slice(0, 9)), net.a)
    expect(net.layer.counters.IpExtOutNeighborFails).toBe(2)
  })
})

describe('redirects in', () => {
  const parse = (text: string): IpAddress => IpAddress.parse(text)
  const redirect = (gateway: string, from = '10.0.0.254'): boolean =>
    net.layer.redirect(parse('203.0.113.5'), parse(gateway), parse(from), 2)
  const nextHop = (): string => {
    const flow = flowTo('203.0.113.5')
    send(net, flow, 1)
    net.a.takeBytes()
    return `${flow.route?.nextHop}`
  }

  it('are believed from the present gateway about a neighbour', () => {
    redirect('10.0.0.253')
    expect(nextHop()).toBe('10.0.0.253')
  })

  it.each([
    ['from a stranger', '10.0.0.253', '10.0.0.66'],
    ['to what is no neighbour', '198.51.100.1', '10.0.0.254'],
    ['to a broadcast', '10.0.0.255', '10.0.0.254'],
    ['to a group', '224.0.0.1', '10.0.0.254'],
    ['to 0.0.0.0', '0.0.0.0', '10.0.0.254'],
  ])('are not believed %s', (_name, gateway, from) => {
    redirect(gateway, from)
    expect(nextHop()).toBe('10.0.0.254')
    expect(net.layer.counters.IpExtInRedirectsIgnored).toBe(1)
  })

  it('are not believed by a router, nor where accept_redirects is 0', () => {
    net.host.set('net.ipv4.ip_forward', 1)
    redirect('10.0.0.253')
    net.host.set('net.ipv4.ip_forward', 0)
    net.host.set('net.ipv4.conf.all.accept_redirects', 0)
    net.host.set('net.ipv4.conf.a.accept_redirects', 0)
    redirect('10.0.0.253')
    expect(nextHop()).toBe('10.0.0.254')
  })

  it('name only default gateways where secure_redirects counts', () => {
    net.host.set('net.ipv4.conf.all.shared_media', 0)
    net.host.set('net.ipv4.conf.a.shared_media', 0)
    redirect('10.0.0.253')
    expect(nextHop()).toBe('10.0.0.254')
    net.layer.addRoute({
      destination: Prefix.parse('0.0.0.0/0'),
      type: 'unicast',
      gateway: parse('10.0.0.253'),
      interface: 2,
      metric: 10,
    })
    redirect('10.0.0.253')
    expect(nextHop()).toBe('10.0.0.253')
  })
})
