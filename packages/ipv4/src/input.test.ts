import { Prefix } from '@jackfield/addr'
import {
  ANY_PROTOCOL,
  CAST_BROADCAST,
  CAST_MULTICAST,
  ERROR_PARAMETER_PROBLEM,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROTOCOL_UNREACHABLE,
  ERROR_REASSEMBLY_TIMEOUT,
  ERROR_SOURCE_ROUTE_FAILED,
  IFF_ALLMULTI,
  NetworkHeader,
  UNREACHABLE,
} from '@jackfield/interfaces'
import { PACKET_OTHERHOST } from '@jackfield/packet'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { arrive, type Bench, bench, counting, finish, type Parts, packetBytes } from './layer.test-fixture.js'
import { parseOptions, recordRouteOption } from './wire/option-list.js'

let net: Bench
beforeEach(() => {
  net = bench()
})
afterEach(() => finish(net))

const put = (parts: Parts, by = net.a): void => arrive(net, packetBytes(parts), by)

describe('IPv4 input', () => {
  it('gives a packet for this host to its transport, without the padding of the link', () => {
    const bytes = packetBytes({ payload: counting(5), ttl: 7, tos: 0x12 })
    arrive(net, Uint8Array.of(...bytes, 0, 0, 0, 0, 0, 0), net.a)
    expect(net.udp.received).toMatchObject([
      { source: '10.0.0.2', destination: '10.0.0.1', protocol: 17, ttl: 7, tos: 0x12, cast: 0, interfaceIndex: 2 },
    ])
    expect(net.udp.received[0]?.payload).toEqual(counting(5))
    expect(net.layer.counters).toMatchObject({
      IpInReceives: 1,
      IpInDelivers: 1,
      IpExtInOctets: 31,
      IpExtInECT0Pkts: 1,
    })
  })

  it.each<[string, (bytes: Uint8Array) => Uint8Array, string]>([
    ['a short packet', (b) => b.slice(0, 10), 'IpInHdrErrors'],
    ['a packet of version 6', (b) => b.fill(0x65, 0, 1), 'IpInHdrErrors'],
    ['a bad checksum', (b) => b.fill(9, 10, 11), 'IpExtInCsumErrors'],
    ['a truncated packet', (b) => b.slice(0, 24), 'IpExtInTruncatedPkts'],
  ])('drops and counts %s', (_name, spoil, counter) => {
    arrive(net, spoil(packetBytes({})), net.a)
    expect(net.udp.received).toEqual([])
    expect(net.host.counter(counter)).toBe(1)
    expect(net.refusals.list).toEqual([])
  })

  it.each<[string, Parts, string]>([
    ['from a loopback address', { source: '127.0.0.1' }, 'IpExtInMartianSrc'],
    ['from a group', { source: '224.0.0.5' }, 'IpExtInMartianSrc'],
    ['from the limited broadcast', { source: '255.255.255.255' }, 'IpExtInMartianSrc'],
    ['from a directed broadcast', { source: '10.0.0.255' }, 'IpExtInMartianSrc'],
    ['from this host itself', { source: '10.1.0.1' }, 'IpExtInMartianSrc'],
    ['from 0.0.0.0 to a unicast address', { source: '0.0.0.0' }, 'IpExtInMartianSrc'],
    ['to a loopback address', { destination: '127.0.0.1' }, 'IpExtInMartianDst'],
    ['to 0.0.0.1', { destination: '0.0.0.1' }, 'IpExtInMartianDst'],
    ['to another host', { destination: '10.0.0.77' }, 'IpInAddrErrors'],
    ['to a group not joined', { destination: '239.1.2.3' }, 'IpExtInMcastNotMember'],
    ['from a loopback address to a group', { source: '127.0.0.1', destination: '224.0.0.1' }, 'IpExtInMartianSrc'],
  ])('drops and counts a packet %s', (_name, parts, counter) => {
    put(parts)
    expect(net.udp.received).toEqual([])
    expect(net.host.counter(counter)).toBe(1)
    expect(net.refusals.list).toEqual([])
  })

  it('drops what the link addressed to another host', () => {
    arrive(net, packetBytes({}), net.a, (packet) => {
      packet.packetType = PACKET_OTHERHOST
    })
    expect(net.layer.counters.IpExtInOtherHost).toBe(1)
  })

  it('takes broadcasts, limited and directed, and 0.0.0.0 as the source of the limited one', () => {
    put({ source: '0.0.0.0', destination: '255.255.255.255' })
    put({ destination: '10.0.0.255' })
    put({ destination: '10.1.0.255' })
    expect(net.udp.received.map((each) => each.cast)).toEqual([CAST_BROADCAST, CAST_BROADCAST, CAST_BROADCAST])
    expect(net.layer.counters).toMatchObject({ IpExtInBcastPkts: 3, IpExtInBcastOctets: 84 })
  })

  it('takes groups that the interface joined, from sources that the filter lets in', () => {
    const group = Prefix.parse('239.1.2.3/32').address
    const owner = {}
    expect(net.layer.setGroupFilter(owner, net.a, group, 'exclude', [Prefix.parse('10.0.0.9/32').address])).toBe(0)
    put({ destination: '239.1.2.3' })
    put({ destination: '239.1.2.3' }, net.b)
    put({ destination: '239.1.2.3', source: '10.0.0.9' })
    expect(net.udp.received.map((each) => [each.cast, each.interfaceIndex])).toEqual([[CAST_MULTICAST, 2]])
    expect(net.layer.counters).toMatchObject({ IpExtInMcastPkts: 1, IpExtInMcastNotMember: 2 })
    net.b.flags |= IFF_ALLMULTI
    put({ destination: '239.1.2.3' }, net.b)
    expect(net.udp.received).toHaveLength(2)
    expect(net.layer.setGroupFilter(owner, net.a, group, 'include', [])).toBe(0)
  })

  it('is a weak host, or a strong one where strong_host_receive says so', () => {
    put({ destination: '10.1.0.1' })
    expect(net.udp.received).toHaveLength(1)
    net.host.set('net.ipv4.conf.a.strong_host_receive', 1)
    put({ destination: '10.1.0.1' })
    expect(net.udp.received).toHaveLength(1)
    expect(net.layer.counters.IpInAddrErrors).toBe(1)
    put({ source: '10.1.0.2', destination: '10.1.0.1' }, net.b)
    expect(net.udp.received).toHaveLength(2)
  })

  it('takes what is for anybody where accept_any_destination says so, rather than drop or forward it', () => {
    put({ destination: '192.0.2.7' })
    expect(net.layer.counters.IpInAddrErrors).toBe(1)
    for (const forwarding of [0, 1]) {
      net.host.set('net.ipv4.conf.a.accept_any_destination', 1)
      net.host.set('net.ipv4.conf.a.forwarding', forwarding)
      put({ destination: '192.0.2.7' })
      expect(net.udp.received.splice(0)).toMatchObject([{ destination: '192.0.2.7', cast: 0, interfaceIndex: 2 }])
      put({ source: '10.1.0.2', destination: '192.0.2.7' }, net.b)
      expect(net.udp.received).toEqual([])
      net.host.set('net.ipv4.conf.a.accept_any_destination', 0)
    }
    put({ destination: '192.0.2.7' })
    expect(net.udp.received).toEqual([])
    expect(net.layer.counters.IpForwDatagrams).toBe(1)
  })

  it('takes neither groups nor addresses that cannot be, whatever accept_any_destination says', () => {
    net.host.set('net.ipv4.conf.all.accept_any_destination', 1)
    for (const destination of ['239.1.2.3', '127.0.0.1', '0.0.0.5']) put({ destination })
    put({ source: '10.0.0.1', destination: '192.0.2.7' })
    expect(net.udp.received).toEqual([])
    put({ destination: '10.0.0.255' })
    expect(net.udp.received.map((each) => each.cast)).toEqual([CAST_BROADCAST])
  })

  it('takes whatever a route of type local holds', () => {
    const route = { destination: Prefix.parse('0.0.0.0/0'), type: 'local' as const }
    net.layer.addRoute(route)
    put({ destination: '192.0.2.7' })
    expect(net.udp.received).toMatchObject([{ destination: '192.0.2.7', cast: 0 }])
    net.layer.removeRoute(route)
    put({ destination: '192.0.2.7' })
    expect(net.udp.received).toHaveLength(1)
  })

  it('filters by the reverse path as rp_filter says', () => {
    const counts: number[] = []
    for (const mode of [0, 1, 2]) {
      net.host.set('net.ipv4.conf.b.rp_filter', mode)
      put({ source: '10.0.0.2', destination: '10.1.0.1' }, net.b)
      put({ source: '10.1.0.2', destination: '10.1.0.1' }, net.b)
      counts.push(net.layer.counters.TcpExtIPReversePathFilter)
    }
    expect(counts).toEqual([0, 1, 1])
    expect(net.udp.received).toHaveLength(5)
  })

  it('accepts any address where a local route says so', () => {
    const everything = { destination: Prefix.parse('0.0.0.0/0'), type: 'local' as const, interface: net.lo.index }
    net.layer.addRoute(everything)
    put({ source: '198.51.100.7', destination: '203.0.113.9' })
    expect(net.udp.received).toMatchObject([{ destination: '203.0.113.9', cast: 0 }])
    net.layer.removeRoute(everything)
    put({ source: '198.51.100.7', destination: '203.0.113.9' })
    expect(net.layer.counters.IpInAddrErrors).toBe(1)
  })

  it('answers "port unreachable" and "protocol unreachable", but not to broadcasts', () => {
    net.udp.answer = UNREACHABLE
    put({ payload: counting(12) })
    put({ destination: '10.0.0.255' })
    put({ protocol: 99 })
    put({ protocol: 99, destination: '255.255.255.255' })
    expect(net.refusals.list.map((each) => each.kind)).toEqual([ERROR_PORT_UNREACHABLE, ERROR_PROTOCOL_UNREACHABLE])
    expect(net.refusals.list[0]?.quote).toEqual(packetBytes({ payload: counting(12) }))
    expect(net.layer.counters.IpInUnknownProtos).toBe(2)
  })

  it('shows packets to taps first, and needs no transport where a tap took one', () => {
    const seen: string[] = []
    const tap = (name: string, taken: boolean) => ({
      receive: (_packet: unknown, header: NetworkHeader) => {
        seen.push(`${name} ${header.protocol}`)
        return taken
      },
      error() {},
    })
    const untap = net.layer.tap(99, tap('raw', true))
    net.layer.tap(ANY_PROTOCOL, tap('any', false))
    put({ protocol: 99 })
    put({})
    expect(seen).toEqual(['raw 99', 'any 99', 'any 17'])
    expect(net.refusals.list).toEqual([])
    untap()
    untap()
    put({ protocol: 99 })
    expect(net.refusals.list).toHaveLength(1)
    expect(() => net.layer.tap(256, tap('bad', false))).toThrow('a protocol is 0 to 255')
  })

  it('fills a header again from a packet that a transport kept', () => {
    const kept = net.host.packets.copyOf(packetBytes({ ttl: 9, destination: '10.0.0.255' }))
    kept.networkHeader = kept.start
    kept.interfaceIndex = 2
    const header = new NetworkHeader()
    net.layer.readHeader(kept, header)
    expect(header).toMatchObject({ version: 4, ttl: 9, cast: CAST_BROADCAST, headerLength: 20, interfaceIndex: 2 })
    kept.release()
  })
})

