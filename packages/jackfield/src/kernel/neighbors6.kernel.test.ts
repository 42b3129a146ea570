import { AF_INET6, IPV6_RECVERR, SOCK_DGRAM, SOCK_STREAM, SOL_IPV6 } from '@jackfield/sockets'
import { beforeAll, describe, expect, test } from 'vitest'
import { kernelSocket, noise, receive } from './in-process.test-support.js'
import { openIpv6Stack } from './ipv6-stack.test-support.js'
import {
  flood,
  kernelLinkLocal,
  kernelSettled,
  ping,
  place,
  type Running,
  run,
  sniff,
  until,
  upAtOnce,
} from './kernel.test-support.js'
import { exchangeStack } from './stack-stream.test-support.js'
import { listenEcho } from './tcp.test-support.js'

/** The line of `ip -6 neigh` about an address; empty where there is none. */
async function neighborLine(device: string, address: string): Promise<string> {
  return (await run('ip', '-6', 'neighbor', 'show', address, 'dev', device)).trim()
}

/** Waits until the kernel has a neighbour in a state. */
function kernelKnows(device: string, address: string, state: string): Promise<void> {
  return until(async () => (await neighborLine(device, address)).includes(state), `${address} ${state}`)
}

/** Has the kernel ask a neighbour on a device every 300 ms, not every second. */
async function askOften(device: string): Promise<void> {
  await run('ip', 'ntable', 'change', 'name', 'ndisc_cache', 'dev', device, 'retrans', '300')
}

/** So that entries age and fail within a test: reachable for 100 to 300 ms, a question every 300 ms. */
const QUICK = {
  'net.ipv6.neigh.default.base_reachable_time_ms': 200,
  'net.ipv6.neigh.default.delay_first_probe_time': 1,
  'net.ipv6.neigh.default.retrans_time_ms': 300,
}

describe.each([
  ['with offloads', []],
  ['without offloads', ['--no-offload']],
])('jackfield up over TAP, %s', (_title, more) => {
  const { name, stack, host, parameters } = place('tap', 6)
  beforeAll(async () => {
    await upAtOnce(...parameters, ...more)
    await kernelSettled(name)
    await askOften(name)
  })

  test('answers ping, and the kernel finds it by neighbour solicitation', async () => {
    expect(await ping('-6', '-c', '3', '-i', '0.5', stack)).toMatchObject({ sent: 3, received: 3 })
    expect(await neighborLine(name, stack)).toMatch(/lladdr .* (REACHABLE|DELAY|STALE|PROBE)$/)
  })

  test('loses none of a flood', async () => {
    expect(await flood(20_000, '-6', stack)).toEqual({ sent: 20_000, answered: 20_000 })
  })

  test.each([1452, 1453, 60_000, 65_487])('answers ping of %i bytes', async (size) => {
    const answered = await ping('-6', '-c', '3', '-l', '3', '-p', 'a1b2c3d4e5', '-s', String(size), stack)
    expect(answered).toMatchObject({ received: 3 })
    expect(answered.output).not.toContain('wrong data')
  })

  test('does not answer for addresses that are not its own', async () => {
    expect(await ping('-6', '-c', '2', '-l', '2', '-W', '4', host(77))).toMatchObject({ received: 0 })
    await kernelKnows(name, host(77), 'FAILED')
  })
})

describe('link-local addresses over TAP', () => {
  test('come by themselves from the hardware address, and are pinged with their zone', async () => {
    const { name, device, linkLocal } = openIpv6Stack()
    const own = await linkLocal()
    const bytes = String(device.hardwareAddress)
      .split(':')
      .map((byte) => Number.parseInt(byte, 16))
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes
    const groups = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f]
    expect(own).toBe(`fe80::${groups.map((group) => group.toString(16)).join(':')}`)
    await kernelSettled(name)
    expect(await ping('-6', '-c', '3', '-l', '3', `${own}%${name}`)).toMatchObject({ received: 3 })
    expect(await ping('-6', '-c', '3', '-l', '3', '-s', '60000', `${own}%${name}`)).toMatchObject({ received: 3 })
    expect(await run('ping', '-6', '-c', '2', '-i', '0.5', '-I', name, 'ff02::1')).toContain(`from ${own}`)
  })

  test('carry datagrams and connections of the stack to the kernel', async () => {
    const { name, sockets, linkLocal, networkInterface } = openIpv6Stack({ probes: false })
    const own = await linkLocal()
    await kernelSettled(name)
    const address = await kernelLinkLocal(name)
    const theirs = `${address}%${name}`
    const datagrams = await kernelSocket('::')
    const fd = sockets.socket(AF_INET6, SOCK_DGRAM)
    sockets.sendto(fd, 'over the link', 0, `[${theirs}]:${datagrams.port}`)
    await datagrams.count(1)
    expect(datagrams.received[0]?.from.address).toBe(`${own}%${name}`)
    await datagrams.send('back', datagrams.received[0]?.from.port ?? 0, `${own}%${name}`)
    expect((await receive(sockets, fd)).from).toBe(`[${address}%${networkInterface.index}]:${datagrams.port}`)

    const stream = sockets.socket(AF_INET6, SOCK_STREAM)
    await sockets.promises.connect(stream, `[${theirs}]:${await listenEcho('::')}`)
    const sent = noise(1_000_000)
    expect((await exchangeStack(sockets, stream, sent)).equals(sent)).toBe(true)
    sockets.close(stream)
  })

  test('are reached without a zone by the first link that has such, but not connected to, as in Linux', async () => {
    const { name, sockets, linkLocal } = openIpv6Stack({ probes: false })
    const own = await linkLocal()
    await kernelSettled(name)
    const datagrams = await kernelSocket('::')
    const fd = sockets.socket(AF_INET6, SOCK_DGRAM)
    sockets.sendto(fd, 'x', 0, `[${await kernelLinkLocal(name)}]:${datagrams.port}`)
    await datagrams.count(1)
    expect(datagrams.received[0]?.from.address).toBe(`${own}%${name}`)
    expect(() => sockets.connect(fd, '[fe80::1]:9')).toThrow('EINVAL')
  })
})

