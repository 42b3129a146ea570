import { SocketAddress } from '@jackfield/addr'
import { describe, expect, test } from 'vitest'
import {
  AF_INET,
  AF_INET6,
  ECONNREFUSED,
  type ExtendedError,
  IP_PKTINFO,
  IP_RECVERR,
  IPV6_AUTOFLOWLABEL,
  IPV6_DONTFRAG,
  IPV6_FLOWINFO,
  IPV6_FLOWINFO_SEND,
  IPV6_HOPLIMIT,
  IPV6_JOIN_GROUP,
  IPV6_LEAVE_GROUP,
  IPV6_MTU,
  IPV6_MTU_DISCOVER,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_MULTICAST_LOOP,
  IPV6_PKTINFO,
  IPV6_RECVERR,
  IPV6_RECVFRAGSIZE,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  IPV6_RECVTCLASS,
  IPV6_TCLASS,
  IPV6_TRANSPARENT,
  IPV6_UNICAST_HOPS,
  IPV6_V6ONLY,
  MCAST_JOIN_GROUP,
  MCAST_JOIN_SOURCE_GROUP,
  MCAST_LEAVE_SOURCE_GROUP,
  MSG_ERRQUEUE,
  type PacketInfo,
  SO_BINDTODEVICE,
  SO_EE_ORIGIN_ICMP,
  SO_EE_ORIGIN_ICMP6,
  SO_EE_ORIGIN_LOCAL,
  SO_ERROR,
  SOCK_DGRAM,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
} from '../index.js'
import { eachPair, failure, linkOf, receive } from './pair.test-support.js'

const pair = eachPair()

/** A socket of each host; that of the first is bound. */
function sockets(bindTo = '[::]:7000', family = AF_INET6): { at: number; from: number } {
  const at = pair.one.sockets.socket(AF_INET6, SOCK_DGRAM)
  if (bindTo !== '') pair.one.sockets.bind(at, bindTo)
  return { at, from: pair.two.sockets.socket(family, SOCK_DGRAM) }
}

describe('one socket for both versions', () => {
  test('takes datagrams of both, IPv4 peers in mapped form, and answers them', () => {
    const { at, from } = sockets()
    const v4 = pair.two.sockets.socket(AF_INET, SOCK_DGRAM)
    pair.two.sockets.bind(v4, '10.0.0.2:5000')
    pair.two.sockets.sendto(v4, 'four', 0, '10.0.0.1:7000')
    pair.two.sockets.sendto(from, 'six', 0, '[2001:db8::1]:7000')
    pair.two.sockets.sendto(from, 'mapped', 0, '[::ffff:10.0.0.1]:7000')
    pair.clock.runUntilIdle()
    expect(receive(pair.one, at).from).toBe('[::ffff:10.0.0.2]:5000')
    expect(receive(pair.one, at).from).toMatch(/^\[2001:db8::2\]:/)
    expect(receive(pair.one, at).from).toMatch(/^\[::ffff:10\.0\.0\.2\]:/)
    pair.one.sockets.sendto(at, 'back', 0, '[::ffff:10.0.0.2]:5000')
    pair.clock.runUntilIdle()
    const peer = new SocketAddress()
    expect(pair.two.sockets.recvfrom(v4, new Uint8Array(10), 0, peer)).toBe(4)
    expect(`${peer}`).toBe('10.0.0.1:7000')
  })

  test('with IPV6_V6ONLY hears IPv6 alone and sends nothing else; it is fixed once bound', () => {
    const { at, from } = sockets('')
    pair.one.sockets.setsockopt(at, SOL_IPV6, IPV6_V6ONLY, 1)
    expect(failure(() => pair.one.sockets.bind(at, '[::ffff:10.0.0.1]:7000'))).toBe('EINVAL')
    pair.one.sockets.bind(at, '[::]:7000')
    expect(failure(() => pair.one.sockets.setsockopt(at, SOL_IPV6, IPV6_V6ONLY, 0))).toBe('EINVAL')
    pair.two.sockets.sendto(from, 'four', 0, '[::ffff:10.0.0.1]:7000')
    pair.two.sockets.sendto(from, 'six', 0, '[2001:db8::1]:7000')
    pair.clock.runUntilIdle()
    expect(receive(pair.one, at).bytes).toHaveLength(3)
    expect(failure(() => receive(pair.one, at))).toBe('EAGAIN')
    expect(failure(() => pair.one.sockets.sendto(at, 'x', 0, '[::ffff:10.0.0.2]:1'))).toBe('ENETUNREACH')
  })

  test('net.ipv6.bindv6only is what new sockets begin with', () => {
    pair.one.stack.sysctl.set('net.ipv6.bindv6only', 1)
    const fd = pair.one.sockets.socket(AF_INET6, SOCK_DGRAM)
    expect(pair.one.sockets.getsockopt(fd, SOL_IPV6, IPV6_V6ONLY)).toBe(1)
    const four = pair.one.sockets.socket(AF_INET, SOCK_DGRAM)
    pair.one.sockets.bind(fd, '[::]:7000')
    pair.one.sockets.bind(four, '0.0.0.0:7000')
  })

  test('shares ports with IPv4 sockets only where they cannot meet', () => {
    const bind = (family: number, to: string, only = false): string => {
      const fd = pair.one.sockets.socket(family, SOCK_DGRAM)
      if (only) pair.one.sockets.setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, 1)
      return failure(() => pair.one.sockets.bind(fd, to))
    }
    expect(bind(AF_INET6, '[::]:1')).toBe('none')
    expect(bind(AF_INET, '0.0.0.0:1')).toBe('EADDRINUSE')
    expect(bind(AF_INET, '10.0.0.1:1')).toBe('EADDRINUSE')
    expect(bind(AF_INET6, '[2001:db8::1]:2')).toBe('none')
    expect(bind(AF_INET, '0.0.0.0:2')).toBe('none')
    expect(bind(AF_INET6, '[::]:2')).toBe('EADDRINUSE')
    expect(bind(AF_INET, '10.0.0.1:3')).toBe('none')
    expect(bind(AF_INET6, '[::ffff:10.0.0.1]:3')).toBe('EADDRINUSE')
    expect(bind(AF_INET6, '[::]:3', true)).toBe('none')
  })
})

