import { SocketAddress } from '@jackfield/addr'
import { describe, expect, test } from 'vitest'
import {
  AF_INET,
  AF_INET6,
  IPV6_DONTFRAG,
  IPV6_MINHOPCOUNT,
  IPV6_MTU,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  IPV6_V6ONLY,
  SO_BINDTODEVICE,
  SO_REUSEADDR,
  SOCK_STREAM,
  SOL_IPV6,
  SOL_SOCKET,
  SOL_TCP,
  TCP_MAXSEG,
} from '../index.js'
import { eachPair, failure, linkOf } from './pair.test-support.js'

const pair = eachPair()

function listen(to: string, family = AF_INET6, only = false): number {
  const fd = pair.one.sockets.socket(family, SOCK_STREAM)
  if (only) pair.one.sockets.setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, 1)
  pair.one.sockets.bind(fd, to)
  pair.one.sockets.listen(fd)
  return fd
}

/** Both ends of a new connection, and who the accepting side takes the other for. */
async function connected(listening: number, to: string, family = AF_INET6): Promise<[number, number, SocketAddress]> {
  const fd = pair.two.sockets.socket(family, SOCK_STREAM)
  const connecting = pair.two.sockets.promises.connect(fd, to)
  pair.clock.advance(10_000)
  await connecting
  const peer = new SocketAddress()
  return [fd, pair.one.sockets.accept(listening, peer), peer]
}

/** The code of what a connection attempt fails with. */
async function refused(to: string): Promise<string> {
  const fd = pair.two.sockets.socket(AF_INET6, SOCK_STREAM)
  const connecting = pair.two.sockets.promises.connect(fd, to).then(
    () => 'none',
    (error: { code: string }) => error.code,
  )
  pair.clock.advance(10_000)
  return connecting
}

describe('a listener on ::', () => {
  test('is reached by both versions', async () => {
    const listening = listen('[::]:80')
    const [, , six] = await connected(listening, '[2001:db8::1]:80')
    const [, accepted, four] = await connected(listening, '10.0.0.1:80', AF_INET)
    expect([`${six.address}`, `${four.address}`]).toEqual(['2001:db8::2', '::ffff:10.0.0.2'])
    expect(`${(pair.one.sockets.getsockname(accepted) as SocketAddress).address}`).toBe('::ffff:10.0.0.1')
    expect(pair.one.sockets.getsockopt(accepted, SOL_TCP, TCP_MAXSEG)).toBe(1448)
  })

  test('has segments 20 bytes shorter by IPv6', async () => {
    const [fd] = await connected(listen('[::]:80'), '[2001:db8::1]:80')
    expect(pair.two.sockets.getsockopt(fd, SOL_TCP, TCP_MAXSEG)).toBe(1428)
    expect(pair.two.sockets.getsockopt(fd, SOL_IPV6, IPV6_MTU)).toBe(1500)
  })

  test('leaves IPv4 to another with IPV6_V6ONLY, and takes its port without', async () => {
    listen('[::]:80', AF_INET6, true)
    const four = listen('0.0.0.0:80', AF_INET)
    await connected(four, '10.0.0.1:80', AF_INET)
    listen('[::]:81')
    const taken = pair.one.sockets.socket(AF_INET, SOCK_STREAM)
    pair.one.sockets.setsockopt(taken, SOL_SOCKET, SO_REUSEADDR, 1)
    expect(failure(() => pair.one.sockets.bind(taken, '10.0.0.1:81'))).toBe('EADDRINUSE')
    expect(await refused('[::ffff:10.0.0.1]:82')).toBe('ECONNREFUSED')
    expect(await refused('[2001:db8::1]:82')).toBe('ECONNREFUSED')
  })
})

