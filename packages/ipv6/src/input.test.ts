import { IpAddress } from '@jackfield/addr'
import {
  CAST_MULTICAST,
  ERROR_INCOMPLETE_HEADERS,
  ERROR_PARAMETER_PROBLEM,
  ERROR_PORT_UNREACHABLE,
  ERROR_REASSEMBLY_TIMEOUT,
  ERROR_UNKNOWN_HEADER,
  ERROR_UNKNOWN_OPTION,
  UNREACHABLE,
} from '@jackfield/interfaces'
import { PACKET_MULTICAST, PACKET_OTHERHOST, setPacketChecks } from '@jackfield/packet'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  arrive,
  type Bench,
  bench,
  counting,
  finish,
  fragmentBytes,
  type Parts,
  packetBytes,
} from './layer.test-fixture.js'
import type { ExtensionHeader } from './wire/extension-list.js'
import { padIpv6Options } from './wire/option-list.js'

let net: Bench
beforeEach(() => {
  net = bench()
})
afterEach(() => finish(net))

const options = (kind: 'hop-by-hop' | 'destination-options', type: number): ExtensionHeader => ({
  kind,
  options: padIpv6Options([{ type, data: new Uint8Array(4) }]),
})
const routing = (segmentsLeft: number): ExtensionHeader => ({
  kind: 'routing',
  type: 0,
  segmentsLeft,
  data: new Uint8Array(20),
})
const refused = (): [number, number][] => net.refusals.list.map(({ kind, info }) => [kind, info])

describe('packets that come in', () => {
  it('reach their transport, with what the header says', () => {
    arrive(net, packetBytes({ trafficClass: 0xb9, hopLimit: 9, payload: counting(20) }))
    expect(net.udp.received).toMatchObject([
      { source: '2001:db8:a::2', destination: '2001:db8:a::1', ttl: 9, tos: 0xb9, interfaceIndex: 2, headerLength: 40 },
    ])
    expect(net.udp.received[0]?.payload).toEqual(counting(20))
    expect(net.layer.counters).toMatchObject({ Ip6InReceives: 1, Ip6InDelivers: 1, Ip6InOctets: 60, Ip6InECT1Pkts: 1 })
  })

  it('lose what the link added behind them', () => {
    arrive(net, Uint8Array.of(...packetBytes({ payload: counting(3) }), 0, 0, 0))
    expect(net.udp.received[0]?.payload).toEqual(counting(3))
  })

  it.each<[string, Uint8Array, keyof Bench['layer']['counters']]>([
    ['short', packetBytes({}).slice(0, 39), 'Ip6InHdrErrors'],
    ['of another version', packetBytes({}).fill(0x45, 0, 1), 'Ip6InHdrErrors'],
    ['truncated', packetBytes({ payload: counting(20) }).slice(0, 59), 'Ip6InTruncatedPkts'],
    ['from a group', packetBytes({ source: 'ff02::1' }), 'Ip6InHdrErrors'],
    ['from ::1', packetBytes({ source: '::1' }), 'Ip6InHdrErrors'],
    ['to ::1', packetBytes({ destination: '::1' }), 'Ip6InHdrErrors'],
    ['from a mapped address', packetBytes({ source: '::ffff:10.0.0.1' }), 'Ip6InHdrErrors'],
    ['to an interface-local group', packetBytes({ destination: 'ff01::1' }), 'Ip6InHdrErrors'],
    ['to a group of the reserved scope', packetBytes({ destination: 'ff00::1' }), 'Ip6InHdrErrors'],
    ['to a group not joined', packetBytes({ destination: 'ff02::99' }), 'Ip6ExtInMcastNotMember'],
    ['for somebody else', packetBytes({ destination: '2001:db8:a::77' }), 'Ip6InAddrErrors'],
    ['for a link-local address of another link', packetBytes({ destination: 'fe80::b' }), 'Ip6InAddrErrors'],
  ])('are dropped and counted where they are %s', (_name, bytes, counter) => {
    arrive(net, bytes)
    expect(net.udp.received).toEqual([])
    expect(net.layer.counters[counter]).toBe(1)
    expect(net.refusals.list).toEqual([])
  })

  it('are dropped where the link sent them to others, or IPv6 is off', () => {
    arrive(net, packetBytes({}), net.a, (packet) => {
      packet.packetType = PACKET_OTHERHOST
    })
    net.host.set('net.ipv6.conf.a.drop_unicast_in_l2_multicast', 1)
    arrive(net, packetBytes({}), net.a, (packet) => {
      packet.packetType = PACKET_MULTICAST
    })
    net.host.set('net.ipv6.conf.a.disable_ipv6', 1)
    arrive(net, packetBytes({}))
    expect(net.udp.received).toEqual([])
    expect(net.layer.counters).toMatchObject({ Ip6ExtInOtherHost: 1, Ip6InHdrErrors: 1, Ip6InDiscards: 1 })
    expect(net.layer.addresses().some((each) => each.interface === net.a)).toBe(false)
  })

  it('for groups reach who joined: all nodes, the solicited node, those of sockets by their sources', () => {
    arrive(net, packetBytes({ destination: 'ff02::1' }))
    arrive(net, packetBytes({ destination: 'ff02::1:ff00:a' }))
    const group = IpAddress.parse('ff15::7')
    net.layer.setGroupFilter({}, net.a, group, 'include', [IpAddress.parse('2001:db8:a::2')])
    arrive(net, packetBytes({ destination: 'ff15::7' }))
    arrive(net, packetBytes({ destination: 'ff15::7', source: '2001:db8:a::3' }))
    expect(net.udp.received.map(({ cast }) => cast)).toEqual([CAST_MULTICAST, CAST_MULTICAST, CAST_MULTICAST])
    expect(net.layer.counters).toMatchObject({ Ip6InMcastPkts: 3, Ip6ExtInMcastNotMember: 1 })
  })

  it('for a transport that nobody has, or that has nobody, are answered', () => {
    arrive(net, packetBytes({ protocol: 253 }))
    net.udp.answer = UNREACHABLE
    arrive(net, packetBytes({}))
    expect(refused()).toEqual([
      [ERROR_UNKNOWN_HEADER, 6],
      [ERROR_PORT_UNREACHABLE, 0],
    ])
    expect(net.layer.counters).toMatchObject({ Ip6InUnknownProtos: 1, Ip6InDelivers: 1 })
  })
})