describe('link-local addresses', () => {
  test('are bound and connected with their zone, or EINVAL; sent to without it by the first link', () => {
    const { at, from } = sockets('')
    expect(failure(() => pair.one.sockets.bind(at, '[fe80::1]:7000'))).toBe('EINVAL')
    expect(failure(() => pair.one.sockets.bind(at, '[fe80::9%net0]:7000'))).toBe('EADDRNOTAVAIL')
    pair.one.sockets.bind(at, '[fe80::1%net0]:7000')
    expect(pair.one.sockets.getsockopt(at, SOL_SOCKET, SO_BINDTODEVICE)).toBe('net0')
    const own = pair.one.sockets.getsockname(at) as SocketAddress
    expect([`${own.address}`, own.scopeId]).toEqual(['fe80::1', linkOf(pair.one)])
    expect(failure(() => pair.two.sockets.connect(from, '[fe80::1]:7000'))).toBe('EINVAL')
    pair.two.sockets.sendto(from, 'x', 0, '[fe80::1]:7000')
    pair.clock.runUntilIdle()
    expect(receive(pair.one, at).from).toMatch(/^\[fe80::2%net0\]:/)
    pair.two.sockets.connect(from, '[fe80::1%net0]:7000')
    const peer = pair.two.sockets.getpeername(from) as SocketAddress
    expect(peer.scopeId).toBe(linkOf(pair.two))
    expect((pair.two.sockets.getsockname(from) as SocketAddress).scopeId).toBe(linkOf(pair.two))
    pair.two.sockets.send(from, 'hello')
    pair.clock.runUntilIdle()
    expect(receive(pair.one, at).from).toMatch(/^\[fe80::2%net0\]:/)
  })

  test('of a socket that is bound to another interface are refused', () => {
    const { from } = sockets()
    pair.two.sockets.setsockopt(from, SOL_SOCKET, SO_BINDTODEVICE, 'lo')
    expect(failure(() => pair.two.sockets.connect(from, '[fe80::1%net0]:7000'))).toBe('EINVAL')
    pair.two.sockets.setsockopt(from, SOL_SOCKET, SO_BINDTODEVICE, 'net0')
    pair.two.sockets.sendto(from, 'x', 0, '[fe80::1]:7000')
    pair.two.sockets.connect(from, '[fe80::1]:7000')
  })
})

