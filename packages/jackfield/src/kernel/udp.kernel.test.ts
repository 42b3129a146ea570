import { Prefix, type SocketAddress } from '@jackfield/addr'
import {
  AF_INET,
  IP_MTU,
  IP_MTU_DISCOVER,
  IP_PKTINFO,
  IP_PMTUDISC_DO,
  IP_PMTUDISC_DONT,
  IP_RECVERR,
  IP_RECVTOS,
  IP_RECVTTL,
  IP_TOS,
  IP_TTL,
  IPV6_RECVERR,
  MSG_ERRQUEUE,
  MSG_TRUNC,
  SO_ERROR,
  SO_NO_CHECK,
  SOCK_DGRAM,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
  SOL_UDP,
  SocketError,
  UDP_GRO,
  UDP_SEGMENT,
} from '@jackfield/sockets'
import { describe, expect, test } from 'vitest'
import { serve } from '../services/services.js'
import {
  familyOf,
  kernelSocket,
  noise,
  type OpenStack,
  openStack,
  receive,
  settled,
  stackSocket,
} from './in-process.test-support.js'
import { bracketed, ping, run, sniff, until } from './kernel.test-support.js'

/** The code of what a call throws. */
function codeOf(call: () => unknown): string | undefined {
  try {
    call()
  } catch (error) {
    if (error instanceof SocketError) return error.code
    throw error
  }
  return undefined
}

/** Sends by perl, whose sockets take any option. `$s` is a UDP socket connected to the address. */
function perl(address: string, port: number, script: string): Promise<string> {
  const six = address.includes(':')
  const name = six
    ? 'pack_sockaddr_in6($ARGV[1], inet_pton(AF_INET6, $ARGV[0]))'
    : 'pack_sockaddr_in($ARGV[1], inet_aton($ARGV[0]))'
  const open =
    'use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6);' +
    `socket(my $s, ${six ? 'AF_INET6' : 'AF_INET'}, SOCK_DGRAM, 17) or die $!; connect($s, ${name}) or die $!;`
  return run('perl', '-e', open + script, address, String(port))
}

/** The devices and versions of what passes over all of them. */
const WAYS = [
  { kind: 'tun', version: 4, offload: true },
  { kind: 'tun', version: 4, offload: false },
  { kind: 'tun', version: 6, offload: true },
  { kind: 'tun', version: 6, offload: false },
  { kind: 'tap', version: 6, offload: true },
] as const

describe.each(WAYS)('large datagrams over $kind and IPv$version, offload: $offload', ({ kind, version, offload }) => {
  test.each([1, 1452, 1453, 1472, 1473, 2952, 9000, 65_507])('of %i bytes pass both ways', async (size) => {
    const opened = openStack(kind, { version, offload })
    const { kernel, stack, sockets } = opened
    await settled(opened)
    const theirs = await kernelSocket(kernel)
    const ours = stackSocket(sockets, `${bracketed(stack)}:5000`)
    sockets.sendto(ours, noise(size), 0, `${bracketed(kernel)}:${theirs.port}`)
    await theirs.count(1)
    expect(theirs.received[0]?.data.equals(noise(size))).toBe(true)
    expect(theirs.received[0]?.from).toMatchObject({ address: stack, port: 5000 })
    await theirs.send(noise(size, 2), 5000, stack)
    const { data, from } = await receive(sockets, ours)
    expect(noise(size, 2).equals(data)).toBe(true)
    expect(from).toBe(`${bracketed(kernel)}:${theirs.port}`)
  })
})

describe.each([true, false])('datagrams that are too large, offload: %s', (offload) => {
  test('of more than IPv4 can carry are refused', () => {
    const { kernel, sockets } = openStack('tun', { offload })
    const ours = sockets.socket(AF_INET, SOCK_DGRAM)
    expect(codeOf(() => sockets.sendto(ours, noise(65_508), 0, `${kernel}:9`))).toBe('EMSGSIZE')
  })
})

