import { AF_INET6, IPV6_RECVERR, SOCK_DGRAM, SOL_IPV6 } from '@jackfield/interfaces'
import { describe, expect, test } from 'vitest'
import { FORWARD, Lan, LINK_LOCAL, talk } from './lan.test-support.js'

describe('addresses of a link', () => {
  test('a link-local address comes by itself, and is used once nobody has answered', () => {
    const lan = new Lan()
    const a = lan.station()
    expect(a.addresses()).toEqual([`${LINK_LOCAL(1)}/64 tentative`])
    lan.seconds(2.1)
    expect(a.addresses()).toEqual([`${LINK_LOCAL(1)}/64`])
  })

  test('two that take the same address at the same time both learn of it; one that has it keeps it', () => {
    const lan = new Lan()
    const first = lan.station({ addresses: ['fd00::1/64'] })
    lan.seconds(3)
    const second = lan.station({ addresses: ['fd00::1/64'] })
    lan.seconds(3)
    expect(first.addresses()).toContain('fd00::1/64')
    expect(second.addresses()).toContain('fd00::1/64 duplicate')
    expect(second.stack.counters()['NdpDadFailures']).toBe(1)
    const third = lan.station({
      addresses: ['fd00::9/64'],
      sysctl: { 'net.ipv6.conf.default.router_solicitation_delay': 0 },
    })
    const fourth = lan.station({
      addresses: ['fd00::9/64'],
      sysctl: { 'net.ipv6.conf.default.router_solicitation_delay': 0 },
    })
    lan.seconds(3)
    expect(third.addresses()).toContain('fd00::9/64 duplicate')
    expect(fourth.addresses()).toContain('fd00::9/64 duplicate')
  })

  test('without detection an address is used at once', () => {
    const lan = new Lan()
    const a = lan.station({ addresses: ['fd00::1/64'], sysctl: { 'net.ipv6.conf.default.accept_dad': 0 } })
    expect(a.addresses()).toEqual([`${LINK_LOCAL(1)}/64`, 'fd00::1/64'])
  })

  test('addresses by RFC 7217 depend on the secret and the prefix, not on the hardware address alone', () => {
    const lan = new Lan()
    const secret = '2001:db8::1234'
    const options = {
      sysctl: { 'net.ipv6.conf.default.stable_secret': secret, 'net.ipv6.conf.default.addr_gen_mode': 2 },
    }
    const a = lan.station(options)
    lan.seconds(3)
    const [made] = a.addresses()
    expect(made).toMatch(/^fe80::.+\/64$/)
    expect(made).not.toBe(`${LINK_LOCAL(1)}/64`)
    const again = new Lan().station(options)
    expect(again.addresses()[0]).toBe(`${made} tentative`)
  })
})

describe('neighbours', () => {
  test('are resolved when there is something to send, over link-local addresses with their zone too', () => {
    const lan = new Lan()
    const a = lan.station({ addresses: ['fd00::1/64'] })
    const b = lan.station({ addresses: ['fd00::2/64'] })
    lan.seconds(3)
    expect(talk(lan, a, b, '[fd00::2]:7')).toBe('1 fd00::1')
    expect(talk(lan, a, b, `[${LINK_LOCAL(2)}%eth0]:7`)).toBe(`1 ${LINK_LOCAL(1)}`)
    const entry = a.ip.neighbors().find(({ address }) => `${address}` === 'fd00::2')
    expect(`${entry?.hardwareAddress}`).toBe('02:00:00:00:00:02')
    expect(['REACHABLE', 'DELAY', 'STALE', 'PROBE']).toContain(entry?.state)
  })

  test('who does not answer is unreachable, and what waited for it is told so', () => {
    const lan = new Lan()
    const a = lan.station({ addresses: ['fd00::1/64'] })
    lan.seconds(3)
    const fd = a.sockets.socket(AF_INET6, SOCK_DGRAM)
    a.sockets.setsockopt(fd, SOL_IPV6, IPV6_RECVERR, 1)
    a.sockets.connect(fd, '[fd00::99]:7')
    a.sockets.send(fd, Uint8Array.of(1))
    lan.seconds(4)
    expect(() => a.sockets.send(fd, Uint8Array.of(1))).toThrow(/EHOSTUNREACH/)
    expect(a.ip.neighbors().map(({ state }) => state)).toEqual(['FAILED'])
  })

  test('reachability is found out: a silent neighbour goes from stale over probes to nothing', () => {
    const lan = new Lan()
    const a = lan.station({ addresses: ['fd00::1/64'] })
    const b = lan.station({ addresses: ['fd00::2/64'] })
    lan.seconds(3)
    talk(lan, a, b, '[fd00::2]:7')
    const state = (): string | undefined => a.ip.neighbors().find(({ address }) => `${address}` === 'fd00::2')?.state
    expect(state()).toBe('REACHABLE')
    lan.seconds(50)
    expect(state()).toBe('STALE')
    b.stack.setInterface(b.eth, { up: false })
    const fd = a.sockets.socket(AF_INET6, SOCK_DGRAM)
    a.sockets.sendto(fd, Uint8Array.of(1), 0, '[fd00::2]:7')
    expect(state()).toBe('DELAY')
    lan.seconds(5.5)
    expect(state()).toBe('PROBE')
    lan.seconds(5)
    expect(state()).toBe('FAILED')
  })
})

