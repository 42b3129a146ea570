import { MacAddress } from '@jackfield/addr'
import { describe, expect, test } from 'vitest'
import type { AdvertiseOptions } from './advertise-options.js'
import { message, Node, OWN, OWN_LINK, ROUTER, ROUTER_LINK, routerAdvertisement } from './node.test-support.js'
import { ND_OPT_SOURCE_LINKADDR } from './wire/types.js'
import { writeLinkAddressOption, writeRouterSolicit } from './wire/write.js'

const HEAD = `${OWN} > ff02::1 from ${OWN_LINK}`

/** A router on one link that has begun to advertise. */
function router(options: AdvertiseOptions = {}, settings: Readonly<Record<string, number>> = {}): Node {
  const node = new Node({ forwarding: 1, dad_transmits: 0, ...settings }, ['2001:db8:1::1/64'])
  node.said()
  node.module.advertise(2, options)
  return node
}

/** When it advertises, in seconds, within so many. */
function times(node: Node, seconds: number, step = 0.1): number[] {
  const found: number[] = []
  for (let now = step; now <= seconds; now += step) {
    for (const line of node.seconds(step)) if (line.startsWith('RA')) found.push(now)
  }
  return found
}

const gaps = (of: number[]): number[] => of.slice(1).map((time, i) => time - (of[i] as number))

function solicit(node: Node, link?: string, source = 'fe80::2'): boolean | null {
  const bytes = message((view, at) => {
    const end = writeRouterSolicit(view, at)
    return link === undefined ? end : writeLinkAddressOption(view, end, ND_OPT_SOURCE_LINKADDR, MacAddress.parse(link))
  })
  return node.hear(bytes, { source, destination: 'ff02::2' })
}