describe('IPv4 options on input', () => {
  it('refuses source routes', () => {
    put({ options: Uint8Array.of(131, 7, 4, 10, 0, 0, 1, 0) })
    expect(net.refusals.list.map((each) => each.kind)).toEqual([ERROR_SOURCE_ROUTE_FAILED])
    expect(net.layer.counters.IpInHdrErrors).toBe(1)
    expect(net.udp.received).toEqual([])
  })

  it('points to the bad byte', () => {
    put({ options: Uint8Array.of(1, 7, 99, 4) })
    expect(net.refusals.list).toMatchObject([{ kind: ERROR_PARAMETER_PROBLEM, info: 21 }])
  })

  it('records the route of a packet that arrives', () => {
    put({ options: recordRouteOption(3) })
    const [received] = net.udp.received
    const options = parseOptions(received?.header.slice(20) ?? new Uint8Array(0))
    expect(options[1]?.kind === 'record-route' && options[1].addresses.map(String)).toEqual([
      '10.0.0.1',
      '0.0.0.0',
      '0.0.0.0',
    ])
  })
})

describe('IPv4 reassembly', () => {
  it('gives the transport one datagram, its header whole', () => {
    const payload = counting(100)
    put({ id: 7, mf: true, payload: payload.slice(0, 64) })
    put({ id: 7, offset: 64, payload: payload.slice(64) })
    expect(net.udp.received).toMatchObject([{ source: '10.0.0.2', fragmentSize: 84 }])
    expect(net.udp.received[0]?.payload).toEqual(payload)
    expect(net.udp.received[0]?.header.length).toBe(20)
    expect(net.layer.counters).toMatchObject({ IpReasmReqds: 2, IpReasmOKs: 1, IpInDelivers: 1 })
  })

  it('tells the sender whose first fragment came, and nothing else, when time is up', () => {
    put({ id: 1, mf: true, payload: counting(64) })
    put({ id: 2, mf: true, offset: 64, payload: counting(64) })
    net.host.clock.advance(31_000_000)
    expect(net.refusals.list).toMatchObject([{ kind: ERROR_REASSEMBLY_TIMEOUT, source: '10.0.0.2' }])
    expect(net.layer.counters.IpReasmTimeout).toBe(2)
  })
})

