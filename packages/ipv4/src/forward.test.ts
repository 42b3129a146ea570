import { IpAddress, Prefix } from '@jackfield/addr'
import {
  ERROR_HOST_UNREACHABLE,
  ERROR_NET_UNREACHABLE,
  ERROR_PACKET_TOO_BIG,
  ERROR_PROHIBITED,
  ERROR_REDIRECT,
  ERROR_TTL_EXCEEDED,
} from '@jackfield/interfaces'
import { PACKET_BROADCAST, SEGMENT_UDP } from '@jackfield/packet'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { arrive, type Bench, bench, counting, finish, type Parts, packetBytes, read } from './layer.test-fixture.js'
import { parseOptions, recordRouteOption, timestampOption } from './wire/option-list.js'

let net: Bench
beforeEach(() => {
  net = bench()
  net.host.set('net.ipv4.ip_forward', 1)
})
afterEach(() => finish(net))

const put = (parts: Parts, by = net.a): void => arrive(net, packetBytes({ destination: '10.1.0.2', ...parts }), by)
const kinds = (): number[] => net.refusals.list.map((each) => each.kind)

describe('IPv4 forwarding', () => {
  it('sends a packet on with a lower TTL', () => {
    put({ ttl: 5, id: 42, df: true, payload: counting(30) })
    expect(net.b.outputs.map((each) => `${each.nextHop}`)).toEqual(['10.1.0.2'])
    const packet = read(net.b.takeBytes()[0] as Uint8Array)
    expect(packet).toMatchObject({ ttl: 4, identification: 42, dontFragment: true, payload: counting(30) })
    expect([`${packet.source}`, `${packet.destination}`]).toEqual(['10.0.0.2', '10.1.0.2'])
    expect(net.layer.counters).toMatchObject({ IpForwDatagrams: 1, IpInDelivers: 0, IpOutRequests: 0 })
  })

  it('does so only where the interface that it came in by may forward', () => {
    net.host.set('net.ipv4.conf.a.forwarding', 0)
    put({})
    put({ source: '10.1.0.2', destination: '10.0.0.2' }, net.b)
    expect(net.b.outputs).toEqual([])
    expect(net.a.takeBytes()).toHaveLength(1)
    expect(net.layer.counters.IpInAddrErrors).toBe(1)
  })

  it('answers where the TTL runs out, quoting the packet as it came', () => {
    put({ ttl: 1 })
    put({ ttl: 0 })
    expect(kinds()).toEqual([ERROR_TTL_EXCEEDED, ERROR_TTL_EXCEEDED])
    expect(net.refusals.list[0]?.quote).toEqual(packetBytes({ destination: '10.1.0.2', ttl: 1 }))
    expect(net.layer.counters.IpInHdrErrors).toBe(2)
  })

  it('answers by the type of the route, and a blackhole with silence', () => {
    for (const [text, type] of [
      ['198.18.0.0/16', 'blackhole'],
      ['198.19.0.0/16', 'unreachable'],
      ['198.20.0.0/16', 'prohibit'],
    ] as const) {
      net.layer.addRoute({ destination: Prefix.parse(text), type })
      put({ destination: text.replace('0/16', '9') })
    }
    net.layer.removeRoute({ destination: Prefix.parse('0.0.0.0/0'), type: 'unicast' })
    put({ destination: '203.0.113.9' })
    expect(kinds()).toEqual([ERROR_HOST_UNREACHABLE, ERROR_PROHIBITED, ERROR_NET_UNREACHABLE])
    expect(net.layer.counters).toMatchObject({ IpExtInBlackhole: 1, IpExtInNoRoutes: 1 })
  })

  it('fragments on the way, or says how much fits', () => {
    net.b.mtu = 600
    net.layer.interfaceChanged(net.b)
    put({ id: 9, payload: counting(1000) })
    expect(net.b.takeBytes().map((bytes) => read(bytes).payload.length)).toEqual([576, 424])
    put({ df: true, payload: counting(1000) })
    expect(net.refusals.list).toMatchObject([{ kind: ERROR_PACKET_TOO_BIG, info: 600 }])
    expect(net.layer.counters).toMatchObject({ IpFragOKs: 1, IpFragCreates: 2, IpFragFails: 1 })
  })

  it('fragments fragments, so that the pieces still fit together', () => {
    net.b.mtu = 300
    net.layer.interfaceChanged(net.b)
    put({ id: 9, mf: true, offset: 800, payload: counting(400) })
    expect(net.b.takeBytes().map((bytes) => read(bytes))).toMatchObject([
      { fragmentOffset: 800, moreFragments: true, totalLength: 300 },
      { fragmentOffset: 1080, moreFragments: true, totalLength: 140 },
    ])
  })

  it('heeds learnt path MTUs only where ip_forward_use_pmtu says so', () => {
    net.layer.updatePathMtu(IpAddress.parse('10.1.0.2'), 700)
    put({ df: true, payload: counting(1000) })
    expect(kinds()).toEqual([])
    net.host.set('net.ipv4.ip_forward_use_pmtu', 1)
    put({ df: true, payload: counting(1000) })
    expect(net.refusals.list).toMatchObject([{ kind: ERROR_PACKET_TOO_BIG, info: 700 }])
  })

  it('passes merged packets on whole', () => {
    arrive(net, packetBytes({ destination: '10.1.0.2', df: true, payload: counting(8 + 3000) }), net.a, (packet) => {
      packet.segmentType = SEGMENT_UDP
      packet.segmentSize = 1000
      packet.segmentCount = 3
    })
    expect(net.b.outputs.map((each) => [each.packet.length, each.packet.segmentSize])).toEqual([[3028, 1000]])
  })

  it('copies before it writes', () => {
    const packet = net.host.packets.copyOf(packetBytes({ destination: '10.1.0.2' }))
    const twin = packet.share()
    net.layer.receive(packet, net.a)
    expect(read(twin.toBytes()).ttl).toBe(64)
    twin.release()
  })

  it('does not forward what the link sent to all, nor multicast, nor directed broadcasts', () => {
    arrive(net, packetBytes({ destination: '10.1.0.2' }), net.a, (packet) => {
      packet.packetType = PACKET_BROADCAST
    })
    put({ destination: '239.5.5.5' })
    put({ destination: '10.1.0.255' })
    expect(net.b.outputs).toEqual([])
    expect(net.layer.counters).toMatchObject({ IpInDiscards: 1, IpExtInMcastNotMember: 1, IpForwDatagrams: 0 })
  })

  it('forwards directed broadcasts where bc_forwarding lets it, and hears them', () => {
    net.host.set('net.ipv4.conf.all.bc_forwarding', 1)
    net.host.set('net.ipv4.conf.a.bc_forwarding', 1)
    put({ destination: '10.1.0.255' })
    expect(net.b.outputs.map((each) => each.packet.packetType)).toEqual([PACKET_BROADCAST])
    expect(net.udp.received).toMatchObject([{ destination: '10.1.0.255', cast: 1 }])
  })

  it('records its outgoing address and the time in options', () => {
    put({ options: recordRouteOption(2) })
    put({ options: timestampOption(1, true) })
    const [route, time] = net.b.takeBytes().map((bytes) => parseOptions(read(bytes).options))
    expect(route?.[1]?.kind === 'record-route' && `${route[1].addresses[0]}`).toBe('10.1.0.1')
    const entry = time?.[0]?.kind === 'timestamp' ? time[0].entries[0] : undefined
    expect(`${entry?.address}`).toBe('10.1.0.1')
    expect(entry?.milliseconds).toBe(Math.floor(net.host.clock.wallTime() / 1000) % 86_400_000)
  })
})

describe('IPv4 redirects out', () => {
  const hairpin = (source = '10.0.0.2'): void => put({ source, destination: '203.0.113.7' })

  it('tells a neighbour of the better first hop, and sends the packet on', () => {
    hairpin()
    expect(net.refusals.list).toMatchObject([{ kind: ERROR_REDIRECT, info: 1, gateway: '10.0.0.254' }])
    expect(net.a.outputs).toHaveLength(1)
  })

  it('pauses longer and longer, then gives up until the host was silent', () => {
    for (let i = 0; i < 200; i++) {
      hairpin()
      net.host.clock.advance(100_000)
    }
    expect(net.refusals.list.length).toBeGreaterThan(4)
    expect(net.refusals.list.length).toBeLessThanOrEqual(9)
    const before = net.refusals.list.length
    net.host.clock.advance(30_000_000)
    hairpin()
    expect(net.refusals.list.length).toBe(before + 1)
  })

  it('tells nobody where send_redirects is 0, nor hosts that are not neighbours', () => {
    hairpin('198.51.100.1')
    net.host.set('net.ipv4.conf.all.send_redirects', 0)
    net.host.set('net.ipv4.conf.a.send_redirects', 0)
    hairpin()
    expect(net.refusals.list).toEqual([])
  })
})