describe('hop limits, traffic class, labels', () => {
  test('are set, and told of what arrives', () => {
    const { at, from } = sockets()
    for (const option of [IPV6_RECVHOPLIMIT, IPV6_RECVTCLASS, IPV6_RECVPKTINFO, IPV6_FLOWINFO]) {
      pair.one.sockets.setsockopt(at, SOL_IPV6, option, 1)
      expect(pair.one.sockets.getsockopt(at, SOL_IPV6, option)).toBe(1)
    }
    pair.two.sockets.setsockopt(from, SOL_IPV6, IPV6_UNICAST_HOPS, 7)
    pair.two.sockets.setsockopt(from, SOL_IPV6, IPV6_TCLASS, 0x68)
    pair.two.sockets.setsockopt(from, SOL_IPV6, IPV6_FLOWINFO_SEND, 1)
    const to = SocketAddress.from({ address: '2001:db8::1', port: 7000 })
    to.flowInfo = 0x1_2345
    pair.two.sockets.sendto(from, 'x', 0, to)
    pair.two.sockets.setsockopt(from, SOL_IPV6, IPV6_FLOWINFO_SEND, 0)
    pair.two.sockets.setsockopt(from, SOL_IPV6, IPV6_AUTOFLOWLABEL, 0)
    pair.two.sockets.sendmsg(from, {
      iov: Uint8Array.of(1),
      name: to,
      control: [
        { level: SOL_IPV6, type: IPV6_HOPLIMIT, data: 9 },
        { level: SOL_IPV6, type: IPV6_TCLASS, data: 0 },
      ],
    })
    pair.clock.runUntilIdle()
    const told = receive(pair.one, at).control
    const value = (type: number): unknown => told.find((each) => each.type === type)?.data
    expect([value(IPV6_HOPLIMIT), value(IPV6_TCLASS), value(IPV6_FLOWINFO)]).toEqual([7, 0x68, 0x681_2345])
    expect(`${(value(IPV6_PKTINFO) as PacketInfo).address}`).toBe('2001:db8::1')
    expect((value(IPV6_PKTINFO) as PacketInfo).interfaceIndex).toBe(linkOf(pair.one))
    const { control } = receive(pair.one, at)
    expect(control.map(({ type }) => type)).toEqual([IPV6_PKTINFO, IPV6_HOPLIMIT, IPV6_TCLASS])
    expect(control.slice(1).map(({ data }) => data)).toEqual([9, 0])
  })

  test('of datagrams that came by IPv4 are told by the options of IPv4, their address by both', () => {
    const { at, from } = sockets()
    for (const option of [IPV6_RECVHOPLIMIT, IPV6_RECVTCLASS, IPV6_RECVPKTINFO]) {
      pair.one.sockets.setsockopt(at, SOL_IPV6, option, 1)
    }
    pair.one.sockets.setsockopt(at, SOL_IP, IP_PKTINFO, 1)
    pair.two.sockets.sendto(from, 'x', 0, '[::ffff:10.0.0.1]:7000')
    pair.clock.runUntilIdle()
    const { control } = receive(pair.one, at)
    expect(control.map(({ level, type, data }) => [level, type, `${(data as PacketInfo).address}`])).toEqual([
      [SOL_IPV6, IPV6_PKTINFO, '::ffff:10.0.0.1'],
      [SOL_IP, IP_PKTINFO, '10.0.0.1'],
    ])
  })

  test('IPV6_PKTINFO chooses the source and the interface', () => {
    const { at, from } = sockets()
    const send = (data: PacketInfo): number =>
      pair.two.sockets.sendmsg(from, {
        iov: Uint8Array.of(1),
        name: SocketAddress.from({ address: 'fe80::1', port: 7000 }),
        control: [{ level: SOL_IPV6, type: IPV6_PKTINFO, data }],
      })
    const { address } = SocketAddress.from({ address: '2001:db8::2', port: 0 })
    send({ interfaceIndex: linkOf(pair.two), address })
    pair.clock.runUntilIdle()
    expect(receive(pair.one, at).from).toMatch(/^\[2001:db8::2\]/)
    expect(failure(() => send({ interfaceIndex: 99, address }))).not.toBe('none')
  })
})

