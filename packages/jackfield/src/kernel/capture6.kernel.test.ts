import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AF_INET6, IPV6_JOIN_GROUP, MCAST_JOIN_SOURCE_GROUP, SOCK_DGRAM, SOL_IPV6 } from '@jackfield/sockets'
import { afterAll, describe, expect, test } from 'vitest'
import { ask } from './ask.test-support.js'
import { openIpv6Stack } from './ipv6-stack.test-support.js'
import { execute, kernelLinkLocal, kernelSettled, ping, place, Running, run, until, up } from './kernel.test-support.js'
import { faults, fields } from './tshark.test-support.js'

const directory = mkdtempSync(join(tmpdir(), 'jackfield-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** The types of ICMPv6 messages that an address sent, each once. */
async function typesFrom(file: string, source: string): Promise<string[]> {
  return [...new Set(await fields(file, `icmpv6 && eth.src == ${source}`, 'icmpv6.type'))]
}

describe('tshark finds nothing wrong', () => {
  test.each(['tun', 'tap'] as const)('with what jackfield up does over %s', async (kind) => {
    const { name, stack, host, parameters } = place(kind, 6)
    const file = join(directory, `${kind}.pcapng`)
    const running = await up(...parameters, '--services', 'echo', '--pcap', file)
    await kernelSettled(name)
    for (const size of ['56', '1452', '1453', '60000']) {
      expect(await ping('-6', '-c', '2', '-l', '2', '-s', size, stack)).toMatchObject({ received: 2 })
    }
    expect(await ask(stack, 7, 'x'.repeat(5000))).toBe('x'.repeat(5000))
    expect(await ask(stack, 4321, 'anybody there?')).toBe('ECONNREFUSED')
    await run('traceroute', '-6', '-n', '-q', '1', '-m', '3', '-w', '5', stack)
    if (kind === 'tap') await ping('-6', '-c', '1', '-W', '1', host(77))
    expect(await running.stop()).toMatchObject({ code: 0, stderr: '' })
    expect(await faults(file)).toBe('')
    expect((await fields(file, 'ipv6.fraghdr', 'ipv6.src')).length).toBeGreaterThan(100)
  })

  test('with what a stack says of neighbours, routers and groups', async () => {
    const sysctl = { 'net.ipv6.conf.all.forwarding': 1, 'net.ipv6.conf.default.forwarding': 1 }
    // Without offloads: checksums that are left to a device are not there when it is sniffed at.
    const host = openIpv6Stack({ sysctl: { ...sysctl, 'net.ipv6.conf.default.ndisc_notify': 1 }, offload: false })
    const { name, kernel, stack, hosted, networkInterface, sockets, device } = host
    const file = join(directory, 'neighbors.pcapng')
    const capturing = new Running('dumpcap', ['-q', '-i', name, '-w', file])
    await capturing.printed(/File: /)
    // One that is free, one that is not.
    hosted.addAddress(networkInterface, `${host.host(5)}/64`)
    await kernelSettled(name)
    hosted.addAddress(networkInterface, `${kernel}/64`)
    hosted.advertise(networkInterface, {
      prefixes: ['fd54:1::/64', { prefix: 'fd54:2::/64', autonomous: false, validLifetime: Infinity }],
      mtu: 1400,
      preference: 'high',
    })
    const fd = sockets.socket(AF_INET6, SOCK_DGRAM)
    sockets.setsockopt(fd, SOL_IPV6, IPV6_JOIN_GROUP, { group: 'ff15::77', interface: name })
    const filtered = { group: 'ff15::78', interface: name, source: '2001:db8::7' }
    sockets.setsockopt(fd, SOL_IPV6, MCAST_JOIN_SOURCE_GROUP, filtered)
    await until(() => host.stateOf(stack) === 'preferred' && host.stateOf(kernel) === 'duplicate', 'the addresses')
    await host.linkLocal()
    const theirs = await kernelLinkLocal(name)
    sockets.sendto(fd, 'x', 0, `[${theirs}%${name}]:9`)
    expect(await ping('-6', '-c', '2', '-l', '2', stack)).toMatchObject({ received: 2 })
    await until(async () => (await run('ip', '-6', 'route', 'show', 'dev', name)).includes('default'), 'the route')
    hosted.advertise(networkInterface, null)
    await until(async () => !(await run('ip', '-6', 'route', 'show', 'dev', name)).includes('default'), 'its end')
    sockets.close(fd)
    // dumpcap does not wait for what is in its ring: the last message must be in the file first.
    const last = ['-r', file, '-Y', 'icmpv6.nd.ra.router_lifetime == 0', '-T', 'fields', '-e', 'icmpv6.type']
    await until(async () => (await execute('tshark', last)).stdout.includes('134'), 'the last message in the file')
    await capturing.stop('SIGINT')
    expect(await faults(file)).toBe('')
    // Echo reply, router advertisement, solicitation and advertisement of neighbours, MLD report.
    const said = await typesFrom(file, String(device.hardwareAddress))
    for (const type of ['129', '134', '135', '136', '143']) expect(said).toContain(type)
  })
})
