import { describe, expect, test } from 'vitest'
import {
  advertisement,
  type Coming,
  Node,
  OWN,
  type PrefixOption,
  ROUTER,
  ROUTER_LINK,
  type RouterOptions,
  routerAdvertisement,
} from './node.test-support.js'

const TO_ALL: Coming = { destination: 'ff02::1' }
const SECOND = 'fe80::98'

/** A node that has a link-local address and asks for routers. */
function asking(settings: Readonly<Record<string, number | string>> = {}): Node {
  const node = new Node({ router_solicitation_delay: 0, dad_transmits: 0, ...settings })
  node.seconds(0.1)
  return node
}

function advertise(node: Node, options: RouterOptions, coming: Coming = {}): boolean | null {
  return node.hear(routerAdvertisement(options), { ...TO_ALL, ...coming })
}

/** A route information option (RFC 4191 2.3). */
function route(address: readonly number[], length: number, lifetime: number, preference = 0): number[] {
  const words = [lifetime >>> 24, (lifetime >>> 16) & 255, (lifetime >>> 8) & 255, lifetime & 255]
  return [24, 1 + address.length / 8, length, preference << 3, ...words, ...address]
}

const NET_C = [0x20, 0x01, 0x0d, 0xb8, 0, 0x0c, 0, 0]

describe('router advertisements that are malformed (RFC 4861 6.1.2)', () => {
  const good = routerAdvertisement({ lifetime: 1800, link: ROUTER_LINK, prefixes: [{ prefix: '2001:db8::/64' }] })
  const changed = (at: number, value: number): Uint8Array => {
    const copy = good.slice()
    copy[at] = value
    return copy
  }
  test.each<[string, Uint8Array, Coming]>([
    ['from beyond the link', good, { hopLimit: 254 }],
    ['not from a link-local address', good, { source: '2001:db8::99' }],
    ['of another code', changed(1, 1), {}],
    ['cut short', good.slice(0, 15), {}],
    ['with an option of no length', changed(17, 0), {}],
    ['with an option that is cut short', good.slice(0, -1), {}],
    ["with a group's link address", changed(18, 0x33), {}],
  ])('%s', (_, bytes, coming) => {
    const node = asking()
    expect(node.hear(bytes, { ...TO_ALL, ...coming })).toBe(false)
    expect([node.routes(), node.addresses(), node.neighbor(ROUTER)]).toEqual([[], [], 'none'])
    node.close()
  })
})

