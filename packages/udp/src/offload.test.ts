import { IpAddress } from '@jackfield/addr'
import { AF_INET, ETH_P_IP, IPPROTO_UDP, SOL_UDP, type TransportLayer, UDP_GRO } from '@jackfield/interfaces'
import {
  CHECKSUM_PARTIAL,
  CHECKSUM_VERIFIED,
  completeChecksum,
  foldSum,
  type Packet,
  SEGMENT_UDP,
  sumBytes,
} from '@jackfield/packet'
import { pseudoHeaderSum, SendAccount } from '@jackfield/transport'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { datagram, PEER, SELF, UdpTestHost } from './udp.test-fixture.js'

function setup() {
  const net = new UdpTestHost()
  const socket = net.socket(AF_INET)
  const transport = net.network.transports.get(IPPROTO_UDP) as TransportLayer
  const offload = transport.offload
  if (offload === undefined) throw new Error('UDP has no offload')
  return { net, socket, offload }
}

/** A received network packet: 20 bytes of header, then the datagram; the window at the network header. */
function networkPacket(net: UdpTestHost, bytes: Uint8Array): Packet {
  const packet = net.host.packets.allocate(20 + bytes.length)
  packet.view.setUint8(packet.start, 0x45)
  IpAddress.parse(PEER).writeTo(packet.view, packet.start + 12)
  IpAddress.parse(SELF).writeTo(packet.view, packet.start + 16)
  packet.bytes.set(bytes, packet.start + 20)
  packet.networkHeader = packet.start
  packet.transportHeader = packet.start + 20
  packet.etherType = ETH_P_IP
  return packet
}

function good(packet: Packet): boolean {
  const at = packet.transportHeader
  const initial = pseudoHeaderSum(IpAddress.parse(PEER), IpAddress.parse(SELF), 17, packet.end - at)
  return foldSum(sumBytes(packet.view, at, packet.end, initial)) === 0xffff
}

test('merging is wanted only while a socket has UDP_GRO', () => {
  const { net, socket, offload } = setup()
  expect(offload.mergeWanted).toBe(false)
  socket.setOption(SOL_UDP, UDP_GRO, 1)
  socket.setOption(SOL_UDP, UDP_GRO, 1)
  expect(offload.mergeWanted).toBe(true)
  socket.close()
  expect(offload.mergeWanted).toBe(false)
  expect(net.leaks()).toBe(0)
})

test('merging and then cutting gives the same datagrams, each with a good checksum', () => {
  const { net, offload } = setup()
  const sizes = fc.tuple(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 0, max: 20 }), fc.nat(600))
  fc.assert(
    fc.property(sizes, fc.boolean(), ([size, more, tail], verified) => {
      const last = Math.min(tail, size)
      const lengths = [...new Array<number>(more + 1).fill(size), ...(last > 0 ? [last] : [])]
      const payloads = lengths.map((length, i) => new Uint8Array(length).fill(i + 1))
      const packets = payloads.map((payload) => networkPacket(net, datagram(PEER, SELF, 9, 7, payload)))
      if (verified) for (const packet of packets) packet.checksum = CHECKSUM_VERIFIED
      const [head, ...others] = packets as [Packet, ...Packet[]]
      for (const packet of others) expect(offload.merge(head, packet)).toBe(true)
      if (others.length > 0) {
        expect([head.segmentType, head.segmentSize, head.segmentCount]).toEqual([SEGMENT_UDP, size, lengths.length])
        expect(head.checksum).toBe(CHECKSUM_PARTIAL)
        const whole = head.share()
        whole.unshare()
        completeChecksum(whole)
        expect(good(whole)).toBe(true)
        whole.release()
        const cut: Uint8Array[] = []
        offload.segment(head, size, {
          emit(segment, index) {
            expect(index).toBe(cut.length)
            expect(segment.segmentType).toBe(0)
            completeChecksum(segment)
            expect(good(segment)).toBe(true)
            cut.push(segment.bytes.slice(segment.transportHeader + 8, segment.end))
            segment.release()
          },
        })
        expect(cut).toEqual(payloads)
      } else head.release()
      expect(net.host.packets.outstanding).toBe(0)
    }),
  )
})

test('only what is of one flow, alike and whole is merged', () => {
  const { net, offload } = setup()
  const make = (length: number, port = 9) => networkPacket(net, datagram(PEER, SELF, port, 7, new Uint8Array(length)))
  const refused = (head: Packet, packet: Packet) => {
    expect(offload.merge(head, packet)).toBe(false)
    packet.release()
  }
  const head = make(100)
  const stranger = make(100, 10)
  expect(offload.sameFlow(head, stranger)).toBe(false)
  stranger.release()
  refused(head, make(101))
  refused(head, make(0))
  const bad = make(100)
  bad.bytes[bad.end - 1] = 9
  refused(head, bad)
  const none = make(100)
  none.view.setUint16(none.transportHeader + 6, 0)
  refused(head, none)
  expect(head.segmentType).toBe(0)
  for (let i = 0; i < 62; i++) expect(offload.merge(head, make(100))).toBe(true)
  expect(offload.merge(head, make(10))).toBe(true)
  refused(head, make(10))
  head.release()
  const large = make(1400)
  for (let i = 1; i < 46; i++) expect(offload.merge(large, make(1400))).toBe(true)
  refused(large, make(1400))
  large.release()
  expect(net.leaks()).toBe(0)
})

test('a datagram that ends inside its ports, at the very end of its buffer, is of no flow', () => {
  const { net, offload } = setup()
  const head = networkPacket(net, datagram(PEER, SELF, 4000, 5000, new Uint8Array(9)))
  for (let length = 0; length < 4; length++) {
    const cut = net.host.packets.allocate(20 + length, 512 - 20 - length)
    cut.networkHeader = cut.start
    cut.transportHeader = cut.start + 20
    expect(cut.tailroom).toBe(0)
    expect(offload.sameFlow(head, cut)).toBe(false)
    expect(offload.sameFlow(cut, head)).toBe(false)
    expect(offload.merge(head, cut)).toBe(false)
    cut.release()
  }
  head.release()
  expect(net.leaks()).toBe(0)
})

test('a device that tells no size, or no place of the header, costs nothing', () => {
  const { net, offload } = setup()
  const segments: Packet[] = []
  const emit = { emit: (segment: Packet) => segments.push(segment) }
  offload.segment(networkPacket(net, datagram(PEER, SELF, 9, 7, new Uint8Array(1000))), 0, emit)
  expect(segments.map((segment) => segment.length)).toEqual([1028])
  segments[0]?.release()
  const lost = networkPacket(net, new Uint8Array(8))
  lost.transportHeader = -1
  offload.segment(lost, 10, emit)
  expect(segments.length).toBe(1)
  expect(net.leaks()).toBe(0)
})

test('segments are charged to the sender until they have left', () => {
  const { net, offload } = setup()
  const account = new SendAccount(100_000, null)
  const packet = networkPacket(net, datagram(PEER, SELF, 9, 7, new Uint8Array(1000)))
  account.charge(packet)
  const segments: Packet[] = []
  offload.segment(packet, 100, { emit: (segment) => segments.push(segment) })
  expect(segments.length).toBe(10)
  expect(account.used).toBe(10 * 768)
  for (const segment of segments) segment.release()
  expect(account.used).toBe(0)
  expect(net.leaks()).toBe(0)
})
