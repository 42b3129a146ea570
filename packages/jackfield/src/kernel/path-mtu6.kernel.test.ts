import type { SocketAddress } from '@jackfield/addr'
import {
  AF_INET6,
  type ExtendedError,
  IPV6_DONTFRAG,
  IPV6_MTU,
  IPV6_RECVERR,
  IPV6_UNICAST_HOPS,
  MSG_ERRQUEUE,
  SOCK_DGRAM,
  SOL_IPV6,
} from '@jackfield/sockets'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noise, type OpenStack, openStack, receive, stackSocket } from './in-process.test-support.js'
import { ping, run, sniff, until } from './kernel.test-support.js'

beforeAll(() => run('sysctl', '-q', '-w', 'net.ipv6.conf.all.forwarding=1', 'net.ipv6.icmp.ratelimit=0'))
afterAll(() => run('sysctl', '-q', '-w', 'net.ipv6.conf.all.forwarding=0'))

/** Two stacks with the kernel as the router between them; the second's link has an MTU of 1280. */
function narrowPath(): { near: OpenStack; far: OpenStack } {
  const common = { version: 6, gateway: true } as const
  return { near: openStack('tun', common), far: openStack('tun', { ...common, mtu: 1280 }) }
}

/** What the error queue of a socket has. */
async function queued({ sockets }: OpenStack, fd: number): Promise<{ told: ExtendedError; data: Uint8Array }> {
  const { control, data } = await receive(sockets, fd, MSG_ERRQUEUE)
  return { told: control.find(({ type }) => type === IPV6_RECVERR)?.data as ExtendedError, data }
}

const offender = ({ offender: from }: ExtendedError): string => String((from as SocketAddress).address)

describe('the path MTU of IPv6, which the kernel tells the stack', () => {
  test('is learnt for the path alone; datagrams are fragmented to it by the stack', async () => {
    const { near, far } = narrowPath()
    const { sockets, hosted, kernel } = near
    const theirs = stackSocket(far.sockets, `[${far.stack}]:5000`)
    const fd = sockets.socket(AF_INET6, SOCK_DGRAM)
    sockets.connect(fd, `[${far.stack}]:5000`)
    expect(sockets.getsockopt(fd, SOL_IPV6, IPV6_MTU)).toBe(1500)
    sockets.send(fd, noise(1400, 1))
    await until(() => hosted.stack.counters()['Icmp6InPktTooBigs'] === 1, '"packet too big"')
    expect(sockets.getsockopt(fd, SOL_IPV6, IPV6_MTU)).toBe(1280)
    // As with Linux a connected socket is told of the datagram that was lost, once.
    expect(() => sockets.send(fd, noise(1400))).toThrow('EMSGSIZE')
    const sniffer = await sniff(far.name, '', '-v')
    sockets.send(fd, noise(1400, 2))
    expect(noise(1400, 2).equals((await receive(far.sockets, theirs)).data)).toBe(true)
    await sniffer.printed(/frag \(0x[0-9a-f]+:1232\|176\)/)
    await sniffer.stop()
    const other = sockets.socket(AF_INET6, SOCK_DGRAM)
    sockets.connect(other, `[${kernel}]:9`)
    expect(sockets.getsockopt(other, SOL_IPV6, IPV6_MTU)).toBe(1500)
  })

  test('is told to a socket that must not fragment', async () => {
    const { near, far } = narrowPath()
    const { sockets, kernel } = near
    const fd = sockets.socket(AF_INET6, SOCK_DGRAM)
    sockets.setsockopt(fd, SOL_IPV6, IPV6_DONTFRAG, 1)
    sockets.setsockopt(fd, SOL_IPV6, IPV6_RECVERR, 1)
    sockets.connect(fd, `[${far.stack}]:9`)
    sockets.send(fd, noise(1400))
    await expect(receive(sockets, fd)).rejects.toMatchObject({ code: 'EMSGSIZE' })
    const { told, data } = await queued(near, fd)
    expect(told).toMatchObject({ errno: 90, origin: 3, type: 2, code: 0, info: 1280 })
    expect(offender(told)).toBe(kernel)
    expect(noise(1400).subarray(0, data.length).equals(data)).toBe(true)
    expect(() => sockets.send(fd, noise(1233))).toThrow('EMSGSIZE')
    expect(sockets.send(fd, noise(1232))).toBe(1232)
  })

  test('that only the kernel has lower makes it send fragments, which are put together', async () => {
    const { name, stack } = openStack('tun', { version: 6 })
    await run('ip', '-6', 'route', 'replace', `${stack}/128`, 'dev', name, 'mtu', '1280')
    expect(await ping('-6', '-c', '3', '-l', '3', '-s', '1400', stack)).toMatchObject({ sent: 3, received: 3 })
  })

  test("follows the MTU that is set on the kernel's end", async () => {
    const { name, kernel, stack, sockets, networkInterface } = openStack('tun', { version: 6 })
    await run('ip', 'link', 'set', name, 'mtu', '1300')
    await until(() => networkInterface.mtu === 1300, 'the new MTU')
    const fd = sockets.socket(AF_INET6, SOCK_DGRAM)
    sockets.connect(fd, `[${kernel}]:9`)
    expect(sockets.getsockopt(fd, SOL_IPV6, IPV6_MTU)).toBe(1300)
    expect(await ping('-6', '-c', '2', '-l', '2', '-s', '20000', stack)).toMatchObject({ received: 2 })
  })
})

describe('other errors that a router says', () => {
  test('a hop limit that is over', async () => {
    const { near, far } = narrowPath()
    const { sockets, kernel } = near
    const fd = sockets.socket(AF_INET6, SOCK_DGRAM)
    sockets.setsockopt(fd, SOL_IPV6, IPV6_RECVERR, 1)
    sockets.setsockopt(fd, SOL_IPV6, IPV6_UNICAST_HOPS, 1)
    sockets.sendto(fd, 'not far', 0, `[${far.stack}]:9`)
    await expect(receive(sockets, fd)).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
    const { told, data } = await queued(near, fd)
    expect(told).toMatchObject({ errno: 113, origin: 3, type: 3, code: 0 })
    expect(offender(told)).toBe(kernel)
    expect(new TextDecoder().decode(data)).toBe('not far')
  })

  test('no route', async () => {
    const { sockets, kernel, ...near } = openStack('tun', { version: 6, gateway: true })
    const fd = sockets.socket(AF_INET6, SOCK_DGRAM)
    sockets.setsockopt(fd, SOL_IPV6, IPV6_RECVERR, 1)
    sockets.sendto(fd, 'x', 0, '[2001:db8:6::1]:9')
    await expect(receive(sockets, fd)).rejects.toMatchObject({ code: 'ENETUNREACH' })
    const { told } = await queued({ sockets, kernel, ...near }, fd)
    expect(told).toMatchObject({ errno: 101, origin: 3, type: 1, code: 0 })
    expect(offender(told)).toBe(kernel)
  })
})