describe('what a host takes from a router advertisement (RFC 4861 6.3.4)', () => {
  test('a default router, a prefix on the link, an address; and it asks no more', () => {
    const node = asking()
    advertise(node, { lifetime: 1800, link: ROUTER_LINK, prefixes: [{ prefix: '2001:db8::/64' }] })
    expect(node.routes()).toEqual(expect.arrayContaining([`::/0 via ${ROUTER} 1024`, '2001:db8::/64 via link 256']))
    expect(node.addresses()).toEqual(['2001:db8::ff:fe00:1/64'])
    expect(node.neighbor(ROUTER)).toBe(`${ROUTER_LINK} STALE router`)
    expect(node.seconds(600).filter((each) => each.startsWith('RS'))).toEqual([])
    node.close()
  })

  test('a lifetime of 0: it is no default router (any more), but what else it says holds', () => {
    const node = asking()
    advertise(node, { lifetime: 1800, prefixes: [{ prefix: '2001:db8::/64' }] })
    advertise(node, { lifetime: 0 })
    expect(node.routes()).toEqual(['2001:db8::/64 via link 256'])
    node.close()
  })

  test('each lifetime ends by itself, and begins anew with each advertisement', () => {
    const node = asking()
    const say = (): boolean | null =>
      advertise(node, { lifetime: 30, prefixes: [{ prefix: '2001:db8::/64', valid: 100, preferred: 50 }] })
    say()
    node.seconds(20)
    say()
    node.seconds(29)
    expect(node.routes()).toContain(`::/0 via ${ROUTER} 1024`)
    node.seconds(2)
    expect(node.routes()).toEqual(['2001:db8::/64 via link 256'])
    node.seconds(20)
    expect(node.addresses()).toEqual(['2001:db8::ff:fe00:1/64 deprecated'])
    node.seconds(50)
    expect([node.addresses(), node.routes()]).toEqual([[], []])
    node.close()
  })

  test.each<[RouterOptions, string, number]>([
    [{ hopLimit: 0 }, 'conf.eth0.hop_limit', 64],
    [{ hopLimit: 1 }, 'conf.eth0.hop_limit', 1],
    [{ hopLimit: 255 }, 'conf.eth0.hop_limit', 255],
    [{ mtu: 1279 }, 'conf.eth0.mtu', 1500],
    [{ mtu: 1280 }, 'conf.eth0.mtu', 1280],
    [{ mtu: 1500 }, 'conf.eth0.mtu', 1500],
    [{ mtu: 1501 }, 'conf.eth0.mtu', 1500],
    [{ reachable: 0 }, 'neigh.eth0.base_reachable_time_ms', 30_000],
    [{ reachable: 60_000 }, 'neigh.eth0.base_reachable_time_ms', 60_000],
    // As Linux: too short a time is lengthened; the hour of RFC 4861 6.2.1 binds who advertises, not who listens.
    [{ reachable: 1 }, 'neigh.eth0.base_reachable_time_ms', 100],
    [{ reachable: 100 }, 'neigh.eth0.base_reachable_time_ms', 100],
    [{ reachable: 3_600_001 }, 'neigh.eth0.base_reachable_time_ms', 3_600_001],
    [{ reachable: 0xffff_ffff }, 'neigh.eth0.base_reachable_time_ms', 0xffff_ffff],
    [{ retransmit: 0 }, 'neigh.eth0.retrans_time_ms', 1000],
    [{ retransmit: 1 }, 'neigh.eth0.retrans_time_ms', 10],
    [{ retransmit: 10 }, 'neigh.eth0.retrans_time_ms', 10],
    [{ retransmit: 2000 }, 'neigh.eth0.retrans_time_ms', 2000],
    [{ retransmit: 4_000_000_000 }, 'neigh.eth0.retrans_time_ms', 4_000_000_000],
    // Linux keeps neighbours out of use three times as long as it believes that they are there.
    [{ reachable: 0 }, 'neigh.eth0.gc_stale_time', 60],
    [{ reachable: 30_000 }, 'neigh.eth0.gc_stale_time', 60],
    [{ reachable: 60_000 }, 'neigh.eth0.gc_stale_time', 180],
    [{ reachable: 1 }, 'neigh.eth0.gc_stale_time', 1],
    [{ retransmit: 2000 }, 'neigh.eth0.gc_stale_time', 60],
  ])('%o: %s is %i', (options, name, value) => {
    const node = asking()
    advertise(node, options)
    expect(node.host.settings.get(`net.ipv6.${name}`)?.get()).toBe(value)
    node.close()
  })

  test.each<[Record<string, number>, RouterOptions, string[], string[]]>([
    [{ accept_ra: 0 }, {}, [], []],
    [{ accept_ra: 1, forwarding: 1 }, {}, [], []],
    [{ accept_ra: 2, forwarding: 1 }, {}, ['::/0', '2001:db8::/64'], ['2001:db8::ff:fe00:1/64']],
    [{ accept_ra_defrtr: 0 }, {}, ['2001:db8::/64'], ['2001:db8::ff:fe00:1/64']],
    [{ accept_ra_pinfo: 0 }, {}, ['::/0'], []],
    [{ autoconf: 0 }, {}, ['::/0', '2001:db8::/64'], []],
    [{ accept_ra_min_lft: 1500 }, {}, ['::/0'], []],
    [{ accept_ra_min_lft: 2000 }, {}, [], []],
    [{ accept_ra_min_hop_limit: 65 }, { hopLimit: 64 }, ['::/0', '2001:db8::/64'], ['2001:db8::ff:fe00:1/64']],
  ])('with %o', (settings, options, routes, addresses) => {
    const node = asking(settings)
    advertise(node, { lifetime: 1800, prefixes: [{ prefix: '2001:db8::/64', valid: 1000 }], ...options })
    expect(node.routes().map((each) => each.split(' ')[0])).toEqual(expect.arrayContaining(routes))
    expect(node.routes()).toHaveLength(routes.length)
    expect(node.addresses()).toEqual(addresses)
    node.close()
  })

  test('accept_ra_mtu 0: its MTU is not taken; options that nobody knows are passed over', () => {
    const node = asking({ accept_ra_mtu: 0 })
    const unknown = [200, 1, 1, 2, 3, 4, 5, 6]
    expect(advertise(node, { mtu: 1400, lifetime: 9, more: [...unknown, ...unknown] })).toBe(true)
    expect(node.host.settings.get('net.ipv6.conf.eth0.mtu')?.get()).toBe(1500)
    expect(node.routes()).toEqual([`::/0 via ${ROUTER} 1024`])
    node.close()
  })

  test('one that seems to come from this host is not taken', () => {
    const node = asking()
    expect(advertise(node, { lifetime: 1800 }, { source: OWN })).not.toBe(false)
    expect(node.routes()).toEqual([])
    node.close()
  })

  test('a router that says it is none in a neighbour advertisement is none (RFC 4861 7.2.5)', () => {
    const node = asking()
    advertise(node, { lifetime: 1800, link: ROUTER_LINK })
    expect(node.routes()).toHaveLength(1)
    node.hear(advertisement(ROUTER, 'O', ROUTER_LINK), TO_ALL)
    expect([node.routes(), node.neighbor(ROUTER)]).toEqual([[], `${ROUTER_LINK} STALE`])
    node.close()
  })
})

