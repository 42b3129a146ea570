import {
  AF_INET6,
  IPV6_JOIN_GROUP,
  IPV6_LEAVE_GROUP,
  MCAST_JOIN_SOURCE_GROUP,
  SOCK_DGRAM,
  SOL_IPV6,
} from '@jackfield/sockets'
import { describe, expect, test } from 'vitest'
import { kernelSocket, type OpenStack, openStack, receive, settled, stackSocket } from './in-process.test-support.js'
import { ping, run, sniff, until } from './kernel.test-support.js'

const GROUP = 'ff15::1:2:3'

/** A socket of the stack on a port, that is a member of the group on the stack's device. */
function member({ sockets, name }: OpenStack, port: number): number {
  const fd = stackSocket(sockets, `[::]:${port}`)
  sockets.setsockopt(fd, SOL_IPV6, IPV6_JOIN_GROUP, { group: GROUP, interface: name })
  return fd
}

describe.each(['tun', 'tap'] as const)('groups of IPv6 over %s', (kind) => {
  test('datagrams of the kernel reach every member, and nobody else', async () => {
    const opened = openStack(kind, { version: 6 })
    await settled(opened)
    const { sockets, kernel, stack, name } = opened
    const [one, two] = [member(opened, 5000), stackSocket(sockets, '[::]:5001')]
    const theirs = await kernelSocket(kernel)
    theirs.socket.setMulticastInterface(`::%${name}`)
    await theirs.send('for members', 5000, GROUP)
    expect(new TextDecoder().decode((await receive(sockets, one)).data)).toBe('for members')
    await theirs.send('another group', 5000, 'ff15::9')
    await theirs.send('unicast', 5001, stack)
    expect(new TextDecoder().decode((await receive(sockets, two)).data)).toBe('unicast')
    expect(() => sockets.recv(one, new Uint8Array(1))).toThrow('EAGAIN')
  })

  test('datagrams of the stack reach the members of the kernel', async () => {
    const opened = openStack(kind, { version: 6 })
    await settled(opened)
    const { sockets, stack, name } = opened
    const theirs = await kernelSocket('::')
    theirs.socket.addMembership(GROUP, `::%${name}`)
    const fd = stackSocket(sockets, `[${stack}]:0`)
    sockets.sendto(fd, 'to the group', 0, `[${GROUP}%${name}]:${theirs.port}`)
    await theirs.count(1)
    expect(theirs.received[0]?.from.address).toBe(stack)
  })

  test('all nodes are pinged, and a group while it is joined', async () => {
    const opened = openStack(kind, { version: 6 })
    await settled(opened)
    const { name, sockets, stack } = opened
    const pingGroup = async (): Promise<boolean> => {
      const { output } = await ping('-6', '-c', '1', '-W', '0.5', '-I', name, GROUP)
      return /1 received/.test(output)
    }
    expect(await pingGroup()).toBe(false)
    const fd = member(opened, 5000)
    expect(await pingGroup()).toBe(true)
    sockets.setsockopt(fd, SOL_IPV6, IPV6_LEAVE_GROUP, { group: GROUP, interface: name })
    expect(await pingGroup()).toBe(false)
    expect(await run('ip', '-6', 'neighbor', 'show', 'dev', name)).not.toContain(`${stack} FAILED`)
  })
})

describe('MLD, as tcpdump reads it', () => {
  test('version 2 reports a group that is joined and left', async () => {
    const opened = openStack('tap', { version: 6 })
    await settled(opened)
    const { name, sockets } = opened
    const sniffer = await sniff(name, 'ip6', '-v')
    const fd = member(opened, 5000)
    await sniffer.printed(
      /hlim 1, next-header Options \(0\)[^\n]*fe80::[^\n]* > ff02::16: HBH \(rtalert: 0x0000\)[^\n]*multicast listener report v2, 1 group record\(s\) \[gaddr ff15::1:2:3 to_ex, 0 source\(s\)\]/,
    )
    sockets.close(fd)
    await sniffer.printed(/report v2, 1 group record\(s\) \[gaddr ff15::1:2:3 to_in, 0 source\(s\)\]/)
    expect(await sniffer.stop()).not.toContain('bad')
  })

  test('version 2 reports sources', async () => {
    const opened = openStack('tap', { version: 6 })
    await settled(opened)
    const { name, sockets } = opened
    const sniffer = await sniff(name, 'ip6', '-vv')
    const fd = sockets.socket(AF_INET6, SOCK_DGRAM)
    const join = { group: GROUP, interface: name, source: '2001:db8::7' }
    sockets.setsockopt(fd, SOL_IPV6, MCAST_JOIN_SOURCE_GROUP, join)
    await sniffer.printed(/\[gaddr ff15::1:2:3 allow \{ 2001:db8::7 \}\]/)
    await sniffer.stop()
  })

  test('version 1 is spoken where it is set', async () => {
    const opened = openStack('tap', { version: 6, sysctl: { 'net.ipv6.conf.default.force_mld_version': 1 } })
    await settled(opened)
    const { name, sockets } = opened
    const sniffer = await sniff(name, 'ip6', '-v')
    const fd = member(opened, 5000)
    await sniffer.printed(/> ff15::1:2:3: HBH .*multicast listener report ?max resp delay: 0 addr: ff15::1:2:3/)
    sockets.close(fd)
    await sniffer.printed(/> ff02::2: HBH .*multicast listener done ?max resp delay: 0 addr: ff15::1:2:3/)
    await sniffer.stop()
  })
})

describe.each([1, 2])("a bridge of the kernel's asks by MLD version %i", (version) => {
  test('it hears what the stack has joined, and when it leaves', async () => {
    const opened = openStack('tap', { version: 6 })
    const { name, sockets } = opened
    const fd = member(opened, 5000)
    const bridge = `br${name}`
    const querier = ['mcast_snooping', '1', 'mcast_querier', '1', 'mcast_mld_version', String(version)]
    // In hundredths of a second. It asks nothing before it has a link-local address of its own.
    const quick = [
      ...['mcast_startup_query_interval', '100', 'mcast_query_interval', '100'],
      ...['mcast_query_response_interval', '50', 'mcast_last_member_interval', '20'],
    ]
    await run('ip', 'link', 'add', bridge, 'type', 'bridge', ...querier, ...quick, 'forward_delay', '0')
    await run('sysctl', '-q', '-w', `net.ipv6.conf.${bridge}.dad_transmits=0`)
    await settled(opened)
    // The group was joined before the bridge was there: it learns of it by asking.
    await run('ip', 'link', 'set', name, 'master', bridge)
    await run('ip', 'link', 'set', bridge, 'up')
    const groups = (): Promise<string> => run('bridge', 'mdb', 'show', 'dev', bridge)
    await until(async () => (await groups()).includes(`port ${name} grp ${GROUP} temp`), 'the group')
    sockets.close(fd)
    await until(async () => !(await groups()).includes(GROUP), 'the end of the group')
    await run('ip', 'link', 'delete', bridge)
  })
})
