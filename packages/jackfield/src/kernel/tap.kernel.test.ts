import {
  AF_INET,
  IP_PKTINFO,
  IP_RECVERR,
  type PacketInfo,
  SO_BROADCAST,
  SOCK_DGRAM,
  SOL_IP,
  SOL_SOCKET,
} from '@jackfield/sockets'
import { beforeAll, describe, expect, test } from 'vitest'
import { kernelSocket, noise, openStack, receive, stackSocket } from './in-process.test-support.js'
import { execute, flood, ping, place, run, sniff, until, up } from './kernel.test-support.js'

const MAC = /[0-9a-f]{2}(?::[0-9a-f]{2}){5}/i

/** The line of `ip neigh` about an address; empty where there is none. */
async function neighbor(device: string, address: string): Promise<string> {
  return (await run('ip', 'neighbor', 'show', address, 'dev', device)).trim()
}

/** iputils' arping: replies received, and what it printed. */
async function arping(...parameters: string[]): Promise<{ received: number; code: number | null; output: string }> {
  const { stdout, code } = await execute('arping', parameters)
  return { received: Number(/Received (\d+) response/.exec(stdout)?.[1]), code, output: stdout }
}

describe.each([
  ['with offloads', []],
  ['without offloads', ['--no-offload']],
])('jackfield up over TAP %s', (_title, more) => {
  const { name, kernel, stack, host, parameters } = place('tap')
  beforeAll(async () => {
    await up(...parameters, '--services', 'echo', ...more)
  })

  test('answers ping', async () => {
    expect(await ping('-c', '3', '-i', '0.5', stack)).toMatchObject({ sent: 3, received: 3 })
    expect(await neighbor(name, stack)).toMatch(/lladdr .* (REACHABLE|DELAY|STALE)$/)
  })

  test('loses none of a flood', async () => {
    expect(await flood(20_000, stack)).toEqual({ sent: 20_000, answered: 20_000 })
  })

  test.each([1472, 1473, 60_000, 65_507])('answers ping of %i bytes', async (size) => {
    expect(await ping('-c', '3', '-l', '3', '-s', String(size), stack)).toMatchObject({ received: 3 })
  })

  test.each([1, 1472, 1473, 65_507])('gives %i bytes back from echo', async (size) => {
    const socket = await kernelSocket(kernel)
    await socket.send(noise(size), 7, stack)
    await socket.count(1)
    expect(socket.received[0]?.data.equals(noise(size))).toBe(true)
  })

  test('answers arping', async () => {
    const { received, output } = await arping('-c', '2', '-I', name, stack)
    expect(received).toBe(2)
    expect(output).toMatch(new RegExp(`Unicast reply from ${stack.replaceAll('.', '\\.')} \\[${MAC.source}\\]`, 'i'))
  })

  test('answers an ARP probe, which has no sender address, as duplicate address detection sends it', async () => {
    // Its exit status is 1 where somebody answers.
    expect(await arping('-D', '-c', '2', '-I', name, stack)).toMatchObject({ received: 1, code: 1 })
    expect(await arping('-D', '-c', '1', '-w', '1', '-I', name, host(77))).toMatchObject({ received: 0, code: 0 })
  })

  test('does not answer for addresses that are not its own', async () => {
    const asked = [host(77), '198.51.100.1'].map((other) => arping('-c', '1', '-w', '1', '-I', name, other))
    expect(await Promise.all(asked)).toMatchObject([{ received: 0 }, { received: 0 }])
  })
})

