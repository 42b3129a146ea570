import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AF_INET6, SOCK_DGRAM, SOCK_STREAM } from '@jackfield/sockets'
import { afterAll, describe, expect, test } from 'vitest'
import { kernelSocket, noise } from './in-process.test-support.js'
import { type Ipv6Stack, openIpv6Stack } from './ipv6-stack.test-support.js'
import { kernelLinkLocal, kernelSettled, ping, Running, run, until } from './kernel.test-support.js'
import { exchangeStack } from './stack-stream.test-support.js'
import { listenEcho } from './tcp.test-support.js'

const directory = mkdtempSync(join(tmpdir(), 'jackfield-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** radvd on a device of the kernel, with this configuration of the interface. */
async function radvd(device: string, configuration: string): Promise<Running> {
  const file = join(directory, `${device}.conf`)
  writeFileSync(file, `interface ${device} {\n  AdvSendAdvert on;\n${configuration}\n};\n`)
  // A router that does not forward has its routers believe nothing of it; this is for this device alone.
  await run('sysctl', '-q', '-w', `net.ipv6.conf.${device}.forwarding=1`)
  const daemon = new Running('radvd', ['-n', '-C', file, '-p', `${file}.pid`, '-m', 'stderr', '-d', '3'])
  await daemon.printed(/sending RA|polling/)
  return daemon
}

/** The stack's address in a prefix, once it may be used. */
async function autoconfigured({ addresses }: Ipv6Stack, prefix: string): Promise<string> {
  const find = () => addresses().find((each) => `${each.prefix}`.startsWith(prefix) && each.state === 'preferred')
  await until(() => find() !== undefined, `an address in ${prefix}`)
  return `${find()?.prefix.address}`
}

describe("radvd's advertisements", () => {
  test('give the stack an address, a default route, the MTU and a hop limit; its end takes the route', async () => {
    const host = openIpv6Stack({ addresses: [], kernelAddress: 'fd50:1::1/64', probes: false })
    const { name, hosted, sockets, linkLocal } = host
    await kernelSettled(name)
    const router = await kernelLinkLocal(name)
    await run('ip', 'address', 'add', 'fd51:1::1/128', 'dev', 'lo')
    const daemon = await radvd(
      name,
      `MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvLinkMTU 1400; AdvCurHopLimit 61; AdvDefaultPreference high;
       prefix fd50:1::/64 { AdvValidLifetime 600; AdvPreferredLifetime 300; };
       prefix fd50:2::/64 { AdvAutonomous off; };
       RDNSS fd50:1::1 {}; DNSSL example.org {};`,
    )
    const own = await autoconfigured(host, 'fd50:1:')
    // Of RFC 4291's identifier, as the link-local address is.
    expect(own.split(':').slice(-4)).toEqual((await linkLocal()).split(':').slice(-4))
    expect(host.addresses().filter((each) => `${each.prefix}`.startsWith('fd50:2:'))).toEqual([])
    expect(hosted.routers().map(({ address }) => `${address}`)).toEqual([router])
    expect(hosted.dnsServers().map(({ address }) => `${address}`)).toEqual(['fd50:1::1'])
    expect(hosted.stack.sysctl.get(`net.ipv6.conf.${name}.mtu`)).toBe(1400)
    expect(hosted.stack.sysctl.get(`net.ipv6.conf.${name}.hop_limit`)).toBe(61)

    // There and back, beyond the link too.
    expect(await ping('-6', '-c', '3', '-l', '3', own)).toMatchObject({ received: 3 })
    const theirs = await kernelSocket('fd51:1::1')
    const fd = sockets.socket(AF_INET6, SOCK_DGRAM)
    sockets.sendto(fd, 'by the router', 0, `[fd51:1::1]:${theirs.port}`)
    await theirs.count(1)
    expect(theirs.received[0]?.from.address).toBe(own)
    const stream = sockets.socket(AF_INET6, SOCK_STREAM)
    await sockets.promises.connect(stream, `[fd51:1::1]:${await listenEcho('fd51:1::1')}`)
    const sent = noise(1_000_000)
    expect((await exchangeStack(sockets, stream, sent)).equals(sent)).toBe(true)

    // When it ends it says that it is no router any more.
    await daemon.stop()
    await until(() => hosted.routers().length === 0, 'the end of the router')
    expect(() => sockets.sendto(fd, 'nobody', 0, '[fd51:2::1]:9')).toThrow('ENETUNREACH')
    expect(await ping('-6', '-c', '2', '-l', '2', own)).toMatchObject({ received: 2 })
    await run('ip', 'address', 'delete', 'fd51:1::1/128', 'dev', 'lo')
  })

  test('give it temporary addresses and stable private ones where it is set so', async () => {
    const sysctl = { 'net.ipv6.conf.default.use_tempaddr': 2, 'net.ipv6.conf.default.addr_gen_mode': 3 }
    const host = openIpv6Stack({ addresses: [], kernelAddress: 'fd50:3::1/64', probes: false, sysctl })
    const { name, sockets, device } = host
    await kernelSettled(name)
    const daemon = await radvd(name, 'MinRtrAdvInterval 3; MaxRtrAdvInterval 4; prefix fd50:3::/64 {};')
    await autoconfigured(host, 'fd50:3:')
    const own = () =>
      host.addresses().filter((each) => `${each.prefix}`.startsWith('fd50:3:') && each.state === 'preferred')
    await until(() => own().length === 2, 'a temporary address besides the stable one')
    const [, , , low = ''] = String(device.hardwareAddress).split(':')
    for (const { prefix } of own()) expect(`${prefix}`).not.toContain(`ff:fe${low}`)
    const theirs = await kernelSocket('fd50:3::1')
    sockets.sendto(sockets.socket(AF_INET6, SOCK_DGRAM), 'x', 0, `[fd50:3::1]:${theirs.port}`)
    await theirs.count(1)
    const temporary = own().find((each) => 'temporary' in each && each.temporary === true)
    expect(theirs.received[0]?.from.address).toBe(`${temporary?.prefix.address}`)
    await daemon.stop()
  })

  test('of a router that is none for others give an address alone', async () => {
    const host = openIpv6Stack({ addresses: [], kernelAddress: 'fd50:4::1/64', probes: false })
    const { name, hosted } = host
    await kernelSettled(name)
    const lifetime = 'MinRtrAdvInterval 3; MaxRtrAdvInterval 4; AdvDefaultLifetime 0;'
    const daemon = await radvd(name, `${lifetime} prefix fd50:4::/64 {};`)
    await autoconfigured(host, 'fd50:4:')
    expect(hosted.routers()).toEqual([])
    await daemon.stop()
  })
})

describe("the stack's advertisements", () => {
  const FORWARD = { 'net.ipv6.conf.all.forwarding': 1, 'net.ipv6.conf.default.forwarding': 1 }

  test('give the kernel an address, a default route, the MTU and a hop limit, and take the route at their end', async () => {
    const host = openIpv6Stack({ addresses: ['fd52:1::1/64'], kernelAddress: null, probes: false, sysctl: FORWARD })
    const { name, hosted, networkInterface, linkLocal } = host
    hosted.addAddress('lo', 'fd53:1::1/128')
    await run('sysctl', '-q', '-w', `net.ipv6.conf.${name}.accept_ra=2`)
    await run('sysctl', '-q', '-w', `net.ipv6.conf.${name}.accept_ra_rt_info_max_plen=64`)
    const more = ['fd54:1::/48', { prefix: 'fd54:2::/64', preference: 'high', lifetime: 100 }] as const
    const advertised = {
      maxInterval: 4,
      mtu: 1380,
      hopLimit: 59,
      lifetime: 1000,
      routes: more,
      dnsServers: ['fd53:1::1'],
    }
    hosted.advertise(networkInterface, advertised)
    const router = await linkLocal()
    const routes = (): Promise<string> => run('ip', '-6', 'route', 'show', 'dev', name)
    await until(async () => (await routes()).includes(`default via ${router}`), 'the default route')
    expect(await routes()).toMatch(new RegExp(`default via ${router} proto ra .*expires \\d+sec.* hoplimit 59`))
    await until(async () => (await routes()).includes('fd54:2::/64'), 'the routes')
    expect(await routes()).toMatch(new RegExp(`fd54:1::/48 via ${router} proto ra .*expires`))
    expect(await routes()).toMatch(
      new RegExp(`fd54:2::/64 via ${router} proto ra .*expires (?:9\\d|100)sec .*pref high`),
    )
    // The kernel enters the router before the prefixes.
    await until(async () => /fd52:1::\/64 proto kernel/.test(await routes()), 'the route to the prefix')
    const addresses = (): Promise<string> => run('ip', '-6', 'address', 'show', 'dev', name)
    await until(async () => (await addresses()).includes('fd52:1:'), 'an address')
    expect(await addresses()).toMatch(
      /inet6 fd52:1::[0-9a-f:]+\/64 scope global (?:tentative )?(?:dynamic )?mngtmpaddr/,
    )
    expect((await run('sysctl', '-n', `net.ipv6.conf.${name}.mtu`)).trim()).toBe('1380')
    await kernelSettled(name)
    expect(await ping('-6', '-c', '3', '-l', '3', 'fd52:1::1')).toMatchObject({ received: 3 })
    // The address that the routers of the subnet share (RFC 4291 2.6.1): the answer comes from one of them.
    expect(await run('ping', '-6', '-c', '1', 'fd52:1::')).toContain('bytes from fd52:1::1')
    // Beyond the link, by the default route.
    expect(await ping('-6', '-c', '3', '-l', '3', 'fd53:1::1')).toMatchObject({ received: 3 })
    expect(await ping('-6', '-c', '3', '-l', '3', '-s', '20000', 'fd53:1::1')).toMatchObject({ received: 3 })
    hosted.advertise(networkInterface, null)
    await until(async () => !(await routes()).includes(' via '), 'the end of the routes')
  })

  test('answer a solicitation of the kernel, and end when the stack forwards no more', async () => {
    const host = openIpv6Stack({ addresses: ['fd52:2::1/64'], kernelAddress: null, probes: false, sysctl: FORWARD })
    const { name, hosted, networkInterface, linkLocal } = host
    await linkLocal()
    hosted.advertise(networkInterface, { prefixes: [{ prefix: 'fd52:2::/64', autonomous: false }] })
    const routes = (): Promise<string> => run('ip', '-6', 'route', 'show', 'dev', name)
    // The next advertisement by itself would be minutes away; a link that comes up is solicited from.
    await until(async () => (await routes()).includes('default'), 'the default route')
    await run('ip', 'link', 'set', name, 'down')
    expect(await routes()).toBe('')
    await run('ip', 'link', 'set', name, 'up')
    await until(async () => (await routes()).includes('default'), 'the default route again')
    expect(await run('ip', '-6', 'address', 'show', 'dev', name)).not.toContain('fd52:2:')
    hosted.stack.sysctl.set('net.ipv6.conf.all.forwarding', 0)
    await until(async () => !(await routes()).includes('default'), 'the end of the route')
  })
})
