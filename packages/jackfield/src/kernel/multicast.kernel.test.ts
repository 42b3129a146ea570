import {
  AF_INET,
  IP_ADD_MEMBERSHIP,
  IP_ADD_SOURCE_MEMBERSHIP,
  IP_DROP_MEMBERSHIP,
  IP_MULTICAST_IF,
  IP_MULTICAST_TTL,
  MCAST_BLOCK_SOURCE,
  SOCK_DGRAM,
  SOL_IP,
} from '@jackfield/sockets'
import { describe, expect, test } from 'vitest'
import { kernelSocket, type OpenStack, openStack, receive, stackSocket } from './in-process.test-support.js'
import { ping, place, run, sniff, until, up } from './kernel.test-support.js'

const GROUP = '239.1.2.3'
const ANSWER_GROUPS = { 'net.ipv4.icmp_echo_ignore_broadcasts': 0 }

/** Three pings to a group by a device. */
async function pingGroup(device: string, group: string): Promise<number> {
  return (await ping('-c', '3', '-l', '3', '-W', '0.5', '-I', device, group)).received
}

/** A socket of the stack on a port, that is a member of the group on the stack's device. */
function member(stack: OpenStack, port: number): number {
  const fd = stackSocket(stack.sockets, `0.0.0.0:${port}`)
  stack.sockets.setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, { group: GROUP, interface: stack.name })
  return fd
}

/** Sends an IGMP query as a router would, through a raw socket of the kernel. `group` is 0.0.0.0 for a general one. */
async function query(device: string, version: 2 | 3, group: string): Promise<void> {
  const script = `use Socket; my ($device, $version, $group) = @ARGV;
    my $m = pack("CCna4", 0x11, 10, 0, inet_aton($group)) . ($version == 3 ? pack("CCn", 2, 125, 0) : "");
    my $sum = unpack("%32n*", $m); $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
    substr($m, 2, 2) = pack("n", ~$sum & 0xffff);
    socket(my $s, PF_INET, SOCK_RAW, 2) or die $!;
    setsockopt($s, SOL_SOCKET, 25, $device) or die $!;
    setsockopt($s, 0, 4, pack("N", 0x94040000)) or die $!;
    my $to = $group eq "0.0.0.0" ? "224.0.0.1" : $group;
    send($s, $m, 0, pack_sockaddr_in(0, inet_aton($to))) or die $!;`
  await run('perl', '-e', script, device, String(version), group)
}

describe.each(['tun', 'tap'] as const)('ping to a group over %s', (kind) => {
  test('of all hosts is not answered by default', async () => {
    const { name, parameters } = place(kind)
    await up(...parameters)
    expect(await pingGroup(name, '224.0.0.1')).toBe(0)
  })

  test('of all hosts is answered with icmp_echo_ignore_broadcasts 0, from the own address', async () => {
    const { name, stack, parameters } = place(kind)
    await up(...parameters, '--sysctl', 'net.ipv4.icmp_echo_ignore_broadcasts=0')
    expect(await pingGroup(name, '224.0.0.1')).toBe(3)
    expect(await run('ping', '-c', '1', '-I', name, '224.0.0.1')).toContain(`64 bytes from ${stack}:`)
  })

  test('is answered while it is joined', async () => {
    const stack = openStack(kind, { sysctl: ANSWER_GROUPS })
    expect(await pingGroup(stack.name, GROUP)).toBe(0)
    const fd = member(stack, 5000)
    expect(await pingGroup(stack.name, GROUP)).toBe(3)
    expect(await pingGroup(stack.name, '239.1.2.4')).toBe(0)
    stack.sockets.setsockopt(fd, SOL_IP, IP_DROP_MEMBERSHIP, { group: GROUP, interface: stack.name })
    expect(await pingGroup(stack.name, GROUP)).toBe(0)
  })

  test('is not answered by default, joined or not', async () => {
    const stack = openStack(kind)
    member(stack, 5000)
    expect(await pingGroup(stack.name, GROUP)).toBe(0)
  })
})

