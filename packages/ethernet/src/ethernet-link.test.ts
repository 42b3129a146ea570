import { IpAddress, MacAddress } from '@jackfield/addr'
import { EHOSTUNREACH, ENOBUFS, ETH_P_IP, ETH_P_IPV6, IFF_NOARP, IFF_PROMISC } from '@jackfield/interfaces'
import { PACKET_BROADCAST, PACKET_HOST, PACKET_MULTICAST, PACKET_OTHERHOST } from '@jackfield/packet'
import { describe, expect, it } from 'vitest'
import { Bench, BROADCAST, describeFrame, OWN, PEER } from './ethernet.test-bench.js'
import { EthernetHeader, ethernetLength, writeEthernet } from './wire.js'

function frame(to: MacAddress, etherType: number, vlan = -1, payload = 46): Uint8Array {
  const header = new EthernetHeader()
  header.destinationHigh = to.high
  header.destinationLow = to.low
  header.sourceHigh = PEER.high
  header.sourceLow = PEER.low
  header.etherType = etherType
  header.vlan = vlan
  const bytes = new Uint8Array(ethernetLength(header) + payload)
  writeEthernet(new DataView(bytes.buffer), 0, header)
  return bytes
}

describe('frames that come in', () => {
  it.each([
    ['own address', OWN, PACKET_HOST],
    ['broadcast', BROADCAST, PACKET_BROADCAST],
    ['an IPv4 group', MacAddress.parse('01:00:5e:00:00:fb'), PACKET_MULTICAST],
    ['an IPv6 group', MacAddress.parse('33:33:00:00:00:01'), PACKET_MULTICAST],
  ])('to %s go up with their packet type', (_name, to, packetType) => {
    const bench = new Bench()
    const packet = bench.receive(frame(to, ETH_P_IP))
    if (packet === null) throw new Error('it did not go up')
    expect(packet).toMatchObject({ packetType, etherType: ETH_P_IP, vlan: -1 })
    expect(packet.networkHeader - packet.linkHeader).toBe(14)
    expect(packet.start).toBe(packet.networkHeader)
    expect(packet.length).toBe(46)
    packet.release()
    expect(bench.host.packets.outstanding).toBe(0)
  })

  it('to others are dropped, or go up as such in promiscuous mode', () => {
    const bench = new Bench()
    expect(bench.receive(frame(PEER, ETH_P_IP))).toBeNull()
    expect(bench.counter('EthInOtherHost')).toBe(1)
    bench.interface.flags |= IFF_PROMISC
    const packet = bench.receive(frame(PEER, ETH_P_IP))
    expect(packet?.packetType).toBe(PACKET_OTHERHOST)
    packet?.release()
    expect(bench.host.packets.outstanding).toBe(0)
  })

  it('of VLAN 0 lose their tag, those of other VLANs are dropped', () => {
    const bench = new Bench()
    const packet = bench.receive(frame(OWN, ETH_P_IPV6, 0xe000))
    expect(packet).toMatchObject({ etherType: ETH_P_IPV6, vlan: 0xe000, length: 46 })
    packet?.release()
    expect(bench.receive(frame(OWN, ETH_P_IP, 5))).toBeNull()
    expect(bench.receive(frame(OWN, 0x8100, 0))).toBeNull()
    expect(bench.receive(frame(OWN, 0x88a8))).toBeNull()
    expect(bench.counter('EthInUnknownVlan')).toBe(3)
    expect(bench.host.packets.outstanding).toBe(0)
  })

  it('that are too short or have a length for a type are dropped and counted', () => {
    const bench = new Bench()
    for (let length = 0; length < 14; length++) expect(bench.receive(new Uint8Array(length))).toBeNull()
    expect(bench.receive(frame(OWN, 0x8100, -1, 3))).toBeNull()
    expect(bench.counter('EthInRuntFrames')).toBe(15)
    expect(bench.receive(frame(OWN, 46))).toBeNull()
    expect(bench.receive(frame(OWN, 0x05ff, 0))).toBeNull()
    expect(bench.counter('EthInLengthFrames')).toBe(2)
    expect(bench.host.packets.outstanding).toBe(0)
  })
})