describe('hostile input', () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc
      .record({
        source: fc.constantFrom(
          '10.0.0.2',
          '0.0.0.0',
          '127.0.0.1',
          '224.0.0.1',
          '255.255.255.255',
          '10.1.0.1',
          '8.8.8.8',
        ),
        destination: fc.constantFrom('10.0.0.1', '10.1.0.255', '224.0.0.1', '255.255.255.255', '9.9.9.9', '10.1.0.7'),
        protocol: fc.constantFrom(17, 2, 99),
        ttl: fc.nat(3),
        id: fc.nat(2),
        mf: fc.boolean(),
        df: fc.boolean(),
        offset: fc.nat(8191).map((units) => units * 8),
        options: fc.nat(10).chain((words) => fc.uint8Array({ minLength: words * 4, maxLength: words * 4 })),
        payload: fc.uint8Array({ maxLength: 64 }),
      })
      .map((parts) => packetBytes(parts)),
  )

  it('random packets never throw, and each is counted once', () => {
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 20 }), fc.boolean(), (packets, router) => {
        const own = bench()
        own.host.set('net.ipv4.ip_forward', router ? 1 : 0)
        for (const bytes of packets) arrive(own, bytes, own.a)
        const c = own.layer.counters
        const ends =
          c.IpInHdrErrors +
          c.IpExtInTruncatedPkts +
          c.IpInAddrErrors +
          c.IpInDelivers +
          c.IpInUnknownProtos +
          c.IpForwDatagrams +
          c.IpFragFails +
          c.IpExtInNoRoutes +
          c.IpExtInMartianSrc +
          c.IpExtInMartianDst +
          c.IpExtInMcastNotMember +
          c.IpReasmReqds -
          c.IpReasmOKs
        expect(c.IpInReceives).toBe(packets.length)
        expect(ends).toBe(packets.length)
        finish(own)
      }),
      { numRuns: 150 },
    )
  })
})
