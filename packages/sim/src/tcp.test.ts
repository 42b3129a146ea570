import {
  AF_INET,
  POLLERR,
  POLLIN,
  POLLOUT,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_LINGER,
  SOCK_STREAM,
  SOL_SOCKET,
  SOL_TCP,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_MAXSEG,
  TCP_USER_TIMEOUT,
} from '@jackfield/sockets'
import { describe, expect, test } from 'vitest'
import { createNetwork, type Network, type SimCable, type SimHost } from './index.js'
import { beginConnect, listenOn } from './tcp.test-support.js'

const ECONNRESET = 104
const ETIMEDOUT = 110
const ECONNREFUSED = 111

interface Pair {
  net: Network
  a: SimHost
  b: SimHost
  cable: SimCable
}

function pair(): Pair {
  const net = createNetwork({ seed: 'tcp' })
  const a = net.host('a')
  const b = net.host('b')
  const cable = net.cable(a, b, { delay: '1ms' })
  return { net, a, b, cable }
}

/** A connection from the first host to the second, and its two ends. */
async function connected(to: Pair): Promise<{ from: number; accepted: number }> {
  const listener = listenOn(to.b, 80)
  const from = to.a.sockets.socket(AF_INET, SOCK_STREAM)
  await to.net.settle(to.a.sockets.promises.connect(from, `${to.b.address}:80`))
  const accepted = await to.net.settle(to.b.sockets.promises.accept(listener))
  to.b.sockets.close(listener)
  return { from, accepted }
}

async function closed({ net }: Pair): Promise<void> {
  net.advance('10min')
  await net.close()
  for (const host of net.hosts) expect(host.packetsOutstanding, `packets kept by ${host.name}`).toBe(0)
}

function ready(host: SimHost, fd: number): number {
  const asked = { fd, events: POLLIN | POLLOUT, revents: 0 }
  host.sockets.poll([asked])
  return asked.revents
}

function errorOf(host: SimHost, fd: number): unknown {
  return host.sockets.getsockopt(fd, SOL_SOCKET, SO_ERROR)
}

describe('connect', () => {
  test('to a port that is closed is refused', async () => {
    const all = pair()
    const fd = all.a.sockets.socket(AF_INET, SOCK_STREAM)
    beginConnect(all.a, fd, all.b, 81)
    all.net.advance('1s')
    expect(errorOf(all.a, fd)).toBe(ECONNREFUSED)
    await closed(all)
  })

  test('to nobody who answers gives up after the SYN was repeated', async () => {
    const all = pair()
    await all.net.settle(all.a.ping(all.b, { count: 1 }))
    const fd = all.a.sockets.socket(AF_INET, SOCK_STREAM)
    all.a.stack.sysctl.set('net.ipv4.tcp_syn_linear_timeouts', 0)
    all.a.stack.sysctl.set('net.ipv4.tcp_syn_retries', 3)
    all.cable.setImpairments({ loss: 1 }, 'bToA')
    beginConnect(all.a, fd, all.b, 80)
    all.net.advance('14s')
    expect(ready(all.a, fd)).toBe(0)
    all.net.advance('2s')
    expect(ready(all.a, fd) & POLLERR).toBe(POLLERR)
    expect(errorOf(all.a, fd)).toBe(ETIMEDOUT)
    await closed(all)
  })

  test('of both at once is one connection', async () => {
    const all = pair()
    await all.net.settle(all.a.ping(all.b, { count: 1 }))
    const { a, b } = all
    const [one, two] = [a.sockets.socket(AF_INET, SOCK_STREAM), b.sockets.socket(AF_INET, SOCK_STREAM)]
    a.sockets.bind(one, '0.0.0.0:5000')
    b.sockets.bind(two, '0.0.0.0:6000')
    beginConnect(a, one, b, 6000)
    beginConnect(b, two, a, 5000)
    all.net.advance('1s')
    expect(a.sockets.send(one, 'from a')).toBe(6)
    expect(b.sockets.send(two, 'from b')).toBe(6)
    all.net.advance('1s')
    const buffer = new Uint8Array(20)
    expect(a.sockets.recv(one, buffer)).toBe(6)
    expect(b.sockets.recv(two, buffer)).toBe(6)
    a.sockets.close(one)
    b.sockets.close(two)
    await closed(all)
  })
})

