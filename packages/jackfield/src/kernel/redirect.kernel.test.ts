import { createSecureRandom, createSystemClock } from '@jackfield/clock'
import { createCable, createSwitch } from '@jackfield/link'
import { expect, test } from 'vitest'
import { createHost } from '../create-host.js'
import { openTap } from '../tun.js'
import { execute, ping, place, run, until } from './kernel.test-support.js'
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