describe('what does not fit', () => {
  const big = new Uint8Array(3000)

  test('is refused with IPV6_DONTFRAG and IPV6_MTU_DISCOVER, which the error queue tells with the MTU', () => {
    const { from } = sockets()
    pair.two.sockets.connect(from, '[2001:db8::1]:7000')
    expect(pair.two.sockets.getsockopt(from, SOL_IPV6, IPV6_MTU)).toBe(1500)
    pair.two.sockets.send(from, big)
    pair.two.sockets.setsockopt(from, SOL_IPV6, IPV6_DONTFRAG, 1)
    expect(failure(() => pair.two.sockets.send(from, big))).toBe('EMSGSIZE')
    pair.two.sockets.setsockopt(from, SOL_IPV6, IPV6_DONTFRAG, 0)
    pair.two.sockets.setsockopt(from, SOL_IPV6, IPV6_MTU_DISCOVER, 2)
    pair.two.sockets.setsockopt(from, SOL_IPV6, IPV6_RECVERR, 1)
    expect(failure(() => pair.two.sockets.send(from, big))).toBe('EMSGSIZE')
    const [told] = receive(pair.two, from, MSG_ERRQUEUE).control
    expect(told).toMatchObject({ level: SOL_IPV6, type: IPV6_RECVERR })
    expect(told?.data).toMatchObject({ origin: SO_EE_ORIGIN_LOCAL, info: 1500 })
  })

  test('goes in fragments, of which IPV6_RECVFRAGSIZE tells the largest', () => {
    const { at, from } = sockets()
    pair.one.sockets.setsockopt(at, SOL_IPV6, IPV6_RECVFRAGSIZE, 1)
    pair.two.sockets.sendto(from, big, 0, '[2001:db8::1]:7000')
    pair.clock.runUntilIdle()
    const { bytes, control } = receive(pair.one, at)
    expect(bytes).toHaveLength(3000)
    expect(control).toEqual([{ level: SOL_IPV6, type: IPV6_RECVFRAGSIZE, data: 1496 }])
  })
})

test('errors reach the socket, and its queue by the version that they came by', () => {
  const { from } = sockets()
  pair.two.sockets.setsockopt(from, SOL_IPV6, IPV6_RECVERR, 1)
  pair.two.sockets.sendto(from, 'six', 0, '[2001:db8::1]:9')
  pair.clock.runUntilIdle()
  expect(pair.two.sockets.getsockopt(from, SOL_SOCKET, SO_ERROR)).toBe(ECONNREFUSED)
  pair.two.sockets.setsockopt(from, SOL_IP, IP_RECVERR, 1)
  pair.two.sockets.sendto(from, 'four', 0, '[::ffff:10.0.0.1]:9')
  pair.clock.runUntilIdle()
  const errors = [0, 1].map(() => receive(pair.two, from, MSG_ERRQUEUE))
  const told = errors.map(({ control }) => control[0]?.data as ExtendedError)
  expect(told.map(({ origin, type, code }) => [origin, type, code])).toEqual([
    [SO_EE_ORIGIN_ICMP6, 1, 4],
    [SO_EE_ORIGIN_ICMP, 3, 3],
  ])
  expect(errors.map(({ from: to }) => to)).toEqual(['[2001:db8::1]:9', '[::ffff:10.0.0.1]:9'])
  expect(`${told[0]?.offender?.address}`).toBe('2001:db8::1')
})

