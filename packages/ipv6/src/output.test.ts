import { IpAddress, Prefix } from '@jackfield/addr'
import {
  EADDRNOTAVAIL,
  EINVAL,
  EMSGSIZE,
  ENETDOWN,
  ENETUNREACH,
  IP_PMTUDISC_DO,
  IP_PMTUDISC_PROBE,
  NetworkHeader,
  type OffloadProtocol,
} from '@jackfield/interfaces'
import { createFakeHost, createFakeInterface } from '@jackfield/interfaces/compliance'
import { SEGMENT_UDP } from '@jackfield/packet'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type Bench,
  bench,
  counting,
  finish,
  flowTo,
  installBareLayer,
  packetBytes,
  read,
  send,
} from './layer.test-fixture.js'

let net: Bench
beforeEach(() => {
  net = bench()
})
afterEach(() => finish(net))

const sentBy = (of: Bench['a'] = net.a) => of.takeBytes().map(read)

describe('packets that go out', () => {
  it('have the header that the flow and the route say', () => {
    expect(send(net, flowTo('2001:db8:a::9', { tos: 0xb9, flowLabel: 0x12345 }), 20)).toBe(0)
    expect(net.a.outputs[0]?.nextHop.toString()).toBe('2001:db8:a::9')
    const [packet] = sentBy()
    expect(packet).toMatchObject({ source: '2001:db8:a::1', destination: '2001:db8:a::9', protocol: 17 })
    expect(packet?.header).toMatchObject({ trafficClass: 0xb9, flowLabel: 0x12345, hopLimit: 64 })
    expect(packet?.payload).toEqual(counting(20))
    send(net, flowTo('2001:db8:ffff::9', { ttl: 7 }), 8)
    expect(net.a.outputs[0]?.nextHop.toString()).toBe('fe80::ff')
    expect(sentBy()[0]?.header.hopLimit).toBe(7)
    net.host.set('net.ipv6.conf.a.hop_limit', 99)
    send(net, flowTo('2001:db8:a::9'), 8)
    expect(sentBy()[0]?.header.hopLimit).toBe(99)
  })

  it('of one flow have one label, which tells flows apart; none where it is off', () => {
    const label = (port: number): number | undefined => {
      send(net, flowTo('2001:db8:a::9'), 8, (packet) => packet.view.setUint16(packet.start, port))
      return sentBy()[0]?.header.flowLabel
    }
    expect(label(1)).toBe(label(1))
    expect(new Set([1, 2, 3, 4].map(label)).size).toBe(4)
    net.host.set('net.ipv6.auto_flowlabels', 0)
    expect(label(1)).toBe(0)
  })

  it('take the first link for a link-local destination without its zone, and no notice of a zone elsewhere', () => {
    expect(send(net, flowTo('fe80::9'), 8)).toBe(0)
    expect(sentBy()[0]).toMatchObject({ source: 'fe80::a' })
    expect(send(net, flowTo('fe80::9', { scopeId: 3 }), 8)).toBe(0)
    expect(sentBy(net.b)[0]).toMatchObject({ source: 'fe80::b' })
    expect(send(net, flowTo('fe80::9', { interfaceIndex: 2 }), 8)).toBe(0)
    expect(sentBy()[0]).toMatchObject({ source: 'fe80::a' })
    expect(send(net, flowTo('fe80::9', { interfaceIndex: 2, scopeId: 3 }), 8)).toBe(EINVAL)
    expect(send(net, flowTo('2001:db8:a::9', { scopeId: 3 }), 8)).toBe(0)
    expect(sentBy()).toHaveLength(1)
  })

  it('find no way to mapped addresses, without a route, without a source, or where IPv6 is off', () => {
    expect(send(net, flowTo('::ffff:10.0.0.1'), 8)).toBe(ENETUNREACH)
    const lonely = createFakeInterface({ index: 9 })
    const host = createFakeHost([], [lonely])
    const layer = installBareLayer(host)
    layer.addInterface(lonely)
    layer.addRoute({ destination: Prefix.parse('::/0'), type: 'unicast', interface: 9 })
    expect(layer.send(host.packets.allocate(8), flowTo('2001:db8::1'))).toBe(EADDRNOTAVAIL)
    expect(layer.send(host.packets.allocate(8), flowTo('2001:db8::1', { anySource: true }))).toBe(EADDRNOTAVAIL)
    expect(host.packets.outstanding).toBe(0)
    host.close()
    net.host.set('net.ipv6.conf.all.disable_ipv6', 1)
    expect(send(net, flowTo('2001:db8:a::9', { interfaceIndex: 2 }), 8)).toBeGreaterThan(0)
    expect([ENETUNREACH, ENETDOWN]).toContain(send(net, flowTo('2001:db8:a::9'), 8))
  })

  it('to groups leave by their interface, with their own hop limit, and come back to members', () => {
    const group = IpAddress.parse('ff15::7')
    net.layer.setGroupFilter({}, net.b, group, 'exclude', [])
    expect(send(net, flowTo('ff15::7', { interfaceIndex: 3, multicastTtl: 5 }), 8)).toBe(0)
    expect(sentBy(net.b)[0]).toMatchObject({ source: '2001:db8:b::1', header: { hopLimit: 5 } })
    expect(net.udp.received).toMatchObject([{ source: '2001:db8:b::1', interfaceIndex: 3 }])
    send(net, flowTo('ff15::7', { interfaceIndex: 3, multicastLoop: false }), 8)
    send(net, flowTo('ff15::7', { interfaceIndex: 2 }), 8)
    expect(net.udp.received).toHaveLength(1)
    send(net, flowTo('ff15::7', { interfaceIndex: 3, multicastTtl: 0 }), 8)
    expect(net.udp.received).toHaveLength(2)
    expect(sentBy(net.b)).toHaveLength(1)
    expect(send(net, flowTo('ff02::99'), 8)).toBe(0)
    expect(net.layer.counters.Ip6OutMcastPkts).toBe(5)
  })

  it('to interface-local groups never leave', () => {
    send(net, flowTo('ff01::1', { interfaceIndex: 2 }), 8)
    expect(net.udp.received).toMatchObject([{ destination: 'ff01::1', interfaceIndex: 2 }])
    expect(net.a.outputs).toEqual([])
  })

  it('whose header the sender made go as they are', () => {
    const bytes = packetBytes({ source: '2001:db8:77::1', destination: '2001:db8:a::9' })
    expect(net.layer.sendRaw(net.host.packets.copyOf(bytes), flowTo('2001:db8:a::9'))).toBe(0)
    expect(net.a.takeBytes()).toEqual([bytes])
    expect(net.layer.sendRaw(net.host.packets.allocate(39), flowTo('2001:db8:a::9'))).toBe(EINVAL)
    expect(net.layer.sendRaw(net.host.packets.allocate(1501), flowTo('2001:db8:a::9'))).toBe(EMSGSIZE)
    expect(net.layer.sendRaw(net.host.packets.allocate(60), flowTo('fe80::9'))).toBe(0)
  })
})