describe('preferences and routes (RFC 4191)', () => {
  const HIGH = 0x08
  const LOW = 0x18
  const RESERVED = 0x10
  test.each<[string, number, number, string]>([
    ['high over medium', 0, HIGH, SECOND],
    ['medium over low', LOW, 0, SECOND],
    ['the first of equal ones', 0, 0, ROUTER],
    ['reserved is medium', RESERVED, HIGH, SECOND],
    ['reserved is medium, and so over low', LOW, RESERVED, SECOND],
  ])('%s', (_, first, second, chosen) => {
    const node = asking()
    advertise(node, { lifetime: 1800, flags: first })
    advertise(node, { lifetime: 1800, flags: second }, { source: SECOND })
    expect(node.routes()).toEqual([`::/0 via ${chosen} 1024`])
    node.close()
  })

  test('routes are believed as far as accept_ra_rt_info_max_plen goes, and end', () => {
    const node = asking({ accept_ra_rt_info_max_plen: 64 })
    advertise(node, { more: route(NET_C, 48, 60) })
    expect(node.routes()).toEqual([`2001:db8:c::/48 via ${ROUTER} 1024`])
    advertise(node, { more: route([...NET_C, 0, 0, 0, 0, 0, 0, 0, 0], 65, 60) })
    expect(node.routes()).toHaveLength(1)
    node.seconds(61)
    expect(node.routes()).toEqual([])
    advertise(node, { more: route(NET_C, 48, 60) })
    advertise(node, { more: route(NET_C, 48, 0) })
    expect(node.routes()).toEqual([])
    node.close()
  })

  test.each<[string, number[]]>([
    ['of a reserved preference', route(NET_C, 48, 60, 2)],
    ['of link-local addresses', route([0xfe, 0x80, 0, 0, 0, 0, 0, 0], 64, 60)],
    ['of groups', route([0xff, 0x0e, 0, 0, 0, 0, 0, 0], 16, 60)],
    ['too short for its prefix', route([], 48, 60)],
    ['of 129 bits', route(NET_C, 129, 60)],
  ])('a route %s is passed over', (_, more) => {
    const node = asking({ accept_ra_rt_info_max_plen: 128 })
    expect(advertise(node, { more })).toBe(true)
    expect(node.routes()).toEqual([])
    node.close()
  })

  test('by default none is believed, but a route of length 0 is what the router says of itself as default router', () => {
    const node = asking()
    advertise(node, { more: route(NET_C, 48, 60) })
    expect(node.routes()).toEqual([])
    advertise(node, { lifetime: 0, more: route([], 0, 60, 1) })
    expect(node.routes()).toEqual([`::/0 via ${ROUTER} 1024`])
    node.close()
  })
})

describe('prefixes (RFC 4861 6.3.4, RFC 4862 5.5.3)', () => {
  const ADDRESS = '2001:db8::ff:fe00:1/64'
  test.each<[string, PrefixOption, string[], string[]]>([
    ['both flags', { prefix: '2001:db8::/64' }, ['2001:db8::/64'], [ADDRESS]],
    ['on the link only', { prefix: '2001:db8::/64', flags: 'L' }, ['2001:db8::/64'], []],
    ['for addresses only', { prefix: '2001:db8::/64', flags: 'A' }, [], [ADDRESS]],
    ['neither', { prefix: '2001:db8::/64', flags: '' }, [], []],
    ['of another length: on the link', { prefix: '2001:db8::/63' }, ['2001:db8::/63'], []],
    ['of link-local addresses', { prefix: 'fe80::/64' }, [], []],
    ['of groups', { prefix: 'ff0e::/64' }, [], []],
    ['preferred for longer than valid', { prefix: '2001:db8::/64', valid: 10, preferred: 11 }, [], []],
    ['not valid at all', { prefix: '2001:db8::/64', valid: 0 }, [], []],
    ['valid, not preferred', { prefix: '2001:db8::/64', preferred: 0 }, ['2001:db8::/64'], [`${ADDRESS} deprecated`]],
  ])('%s', (_, prefix, routes, addresses) => {
    const node = asking()
    expect(advertise(node, { prefixes: [prefix] })).toBe(true)
    expect([node.routes(), node.addresses()]).toEqual([routes.map((each) => `${each} via link 256`), addresses])
    node.close()
  })

  test('a valid lifetime of 0 ends that a prefix is on the link', () => {
    const node = asking()
    advertise(node, { prefixes: [{ prefix: '2001:db8::/64', flags: 'L' }] })
    advertise(node, { prefixes: [{ prefix: '2001:db8::/64', flags: 'L', valid: 0 }] })
    expect(node.routes()).toEqual([])
    node.close()
  })

  // RFC 4862 5.5.3 e: what is left, what is advertised, and what holds then, in seconds.
  test.each<[number, number, number]>([
    [10_000, 20_000, 20_000],
    [10_000, 7201, 7201],
    [10_000, 7200, 7200],
    [10_000, 100, 7200],
    [10_000, 0, 7200],
    [5000, 6000, 6000],
    [5000, 5000, 5000],
    [5000, 4000, 5000],
    [5000, 0, 5000],
    [5000, 0xffff_ffff, Infinity],
    [0xffff_ffff, 0xffff_ffff, Infinity],
    [0xffff_ffff, 100, 7200],
  ])('with %i seconds left, %i advertised: %i', (left, said, after) => {
    const node = asking()
    advertise(node, { prefixes: [{ prefix: '2001:db8::/64', valid: left, preferred: Math.min(left, 1000) }] })
    advertise(node, { prefixes: [{ prefix: '2001:db8::/64', valid: said, preferred: Math.min(said, 500) }] })
    expect(node.lifetimes(node.address('2001:db8'))).toEqual([Math.min(said, 500), after])
    node.close()
  })

  test('an address that people gave is not the routers’ to change', () => {
    const node = new Node({ dad_transmits: 0, router_solicitation_delay: 0 }, ['2001:db8::5/64'])
    node.seconds(0.1)
    advertise(node, { prefixes: [{ prefix: '2001:db8::/64', valid: 10, preferred: 5 }] })
    node.seconds(11)
    expect(node.addresses()).toEqual(['2001:db8::5/64'])
    node.close()
  })
})

