import { Prefix, SocketAddress } from '@jackfield/addr'
import { describe, expect, test } from 'vitest'
import {
  AF_INET6,
  type ExtendedError,
  ICMP6_FILTER,
  IPPROTO_ICMPV6,
  IPPROTO_RAW,
  IPPROTO_UDP,
  IPV6_CHECKSUM,
  IPV6_HDRINCL,
  IPV6_HOPLIMIT,
  IPV6_RECVERR,
  IPV6_RECVHOPLIMIT,
  IPV6_UNICAST_HOPS,
  MSG_ERRQUEUE,
  SO_EE_ORIGIN_ICMP6,
  SOCK_DGRAM,
  SOCK_RAW,
  SOL_ICMPV6,
  SOL_IPV6,
} from '../index.js'
import { eachPair, failure, linkOf, receive } from './pair.test-support.js'

const pair = eachPair()

/** An echo request; who sends it writes the checksum. */
const request = (sequence: number): Uint8Array => Uint8Array.of(128, 0, 0, 0, 0x12, 0x34, 0, sequence, 1, 2, 3)

describe('ICMPv6 datagram sockets', () => {
  test('send requests and get the replies to them', () => {
    const fd = pair.two.sockets.socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6)
    pair.two.sockets.bind(fd, '[::]:4321')
    pair.two.sockets.setsockopt(fd, SOL_IPV6, IPV6_RECVHOPLIMIT, 1)
    pair.two.sockets.sendto(fd, request(7), 0, '[2001:db8::1]:0')
    pair.clock.runUntilIdle()
    const { bytes, from, control } = receive(pair.two, fd)
    expect(bytes.slice(4)).toEqual([4321 >>> 8, 4321 & 0xff, 0, 7, 1, 2, 3])
    expect([bytes[0], from]).toEqual([129, '[2001:db8::1]:0'])
    expect(control).toEqual([{ level: SOL_IPV6, type: IPV6_HOPLIMIT, data: 64 }])
    expect((pair.two.sockets.getsockname(fd) as SocketAddress).port).toBe(4321)
  })

  test('reach link-local addresses with their zone', () => {
    const fd = pair.two.sockets.socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6)
    expect(failure(() => pair.two.sockets.connect(fd, '[fe80::1]:0'))).toBe('EINVAL')
    pair.two.sockets.connect(fd, '[fe80::1%net0]:0')
    pair.two.sockets.send(fd, request(1))
    pair.clock.runUntilIdle()
    expect(receive(pair.two, fd).from).toBe('[fe80::1%net0]:0')
    expect((pair.two.sockets.getsockname(fd) as SocketAddress).scopeId).toBe(linkOf(pair.two))
  })

  test('send nothing but echo requests, and nothing by IPv4', () => {
    const fd = pair.two.sockets.socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6)
    expect(failure(() => pair.two.sockets.sendto(fd, Uint8Array.of(8, 0, 0, 0, 0, 0, 0, 0), 0, '[::1]:0'))).toBe(
      'EINVAL',
    )
    expect(failure(() => pair.two.sockets.sendto(fd, request(1), 0, '[::ffff:10.0.0.1]:0'))).toBe('ENETUNREACH')
  })

  test('hear of errors about their requests', () => {
    const fd = pair.two.sockets.socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6)
    pair.two.sockets.setsockopt(fd, SOL_IPV6, IPV6_RECVERR, 1)
    pair.two.stack.sysctl.set('net.ipv6.conf.all.forwarding', 1)
    pair.one.stack.sysctl.set('net.ipv6.conf.all.forwarding', 1)
    pair.two.sockets.setsockopt(fd, SOL_IPV6, IPV6_UNICAST_HOPS, 1)
    pair.two.stack.addRoute({
      destination: Prefix.parse('2001:db8:9::/48'),
      type: 'unicast',
      gateway: SocketAddress.parse('[2001:db8::1]:0').address,
      interface: linkOf(pair.two),
    })
    pair.two.sockets.sendto(fd, request(1), 0, '[2001:db8:9::1]:0')
    pair.clock.runUntilIdle()
    const { bytes, control } = receive(pair.two, fd, MSG_ERRQUEUE)
    const told = control[0]?.data as ExtendedError
    expect([told.origin, told.type, told.code, `${told.offender?.address}`]).toEqual([
      SO_EE_ORIGIN_ICMP6,
      3,
      0,
      '2001:db8::1',
    ])
    expect([bytes[0], bytes[7]]).toEqual([128, 1])
  })
})