describe('what a router advertises (RFC 4861 6.2.3)', () => {
  test.each<[AdvertiseOptions, string]>([
    [{}, `RA 1800s hops 64 ${HEAD} 2001:db8:1::/64=14400/86400`],
    [{ lifetime: 0, prefixes: [] }, `RA 0s hops 64 ${HEAD}`],
    [{ maxInterval: 100 }, `RA 300s hops 64 ${HEAD} 2001:db8:1::/64=14400/86400`],
    [{ preference: 'high', prefixes: [] }, `RA 1800s high hops 64 ${HEAD}`],
    [{ preference: 'low', managed: true, other: true, prefixes: [] }, `RA 1800s low hops 64 managed other ${HEAD}`],
    [{ hopLimit: 9, mtu: 1400, prefixes: [] }, `RA 1800s hops 9 ${HEAD} mtu 1400`],
    [{ reachableTime: 5000, retransmitTimer: 300, prefixes: [] }, `RA 1800s hops 64 times 5000/300 ${HEAD}`],
    [{ prefixes: ['2001:db8:7::9/64'] }, `RA 1800s hops 64 ${HEAD} 2001:db8:7::/64=14400/86400`],
    [
      { prefixes: [{ prefix: '2001:db8:7::/64', validLifetime: Infinity, preferredLifetime: 9 }] },
      `RA 1800s hops 64 ${HEAD} 2001:db8:7::/64=9/4294967295`,
    ],
    [
      { prefixes: [], routes: ['2001:db8:8::/48', { prefix: '::/0', preference: 'high', lifetime: Infinity }] },
      `RA 1800s hops 64 ${HEAD} route 2001:db8:8::/48=1800 route ::/0=4294967295 high`,
    ],
    [
      { prefixes: [], routes: [{ prefix: '2001:db8:8::1/128', preference: 'low', lifetime: 7 }] },
      `RA 1800s hops 64 ${HEAD} route 2001:db8:8::1/128=7 low`,
    ],
    [
      { prefixes: [], dnsServers: ['2001:db8::53', 'fe80::53'], dnsLifetime: 60 },
      `RA 1800s hops 64 ${HEAD} dns 2001:db8::53,fe80::53=60`,
    ],
  ])('%o', (options, line) => {
    const node = router(options)
    expect(node.seconds(0.1)).toEqual([line])
    node.close()
  })

  test.each<[AdvertiseOptions, RegExp]>([
    [{ maxInterval: 3 }, /maxInterval is a number from 4 to 1800, not 3/],
    [{ maxInterval: 100, minInterval: 76 }, /minInterval is a number from 3 to 75, not 76/],
    [{ lifetime: 9001 }, /lifetime is a number from 0 to 9000/],
    [{ mtu: 1279 }, /mtu is a number from 1280/],
    [{ hopLimit: 256 }, /hopLimit is a number from 0 to 255/],
    [{ reachableTime: 3_600_001 }, /reachableTime is a number from 0 to 3600000/],
    [{ prefixes: ['fe80::/64'] }, /fe80::\/64 is not an IPv6 prefix to advertise: give one as/],
    [{ prefixes: ['10.0.0.0/8'] }, /10\.0\.0\.0\/8 is not an IPv6 prefix/],
    [
      { prefixes: [{ prefix: '2001:db8::/64', validLifetime: 1, preferredLifetime: 2 }] },
      /preferredLifetime is at most/,
    ],
    [{ prefixes: new Array(33).fill('2001:db8::/64') }, /prefixes are 32 at most, not 33/],
    [{ routes: new Array(33).fill('2001:db8::/64') }, /routes are 32 at most, not 33/],
    [
      { routes: new Array(32).fill('::1/128'), prefixes: new Array(14).fill('2001:db8::/64') },
      /prefixes are 13 at most/,
    ],
    [{ routes: ['ff00::/8'] }, /not an IPv6 prefix to advertise a route to/],
    [{ dnsServers: ['10.0.0.1'] }, /10\.0\.0\.1 is not the IPv6 address of a DNS server/],
    [{ dnsServers: ['::1'], dnsLifetime: 0 }, /dnsLifetime is a number from 1/],
  ])('%o is refused', (options, error) => {
    const node = new Node({ forwarding: 1 })
    expect(() => node.module.advertise(2, options)).toThrow(error)
    expect(() => node.module.advertise(9, {})).toThrow(/interface 9 has no neighbours to advertise to/)
    node.close()
  })

  test('as much as there is room for goes into one packet of 1280 bytes', () => {
    const own = Array.from({ length: 40 }, (_, n) => `2001:db8:${n.toString(16)}::1/64`)
    const node = new Node({ forwarding: 1, dad_transmits: 0 }, own)
    node.said()
    node.module.advertise(2, { routes: new Array(32).fill('::1/128') })
    node.host.clock.advance(100)
    const sent = node.eth.takeBytes().find((each) => each[40] === 134)
    expect(sent?.length).toBeLessThanOrEqual(1280)
    expect(sent?.length).toBeGreaterThan(1280 - 40)
    node.close()
  })
})

