import { IpAddress, Prefix } from '@jackfield/addr'
import {
  EACCES,
  EHOSTUNREACH,
  EINVAL,
  EMSGSIZE,
  ENETUNREACH,
  ENOBUFS,
  IP_PMTUDISC_DO,
  IP_PMTUDISC_DONT,
  IP_PMTUDISC_INTERFACE,
  IP_PMTUDISC_OMIT,
  IP_PMTUDISC_PROBE,
  type SegmentEmitter,
} from '@jackfield/interfaces'
import {
  CHECKSUM_PARTIAL,
  checksum,
  PACKET_BROADCAST,
  PACKET_MULTICAST,
  type Packet,
  SEGMENT_UDP,
} from '@jackfield/packet'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { arrive, type Bench, bench, counting, finish, flowTo, packetBytes, read, send } from './layer.test-fixture.js'
import { parseOptions, recordRouteOption } from './wire/option-list.js'

let net: Bench
beforeEach(() => {
  net = bench()
})
afterEach(() => finish(net))

describe('IPv4 output', () => {
  it('puts a header on, by the route to the destination', () => {
    const flow = flowTo('10.0.0.2', { tos: 0x2e, mark: 5, priority: 6 })
    expect(send(net, flow, 10)).toBe(0)
    const [output] = net.a.outputs
    expect(output).toMatchObject({ etherType: 0x0800, packet: { mark: 5, priority: 6, packetType: 0 } })
    expect(`${output?.nextHop}`).toBe('10.0.0.2')
    const packet = read(net.a.takeBytes()[0] as Uint8Array)
    expect(packet).toMatchObject({ tos: 0x2e, ttl: 64, protocol: 17, dontFragment: true, identification: 0 })
    expect([`${packet.source}`, `${packet.destination}`]).toEqual(['10.0.0.1', '10.0.0.2'])
    expect(packet.payload).toEqual(counting(10))
    expect(net.layer.counters).toMatchObject({ IpOutRequests: 1, IpOutTransmits: 1, IpExtOutOctets: 30 })
  })

  it('goes by the gateway to far hosts and keeps the route while it holds', () => {
    const flow = flowTo('203.0.113.5', { ttl: 9 })
    expect(send(net, flow, 1)).toBe(0)
    const route = flow.route
    expect(send(net, flow, 1)).toBe(0)
    expect(flow.route).toBe(route)
    expect(net.a.outputs.map((each) => `${each.nextHop}`)).toEqual(['10.0.0.254', '10.0.0.254'])
    net.layer.addRoute({
      destination: Prefix.parse('203.0.113.0/24'),
      type: 'unicast',
      gateway: IpAddress.parse('10.1.0.9'),
    })
    expect(route?.valid).toBe(false)
    expect(send(net, flow, 1)).toBe(0)
    expect(net.b.outputs.map((each) => `${each.nextHop}`)).toEqual(['10.1.0.9'])
    expect(`${read(net.b.takeBytes()[0] as Uint8Array).source}`).toBe('10.1.0.1')
  })

  it('sends to its own addresses by the loopback', () => {
    expect(send(net, flowTo('10.1.0.1'), 4)).toBe(0)
    expect(`${read(net.lo.takeBytes()[0] as Uint8Array).source}`).toBe('10.1.0.1')
  })

  it("sends from this host's own addresses, and from any where accept_any_destination or the flow says so", () => {
    const from = { source: IpAddress.parse('198.51.100.7') }
    expect(send(net, flowTo('10.0.0.2', from), 4)).toBe(EINVAL)
    expect(send(net, flowTo('10.0.0.2', { ...from, anySource: true }), 4)).toBe(0)
    net.host.set('net.ipv4.conf.b.accept_any_destination', 1)
    expect(send(net, flowTo('10.0.0.2', from), 4)).toBe(0)
    net.layer.removeInterface(net.b)
    expect(send(net, flowTo('10.0.0.2', from), 4)).toBe(EINVAL)
    expect(net.a.takeBytes().map((bytes) => `${read(bytes).source}`)).toEqual(['198.51.100.7', '198.51.100.7'])
  })

  it('says why there is no way', () => {
    const add = (text: string, type: 'blackhole' | 'unreachable' | 'prohibit') =>
      net.layer.addRoute({ destination: Prefix.parse(text), type })
    add('198.18.0.0/16', 'blackhole')
    add('198.19.0.0/16', 'unreachable')
    add('198.20.0.0/16', 'prohibit')
    expect(['198.18.0.1', '198.19.0.1', '198.20.0.1'].map((to) => send(net, flowTo(to), 1))).toEqual([
      EINVAL,
      EHOSTUNREACH,
      EACCES,
    ])
    expect(send(net, flowTo('203.0.113.5', { onLink: true }), 1)).toBe(ENETUNREACH)
    expect(net.layer.counters.IpOutNoRoutes).toBe(4)
  })

  it('sends a broadcast only where the flow may, and hears it itself', () => {
    expect(send(net, flowTo('10.0.0.255'), 4)).toBe(EACCES)
    expect(send(net, flowTo('10.0.0.255', { allowBroadcast: true }), 4)).toBe(0)
    expect(send(net, flowTo('255.255.255.255', { allowBroadcast: true, interfaceIndex: 3 }), 4)).toBe(0)
    expect(net.a.outputs.map((each) => each.packet.packetType)).toEqual([PACKET_BROADCAST])
    expect(net.b.outputs).toHaveLength(1)
    expect(net.udp.received.map((each) => [each.destination, each.cast, each.interfaceIndex])).toEqual([
      ['10.0.0.255', 1, 2],
      ['255.255.255.255', 1, 3],
    ])
    expect(net.layer.counters).toMatchObject({ IpExtOutBcastPkts: 2, IpExtInBcastPkts: 2 })
  })

  it('sends a multicast with its own TTL, and a copy to the members on this host where multicastLoop is on', () => {
    const group = IpAddress.parse('239.1.1.1')
    net.layer.setGroupFilter({}, net.b, group, 'exclude', [])
    net.b.takeBytes()
    const flow = flowTo('239.1.1.1', { interfaceIndex: 3, multicastTtl: 3 })
    expect(send(net, flow, 4)).toBe(0)
    flow.multicastLoop = false
    expect(send(net, flow, 4)).toBe(0)
    expect(net.udp.received).toMatchObject([{ source: '10.1.0.1', destination: '239.1.1.1', ttl: 3, cast: 2 }])
    expect(net.b.outputs.map((each) => each.packet.packetType)).toEqual([PACKET_MULTICAST, PACKET_MULTICAST])
    flow.multicastTtl = 0
    flow.multicastLoop = true
    net.b.takeBytes()
    expect(send(net, flow, 4)).toBe(0)
    expect(net.udp.received).toHaveLength(2)
    expect(net.b.outputs).toEqual([])
  })

  it('carries options, and records itself in them', () => {
    send(net, flowTo('10.0.0.2', { options: recordRouteOption(2) }), 4)
    const packet = read(net.a.takeBytes()[0] as Uint8Array)
    const [, recorded] = parseOptions(packet.options)
    expect(recorded).toMatchObject({ kind: 'record-route', pointer: 8 })
    expect(recorded?.kind === 'record-route' && `${recorded.addresses[0]}`).toBe('10.0.0.1')
    expect(packet.payload).toEqual(counting(4))
  })

  it('leaves options alone that are not well formed', () => {
    const options = Uint8Array.of(7, 3, 4, 7, 99, 4, 0, 0)
    send(net, flowTo('10.0.0.2', { options }), 4)
    expect(read(net.a.takeBytes()[0] as Uint8Array).options).toEqual(options)
  })

  it('writes no header where another holder would see it', () => {
    const packet = net.host.packets.copyOf(counting(8))
    const twin = packet.share()
    const before = twin.bytes.slice()
    expect(net.layer.send(packet, flowTo('10.0.0.2'))).toBe(0)
    expect(twin.bytes).toEqual(before)
    twin.release()
  })

  it('passes on what the interface answers, and counts it', () => {
    net.a.outputError = ENOBUFS
    expect(send(net, flowTo('10.0.0.2'), 4)).toBe(ENOBUFS)
    expect(net.layer.counters.IpOutDiscards).toBe(1)
  })

  it('gives identifications that count up for each destination, and skip after a pause', () => {
    const flow = flowTo('10.0.0.2', { mtuDiscover: IP_PMTUDISC_DONT })
    send(net, flow, 1)
    send(net, flow, 1)
    net.host.clock.advance(10_000_000)
    send(net, flow, 1)
    const [a, b, c] = net.a.takeBytes().map((bytes) => read(bytes).identification)
    expect(b).toBe(((a ?? 0) + 1) & 0xffff)
    expect(((c ?? 0) - (b ?? 0)) & 0xffff).not.toBe(1)
  })
})