describe('raw sockets', () => {
  test('get whole messages without the IPv6 header, but for the types that they filter', () => {
    const all = pair.one.sockets.socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)
    const none = pair.one.sockets.socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)
    pair.one.sockets.setsockopt(none, SOL_ICMPV6, ICMP6_FILTER, new Uint8Array(32).fill(0xff))
    const requests = new Uint8Array(32).fill(0xff)
    requests[16] = 0xfe
    const only = pair.one.sockets.socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)
    pair.one.sockets.setsockopt(only, SOL_ICMPV6, ICMP6_FILTER, requests)
    expect(pair.one.sockets.getsockopt(only, SOL_ICMPV6, ICMP6_FILTER)).toEqual(requests)
    const from = pair.two.sockets.socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)
    pair.two.sockets.sendto(from, request(9), 0, '[2001:db8::1]:0')
    pair.two.sockets.sendto(from, Uint8Array.of(200, 0, 0, 0, 0, 0, 0, 0), 0, '[2001:db8::1]:0')
    pair.clock.runUntilIdle()
    const types = (fd: number): number[] => {
      const seen: number[] = []
      while (failure(() => seen.push(receive(pair.one, fd).bytes[0] ?? -1)) === 'none');
      return seen
    }
    expect(types(all)).toEqual(expect.arrayContaining([128, 200]))
    expect(types(only)).toEqual([128])
    expect(types(none)).toEqual([])
    // The host computed the checksum: it was answered.
    expect(pair.two.stack.counters()['Icmp6InEchoReplies']).toBe(1)
  })

  test('have the checksum computed and checked where IPV6_CHECKSUM says', () => {
    const from = pair.two.sockets.socket(AF_INET6, SOCK_RAW, 200)
    const at = pair.one.sockets.socket(AF_INET6, SOCK_RAW, 200)
    expect(pair.two.sockets.getsockopt(from, SOL_IPV6, IPV6_CHECKSUM)).toBe(-1)
    expect(failure(() => pair.two.sockets.setsockopt(from, SOL_IPV6, IPV6_CHECKSUM, 3))).toBe('EINVAL')
    pair.one.sockets.setsockopt(at, SOL_IPV6, IPV6_CHECKSUM, 4)
    const send = (): void => void pair.two.sockets.sendto(from, new Uint8Array(8).fill(1), 0, '[2001:db8::1]:0')
    send()
    pair.clock.runUntilIdle()
    expect(failure(() => receive(pair.one, at))).toBe('EAGAIN')
    expect(pair.one.stack.counters()['RawInCsumErrors']).toBe(1)
    pair.two.sockets.setsockopt(from, SOL_IPV6, IPV6_CHECKSUM, 4)
    send()
    pair.clock.runUntilIdle()
    const { bytes } = receive(pair.one, at)
    expect(bytes.slice(0, 4)).toEqual([1, 1, 1, 1])
    expect(bytes.slice(4, 6)).not.toEqual([1, 1])
    expect(failure(() => pair.two.sockets.sendto(from, new Uint8Array(5), 0, '[2001:db8::1]:0'))).toBe('EINVAL')
    const icmp = pair.two.sockets.socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)
    expect(pair.two.sockets.getsockopt(icmp, SOL_IPV6, IPV6_CHECKSUM)).toBe(2)
    expect(failure(() => pair.two.sockets.setsockopt(icmp, SOL_IPV6, IPV6_CHECKSUM, 2))).toBe('EINVAL')
  })

  test('send whole packets with IPV6_HDRINCL', () => {
    const at = pair.one.sockets.socket(AF_INET6, SOCK_RAW, IPPROTO_UDP)
    const from = pair.two.sockets.socket(AF_INET6, SOCK_RAW, IPPROTO_RAW)
    expect(pair.two.sockets.getsockopt(from, SOL_IPV6, IPV6_HDRINCL)).toBe(1)
    const packet = new Uint8Array(48)
    packet.set([0x60, 0, 0, 0, 0, 8, 17, 3])
    packet.set(bytesOf('2001:db8::2'), 8)
    packet.set(bytesOf('2001:db8::1'), 24)
    packet.set([0, 1, 0, 2, 0, 8, 0, 0], 40)
    pair.two.sockets.sendto(from, packet, 0, '[2001:db8::1]:0')
    pair.clock.runUntilIdle()
    expect(receive(pair.one, at).bytes).toEqual([0, 1, 0, 2, 0, 8, 0, 0])
  })

  test('are bound by address and zone', () => {
    const fd = pair.one.sockets.socket(AF_INET6, SOCK_RAW, 200)
    expect(failure(() => pair.one.sockets.bind(fd, '[fe80::1]:0'))).toBe('EINVAL')
    expect(failure(() => pair.one.sockets.bind(fd, '[::ffff:10.0.0.1]:0'))).toBe('EADDRNOTAVAIL')
    pair.one.sockets.bind(fd, '[fe80::1%net0]:0')
    const from = pair.two.sockets.socket(AF_INET6, SOCK_RAW, 200)
    pair.two.sockets.sendto(from, 'global', 0, '[2001:db8::1]:0')
    pair.two.sockets.sendto(from, 'local', 0, '[fe80::1%net0]:0')
    pair.clock.runUntilIdle()
    expect(receive(pair.one, fd)).toMatchObject({ bytes: [...new TextEncoder().encode('local')] })
    expect(failure(() => receive(pair.one, fd))).toBe('EAGAIN')
  })
})

function bytesOf(address: string): Uint8Array {
  return SocketAddress.parse(`[${address}]:0`).address.toBytes()
}
