import type { SocketAddress } from '@jackfield/addr'
import { createSeededRandom, createVirtualClock, type VirtualClock } from '@jackfield/clock'
import type { ControlMessage, PathMtu } from '@jackfield/interfaces'
import { createCable } from '@jackfield/link'
import { expect, test } from 'vitest'
import {
  AF_INET,
  AF_INET6,
  createHost,
  type Host,
  IPV6_ADDR_PREFERENCES,
  IPV6_ADDRFORM,
  IPV6_DONTFRAG,
  IPV6_DSTOPTS,
  IPV6_HOPOPTS,
  IPV6_MTU,
  IPV6_PATHMTU,
  IPV6_PREFER_SRC_PUBLIC,
  IPV6_PREFER_SRC_TMP,
  IPV6_RECVDSTOPTS,
  IPV6_RECVHOPOPTS,
  IPV6_RECVPATHMTU,
  IPV6_RECVRTHDR,
  IPV6_UNICAST_IF,
  SO_DOMAIN,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_IPV6,
  SOL_SOCKET,
} from '../index.js'

interface Pair {
  readonly clock: VirtualClock
  readonly near: Host
  readonly far: Host
}

function pair(): Pair {
  const clock = createVirtualClock()
  const cable = createCable({ clock, medium: 'ip', mtu: 1500, names: ['a0', 'b0'] })
  const host = (name: string, device: typeof cable.a, addresses: string[]): Host =>
    createHost({ name, clock, random: createSeededRandom(name), interfaces: [{ device, addresses }] })
  return {
    clock,
    near: host('near', cable.a, ['fd00::1/64', '10.0.0.1/24']),
    far: host('far', cable.b, ['fd00::2/64', '10.0.0.2/24']),
  }
}

async function closed({ near, far }: Pair): Promise<void> {
  for (const host of [near, far]) {
    await host.close()
    expect(host.stack.packets.outstanding).toBe(0)
  }
}

const header = (next: number, ...rest: number[]): Uint8Array => Uint8Array.of(next, 0, 1, 4, 0, 0, 0, 0, ...rest)

/** What came, with its options headers as text. */
function received(host: Host, fd: number): { length: number; from: string; control: Record<number, unknown> } {
  const control: ControlMessage[] = []
  const name = host.sockets.createAddress(AF_INET6) as SocketAddress
  const length = host.sockets.recvmsg(fd, { iov: new Uint8Array(8000), name, control })
  return { length, from: `${name.address}`, control: Object.fromEntries(control.map(({ type, data }) => [type, data])) }
}

function sockets({ near, far }: Pair): { from: number; at: number } {
  const from = near.sockets.socket(AF_INET6, SOCK_DGRAM)
  const at = far.sockets.socket(AF_INET6, SOCK_DGRAM)
  far.sockets.bind(at, '[::]:5000')
  for (const option of [IPV6_RECVHOPOPTS, IPV6_RECVDSTOPTS, IPV6_RECVRTHDR]) {
    far.sockets.setsockopt(at, SOL_IPV6, option, 1)
  }
  return { from, at }
}

test('options headers go before the datagram, whole or in fragments, and are told of', async () => {
  const made = pair()
  const { from, at } = sockets(made)
  const { near, far, clock } = made
  near.sockets.setsockopt(from, SOL_IPV6, IPV6_HOPOPTS, header(0))
  near.sockets.setsockopt(from, SOL_IPV6, IPV6_DSTOPTS, header(0))
  for (const length of [100, 4000]) {
    near.sockets.sendto(from, new Uint8Array(length), 0, '[fd00::2]:5000')
    clock.runUntilIdle()
    const came = received(far, at)
    expect(came.length).toBe(length)
    // As they stood in the packet that was put together.
    expect(came.control).toEqual({ [IPV6_HOPOPTS]: header(60), [IPV6_DSTOPTS]: header(17) })
  }
  near.sockets.sendto(from, 'x', 0, '[::ffff:10.0.0.2]:5000')
  clock.runUntilIdle()
  expect(received(far, at)).toEqual({ length: 1, from: '::ffff:10.0.0.1', control: {} })
  near.sockets.setsockopt(from, SOL_IPV6, IPV6_HOPOPTS, new Uint8Array(0))
  expect(near.sockets.getsockopt(from, SOL_IPV6, IPV6_HOPOPTS)).toEqual(new Uint8Array(0))
  await closed(made)
})

test('those of a message replace those of the socket', async () => {
  const made = pair()
  const { from, at } = sockets(made)
  const { near, far, clock } = made
  near.sockets.setsockopt(from, SOL_IPV6, IPV6_HOPOPTS, header(0))
  const control = [{ level: SOL_IPV6, type: IPV6_DSTOPTS, data: header(0) }]
  near.sockets.sendmsg(from, { iov: new Uint8Array(5), name: '[fd00::2]:5000', control })
  clock.runUntilIdle()
  expect(received(far, at).control).toEqual({ [IPV6_DSTOPTS]: header(17) })
  for (const bad of [new Uint8Array(7), Uint8Array.of(0, 1, 1, 4, 0, 0, 0, 0), 5]) {
    const wrong = [{ level: SOL_IPV6, type: IPV6_HOPOPTS, data: bad }]
    const call = (): unknown =>
      near.sockets.sendmsg(from, { iov: new Uint8Array(1), name: '[fd00::2]:5000', control: wrong })
    expect(call).toThrow('EINVAL')
  }
  await closed(made)
})