describe('neighbour unreachability', () => {
  test('the kernel that goes away is asked for, then given up: EHOSTUNREACH', async () => {
    const { name, kernel, sockets, neighbor, stateOf, stack } = openIpv6Stack({ probes: false, sysctl: QUICK })
    await until(() => stateOf(stack) === 'preferred', 'the address')
    await kernelSettled(name)
    const theirs = await kernelSocket(kernel)
    const fd = sockets.socket(AF_INET6, SOCK_DGRAM)
    sockets.setsockopt(fd, SOL_IPV6, IPV6_RECVERR, 1)
    sockets.sendto(fd, 'x', 0, `[${kernel}]:${theirs.port}`)
    expect(neighbor(kernel)?.state).toBe('INCOMPLETE')
    await theirs.count(1)
    await until(() => neighbor(kernel)?.state === 'STALE', 'STALE')
    // The kernel answers the question, to it alone.
    sockets.sendto(fd, 'x', 0, `[${kernel}]:${theirs.port}`)
    expect(neighbor(kernel)?.state).toBe('DELAY')
    await until(() => neighbor(kernel)?.state === 'REACHABLE', 'REACHABLE')
    expect(await run('ip', 'link', 'show', name)).toContain(`link/ether ${neighbor(kernel)?.hardwareAddress} `)

    await run('ip', 'address', 'delete', `${kernel}/64`, 'dev', name)
    await until(() => neighbor(kernel)?.state === 'STALE', 'STALE')
    const sniffer = await sniff(name, `icmp6 and ip6[40] == 135`, '-e')
    sockets.sendto(fd, 'x', 0, `[${kernel}]:${theirs.port}`)
    await until(() => neighbor(kernel)?.state === 'PROBE', 'PROBE')
    await until(() => neighbor(kernel)?.state === 'FAILED', 'FAILED')
    sockets.sendto(fd, 'x', 0, `[${kernel}]:${theirs.port}`)
    await expect(receive(sockets, fd)).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
    const asked = (await sniffer.stop()).split('\n').filter((line) => line.includes(`who has ${kernel}`))
    // Three times by unicast, then three times by multicast (RFC 4861 10).
    expect(asked.filter((line) => line.includes(`> ${kernel}:`))).toHaveLength(3)
    expect(asked.filter((line) => line.includes('> ff02::1:ff00:1:'))).toHaveLength(3)

    await run('ip', 'address', 'add', `${kernel}/64`, 'dev', name, 'nodad')
    const again = await kernelSocket(kernel)
    sockets.sendto(fd, 'again', 0, `[${kernel}]:${again.port}`)
    await again.count(1)
  })

  test('connections to nobody end with EHOSTUNREACH', async () => {
    const { host, stack, sockets, stateOf } = openIpv6Stack({ probes: false, sysctl: QUICK })
    await until(() => stateOf(stack) === 'preferred', 'the address')
    const fd = sockets.socket(AF_INET6, SOCK_STREAM)
    const connecting = sockets.promises.connect(fd, `[${host(77)}]:80`)
    await expect(connecting).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
  })

  describe('as the kernel finds it', () => {
    const { name, stack, parameters } = place('tap', 6)
    let running: Running
    beforeAll(async () => {
      running = await upAtOnce(...parameters)
      await kernelSettled(name)
      await askOften(name)
      expect(await ping('-6', '-c', '1', stack)).toMatchObject({ received: 1 })
    })

    test('the stack answers its probes', async () => {
      await run('ip', '-6', 'neighbor', 'change', stack, 'dev', name, 'nud', 'probe')
      await kernelKnows(name, stack, 'REACHABLE')
      await run('ip', '-6', 'neighbor', 'change', stack, 'dev', name, 'nud', 'delay')
      await kernelKnows(name, stack, 'REACHABLE')
    })

    test('a stack that stops answering fails, and one that answers again is found again', async () => {
      running.child.kill('SIGSTOP')
      await run('ip', '-6', 'neighbor', 'change', stack, 'dev', name, 'nud', 'probe')
      await kernelKnows(name, stack, 'FAILED')
      running.child.kill('SIGCONT')
      expect(await ping('-6', '-c', '1', '-W', '10', stack)).toMatchObject({ received: 1 })
      expect(await neighborLine(name, stack)).toMatch(/REACHABLE|DELAY|STALE/)
    })

    test('a new hardware address of the kernel is followed', async () => {
      await run('ip', 'link', 'set', name, 'address', '02:00:00:00:be:ef')
      await kernelSettled(name)
      expect(await ping('-6', '-c', '2', '-l', '2', '-W', '10', stack)).toMatchObject({ received: 2 })
    })
  })
})