describe('packets that go out', () => {
  it('are addressed by their packet type', () => {
    const bench = new Bench()
    expect(bench.send('10.0.0.255', 0, PACKET_BROADCAST)).toBe(0)
    expect(bench.send('239.129.2.3', 0, PACKET_MULTICAST)).toBe(0)
    const packet = bench.host.packets.allocate(40)
    packet.packetType = PACKET_MULTICAST
    expect(bench.link.output(packet, ETH_P_IPV6, IpAddress.parse('ff02::1:ff00:7'))).toBe(0)
    expect(bench.device.take().map(describeFrame)).toEqual([
      'ff:ff:ff:ff:ff:ff < 02:00:00:00:00:01: 800 20',
      '01:00:5e:01:02:03 < 02:00:00:00:00:01: 800 20',
      '33:33:ff:00:00:07 < 02:00:00:00:00:01: 86dd 40',
    ])
    expect(bench.host.packets.outstanding).toBe(0)
  })

  it('are copied before the header is written where their bytes are shared', () => {
    const bench = new Bench()
    const packet = bench.host.packets.allocate(20)
    packet.bytes.fill(0xaa, 0, packet.end)
    const twin = packet.share()
    twin.packetType = PACKET_BROADCAST
    bench.link.output(twin, ETH_P_IP, IpAddress.parse('10.0.0.255'))
    expect(packet.bytes.subarray(0, packet.end).every((byte) => byte === 0xaa)).toBe(true)
    packet.release()
    expect(bench.host.packets.outstanding).toBe(0)
  })

  it('go out without headroom too', () => {
    const bench = new Bench()
    const packet = bench.host.packets.allocate(20, 0)
    packet.packetType = PACKET_BROADCAST
    expect(bench.link.output(packet, ETH_P_IP, IpAddress.parse('10.0.0.255'))).toBe(0)
    expect(bench.device.take()).toHaveLength(1)
    expect(bench.host.packets.outstanding).toBe(0)
  })

  it('are counted where the device refuses them', () => {
    const bench = new Bench()
    bench.device.full = true
    expect(bench.send('10.0.0.255', 0, PACKET_BROADCAST)).toBe(ENOBUFS)
    expect(bench.counter('EthOutDiscards')).toBe(1)
    expect(bench.host.packets.outstanding).toBe(0)
  })

  it('are resolved by the resolver of their protocol', () => {
    const bench = new Bench()
    const nextHop = IpAddress.parse('fe80::2')
    const packet = bench.host.packets.allocate(40)
    expect(bench.link.output(packet, ETH_P_IPV6, nextHop)).toBe(EHOSTUNREACH)
    expect(bench.counter('EthOutNoResolver')).toBe(1)
    const confirmed: string[] = []
    bench.link.setResolver?.(ETH_P_IPV6, {
      resolve: () => PEER,
      confirm: (address) => confirmed.push(address.toString()),
    })
    expect(bench.link.output(bench.host.packets.allocate(40), ETH_P_IPV6, nextHop)).toBe(0)
    bench.link.confirm(nextHop)
    expect(confirmed).toEqual(['fe80::2'])
    expect(bench.device.take().map(describeFrame)).toEqual(['02:00:00:00:00:02 < 02:00:00:00:00:01: 86dd 40'])
    expect(bench.host.packets.outstanding).toBe(0)
  })

  it('go to the interface itself where it has no ARP', () => {
    const bench = new Bench()
    bench.interface.flags |= IFF_NOARP
    expect(bench.send('10.0.0.7')).toBe(0)
    expect(bench.device.take().map(describeFrame)).toEqual(['02:00:00:00:00:01 < 02:00:00:00:00:01: 800 20'])
  })
})

it('refuses a device without an address of its own', () => {
  const bench = new Bench()
  const odd = { ...bench.interface, hardwareAddress: BROADCAST }
  expect(() => bench.createLink(odd)).toThrow('needs a unicast hardwareAddress')
})