describe.each(WAYS)('one large send over $kind and IPv$version, offload: $offload', ({ kind, version, offload }) => {
  test('is cut by UDP_SEGMENT into datagrams', async () => {
    const opened = openStack(kind, { version, offload })
    const { kernel, stack, sockets } = opened
    await settled(opened)
    const theirs = await kernelSocket(kernel)
    const ours = stackSocket(sockets, `${bracketed(stack)}:5000`)
    sockets.setsockopt(ours, SOL_UDP, UDP_SEGMENT, 1000)
    sockets.sendto(ours, noise(60_500), 0, `${bracketed(kernel)}:${theirs.port}`)
    await theirs.count(61)
    expect(theirs.received.map(({ data }) => data.length)).toEqual([...Array<number>(60).fill(1000), 500])
    expect(Buffer.concat(theirs.received.map(({ data }) => data)).equals(noise(60_500))).toBe(true)
  })

  test('of the kernel comes in as datagrams', async () => {
    const opened = openStack(kind, { version, offload })
    const { stack, sockets } = opened
    await settled(opened)
    const ours = stackSocket(sockets, `${bracketed(stack)}:5000`)
    // UDP_SEGMENT is 103.
    await perl(stack, 5000, 'setsockopt($s, 17, 103, pack("i", 1000)) or die $!; send($s, "ab" x 5250, 0) or die $!')
    const lengths: number[] = []
    for (let i = 0; i < 11; i++) {
      const { data } = await receive(sockets, ours)
      expect(new TextDecoder().decode(data)).toBe('ab'.repeat(data.length / 2))
      lengths.push(data.length)
    }
    expect(lengths).toEqual([...Array<number>(10).fill(1000), 500])
  })

  test('of the kernel comes in merged where UDP_GRO asks for it and the device can', async () => {
    const opened = openStack(kind, { version, offload })
    const { stack, sockets, device } = opened
    await settled(opened)
    const ours = stackSocket(sockets, `${bracketed(stack)}:5000`)
    sockets.setsockopt(ours, SOL_UDP, UDP_GRO, 1)
    await perl(stack, 5000, 'setsockopt($s, 17, 103, pack("i", 1000)) or die $!; send($s, "ab" x 5250, 0) or die $!')
    const lengths: number[] = []
    for (let all = 0; all < 10_500; all += lengths.at(-1) ?? 0) {
      const { data, control } = await receive(sockets, ours)
      lengths.push(data.length)
      if (data.length > 1000) expect(control).toContainEqual({ level: SOL_UDP, type: UDP_GRO, data: 1000 })
    }
    // Else the stack merges what one burst brings, which may be one by one.
    if (device.offload.udpSegmentation) expect(lengths).toEqual([10_500])
  })
})