describe('groups', () => {
  const group = 'ff02::1234'

  function send(fd: number, to = `[${group}]:7000`): void {
    pair.two.sockets.sendto(fd, 'all', 0, to)
    pair.clock.runUntilIdle()
  }

  test('are joined and left, and sent to by IPV6_MULTICAST_IF', () => {
    const { at, from } = sockets()
    pair.two.sockets.setsockopt(from, SOL_IPV6, IPV6_MULTICAST_IF, linkOf(pair.two))
    pair.two.sockets.setsockopt(from, SOL_IPV6, IPV6_MULTICAST_HOPS, 5)
    pair.one.sockets.setsockopt(at, SOL_IPV6, IPV6_RECVHOPLIMIT, 1)
    const member = { group, interface: linkOf(pair.one) }
    pair.one.sockets.setsockopt(at, SOL_IPV6, IPV6_JOIN_GROUP, member)
    expect(failure(() => pair.one.sockets.setsockopt(at, SOL_IPV6, IPV6_JOIN_GROUP, member))).toBe('EADDRINUSE')
    send(from)
    const { from: peer, control } = receive(pair.one, at)
    expect(peer).toMatch(/^\[fe80::2%net0\]:/)
    expect(control).toEqual([{ level: SOL_IPV6, type: IPV6_HOPLIMIT, data: 5 }])
    pair.one.sockets.setsockopt(at, SOL_IPV6, IPV6_LEAVE_GROUP, member)
    send(from)
    expect(failure(() => receive(pair.one, at))).toBe('EAGAIN')
    expect(failure(() => pair.one.sockets.setsockopt(at, SOL_IPV6, IPV6_LEAVE_GROUP, member))).toBe('EADDRNOTAVAIL')
  })

  test('are of the level of their version', () => {
    const { at } = sockets()
    const join = (level: number, name: number, address: string): string =>
      failure(() => pair.one.sockets.setsockopt(at, level, name, { group: address, interface: linkOf(pair.one) }))
    expect(join(SOL_IPV6, IPV6_JOIN_GROUP, '239.1.2.3')).toBe('EINVAL')
    expect(join(SOL_IPV6, IPV6_JOIN_GROUP, '2001:db8::1')).toBe('EINVAL')
    expect(join(SOL_IP, MCAST_JOIN_GROUP, group)).toBe('EINVAL')
    expect(join(SOL_IPV6, MCAST_JOIN_GROUP, group)).toBe('none')
  })

  test('are heard from the sources that were asked for', () => {
    const { at, from } = sockets()
    const member = { group, interface: linkOf(pair.one) }
    const set = (name: number, source: string): void =>
      pair.one.sockets.setsockopt(at, SOL_IPV6, name, { ...member, source })
    set(MCAST_JOIN_SOURCE_GROUP, 'fe80::7')
    send(from, `[${group}%net0]:7000`)
    expect(failure(() => receive(pair.one, at))).toBe('EAGAIN')
    set(MCAST_JOIN_SOURCE_GROUP, 'fe80::2')
    send(from, `[${group}%net0]:7000`)
    expect(receive(pair.one, at).bytes).toHaveLength(3)
    set(MCAST_LEAVE_SOURCE_GROUP, 'fe80::2')
    send(from, `[${group}%net0]:7000`)
    expect(failure(() => receive(pair.one, at))).toBe('EAGAIN')
  })

  test('come back to members on the sending host, unless IPV6_MULTICAST_LOOP is off', () => {
    const fd = pair.two.sockets.socket(AF_INET6, SOCK_DGRAM)
    pair.two.sockets.bind(fd, '[::]:7000')
    pair.two.sockets.setsockopt(fd, SOL_IPV6, IPV6_JOIN_GROUP, { group, interface: linkOf(pair.two) })
    send(fd, `[${group}%net0]:7000`)
    expect(receive(pair.two, fd).bytes).toHaveLength(3)
    pair.two.sockets.setsockopt(fd, SOL_IPV6, IPV6_MULTICAST_LOOP, 0)
    send(fd, `[${group}%net0]:7000`)
    expect(failure(() => receive(pair.two, fd))).toBe('EAGAIN')
  })
})

test('IPV6_TRANSPARENT sends from an address of nobody here', () => {
  const { at, from } = sockets()
  expect(failure(() => pair.two.sockets.bind(from, '[2001:db8::77]:5000'))).toBe('EADDRNOTAVAIL')
  pair.two.sockets.setsockopt(from, SOL_IPV6, IPV6_TRANSPARENT, 1)
  pair.two.sockets.bind(from, '[2001:db8::77]:5000')
  pair.two.sockets.sendto(from, 'x', 0, '[2001:db8::1]:7000')
  pair.clock.runUntilIdle()
  expect(receive(pair.one, at).from).toBe('[2001:db8::77]:5000')
})

test('the loopback address is there, and :: means it', () => {
  const fd = pair.one.sockets.socket(AF_INET6, SOCK_DGRAM)
  pair.one.sockets.bind(fd, '[::1]:7000')
  pair.one.sockets.sendto(fd, 'self', 0, '[::1]:7000')
  pair.one.sockets.sendto(fd, 'same', 0, '[::]:7000')
  expect(receive(pair.one, fd).from).toBe('[::1]:7000')
  expect(receive(pair.one, fd).from).toBe('[::1]:7000')
})