describe('packets larger than the path', () => {
  it('leave in fragments that fit and make the payload', () => {
    const own = bench()
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1280, max: 1500 }), (length, mtu) => {
        own.a.mtu = mtu
        own.layer.interfaceChanged(own.a)
        expect(send(own, flowTo('2001:db8:a::9'), length)).toBe(0)
        const sent = own.a.takeBytes()
        const packets = sent.map(read)
        if (length + 40 <= mtu) expect(packets).toHaveLength(1)
        else {
          const ids = new Set(packets.map(({ extensions: [each] }) => each?.kind === 'fragment' && each.identification))
          expect(ids.size).toBe(1)
          const more = packets.map(({ extensions: [each] }) => each?.kind === 'fragment' && each.more)
          expect(more).toEqual(packets.map((_, i) => i + 1 < packets.length))
        }
        expect(sent.every((each) => each.length <= mtu)).toBe(true)
        expect(Uint8Array.from(packets.flatMap((each) => [...each.payload]))).toEqual(counting(length))
      }),
      { numRuns: 30 },
    )
    finish(own)
  })

  it('are refused where the socket wants to know, or no datagram is so large', () => {
    for (const mtuDiscover of [IP_PMTUDISC_DO, IP_PMTUDISC_PROBE]) {
      expect(send(net, flowTo('2001:db8:a::9', { mtuDiscover }), 1461)).toBe(EMSGSIZE)
      expect(send(net, flowTo('2001:db8:a::9', { mtuDiscover }), 1460)).toBe(0)
    }
    expect(send(net, flowTo('2001:db8:a::9'), 65_536)).toBe(EMSGSIZE)
    expect(net.layer.counters.Ip6FragFails).toBe(3)
  })

  it('go by what was learnt of the path, and by the MTU that IPv6 has on the interface', () => {
    net.layer.updatePathMtu(IpAddress.parse('2001:db8:a::9'), 1400)
    send(net, flowTo('2001:db8:a::9'), 1361)
    expect(net.a.takeBytes().map((each) => each.length)).toEqual([1400, 40 + 8 + 9])
    send(net, flowTo('2001:db8:a::9', { mtuDiscover: IP_PMTUDISC_PROBE }), 1361)
    expect(net.a.takeBytes()).toHaveLength(1)
    net.host.set('net.ipv6.conf.a.mtu', 1300)
    send(net, flowTo('2001:db8:a::8'), 1261)
    expect(net.a.takeBytes()).toHaveLength(2)
    net.host.clock.advance(601_000_000)
    net.host.set('net.ipv6.conf.a.mtu', 1500)
    send(net, flowTo('2001:db8:a::9'), 1361)
    expect(net.a.takeBytes()).toHaveLength(1)
  })

  it('of many segments are handed down whole, or cut where a segment does not fit', () => {
    const offload: OffloadProtocol = {
      segmentType: SEGMENT_UDP,
      mergeWanted: false,
      sameFlow: () => false,
      merge: () => false,
      segment(packet, size, emitter) {
        const header = packet.toBytes().slice(0, 48)
        const payload = packet.toBytes().slice(48)
        packet.release()
        for (let at = 0; at < payload.length; at += size) {
          const bytes = Uint8Array.from([...header, ...payload.slice(at, at + size)])
          emitter.emit(net.host.packets.copyOf(bytes), at / size)
        }
      },
    }
    net.udp.offload = offload
    const large = (size: number) => (packet: { segmentType: number; segmentSize: number; segmentCount: number }) => {
      packet.segmentType = SEGMENT_UDP
      packet.segmentSize = size
      packet.segmentCount = Math.ceil(5000 / size)
    }
    expect(send(net, flowTo('2001:db8:a::9'), 5008, large(1000))).toBe(0)
    expect(net.a.takeBytes().map((each) => each.length)).toEqual([5048])
    net.layer.updatePathMtu(IpAddress.parse('2001:db8:a::9'), 1280)
    expect(send(net, flowTo('2001:db8:a::9'), 5008, large(1250))).toBe(0)
    const lengths = sentBy().map((each) => each.extensions.length)
    expect(lengths).toEqual([1, 1, 1, 1, 1, 1, 1, 1])
  })
})