describe('when a router advertises', () => {
  test('at first three times within 16 seconds each, then within its interval (6.2.4)', () => {
    const node = router({ maxInterval: 600, minInterval: 200 })
    const found = times(node, 10_000, 1)
    expect(found[0]).toBeLessThanOrEqual(1)
    const [first = 0, second = 0, ...later] = gaps(found)
    expect(Math.max(first, second)).toBeLessThanOrEqual(17)
    expect(later.length).toBeGreaterThan(15)
    expect(Math.min(...later)).toBeGreaterThanOrEqual(199)
    expect(Math.max(...later)).toBeLessThanOrEqual(601)
    node.close()
  })

  test('who asks is answered within half a second, all at once (6.2.6)', () => {
    const node = router()
    node.seconds(60)
    expect(solicit(node, '02:00:00:00:00:02')).toBe(true)
    expect(solicit(node, undefined, '::')).toBe(true)
    expect(times(node, 0.6)).toHaveLength(1)
    expect(node.neighbor('fe80::2')).toBe('02:00:00:00:00:02 STALE')
    node.close()
  })

  test('however many ask, it advertises every three seconds at most', () => {
    const node = router()
    node.seconds(60)
    const found: number[] = []
    for (let i = 0; i < 300; i++) {
      solicit(node)
      for (const line of node.seconds(0.1)) if (line.startsWith('RA')) found.push(i / 10)
    }
    expect(found.length).toBeGreaterThanOrEqual(8)
    expect(Math.min(...gaps(found))).toBeGreaterThanOrEqual(2.9)
    node.close()
  })

  test.each<[string, (node: Node) => void]>([
    ['forwarding ends', (node) => node.set('forwarding', 0)],
    ['it is told to stop', (node) => node.module.advertise(2, null)],
  ])('when %s it says that it is no router and no way any more (6.2.5)', (_, stop) => {
    const node = router({ routes: ['2001:db8:8::/48'], dnsServers: ['2001:db8::53'], prefixes: [] })
    node.seconds(1)
    stop(node)
    expect(node.said()).toEqual([`RA 0s hops 64 ${HEAD} route 2001:db8:8::/48=0 dns 2001:db8::53=0`])
    expect(times(node, 100).length).toBe(0)
    node.close()
  })

  test('who does not forward does not advertise, and begins when it does', () => {
    const node = router({}, { forwarding: 0 })
    solicit(node)
    expect(times(node, 20)).toEqual([])
    node.set('forwarding', 1)
    expect(times(node, 1)).toHaveLength(1)
    node.close()
  })

  test('it waits for its link-local address to be its own', () => {
    const node = router({}, { dad_transmits: 3, router_solicitation_delay: 0 })
    const found = times(node, 10)
    expect(found.length).toBeGreaterThanOrEqual(1)
    expect(found[0]).toBeGreaterThan(3)
    node.close()
  })

  test('a solicitation that is malformed is not answered (6.1.1)', () => {
    const node = router()
    node.seconds(60)
    expect(solicit(node, '02:00:00:00:00:02', '::')).toBe(false)
    expect(solicit(node, '33:33:00:00:00:02')).toBe(false)
    expect(times(node, 1)).toEqual([])
    node.close()
  })
})

describe('DNS servers that routers tell of (RFC 8106)', () => {
  const option = (lifetime: number, ...last: number[]): number[] => [
    ...[25, 1 + 2 * last.length, 0, 0, 0, 0, lifetime >>> 8, lifetime & 255],
    ...last.flatMap((byte) => [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, byte]),
  ]
  const hear = (node: Node, more: number[]): boolean | null =>
    node.hear(routerAdvertisement({ link: ROUTER_LINK, more }), { source: ROUTER, destination: 'ff02::1' })
  const known = (node: Node): string[] =>
    node.module.learnedDnsServers().map(({ address, lifetime }) => `${address} ${Math.round(lifetime)}`)

  test('are known for their lifetime, which begins anew or ends', () => {
    const node = new Node({ dad_transmits: 0 })
    expect(hear(node, option(100, 1, 2))).toBe(true)
    node.seconds(40)
    hear(node, option(100, 2))
    expect(known(node)).toEqual(['2001:db8::1 60', '2001:db8::2 100'])
    node.seconds(61)
    expect(known(node)).toEqual(['2001:db8::2 39'])
    hear(node, option(0, 2))
    expect(known(node)).toEqual([])
    node.close()
  })

  test('are bounded; an option of no address, or of half of one, is passed over', () => {
    const node = new Node({ dad_transmits: 0 })
    for (let i = 0; i < 100; i++) hear(node, option(1000, i + 1))
    expect(known(node)).toHaveLength(16)
    expect(node.counter('NdpServersRefused')).toBe(84)
    const other = new Node({ dad_transmits: 0 })
    expect(hear(other, option(1000))).toBe(true)
    expect(hear(other, [25, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1])).toBe(true)
    expect(known(other)).toEqual([])
    node.close()
    other.close()
  })

  test('what a host that listens to no routers hears is not kept', () => {
    const node = new Node({ dad_transmits: 0, accept_ra: 0 })
    hear(node, option(1000, 1))
    expect(known(node)).toEqual([])
    node.close()
  })
})