test('IPV6_MTU bounds fragments, and with IPV6_DONTFRAG datagrams; IPV6_RECVPATHMTU tells why', async () => {
  const made = pair()
  const { from, at } = sockets(made)
  const { near, far, clock } = made
  const { sockets: calls } = near
  calls.setsockopt(from, SOL_IPV6, IPV6_MTU, 1280)
  expect(() => calls.setsockopt(from, SOL_IPV6, IPV6_MTU, 1279)).toThrow('EINVAL')
  calls.sendto(from, new Uint8Array(1400), 0, '[fd00::2]:5000')
  clock.runUntilIdle()
  expect(received(far, at).length).toBe(1400)
  expect(near.stack.counters()['Ip6FragCreates']).toBe(2)
  calls.setsockopt(from, SOL_IPV6, IPV6_DONTFRAG, 1)
  calls.setsockopt(from, SOL_IPV6, IPV6_RECVPATHMTU, 1)
  expect(() => calls.sendto(from, new Uint8Array(1240), 0, '[fd00::2]:5000')).toThrow('EMSGSIZE')
  const told = received(near, from)
  expect([told.length, told.from]).toEqual([0, 'fd00::2'])
  expect((told.control[IPV6_PATHMTU] as PathMtu).mtu).toBe(1280)
  expect(() => received(near, from)).toThrow('EAGAIN')
  expect(() => calls.getsockopt(from, SOL_IPV6, IPV6_PATHMTU)).toThrow('ENOTCONN')
  calls.connect(from, '[fd00::2]:5000')
  expect(calls.getsockopt(from, SOL_IPV6, IPV6_PATHMTU)).toMatchObject({ mtu: 1500 })
  await closed(made)
})

test('IPV6_ADDR_PREFERENCES chooses between a temporary address and its public one', async () => {
  const made = pair()
  const { near, far, clock } = made
  const { at } = sockets(made)
  near.addAddress('a0', 'fd00::7e/64', { temporary: true })
  const from = (preference: number): string => {
    const fd = near.sockets.socket(AF_INET6, SOCK_DGRAM)
    near.sockets.setsockopt(fd, SOL_IPV6, IPV6_ADDR_PREFERENCES, preference)
    near.sockets.sendto(fd, 'x', 0, '[fd00::2]:5000')
    clock.runUntilIdle()
    return received(far, at).from
  }
  expect([from(IPV6_PREFER_SRC_TMP), from(IPV6_PREFER_SRC_PUBLIC), from(0)]).toEqual(['fd00::7e', 'fd00::1', 'fd00::1'])
  near.stack.sysctl.set('net.ipv6.conf.a0.use_tempaddr', 2)
  expect([from(IPV6_PREFER_SRC_TMP), from(IPV6_PREFER_SRC_PUBLIC), from(0)]).toEqual([
    'fd00::7e',
    'fd00::1',
    'fd00::7e',
  ])
  const stream = near.sockets.socket(AF_INET6, SOCK_STREAM)
  near.sockets.setsockopt(stream, SOL_IPV6, IPV6_ADDR_PREFERENCES, IPV6_PREFER_SRC_PUBLIC)
  expect(() => near.sockets.connect(stream, '[fd00::2]:80')).toThrow('EINPROGRESS')
  expect(`${(near.sockets.getsockname(stream) as SocketAddress).address}`).toBe('fd00::1')
  await closed(made)
})

test('IPV6_ADDRFORM makes an AF_INET socket of one that is connected by IPv4', async () => {
  const made = pair()
  const { near, far, clock } = made
  const listening = far.sockets.socket(AF_INET6, SOCK_STREAM)
  far.sockets.bind(listening, '[::]:80')
  far.sockets.listen(listening)
  const fd = near.sockets.socket(AF_INET6, SOCK_STREAM)
  expect(() => near.sockets.connect(fd, '[::ffff:10.0.0.2]:80')).toThrow('EINPROGRESS')
  clock.runUntilIdle()
  near.sockets.setsockopt(fd, SOL_IPV6, IPV6_ADDRFORM, AF_INET)
  expect(near.sockets.getsockopt(fd, SOL_SOCKET, SO_DOMAIN)).toBe(AF_INET)
  expect(`${near.sockets.getpeername(fd)}`).toBe('10.0.0.2:80')
  const accepted = far.sockets.accept(listening)
  far.sockets.setsockopt(accepted, SOL_IPV6, IPV6_ADDRFORM, AF_INET)
  near.sockets.send(fd, 'hello')
  clock.runUntilIdle()
  expect(far.sockets.recv(accepted, new Uint8Array(10))).toBe(5)
  expect(() => far.sockets.setsockopt(listening, SOL_IPV6, IPV6_ADDRFORM, AF_INET)).toThrow('ENOTCONN')
  await closed(made)
})

test('IPV6_UNICAST_IF names the interface of unicast, and the socket stays free', async () => {
  const made = pair()
  const { near, far, clock } = made
  const { from, at } = sockets(made)
  near.sockets.setsockopt(from, SOL_IPV6, IPV6_UNICAST_IF, 1 << 24)
  expect(() => near.sockets.sendto(from, 'x', 0, '[fd00::2]:5000')).toThrow('ENETUNREACH')
  expect(() => near.sockets.setsockopt(from, SOL_IPV6, IPV6_UNICAST_IF, 9 << 24)).toThrow('EADDRNOTAVAIL')
  near.sockets.setsockopt(from, SOL_IPV6, IPV6_UNICAST_IF, 2 << 24)
  near.sockets.sendto(from, 'x', 0, '[fd00::2]:5000')
  clock.runUntilIdle()
  expect(received(far, at).length).toBe(1)
  await closed(made)
})