describe('merging', () => {
  it('takes plain packets for this host alone', () => {
    const inspect = (bytes: Uint8Array, index = 2): number => {
      const packet = net.host.packets.copyOf(bytes)
      packet.interfaceIndex = index
      const protocol = net.layer.offload.inspect(packet)
      packet.release()
      return protocol
    }
    expect(inspect(packetBytes({}))).toBe(17)
    expect(inspect(packetBytes({ destination: 'fe80::a' }))).toBe(17)
    expect(inspect(packetBytes({ destination: 'fe80::b' }))).toBe(-1)
    expect(inspect(packetBytes({ destination: '2001:db8:a::9' }))).toBe(-1)
    expect(inspect(packetBytes({}).fill(44, 6, 7))).toBe(-1)
    expect(inspect(packetBytes({}).slice(0, 45))).toBe(-1)
    expect(inspect(new Uint8Array(3))).toBe(-1)
    const [a, b, c] = [packetBytes({}), packetBytes({}), packetBytes({ source: '2001:db8:a::3' })].map((bytes) => {
      const packet = net.host.packets.copyOf(bytes)
      packet.networkHeader = packet.start
      return packet
    })
    if (a === undefined || b === undefined || c === undefined) throw new Error('three packets were made')
    expect([net.layer.offload.mergeable(a, b), net.layer.offload.mergeable(a, c)]).toEqual([true, false])
    a.append(8)
    net.layer.offload.finish(a, 0)
    expect(read(a.toBytes()).header.payloadLength).toBe(16)
    for (const each of [a, b, c]) each.release()
  })
})

it('what was delivered is read again the same', () => {
  const packet = net.host.packets.copyOf(packetBytes({ hopLimit: 3 }))
  packet.networkHeader = packet.start
  const header = new NetworkHeader()
  net.layer.readHeader(packet, header)
  expect(header).toMatchObject({ version: 6, protocol: 17, ttl: 3, headerLength: 40, hasOptions: false })
  packet.release()
})