describe('routers', () => {
  const router = (
    lan: Lan,
    options: { lifetime?: number; preference?: 'high' | 'low' } = {},
    address = 'fd00:1::1/64',
  ) => {
    const made = lan.station({ addresses: [address], sysctl: FORWARD })
    made.ip.advertise(made.eth.index, options)
    return made
  }

  test('a host asks, and has an address, a route to the prefix and a default route soon', () => {
    const lan = new Lan()
    router(lan)
    lan.seconds(5)
    const host = lan.station()
    lan.seconds(6)
    expect(host.addresses()).toEqual([`${LINK_LOCAL(2)}/64`, 'fd00:1::ff:fe00:2/64'])
    expect(host.ip.defaultRouters(host.eth.index).map(String)).toEqual([LINK_LOCAL(1)])
    const routes = (host.stack.networks[0]?.routes() ?? []).map(
      ({ destination, gateway }) => `${destination} ${gateway ?? ''}`,
    )
    expect(routes).toContain(`::/0 ${LINK_LOCAL(1)}`)
    expect(routes).toContain('fd00:1::/64 ')
  })

  test('lifetimes end: without advertisements the router goes, then the address is deprecated, then it goes', () => {
    const lan = new Lan()
    const gone = lan.station({ addresses: ['fd00:1::1/64'], sysctl: FORWARD })
    gone.ip.advertise(gone.eth.index, {
      lifetime: 1800,
      prefixes: [{ prefix: 'fd00:1::/64', preferredLifetime: 3600, validLifetime: 9000 }],
    })
    const host = lan.station()
    lan.seconds(20)
    expect(host.addresses()).toContain('fd00:1::ff:fe00:2/64')
    gone.stack.setInterface(gone.eth, { up: false })
    lan.seconds(1830)
    expect(host.ip.defaultRouters(host.eth.index)).toEqual([])
    lan.seconds(1800)
    expect(host.addresses()).toContain('fd00:1::ff:fe00:2/64 deprecated')
    lan.seconds(9000)
    expect(host.addresses()).toEqual([`${LINK_LOCAL(2)}/64`])
  })

  test('a router that stops forwarding says so, and is no default router any more', () => {
    const lan = new Lan()
    const gateway = router(lan)
    const host = lan.station()
    lan.seconds(20)
    expect(host.ip.defaultRouters(host.eth.index)).toHaveLength(1)
    gateway.stack.sysctl.set('net.ipv6.conf.eth0.forwarding', 0)
    lan.seconds(1)
    expect(host.ip.defaultRouters(host.eth.index)).toHaveLength(0)
  })

  test('of two routers the preferred one is used, and the other when it does not answer (RFC 4191, RFC 4861 6.3.6)', () => {
    const lan = new Lan()
    const good = router(lan, { preference: 'high' })
    router(lan, { preference: 'low' }, 'fd00:1::2/64')
    const host = lan.station()
    lan.seconds(30)
    const way = (): string =>
      `${(host.stack.networks[0]?.routes() ?? []).find(({ destination }) => destination.length === 0)?.gateway}`
    expect(way()).toBe(LINK_LOCAL(1))
    good.stack.setInterface(good.eth, { up: false })
    const fd = host.sockets.socket(AF_INET6, SOCK_DGRAM)
    for (let i = 0; i < 60; i++) {
      try {
        host.sockets.sendto(fd, Uint8Array.of(1), 0, '[2001:db8::1]:7')
      } catch {}
      lan.seconds(1)
    }
    expect(way()).toBe(LINK_LOCAL(2))
  })

  test('temporary addresses come with the others, change, and are preferred where that is set (RFC 8981)', () => {
    const lan = new Lan()
    router(lan)
    const host = lan.station({ sysctl: { 'net.ipv6.conf.default.use_tempaddr': 2 } })
    lan.seconds(20)
    const temporaries = (): string[] =>
      host.addresses().filter((each) => each.startsWith('fd00:1::') && !each.includes('ff:fe'))
    const [first] = temporaries()
    expect(first).toBeDefined()
    lan.seconds(86_400 + 600)
    expect(temporaries().filter((each) => !each.endsWith('deprecated'))).not.toContain(first)
    expect(temporaries().some((each) => !each.endsWith('deprecated'))).toBe(true)
  })

  test('a host that does not want them, and a router, ignore advertisements', () => {
    const lan = new Lan()
    router(lan)
    const deaf = lan.station({ sysctl: { 'net.ipv6.conf.default.accept_ra': 0 } })
    const other = lan.station({ sysctl: FORWARD })
    lan.seconds(700)
    expect(deaf.addresses()).toEqual([`${LINK_LOCAL(2)}/64`])
    expect(other.addresses()).toEqual([`${LINK_LOCAL(3)}/64`])
    expect(other.stack.counters()['NdpInIgnored']).toBeGreaterThan(0)
  })
})
