import { createSeededRandom, createVirtualClock, type VirtualClock } from '@jackfield/clock'
import { createCable } from '@jackfield/link'
import { expect, test } from 'vitest'
import { AF_INET, AF_INET6, createHost, type Host, SOCK_DGRAM } from './index.js'

interface Link {
  readonly clock: VirtualClock
  readonly router: Host
  readonly host: Host
}

/** A router and a host on one Ethernet. */
function link(sysctl: Readonly<Record<string, number>> = {}): Link {
  const clock = createVirtualClock()
  const cable = createCable({ clock, medium: 'ethernet', names: ['lan0', 'eth0'], random: createSeededRandom('cable') })
  const router = createHost({
    clock,
    random: createSeededRandom('router'),
    interfaces: [{ device: cable.a, addresses: ['10.0.0.1/24', '2001:db8:1::1/64'] }],
    sysctl: { 'net.ipv6.conf.all.forwarding': 1, 'net.ipv6.conf.default.forwarding': 1 },
  })
  const host = createHost({
    clock,
    random: createSeededRandom('host'),
    interfaces: [{ device: cable.b, addresses: ['10.0.0.2/24'] }],
    sysctl,
  })
  return { clock, router, host }
}

async function closed({ router, host }: Link): Promise<void> {
  await router.close()
  await host.close()
  expect(router.stack.packets.outstanding).toBe(0)
  expect(host.stack.packets.outstanding).toBe(0)
}

test('a host learns its address, prefix and router from what another advertises', async () => {
  const setting = link({ 'net.ipv6.conf.eth0.use_tempaddr': 1 })
  const { clock, router, host } = setting
  router.stack.sysctl.set('net.ipv6.conf.lan0.forwarding', 1)
  router.advertise('lan0', {
    prefixes: [{ prefix: '2001:db8:1::/64', validLifetime: 3600, preferredLifetime: 600 }],
    preference: 'high',
    lifetime: 1800,
  })
  expect(host.addresses().find(({ origin }) => origin === 'link-local')?.state).toBe('tentative')
  clock.advance(30e6)
  const [learned] = host.routers()
  expect(learned).toMatchObject({ preference: 'high', interface: { name: 'eth0' } })
  expect(learned?.lifetime).toBeGreaterThan(1700)
  expect(host.prefixes().map(({ prefix }) => `${prefix}`)).toEqual(['2001:db8:1::/64'])
  const made = host.addresses().filter(({ origin }) => origin === 'autoconfigured')
  expect(made.map(({ temporary }) => temporary).sort()).toEqual([false, true])
  for (const { state, preferredLifetime, validLifetime, prefix } of made) {
    expect(state).toBe('preferred')
    expect(`${prefix}`).toMatch(/^2001:db8:1::?[0-9a-f:]+\/64$/)
    expect(preferredLifetime).toBeGreaterThan(500)
    expect(preferredLifetime).toBeLessThanOrEqual(600)
    expect(validLifetime).toBeLessThanOrEqual(3600)
  }
  router.advertise('lan0', null)
  clock.advance(601e6)
  expect(host.addresses().filter(({ state }) => state === 'deprecated')).toHaveLength(2)
  await closed(setting)
})

test('the neighbours of both versions are listed, entered and forgotten', async () => {
  const setting = link()
  const { clock, router, host } = setting
  host.addAddress('eth0', '2001:db8:1::2/64')
  clock.advance(3e6)
  for (const [family, to] of [
    [AF_INET, '10.0.0.1:9'],
    [AF_INET6, '[2001:db8:1::1]:9'],
  ] as const) {
    host.sockets.sendto(host.sockets.socket(family, SOCK_DGRAM), 'x', 0, to)
  }
  clock.advance(100_000)
  const mac = router.stack.interfaceByName('lan0')?.hardwareAddress
  for (const address of ['10.0.0.1', '2001:db8:1::1']) {
    const entry = host.neighbors().find((each) => `${each.address}` === address)
    expect(entry).toMatchObject({ state: 'REACHABLE', interface: { name: 'eth0' } })
    expect(`${entry?.hardwareAddress}`).toBe(`${mac}`)
    expect(host.deleteNeighbor('eth0', address)).toBe(true)
    expect(host.deleteNeighbor('eth0', address)).toBe(false)
    host.setNeighbor('eth0', address, '02:00:00:00:00:09')
    const fixed = host.neighbors().find((each) => `${each.address}` === address)
    expect(fixed).toMatchObject({ state: 'PERMANENT' })
    expect(`${fixed?.hardwareAddress}`).toBe('02:00:00:00:00:09')
  }
  expect(() => host.setNeighbor('eth1', '10.0.0.1', '02:00:00:00:00:09')).toThrow('it has lo, eth0')
  expect(() => host.setNeighbor('lo', '10.0.0.1', '02:00:00:00:00:09')).toThrow(RangeError)
  await closed(setting)
})

test('addresses are added with lifetimes, and removed', async () => {
  const setting = link()
  const { clock, host } = setting
  host.addAddress('eth0', 'fd00::2/64', { preferredLifetime: 10, validLifetime: 20, noDad: true })
  const found = (): unknown => host.addresses().find(({ prefix }) => `${prefix.address}` === 'fd00::2')
  expect(found()).toMatchObject({ state: 'preferred', origin: 'manual', preferredLifetime: 10, validLifetime: 20 })
  clock.advance(11e6)
  expect(found()).toMatchObject({ state: 'deprecated', preferredLifetime: 0, validLifetime: 9 })
  clock.advance(10e6)
  expect(found()).toBeUndefined()
  expect(() => host.addAddress('eth0', '10.0.0.3/24', { validLifetime: 9 })).toThrow('10.0.0.3/24 is IPv4')
  host.removeAddress('eth0', '10.0.0.2')
  expect(host.addresses().filter(({ prefix }) => prefix.address.version === 4)).toMatchObject([
    { state: 'preferred', validLifetime: Number.POSITIVE_INFINITY, interface: { name: 'lo' } },
  ])
  await closed(setting)
})