describe('a connection', () => {
  test('whose peer is gone is found out by keep-alive', async () => {
    const all = pair()
    const { from } = await connected(all)
    const { sockets } = all.a
    sockets.setsockopt(from, SOL_SOCKET, SO_KEEPALIVE, 1)
    sockets.setsockopt(from, SOL_TCP, TCP_KEEPIDLE, 10)
    sockets.setsockopt(from, SOL_TCP, TCP_KEEPINTVL, 5)
    sockets.setsockopt(from, SOL_TCP, TCP_KEEPCNT, 3)
    all.net.advance('60s')
    expect(ready(all.a, from)).toBe(POLLOUT)
    all.cable.setImpairments({ loss: 1 })
    all.net.advance('30s')
    expect(errorOf(all.a, from)).toBe(ETIMEDOUT)
    await closed(all)
  })

  test('whose data nobody acknowledges ends with the user timeout', async () => {
    const all = pair()
    const { from } = await connected(all)
    all.a.sockets.setsockopt(from, SOL_TCP, TCP_USER_TIMEOUT, 5000)
    all.cable.setImpairments({ loss: 1 })
    all.a.sockets.send(from, 'lost')
    all.net.advance('4s')
    expect(ready(all.a, from) & POLLERR).toBe(0)
    all.net.advance('4s')
    expect(errorOf(all.a, from)).toBe(ETIMEDOUT)
    await closed(all)
  })

  test('closed with a linger time of 0 is reset', async () => {
    const all = pair()
    const { from, accepted } = await connected(all)
    all.a.sockets.setsockopt(from, SOL_SOCKET, SO_LINGER, { onoff: true, linger: 0 })
    all.a.sockets.close(from)
    all.net.advance('1s')
    expect(errorOf(all.b, accepted)).toBe(ECONNRESET)
    expect(all.b.sockets.recv(accepted, new Uint8Array(1))).toBe(0)
    await closed(all)
  })
})

describe('a listener', () => {
  /** Begins so many connections; how many of them can be accepted a second later. */
  function flood(all: Pair, backlog: number, count: number): { accepted: number; listener: number } {
    const listener = listenOn(all.b, 80, backlog)
    for (let i = 0; i < count; i++) beginConnect(all.a, all.a.sockets.socket(AF_INET, SOCK_STREAM), all.b, 80)
    all.net.advance('500ms')
    let accepted = 0
    while ((ready(all.b, listener) & POLLIN) !== 0) {
      all.b.sockets.accept(listener)
      accepted++
    }
    return { accepted, listener }
  }

  test('whose backlog is full takes no more until there is room, then those who ask again', async () => {
    const all = pair()
    await all.net.settle(all.a.ping(all.b, { count: 1 }))
    all.b.stack.sysctl.set('net.ipv4.tcp_syncookies', 0)
    const { accepted, listener } = flood(all, 2, 10)
    expect(accepted).toBeLessThan(4)
    let later = 0
    for (let second = 0; second < 120; second++) {
      all.net.advance('1s')
      for (; (ready(all.b, listener) & POLLIN) !== 0; later++) all.b.sockets.accept(listener)
    }
    expect(accepted + later).toBe(10)
    await closed(all)
  })

  test('whose queue of SYNs is full answers with cookies', async () => {
    const all = pair()
    await all.net.settle(all.a.ping(all.b, { count: 1 }))
    expect(flood(all, 4, 5).accepted).toBe(5)
    const counters = all.b.stack.counters()
    expect([counters['TcpExtSyncookiesSent'], counters['TcpExtSyncookiesRecv']]).toEqual([1, 1])
    await closed(all)
  })
})

test('a device queue that has room for a part of a large segment: what left is sent, the rest is a loss', async () => {
  const net = createNetwork({ seed: 'queue' })
  const [a, b] = [net.host('a'), net.host('b')]
  // Without delay: whatever is repeated for nothing is repeated for ever.
  net.cable(a, b, { delay: 0, queue: 5, offload: false })
  const listener = listenOn(b, 80)
  b.sockets.setsockopt(listener, SOL_TCP, TCP_MAXSEG, 88)
  const from = a.sockets.socket(AF_INET, SOCK_STREAM)
  await net.settle(a.sockets.promises.connect(from, `${b.address}:80`))
  const accepted = await net.settle(b.sockets.promises.accept(listener))
  b.sockets.close(listener)
  const sent = Uint8Array.from({ length: 30_000 }, (_, i) => i % 251)
  const sending = a.sockets.promises.send(from, sent)
  const received = new Uint8Array(sent.length)
  for (let at = 0; at < received.length; )
    at += await net.settle(b.sockets.promises.recv(accepted, received.subarray(at)))
  await net.settle(sending)
  expect(received).toEqual(sent)
  expect(a.stack.counters()).toMatchObject({ TcpExtTCPChallengeACK: 0, TcpExtTCPSYNChallenge: 0 })
  a.sockets.close(from)
  b.sockets.close(accepted)
  net.advance('10min')
  await net.close()
  for (const host of net.hosts) expect(host.packetsOutstanding, `packets kept by ${host.name}`).toBe(0)
})