describe('IPv4 path MTU', () => {
  it('fragments what may be fragmented, and refuses what may not', () => {
    expect(send(net, flowTo('10.0.0.2'), 2000)).toBe(0)
    const fragments = net.a.takeBytes().map(read)
    expect(fragments.map((each) => [each.fragmentOffset, each.moreFragments, each.payload.length])).toEqual([
      [0, true, 1480],
      [1480, false, 520],
    ])
    expect(fragments.every((each) => !each.dontFragment)).toBe(true)
    for (const mtuDiscover of [IP_PMTUDISC_DO, IP_PMTUDISC_PROBE, IP_PMTUDISC_INTERFACE]) {
      expect(send(net, flowTo('10.0.0.2', { mtuDiscover }), 2000)).toBe(EMSGSIZE)
    }
    expect(send(net, flowTo('10.0.0.2', { mtuDiscover: IP_PMTUDISC_OMIT }), 2000)).toBe(0)
    expect(send(net, flowTo('10.0.0.2'), 65_516)).toBe(EMSGSIZE)
    expect(net.layer.counters).toMatchObject({ IpFragOKs: 2, IpFragCreates: 4, IpFragFails: 4 })
  })

  it('heeds what was learnt of the path, but for the modes that ignore it', () => {
    net.layer.updatePathMtu(IpAddress.parse('203.0.113.5'), 1000)
    const flow = flowTo('203.0.113.5')
    send(net, flow, 1200)
    expect(net.a.takeBytes().map((bytes) => bytes.length)).toEqual([996, 244])
    expect(flow.route?.mtu).toBe(1000)
    flow.mtuDiscover = IP_PMTUDISC_PROBE
    send(net, flow, 1200)
    expect(read(net.a.takeBytes()[0] as Uint8Array)).toMatchObject({ dontFragment: true, totalLength: 1220 })
    flow.mtuDiscover = IP_PMTUDISC_INTERFACE
    send(net, flow, 1200)
    expect(read(net.a.takeBytes()[0] as Uint8Array)).toMatchObject({ dontFragment: false, totalLength: 1220 })
  })

  it('leaves DF away below min_pmtu, and where ip_no_pmtu_disc is set', () => {
    net.layer.updatePathMtu(IpAddress.parse('203.0.113.5'), 300)
    send(net, flowTo('203.0.113.5'), 100)
    net.host.set('net.ipv4.ip_no_pmtu_disc', 1)
    send(net, flowTo('10.0.0.2'), 100)
    send(net, flowTo('10.0.0.2', { mtuDiscover: IP_PMTUDISC_DO }), 100)
    expect(net.a.takeBytes().map((bytes) => read(bytes).dontFragment)).toEqual([false, false, true])
  })

  it('completes a partial checksum before it fragments', () => {
    const length = 3000
    send(net, flowTo('10.0.0.2'), length, (packet) => {
      packet.view.setUint16(packet.start + 6, 0)
      packet.checksum = CHECKSUM_PARTIAL
      packet.checksumStart = packet.start
      packet.checksumOffset = 6
    })
    const whole = new Uint8Array(length)
    for (const bytes of net.a.takeBytes()) {
      const fragment = read(bytes)
      whole.set(fragment.payload, fragment.fragmentOffset)
    }
    expect(checksum(new DataView(whole.buffer), 0, length)).toBe(0)
  })
})