describe('extension headers', () => {
  it('are passed over in any order, and the transport sees how long they are', () => {
    const extensions = [
      options('hop-by-hop', 0x1e),
      options('destination-options', 0x1e),
      routing(0),
      { kind: 'fragment' as const, offset: 0, more: false, identification: 1 },
      options('destination-options', 0x1e),
    ]
    arrive(net, packetBytes({ extensions, payload: counting(30) }))
    expect(net.udp.received[0]?.payload).toEqual(counting(30))
    expect(net.udp.received[0]?.headerLength).toBe(40 + 8 + 8 + 24 + 8 + 8)
  })

  it('that nobody here can check are a protocol that is not there', () => {
    const extensions = [
      options('destination-options', 0x1e),
      { kind: 'authentication' as const, data: new Uint8Array(10) },
    ]
    arrive(net, packetBytes({ extensions, payload: counting(30) }))
    expect(net.udp.received).toEqual([])
    expect(net.refusals.list.map(({ kind, info }) => [kind, info])).toEqual([[ERROR_UNKNOWN_HEADER, 40]])
  })

  it('behind which nothing is are dropped in silence', () => {
    arrive(net, packetBytes({ protocol: 59, payload: counting(30) }))
    expect([net.udp.received, net.refusals.list]).toEqual([[], []])
  })

  it.each<[string, Parts, [number, number][]]>([
    ['a routing header with segments left', { extensions: [routing(1)] }, [[ERROR_PARAMETER_PROBLEM, 42]]],
    [
      'hop-by-hop options behind others',
      { extensions: [options('destination-options', 0x1e), options('hop-by-hop', 0x1e)] },
      [[ERROR_UNKNOWN_HEADER, 40]],
    ],
    ['an option to discard', { extensions: [options('hop-by-hop', 0x5e)] }, []],
    ['an option to answer', { extensions: [options('hop-by-hop', 0x9e)] }, [[ERROR_UNKNOWN_OPTION, 42]]],
    [
      'an option to answer in a group',
      { extensions: [options('destination-options', 0x9e)], destination: 'ff02::1' },
      [[ERROR_UNKNOWN_OPTION, 42]],
    ],
    [
      'an option not to answer in a group',
      { extensions: [options('destination-options', 0xde)], destination: 'ff02::1' },
      [],
    ],
    ['a jumbogram', { extensions: [options('hop-by-hop', 0xc2)] }, [[ERROR_UNKNOWN_OPTION, 42]]],
    [
      'an unknown header behind a known one',
      { extensions: [options('destination-options', 0x1e)], protocol: 253 },
      [[ERROR_UNKNOWN_HEADER, 40]],
    ],
  ])('refuse %s', (_name, parts, answers) => {
    arrive(net, packetBytes(parts))
    expect(net.udp.received).toEqual([])
    expect(refused()).toEqual(answers)
  })

  it('with random bytes never throw, and nothing is left', () => {
    const kinds = fc.constantFrom(0, 43, 44, 51, 60, 59, 17)
    const byte = fc.oneof(kinds, fc.nat(2), fc.nat(255))
    const to = fc.constantFrom('2001:db8:a::1', 'ff02::1', 'fe80::a', '2001:db8:9::9')
    fc.assert(
      fc.property(kinds, fc.array(byte, { maxLength: 90 }), to, fc.boolean(), (first, rest, destination, forward) => {
        const own = bench()
        if (forward) own.host.set('net.ipv6.conf.all.forwarding', 1)
        const bytes = packetBytes({ destination, payload: Uint8Array.from(rest) })
        bytes[6] = first
        arrive(own, bytes)
        own.host.clock.advance(61_000_000)
        finish(own)
      }),
      { numRuns: 150 },
    )
  })
})