describe.each(['tun', 'tap'] as const)('datagrams to a group over %s', (kind) => {
  test('of the kernel reach every member, and nobody else', async () => {
    const stack = openStack(kind)
    const [one, two] = [member(stack, 5000), stackSocket(stack.sockets, '0.0.0.0:5001')]
    const theirs = await kernelSocket(stack.kernel)
    theirs.socket.setMulticastInterface(stack.kernel)
    await theirs.send('for members', 5000, GROUP)
    expect(new TextDecoder().decode((await receive(stack.sockets, one)).data)).toBe('for members')
    await theirs.send('another group', 5000, '239.1.2.4')
    await theirs.send('unicast', 5001, stack.stack)
    expect(new TextDecoder().decode((await receive(stack.sockets, two)).data)).toBe('unicast')
    expect(() => stack.sockets.recv(one, new Uint8Array(1))).toThrow('EAGAIN')
  })

  test('of the stack reach the members of the kernel, with the TTL asked for', async () => {
    const stack = openStack(kind)
    const { kernel, sockets, name } = stack
    const theirs = await kernelSocket('0.0.0.0')
    theirs.socket.addMembership(GROUP, kernel)
    const sniffer = await sniff(name, 'udp', '-v')
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    sockets.setsockopt(fd, SOL_IP, IP_MULTICAST_IF, name)
    sockets.sendto(fd, 'one hop', 0, `${GROUP}:${theirs.port}`)
    sockets.setsockopt(fd, SOL_IP, IP_MULTICAST_TTL, 9)
    sockets.sendto(fd, 'nine hops', 0, `${GROUP}:${theirs.port}`)
    await theirs.count(2)
    expect(theirs.received.map(({ data, from }) => `${data} ${from.address}`)).toEqual([
      `one hop ${stack.stack}`,
      `nine hops ${stack.stack}`,
    ])
    await sniffer.printed(/ttl 1,[^\n]*\n[^\n]*length 7\n[^\n]*ttl 9,/)
    await sniffer.stop()
  })

  test('of sources that are not asked for, or blocked, are not heard', async () => {
    const stack = openStack(kind)
    const { name, kernel, sockets, host } = stack
    const asked = stackSocket(sockets, '0.0.0.0:5000')
    const other = stackSocket(sockets, '0.0.0.0:5001')
    const blocking = member(stack, 5002)
    const on = { group: GROUP, interface: name }
    sockets.setsockopt(asked, SOL_IP, IP_ADD_SOURCE_MEMBERSHIP, { ...on, source: kernel })
    sockets.setsockopt(other, SOL_IP, IP_ADD_SOURCE_MEMBERSHIP, { ...on, source: host(9) })
    sockets.setsockopt(blocking, SOL_IP, MCAST_BLOCK_SOURCE, { ...on, source: kernel })
    const theirs = await kernelSocket(kernel)
    theirs.socket.setMulticastInterface(kernel)
    for (const port of [5002, 5001, 5000]) await theirs.send(String(port), port, GROUP)
    expect(new TextDecoder().decode((await receive(sockets, asked)).data)).toBe('5000')
    for (const fd of [other, blocking]) expect(() => sockets.recv(fd, new Uint8Array(1))).toThrow('EAGAIN')
  })
})

describe('IGMP, as tcpdump reads it', () => {
  test('version 3 reports a group that is joined and left', async () => {
    const stack = openStack('tap')
    const sniffer = await sniff(stack.name, 'igmp', '-v')
    const fd = member(stack, 5000)
    await sniffer.printed(/tos 0xc0, ttl 1,.*proto IGMP \(2\), length 40, options \(RA\)\)/)
    await sniffer.printed(
      /> 224\.0\.0\.22: igmp v3 report, 1 group record\(s\) \[gaddr 239\.1\.2\.3 to_ex, 0 source\(s\)\]/,
    )
    stack.sockets.close(fd)
    await sniffer.printed(/igmp v3 report, 1 group record\(s\) \[gaddr 239\.1\.2\.3 to_in, 0 source\(s\)\]/)
    expect(await sniffer.stop()).not.toContain('bad')
  })

  test('version 3 reports sources', async () => {
    const { name, sockets } = openStack('tap')
    const sniffer = await sniff(name, 'igmp', '-vv')
    const fd = sockets.socket(AF_INET, SOCK_DGRAM)
    const join = { group: GROUP, interface: name, source: '192.0.2.7' }
    sockets.setsockopt(fd, SOL_IP, IP_ADD_SOURCE_MEMBERSHIP, join)
    await sniffer.printed(/\[gaddr 239\.1\.2\.3 allow \{ 192\.0\.2\.7 \}\]/)
    await sniffer.stop()
  })

  test('version 3 answers a query with what is joined', async () => {
    const stack = openStack('tap')
    member(stack, 5000)
    const sniffer = await sniff(stack.name, `igmp and src ${stack.stack}`, '-v')
    await query(stack.name, 3, '0.0.0.0')
    await sniffer.printed(/\[gaddr 239\.1\.2\.3 is_ex, 0 source\(s\)\]/)
    expect(await sniffer.stop()).not.toContain('224.0.0.1 is_ex')
  })

  test('version 2 is spoken where it is set', async () => {
    const stack = openStack('tap', { sysctl: { 'net.ipv4.conf.default.force_igmp_version': 2 } })
    const sniffer = await sniff(stack.name, 'igmp', '-v')
    const fd = member(stack, 5000)
    await sniffer.printed(/> 239\.1\.2\.3: igmp v2 report 239\.1\.2\.3/)
    stack.sockets.close(fd)
    await sniffer.printed(/> 224\.0\.0\.2: igmp leave 239\.1\.2\.3/)
    expect(await sniffer.stop()).not.toContain('v3')
  })

  test('version 2 is spoken to a querier of version 2', async () => {
    const stack = openStack('tap')
    member(stack, 5000)
    const sniffer = await sniff(stack.name, `igmp and src ${stack.stack}`, '-v')
    await query(stack.name, 2, GROUP)
    await sniffer.printed(/> 239\.1\.2\.3: igmp v2 report 239\.1\.2\.3/)
    await sniffer.stop()
    const { hosted } = stack
    await until(() => (hosted.stack.counters()['IpExtInMcastPkts'] ?? 0) > 0, 'the count of the query')
  })
})