describe('ARP', () => {
  test('announces the address: the kernel knows it without having asked', async () => {
    await run('sysctl', '-q', 'net.ipv4.conf.default.arp_accept=1')
    try {
      const { name, stack, device } = openStack('tap')
      await until(async () => (await neighbor(name, stack)) !== '', 'the announced neighbour')
      expect(await neighbor(name, stack)).toBe(`${stack} lladdr ${device.hardwareAddress} STALE`)
    } finally {
      await run('sysctl', '-q', 'net.ipv4.conf.default.arp_accept=0')
    }
  })

  test('announces an address that is added later', async () => {
    const { name, host, hosted, device } = openStack('tap')
    const sniffer = await sniff(name, 'arp', '-e')
    hosted.addAddress(name, `${host(5)}/24`)
    const text = `${device.hardwareAddress} > ff:ff:ff:ff:ff:ff, .* who-has ${host(5)}.* tell ${host(5)}`
    await sniffer.printed(new RegExp(text, 'i'))
    await sniffer.stop()
  })

  test('follows a new hardware address of the kernel', async () => {
    const { name, stack } = openStack('tap')
    expect(await ping('-c', '2', '-l', '2', stack)).toMatchObject({ received: 2 })
    await run('ip', 'link', 'set', name, 'address', '02:00:00:00:be:ef')
    expect(await ping('-c', '2', '-l', '2', stack)).toMatchObject({ received: 2 })
  })

  test('asks three times for a neighbour that is not there, then says so', async () => {
    const sysctl = { 'net.ipv4.neigh.default.retrans_time_ms': 300 }
    const { name, host, sockets, stack } = openStack('tap', { sysctl })
    const sniffer = await sniff(name, `arp and src ${stack}`)
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    sockets.setsockopt(fd, SOL_IP, IP_RECVERR, 1)
    sockets.sendto(fd, 'anybody there?', 0, `${host(77)}:9`)
    await expect(receive(sockets, fd)).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
    const lines = await sniffer.stop()
    expect(lines.split('\n').filter((line) => line.includes(`who-has ${host(77)}`))).toHaveLength(3)
  })

  test('keeps the kernel as a neighbour with the states that Linux has', async () => {
    // So that an entry gets old within the test, after half to one and a half of this time (RFC 4861 6.3.2).
    const reachable = { 'net.ipv4.neigh.default.base_reachable_time_ms': 200 }
    const sysctl = { ...reachable, 'net.ipv4.neigh.default.delay_first_probe_time': 1 }
    const { name, kernel, sockets, hosted } = openStack('tap', { sysctl })
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    const known = () => hosted.neighbors().find(({ address }) => `${address}` === kernel)
    const state = (): string | undefined => known()?.state
    const theirs = await kernelSocket(kernel)
    sockets.sendto(fd, 'x', 0, `${kernel}:${theirs.port}`)
    expect(state()).toBe('INCOMPLETE')
    await theirs.count(1)
    await until(() => state() === 'STALE', 'STALE')
    sockets.sendto(fd, 'x', 0, `${kernel}:${theirs.port}`)
    expect(state()).toBe('DELAY')
    await theirs.count(2)
    // The kernel answers the probe.
    await until(() => state() === 'REACHABLE', 'REACHABLE')
    expect(await run('ip', 'link', 'show', name)).toContain(`link/ether ${known()?.hardwareAddress} `)
  })
})

describe('broadcast over TAP', () => {
  test('ping is not answered by default', async () => {
    const { name, broadcast, parameters } = place('tap')
    await up(...parameters)
    expect(await ping('-b', '-c', '2', '-l', '2', '-W', '0.5', '-I', name, broadcast)).toMatchObject({ received: 0 })
  })

  test('ping is answered with icmp_echo_ignore_broadcasts 0, from the own address', async () => {
    const { name, stack, broadcast, parameters } = place('tap')
    await up(...parameters, '--sysctl', 'net.ipv4.icmp_echo_ignore_broadcasts=0')
    const answered = await ping('-b', '-c', '3', '-l', '3', '-I', name, broadcast)
    expect(answered).toMatchObject({ sent: 3, received: 3 })
    expect(await run('ping', '-b', '-c', '1', '-I', name, broadcast)).toContain(`64 bytes from ${stack}:`)
  })

  test('a datagram of the kernel, directed or limited, reaches the stack', async () => {
    const { name, kernel, stack, broadcast, sockets } = openStack('tap')
    await run('ip', 'route', 'add', '255.255.255.255/32', 'dev', name)
    const theirs = await kernelSocket(kernel)
    theirs.socket.setBroadcast(true)
    const fd = stackSocket(sockets, '0.0.0.0:5000')
    sockets.setsockopt(fd, SOL_IP, IP_PKTINFO, 1)
    for (const to of [broadcast, '255.255.255.255']) {
      await theirs.send('to all', 5000, to)
      const { data, control } = await receive(sockets, fd)
      expect(new TextDecoder().decode(data)).toBe('to all')
      const info = control[0]?.data as PacketInfo
      expect(String(info.address)).toBe(to)
      expect(String(info.specific)).toBe(stack)
    }
  })

  test('a datagram of the stack needs SO_BROADCAST, and reaches the kernel', async () => {
    const { stack, broadcast, sockets } = openStack('tap')
    const theirs = await kernelSocket('0.0.0.0')
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    expect(() => sockets.sendto(fd, 'x', 0, `${broadcast}:${theirs.port}`)).toThrow('EACCES')
    sockets.setsockopt(fd, SOL_SOCKET, SO_BROADCAST, 1)
    sockets.sendto(fd, 'directed', 0, `${broadcast}:${theirs.port}`)
    await theirs.count(1)
    expect(theirs.received[0]?.from.address).toBe(stack)
    expect(String(theirs.received[0]?.data)).toBe('directed')
  })

  test('nobody answers a broadcast to a closed port', async () => {
    const { name, kernel, broadcast, stack, hosted } = openStack('tap')
    const sniffer = await sniff(name, 'icmp')
    const theirs = await kernelSocket(kernel)
    theirs.socket.setBroadcast(true)
    await theirs.send('x', 4321, broadcast)
    await until(() => hosted.stack.counters()['UdpIgnoredMulti'] === 1, 'the datagram')
    await theirs.send('x', 4321, stack)
    await sniffer.printed(/udp port 4321 unreachable/)
    const lines = await sniffer.stop()
    expect(lines.trim().split('\n')).toHaveLength(1)
  })
})