describe('link-local connections', () => {
  test('need their zone, belong to its interface, and tell it', async () => {
    const listening = listen('[::]:80')
    expect(await refused('[fe80::1]:80')).toBe('EINVAL')
    const [fd, accepted, peer] = await connected(listening, '[fe80::1%net0]:80')
    expect([`${peer.address}`, peer.scopeId]).toEqual(['fe80::2', linkOf(pair.one)])
    const shown = (name: unknown): [string, number] => {
      const address = name as SocketAddress
      return [`${address.address}`, address.scopeId]
    }
    expect(shown(pair.one.sockets.getsockname(accepted))).toEqual(['fe80::1', linkOf(pair.one)])
    expect(shown(pair.two.sockets.getsockname(fd))).toEqual(['fe80::2', linkOf(pair.two)])
    expect(shown(pair.two.sockets.getpeername(fd))).toEqual(['fe80::1', linkOf(pair.two)])
    for (const [host, each] of [
      [pair.one, accepted],
      [pair.two, fd],
    ] as const) {
      expect(host.sockets.getsockopt(each, SOL_SOCKET, SO_BINDTODEVICE)).toBe('net0')
    }
  })

  test('are refused to sockets of another interface', async () => {
    const fd = pair.two.sockets.socket(AF_INET6, SOCK_STREAM)
    pair.two.sockets.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, 'lo')
    expect(failure(() => pair.two.sockets.connect(fd, '[fe80::1%net0]:80'))).toBe('EINVAL')
    expect(failure(() => pair.two.sockets.bind(fd, '[fe80::2%net0]:80'))).toBe('none')
    expect(pair.two.sockets.getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE)).toBe('net0')
  })
})

test('options are those of the socket, and of what it accepts', async () => {
  const listening = listen('[::]:80')
  pair.one.sockets.setsockopt(listening, SOL_IPV6, IPV6_UNICAST_HOPS, 7)
  pair.one.sockets.setsockopt(listening, SOL_IPV6, IPV6_TCLASS, 0x28)
  const [, accepted] = await connected(listening, '[2001:db8::1]:80')
  expect(pair.one.sockets.getsockopt(accepted, SOL_IPV6, IPV6_UNICAST_HOPS)).toBe(7)
  expect(pair.one.sockets.getsockopt(accepted, SOL_IPV6, IPV6_TCLASS)).toBe(0x28)
  pair.one.sockets.setsockopt(listening, SOL_IPV6, IPV6_MINHOPCOUNT, 65)
  const fd = pair.two.sockets.socket(AF_INET6, SOCK_STREAM)
  expect(failure(() => pair.two.sockets.connect(fd, '[2001:db8::1]:80'))).toBe('EINPROGRESS')
  pair.clock.advance(100_000)
  expect(failure(() => pair.one.sockets.accept(listening))).toBe('EAGAIN')
  expect(pair.one.stack.counters()['TcpExtTCPMinTTLDrop']).toBeGreaterThan(0)
  expect(pair.two.sockets.getsockopt(fd, SOL_IPV6, IPV6_DONTFRAG)).toBe(0)
})

test.each(['[::1]:80', '[::]:80', '[2001:db8::1]:80'])('%s reaches the own host', async (to) => {
  const listening = listen('[::]:80')
  const fd = pair.one.sockets.socket(AF_INET6, SOCK_STREAM)
  const connecting = pair.one.sockets.promises.connect(fd, to)
  pair.clock.advance(10_000)
  await connecting
  const peer = new SocketAddress()
  pair.one.sockets.accept(listening, peer)
  expect(`${peer.address}`).toBe(to === '[2001:db8::1]:80' ? '2001:db8::1' : '::1')
})

test('a socket bound to an address of one version does not connect to the other', async () => {
  const fd = pair.two.sockets.socket(AF_INET6, SOCK_STREAM)
  pair.two.sockets.bind(fd, '[2001:db8::2]:0')
  expect(failure(() => pair.two.sockets.connect(fd, '[::ffff:10.0.0.1]:80'))).toBe('ENETUNREACH')
})