describe('IPv4 fragmentation', () => {
  it('reassembly(any order of fragmentation(datagram)) = datagram', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9000 }),
        fc.integer({ min: 68, max: 1500 }),
        fc.boolean(),
        fc.infiniteStream(fc.nat()),
        (length, mtu, options, order) => {
          const own = bench()
          own.lo.mtu = mtu
          own.layer.interfaceChanged(own.lo)
          const flow = flowTo('127.0.0.1', options ? { options: recordRouteOption(3) } : {})
          expect(send(own, flow, length)).toBe(0)
          const fragments = own.lo.takeBytes()
          expect(fragments.every((each) => each.length <= mtu)).toBe(true)
          const keys = new Map(fragments.map((each) => [each, order.next().value as number]))
          fragments.sort((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0))
          for (const each of fragments) arrive(own, each, own.lo)
          expect(own.udp.received.map((each) => each.payload)).toEqual([counting(length)])
          finish(own)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('large packets to be cut', () => {
  /** Cuts as a UDP would: an 8-byte header, then the payload in pieces. */
  const offload = {
    segmentType: SEGMENT_UDP,
    mergeWanted: false,
    merge: () => false,
    sameFlow: () => false,
    segment(packet: Packet, size: number, emit: SegmentEmitter): void {
      const head = packet.transportHeader + 8
      for (let at = head, index = 0; at < packet.end; at += size, index++) {
        const piece = packet.bytes.slice(at, Math.min(at + size, packet.end))
        const segment = net.host.packets.copyOf(
          Uint8Array.of(...packet.bytes.slice(packet.networkHeader, head), ...piece),
        )
        segment.networkHeader = segment.start
        emit.emit(segment, index)
      }
      packet.release()
    },
  }
  const large = (size: number) => (packet: Packet) => {
    packet.segmentType = SEGMENT_UDP
    packet.segmentSize = size
    packet.segmentCount = Math.ceil((packet.length - 8) / size)
  }

  it('go whole to the interface', () => {
    expect(send(net, flowTo('10.0.0.2'), 8 + 5000, large(1000))).toBe(0)
    expect(net.a.outputs.map((each) => [each.packet.length, each.packet.segmentSize])).toEqual([[5028, 1000]])
  })

  it('are cut and fragmented where their segments are larger than the MTU, and refused under DF', () => {
    net.udp.offload = offload
    net.a.mtu = 600
    net.layer.interfaceChanged(net.a)
    const flow = flowTo('10.0.0.2', { mtuDiscover: IP_PMTUDISC_DONT })
    expect(send(net, flow, 8 + 2000, large(1000))).toBe(0)
    const fragments = net.a.takeBytes().map(read)
    expect(fragments.map((each) => [each.fragmentOffset, each.moreFragments])).toEqual([
      [0, true],
      [576, false],
      [0, true],
      [576, false],
    ])
    const [first, , second] = fragments
    expect(((second?.identification ?? 0) - (first?.identification ?? 0)) & 0xffff).toBe(1)
    flow.mtuDiscover = IP_PMTUDISC_DO
    expect(send(net, flow, 8 + 2000, large(1000))).toBe(EMSGSIZE)
  })
})

describe('IPv4 raw output', () => {
  it('completes what the sender left out', () => {
    const bytes = packetBytes({ source: '0.0.0.0', destination: '10.0.0.2', payload: counting(9) })
    bytes.fill(0, 2, 4)
    bytes.fill(0, 10, 12)
    expect(net.layer.sendRaw(net.host.packets.copyOf(bytes), flowTo('10.0.0.2'))).toBe(0)
    const packet = read(net.a.takeBytes()[0] as Uint8Array)
    expect([`${packet.source}`, packet.totalLength]).toEqual(['10.0.0.1', 29])
  })

  it('keeps what the sender wrote', () => {
    const bytes = packetBytes({ source: '1.2.3.4', destination: '10.0.0.2', id: 77, ttl: 3 })
    expect(net.layer.sendRaw(net.host.packets.copyOf(bytes), flowTo('10.0.0.2'))).toBe(0)
    expect(net.a.takeBytes()).toEqual([bytes])
  })

  it('refuses what is no packet or too large', () => {
    const raw = (bytes: Uint8Array) => net.layer.sendRaw(net.host.packets.copyOf(bytes), flowTo('10.0.0.2'))
    expect(raw(new Uint8Array(19))).toBe(EINVAL)
    expect(raw(new Uint8Array(20).fill(0x4f, 0, 1))).toBe(EINVAL)
    expect(raw(new Uint8Array(1501).fill(0x45, 0, 1))).toBe(EMSGSIZE)
  })
})