describe('junk', () => {
  test('what one link can make a host keep is bounded, and what is too much is counted', () => {
    const node = asking({ accept_ra_rt_info_max_plen: 64 })
    for (let i = 0; i < 200; i++) {
      const prefixes = Array.from({ length: 10 }, (_, n) => ({ prefix: `2001:db8:${(i * 10 + n).toString(16)}::/64` }))
      const more = route([0x20, 0x02, 0, i, 0, 0, 0, 0], 64, 1000)
      expect(advertise(node, { lifetime: 9000, prefixes, more }, { source: `fe80::f:${i.toString(16)}` })).toBe(true)
    }
    expect(node.module.defaultRouters(2)).toHaveLength(16)
    expect(node.routes()).toHaveLength(1 + 64 + 64)
    expect(node.list()).toHaveLength(16)
    expect(node.counter('NdpRoutersRefused')).toBe(200 - 16)
    expect(node.counter('NdpPrefixesRefused')).toBe(2000 - 64 + 200 - 64)
    expect(node.counter('NdpAddressesRefused')).toBe(2000 - 15)
    node.seconds(10_000)
    expect([node.routes(), node.addresses()]).toEqual([[], []])
    node.close()
  })

  test('of one message the first 32 prefixes count', () => {
    const node = asking({ max_addresses: 0 })
    const prefixes = Array.from({ length: 40 }, (_, n) => ({ prefix: `2001:db8:${(n + 1).toString(16)}::/64` }))
    advertise(node, { prefixes })
    expect(node.addresses()).toHaveLength(32)
    node.close()
  })
})

describe('asking for routers (RFC 4861 6.3.7, RFC 7559)', () => {
  const solicits = (node: Node, seconds: number): number =>
    node.seconds(seconds).filter((each) => each.startsWith('RS')).length

  test('goes on ever more seldom while nobody answers: after 4, 8, 16 ... seconds, up to an hour', () => {
    const node = asking()
    const times: number[] = []
    node.said()
    for (let second = 0; second < 20_000; second++) {
      for (let n = solicits(node, 1); n > 0; n--) times.push(second)
    }
    const waits = times.map((time, i) => time - (times[i - 1] ?? 0))
    for (let i = 1; i < waits.length; i++) {
      expect(waits[i]).toBeLessThanOrEqual(Math.min((waits[i - 1] as number) * 2.2 + 2, 3600 * 1.1 + 1))
      expect(waits[i]).toBeGreaterThanOrEqual(Math.min((waits[i - 1] as number) * 1.8 - 2, 3600 * 0.9 - 1))
    }
    expect(times.length).toBeGreaterThan(10)
    node.close()
  })

  test('router_solicitations bounds them, 0 forbids them', () => {
    for (const most of [0, 3]) {
      const node = new Node({ router_solicitations: most, router_solicitation_delay: 0, dad_transmits: 0 })
      expect(solicits(node, 10_000)).toBe(most)
      node.close()
    }
  })

  test('a router asks nobody', () => {
    const node = new Node({ forwarding: 1, dad_transmits: 0 })
    expect(solicits(node, 1000)).toBe(0)
    node.close()
  })
})
