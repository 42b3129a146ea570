import { IpAddress, Prefix } from '@jackfield/addr'
import { createSecureRandom, createSystemClock } from '@jackfield/clock'
import type { InterfaceAddress } from '@jackfield/interfaces'
import { createCable, createSwitch } from '@jackfield/link'
import { expect, test } from 'vitest'
import { createHost } from '../create-host.js'
import { openTap } from '../tun.js'
import { execute, kernelSettled, ping, place, run, until } from './kernel.test-support.js'
import { FarHost } from './router.test-support.js'

test('a router tells the kernel of a better first hop on the same Ethernet, and the kernel takes it', async () => {
  const clock = createSystemClock()
  const random = createSecureRandom()
  const near = place('tap')
  const far = await FarHost.create()
  // One Ethernet: this kernel, another one, and the stack.
  const ethernet = createSwitch({ clock })
  ethernet.attach(openTap({ name: near.name, address: `${near.kernel}/24`, offload: false }))
  ethernet.attach(openTap({ name: 'other', offload: false }))
  await far.takeDevice('other', `${near.host(3)}/24`)
  await far.run('ip', 'address', 'add', '192.0.2.1/32', 'dev', 'lo')
  const cable = createCable({ clock, random, medium: 'ethernet' })
  ethernet.attach(cable.b)
  const router = createHost({ clock, sysctl: { 'net.ipv4.ip_forward': 1 } })
  router.addInterface(cable.a, { addresses: [`${near.stack}/24`], gateway: near.host(3) })
  await run('ip', 'route', 'add', '192.0.2.0/24', 'via', near.stack)

  // A kernel that forwards heeds no redirects; others do for a hop that they know as a neighbour.
  await run('sysctl', '-q', 'net.ipv4.ip_forward=0')
  expect(await ping('-c', '1', near.host(3))).toMatchObject({ received: 1 })
  const { stdout } = await execute('ping', ['-c', '1', '192.0.2.1'])
  expect(stdout).toMatch(new RegExp(`From ${near.stack}: icmp_seq=1 Redirect Host\\(New nexthop: ${near.host(3)}\\)`))
  expect(stdout).toContain('1 packets transmitted, 1 received')
  await until(async () => {
    await ping('-c', '1', '192.0.2.1')
    return (await run('ip', 'route', 'get', '192.0.2.1')).includes(`via ${near.host(3)}`)
  }, 'the new way')
  const before = router.stack.counters()['IpForwDatagrams']
  expect(await ping('-c', '3', '-l', '3', '192.0.2.1')).toMatchObject({ sent: 3, received: 3 })
  expect(router.stack.counters()['IpForwDatagrams']).toBe(before)
  expect(router.stack.counters()['IcmpOutRedirects']).toBeGreaterThanOrEqual(1)

  await router.close()
  await ethernet.close()
})

test('over IPv6, too', async () => {
  const clock = createSystemClock()
  const random = createSecureRandom()
  const near = place('tap', 6)
  const far = await FarHost.create()
  const ethernet = createSwitch({ clock })
  ethernet.attach(openTap({ name: near.name, address: `${near.kernel}/64`, offload: false }))
  ethernet.attach(openTap({ name: 'other6', offload: false }))
  await far.takeDevice('other6', `${near.host(3)}/64`)
  await far.run('ip', 'address', 'add', '2001:db8:5::1/128', 'dev', 'lo')
  const cable = createCable({ clock, random, medium: 'ethernet' })
  ethernet.attach(cable.b)
  const router = createHost({ clock, sysctl: { 'net.ipv6.conf.all.forwarding': 1 } })
  const added = router.addInterface(cable.a, { addresses: [`${near.stack}/64`] })
  // Routers know each other by their link-local addresses: a redirect names no others (RFC 4861 8.2).
  const own = (): InterfaceAddress | undefined =>
    router.stack
      .network(6)
      ?.addresses()
      .find((each) => each.interface === added && `${each.prefix}`.startsWith('fe80:') && each.state === 'preferred')
  let hop = ''
  await until(async () => {
    const shown = await far.run('ip', '-6', 'address', 'show', 'dev', 'other6', 'scope', 'link', '-tentative')
    hop = /inet6 (fe80:[0-9a-f:]+)/.exec(shown)?.[1] ?? ''
    return hop !== '' && own() !== undefined
  }, 'the link-local addresses')
  await kernelSettled(near.name)
  router.stack.addRoute({
    destination: Prefix.parse('2001:db8:5::/64'),
    type: 'unicast',
    gateway: IpAddress.parse(hop),
    interface: added.index,
  })
  const first = `${own()?.prefix.address}`
  await run('sysctl', '-q', '-w', 'net.ipv6.conf.all.forwarding=0')
  await run('ip', 'route', 'add', '2001:db8:5::1', 'via', first, 'dev', near.name)
  await until(async () => {
    await ping('-6', '-c', '1', '-I', near.kernel, '2001:db8:5::1')
    return (await run('ip', 'route', 'get', '2001:db8:5::1')).includes(`via ${hop}`)
  }, 'the new way')
  const before = router.stack.counters()['Ip6OutForwDatagrams']
  expect(before).toBeGreaterThan(0)
  expect(await ping('-6', '-c', '3', '-l', '3', '-I', near.kernel, '2001:db8:5::1')).toMatchObject({ received: 3 })
  expect(router.stack.counters()['Ip6OutForwDatagrams']).toBe(before)
  expect(router.stack.counters()['Icmp6OutRedirects']).toBeGreaterThanOrEqual(1)

  await router.close()
  await ethernet.close()
})