describe.each([
  {
    version: 4,
    level: SOL_IP,
    recvErr: IP_RECVERR,
    told: { origin: 2, type: 3, code: 3 },
    count: 'IcmpInDestUnreachs',
  },
  {
    version: 6,
    level: SOL_IPV6,
    recvErr: IPV6_RECVERR,
    told: { origin: 3, type: 1, code: 4 },
    count: 'Icmp6InDestUnreachs',
  },
] as const)('a closed port of the kernel over IPv$version', ({ version, level, recvErr, told, count }) => {
  test('refuses a connected socket: the next call fails, then it goes on', async () => {
    const { kernel, sockets } = openStack('tun', { version })
    const fd = sockets.socket(familyOf(kernel), SOCK_DGRAM)
    sockets.connect(fd, `${bracketed(kernel)}:4321`)
    sockets.send(fd, 'hello')
    await expect(receive(sockets, fd)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(sockets.getsockopt(fd, SOL_SOCKET, SO_ERROR)).toBe(0)
    expect(sockets.send(fd, 'again')).toBe(5)
  })

  test('is no matter of a socket that is not connected', async () => {
    const { kernel, stack, sockets, hosted } = openStack('tun', { version })
    const fd = stackSocket(sockets, `${bracketed(stack)}:5000`)
    sockets.sendto(fd, 'hello', 0, `${bracketed(kernel)}:4321`)
    await until(() => hosted.stack.counters()[count] === 1, 'the error')
    expect(codeOf(() => sockets.recv(fd, new Uint8Array(1)))).toBe('EAGAIN')
    const theirs = await kernelSocket(kernel)
    sockets.sendto(fd, 'hello', 0, `${bracketed(kernel)}:${theirs.port}`)
    await theirs.count(1)
  })

  test('tells a socket that asks for errors what, where and about what', async () => {
    const { kernel, stack, sockets } = openStack('tun', { version })
    const fd = stackSocket(sockets, `${bracketed(stack)}:5000`)
    sockets.setsockopt(fd, level, recvErr, 1)
    sockets.sendto(fd, 'which one?', 0, `${bracketed(kernel)}:4321`)
    await expect(receive(sockets, fd)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    const { data, from, control, flags } = await receive(sockets, fd, MSG_ERRQUEUE)
    expect(new TextDecoder().decode(data)).toBe('which one?')
    expect(from).toBe(`${bracketed(kernel)}:4321`)
    expect(flags & MSG_ERRQUEUE).toBe(MSG_ERRQUEUE)
    const error = control.find(({ type }) => type === recvErr)?.data
    expect(error).toMatchObject({ errno: 111, ...told })
    expect(String((error as { offender: SocketAddress }).offender.address)).toBe(kernel)
    expect(codeOf(() => sockets.recv(fd, new Uint8Array(1), MSG_ERRQUEUE))).toBe('EAGAIN')
  })
})

describe('the path MTU', () => {
  /** Two stacks with the kernel as the router between them; the second's link has an MTU of 1000. */
  async function narrowPath(): Promise<{ near: OpenStack; far: OpenStack }> {
    await run('sysctl', '-q', 'net.ipv4.ip_forward=1')
    return { near: openStack('tun', { gateway: true }), far: openStack('tun', { gateway: true, mtu: 1000 }) }
  }

  test('is learnt from the kernel, for the path alone; datagrams are fragmented to it', async () => {
    const { near, far } = await narrowPath()
    const { sockets, hosted, kernel } = near
    const theirs = stackSocket(far.sockets, `${far.stack}:5000`)
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    sockets.connect(fd, `${far.stack}:5000`)
    expect(sockets.getsockopt(fd, SOL_IP, IP_MTU)).toBe(1500)
    sockets.send(fd, noise(1400, 1))
    await until(() => hosted.stack.counters()['IcmpInDestUnreachs'] === 1, '"fragmentation needed"')
    expect(sockets.getsockopt(fd, SOL_IP, IP_MTU)).toBe(1000)
    // As with Linux a connected socket is told of the datagram that was lost, once.
    expect(codeOf(() => sockets.send(fd, noise(1400)))).toBe('EMSGSIZE')
    const sniffer = await sniff(far.name, '', '-v')
    sockets.send(fd, noise(1400, 2))
    expect(noise(1400, 2).equals((await receive(far.sockets, theirs)).data)).toBe(true)
    await sniffer.printed(/offset 976, flags \[none\].*length 452/)
    await sniffer.stop()
    const other = sockets.socket(AF_INET, SOCK_DGRAM)
    sockets.connect(other, `${kernel}:9`)
    expect(sockets.getsockopt(other, SOL_IP, IP_MTU)).toBe(1500)
  })

  test('is told to a socket that must not fragment, with IP_RECVERR in full', async () => {
    const { near, far } = await narrowPath()
    const { sockets, kernel } = near
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    sockets.setsockopt(fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
    sockets.setsockopt(fd, SOL_IP, IP_RECVERR, 1)
    sockets.connect(fd, `${far.stack}:9`)
    expect(codeOf(() => sockets.send(fd, noise(1473)))).toBe('EMSGSIZE')
    // What the stack itself refuses is queued as well, with origin "local".
    const own = await receive(sockets, fd, MSG_ERRQUEUE)
    expect(own.control.find(({ type }) => type === IP_RECVERR)?.data).toMatchObject({
      errno: 90,
      origin: 1,
      info: 1500,
    })
    sockets.send(fd, noise(1400))
    await expect(receive(sockets, fd)).rejects.toMatchObject({ code: 'EMSGSIZE' })
    const { control, data } = await receive(sockets, fd, MSG_ERRQUEUE)
    const told = control.find(({ type }) => type === IP_RECVERR)?.data
    expect(told).toMatchObject({ errno: 90, origin: 2, type: 3, code: 4, info: 1000 })
    expect(String((told as { offender: SocketAddress }).offender.address)).toBe(kernel)
    expect(noise(1400).subarray(0, data.length).equals(data)).toBe(true)
    expect(codeOf(() => sockets.send(fd, noise(973)))).toBe('EMSGSIZE')
    expect(sockets.send(fd, noise(972))).toBe(972)
  })

  test("follows the MTU that is set on the kernel's end", async () => {
    const { name, kernel, stack, sockets, device, networkInterface } = openStack('tun')
    await run('ip', 'link', 'set', name, 'mtu', '1280')
    await until(() => networkInterface.mtu === 1280, 'the new MTU')
    expect(device.mtu).toBe(1280)
    const theirs = await kernelSocket(kernel)
    const sniffer = await sniff(name, `src ${stack}`, '-v')
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    sockets.sendto(fd, noise(1400), 0, `${kernel}:${theirs.port}`)
    await theirs.count(1)
    expect(theirs.received[0]?.data.equals(noise(1400))).toBe(true)
    await sniffer.printed(/offset 1256, flags \[none\].*length 172/)
    await sniffer.stop()
  })

  test('that only the kernel has lower makes it send fragments, which are put together', async () => {
    const { name, stack } = openStack('tun')
    await run('ip', 'route', 'replace', `${stack}/32`, 'dev', name, 'mtu', '600')
    expect(await ping('-c', '3', '-l', '3', '-s', '1400', stack)).toMatchObject({ sent: 3, received: 3 })
  })

  test('does not matter with IP_PMTUDISC_DONT: no datagram says "do not fragment"', async () => {
    const { name, kernel, stack, sockets } = openStack('tun')
    const theirs = await kernelSocket(kernel)
    const sniffer = await sniff(name, `src ${stack}`, '-v')
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    sockets.sendto(fd, 'first', 0, `${kernel}:${theirs.port}`)
    sockets.setsockopt(fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
    sockets.sendto(fd, 'second', 0, `${kernel}:${theirs.port}`)
    await theirs.count(2)
    await sniffer.printed(/flags \[DF\][^\n]*\n[^\n]*length 5\n[^\n]*flags \[none\]/)
    await sniffer.stop()
  })
})

describe('options of IP', () => {
  test('are seen at the kernel: TTL and type of service', async () => {
    const { name, kernel, stack, sockets } = openStack('tun')
    const theirs = await kernelSocket(kernel)
    const sniffer = await sniff(name, `src ${stack}`, '-v')
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    sockets.setsockopt(fd, SOL_IP, IP_TTL, 7)
    sockets.setsockopt(fd, SOL_IP, IP_TOS, 0xb8)
    sockets.sendto(fd, 'x', 0, `${kernel}:${theirs.port}`)
    await theirs.count(1)
    await sniffer.printed(/tos 0xb8, ttl 7,/)
    await sniffer.stop()
  })

  test('are told of what the kernel sends', async () => {
    const { kernel, stack, sockets, networkInterface } = openStack('tun')
    const theirs = await kernelSocket(kernel)
    const fd = stackSocket(sockets, '0.0.0.0:5000')
    for (const option of [IP_PKTINFO, IP_RECVTTL, IP_RECVTOS]) sockets.setsockopt(fd, SOL_IP, option, 1)
    theirs.socket.setTTL(33)
    await theirs.send('x', 5000, stack)
    const { control } = await receive(sockets, fd)
    expect(control).toContainEqual({ level: SOL_IP, type: IP_TTL, data: 33 })
    expect(control).toContainEqual({ level: SOL_IP, type: IP_TOS, data: 0 })
    const info = control.find(({ type }) => type === IP_PKTINFO)?.data as { address: unknown; interfaceIndex: number }
    expect(String(info.address)).toBe(stack)
    expect(info.interfaceIndex).toBe(networkInterface.index)
  })

  test('datagrams without a checksum pass both ways', async () => {
    const { kernel, stack, sockets } = openStack('tun', { offload: false })
    const theirs = await kernelSocket(kernel)
    const fd = stackSocket(sockets, `${stack}:5000`)
    sockets.setsockopt(fd, SOL_SOCKET, SO_NO_CHECK, 1)
    sockets.sendto(fd, 'unchecked', 0, `${kernel}:${theirs.port}`)
    await theirs.count(1)
    expect(String(theirs.received[0]?.data)).toBe('unchecked')
    await perl(stack, 5000, 'setsockopt($s, SOL_SOCKET, 11, 1) or die $!; send($s, "unchecked too", 0) or die $!')
    expect(new TextDecoder().decode((await receive(sockets, fd)).data)).toBe('unchecked too')
  })

  test('a datagram larger than the buffer is cut, and MSG_TRUNC says how long it was', async () => {
    const { kernel, stack, sockets } = openStack('tun')
    const theirs = await kernelSocket(kernel)
    const fd = stackSocket(sockets, `${stack}:5000`)
    await theirs.send(noise(5000), 5000, stack)
    const buffer = new Uint8Array(100)
    const signal = AbortSignal.timeout(20_000)
    expect(await sockets.promises.recv(fd, buffer, MSG_TRUNC, { signal })).toBe(5000)
    expect(noise(5000).subarray(0, 100).equals(buffer)).toBe(true)
  })
})

describe('addresses', () => {
  test('a connected socket hears its peer alone', async () => {
    const { kernel, stack, sockets, hosted } = openStack('tun')
    const [peer, stranger] = [await kernelSocket(kernel), await kernelSocket(kernel)]
    const fd = stackSocket(sockets, `${stack}:5000`)
    sockets.connect(fd, `${kernel}:${peer.port}`)
    await stranger.send('stranger', 5000, stack)
    await peer.send('peer', 5000, stack)
    expect(new TextDecoder().decode((await receive(sockets, fd)).data)).toBe('peer')
    expect(hosted.stack.counters()['UdpNoPorts']).toBe(1)
  })

  test('each is served, and answers as itself', async () => {
    const { kernel, stack, host, hosted } = openStack('tun')
    hosted.addAddress(hosted.stack.interfaces[1]?.name ?? '', `${host(3)}/24`)
    serve(hosted, 'echo')
    const theirs = await kernelSocket(kernel)
    await theirs.send('x', 7, stack)
    await theirs.count(1)
    await theirs.send('x', 7, host(3))
    await theirs.count(2)
    expect(theirs.received.map(({ from }) => from.address)).toEqual([stack, host(3)])
  })

  test('with a local route for all, any is served', async () => {
    const { name, kernel, hosted, networkInterface } = openStack('tun')
    hosted.stack.addRoute({ destination: Prefix.parse('0.0.0.0/0'), type: 'local', interface: 1 })
    serve(hosted, 'echo')
    expect(networkInterface.name).toBe(name)
    await run('ip', 'route', 'add', '203.0.113.0/24', 'dev', name)
    const theirs = await kernelSocket(kernel)
    const asked = Array.from({ length: 50 }, (_, i) => `203.0.113.${i + 1}`)
    for (const address of asked) await theirs.send(address, 7, address)
    await theirs.count(50)
    expect(theirs.received.map(({ from }) => from.address)).toEqual(asked)
    expect(await ping('-c', '2', '-l', '2', '203.0.113.200')).toMatchObject({ sent: 2, received: 2 })
    const closed = await kernelSocket(kernel)
    await new Promise<void>((resolve) => closed.socket.connect(4321, '203.0.113.9', resolve))
    closed.socket.send('x')
    await until(() => closed.errors.includes('ECONNREFUSED'), 'the refusal')
  })
})