describe('fragments', () => {
  const payload = counting(3000)
  const cuts = [0, 1200, 2400, 3000]
  const parts: Parts = { extensions: [options('destination-options', 0x1e)], trafficClass: 2 }
  const fragments = cuts.slice(1).map((to, i) => fragmentBytes(parts, payload, cuts[i] as number, to))

  it('make the datagram, whatever their order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(fragments, { minLength: 3 }), (order) => {
        const own = bench()
        for (const each of order) arrive(own, each)
        const [whole] = own.udp.received
        expect(whole?.payload).toEqual(payload)
        expect(whole).toMatchObject({ protocol: 17, headerLength: 48, fragmentSize: 1256, tos: 2 })
        expect(whole?.header[40]).toBe(17)
        expect(own.layer.counters).toMatchObject({ Ip6ReasmReqds: 3, Ip6ReasmOKs: 1, Ip6ReasmFails: 0 })
        finish(own)
      }),
      { numRuns: 12 },
    )
  })

  it('that overlap end their datagram (RFC 5722)', () => {
    arrive(net, fragments[0] as Uint8Array)
    arrive(net, fragmentBytes(parts, payload, 800, 2400))
    arrive(net, fragments[2] as Uint8Array)
    expect(net.udp.received).toEqual([])
    expect(net.layer.counters.Ip6ExtReasmOverlaps).toBe(1)
  })

  it('of which one is the whole datagram wait for nobody and disturb nobody (RFC 6946)', () => {
    arrive(net, fragments[0] as Uint8Array)
    arrive(net, fragmentBytes(parts, counting(100), 0, 100))
    expect(net.udp.received.map((each) => each.payload.length)).toEqual([100])
    arrive(net, fragments[1] as Uint8Array)
    arrive(net, fragments[2] as Uint8Array)
    expect(net.udp.received[1]?.payload).toEqual(payload)
  })

  it('that never become whole are reported, with the first of them as it came', () => {
    arrive(net, fragments[0] as Uint8Array)
    net.host.clock.advance(59_000_000)
    expect(net.refusals.list).toEqual([])
    net.host.clock.advance(1_100_000)
    expect(refused()).toEqual([[ERROR_REASSEMBLY_TIMEOUT, 0]])
    expect(net.refusals.list[0]?.quote).toEqual(fragments[0])
    arrive(net, fragments[1] as Uint8Array)
    net.host.clock.advance(61_000_000)
    expect(net.refusals.list).toHaveLength(1)
  })

  it('that cannot be part of a datagram are answered', () => {
    arrive(net, fragmentBytes({}, payload, 0, 1201))
    const tooFar = packetBytes({
      extensions: [{ kind: 'fragment', offset: 65_528, more: false, identification: 1 }],
      payload: counting(16),
    })
    arrive(net, tooFar)
    expect(refused()).toEqual([
      [ERROR_PARAMETER_PROBLEM, 4],
      [ERROR_PARAMETER_PROBLEM, 42],
    ])
  })

  it('of which the first does not hold all headers are answered (RFC 7112)', () => {
    const first: ExtensionHeader = { kind: 'fragment', offset: 0, more: true, identification: 1 }
    arrive(net, packetBytes({ extensions: [first], protocol: 6, payload: counting(16) }))
    expect(refused()).toEqual([[ERROR_INCOMPLETE_HEADERS, 40]])
  })

  it('may make up a datagram of 65,535 bytes behind the fixed header', () => {
    const large = counting(65_535)
    for (let at = 0; at < large.length; at += 8192) {
      arrive(net, fragmentBytes({}, large, at, Math.min(large.length, at + 8192)))
    }
    const [whole] = net.udp.received
    expect(whole?.payload.length).toBe(65_535)
    expect(whole?.payload.every((byte, i) => byte === large[i])).toBe(true)
  })

  it('make the datagram where packet objects are used again at once', () => {
    setPacketChecks(false)
    try {
      const bytes = counting(1458)
      arrive(net, fragmentBytes({}, bytes, 0, 1448))
      // Copied out of a buffer much larger than it: its object is free before the datagram takes one.
      arrive(net, fragmentBytes({}, bytes, 1448, 1458), net.a, (packet) => packet.makeTailroom(2000))
      expect(net.udp.received[0]?.payload).toEqual(bytes)
      expect(net.refusals.list).toEqual([])
    } finally {
      setPacketChecks(true)
    }
  })
})
