import { Prefix } from '@jackfield/addr'
import { describe, expect, test } from 'vitest'
import { packetBytes, read } from '../layer.test-fixture.js'
import {
  type Coming,
  ip,
  Node,
  OWN,
  ROUTER,
  ROUTER_LINK,
  redirect,
  routerAdvertisement,
  solicitation,
} from './node.test-support.js'

const FAR = '2001:db8:f::1'
const BETTER = 'fe80::98'
const BETTER_LINK = '02:00:00:00:00:98'

describe('redirects that come in (RFC 4861 8.1, 8.3)', () => {
  /** A host with a default router. */
  function host(settings: Readonly<Record<string, number | string>> = {}): Node {
    const node = new Node({ router_solicitation_delay: 0, dad_transmits: 0, ...settings }, ['2001:db8::1/64'])
    node.seconds(0.1)
    node.hear(routerAdvertisement({ lifetime: 9000, link: ROUTER_LINK }), { destination: 'ff02::1' })
    expect(node.nextHop(FAR)).toBe(ROUTER)
    return node
  }

  test('another router is the first hop to this destination, and to no other; its link address is known', () => {
    const node = host()
    expect(node.hear(redirect(FAR, BETTER, BETTER_LINK))).toBe(true)
    expect([node.nextHop(FAR), node.nextHop('2001:db8:f::2')]).toEqual([BETTER, ROUTER])
    expect(node.neighbor(BETTER)).toBe(`${BETTER_LINK} STALE router`)
    node.close()
  })

  test('a destination that is on the link is its own first hop, and no router', () => {
    const node = host()
    expect(node.hear(redirect(FAR, FAR, BETTER_LINK))).toBe(true)
    expect([node.nextHop(FAR), node.neighbor(FAR)]).toEqual([FAR, `${BETTER_LINK} STALE`])
    node.close()
  })

  test('one without a link address counts too', () => {
    const node = host()
    node.hear(redirect(FAR, BETTER))
    expect([node.nextHop(FAR), node.neighbor(BETTER)]).toEqual([BETTER, 'none'])
    node.close()
  })

  test('the new first hop may redirect again, the old one may not', () => {
    const node = host()
    node.hear(redirect(FAR, BETTER))
    node.hear(redirect(FAR, 'fe80::97'))
    expect(node.nextHop(FAR)).toBe(BETTER)
    node.hear(redirect(FAR, 'fe80::97'), { source: BETTER })
    expect(node.nextHop(FAR)).toBe('fe80::97')
    node.close()
  })

  test('a first hop that does not answer is one no longer: the routes decide again (RFC 4861 7.3.3)', () => {
    const node = host()
    node.hear(redirect(FAR, BETTER))
    expect(node.resolve(BETTER, FAR)).toBe(null)
    node.seconds(4)
    expect([node.neighbor(BETTER), node.nextHop(FAR)]).toEqual(['- FAILED', ROUTER])
    node.close()
  })

  const good = redirect(FAR, BETTER, BETTER_LINK)
  test.each<[string, Uint8Array, Coming]>([
    ['from beyond the link', good, { hopLimit: 254 }],
    ['not from a link-local address', good, { source: '2001:db8::99' }],
    ['of another code', Uint8Array.from(good, (byte, at) => (at === 1 ? 1 : byte)), {}],
    ['cut short', good.slice(0, 39), {}],
    ['with an option of no length', Uint8Array.from(good, (byte, at) => (at === 41 ? 0 : byte)), {}],
    ['of a group', redirect('ff0e::1', BETTER), {}],
    ['to a router whose address is not link-local', redirect(FAR, '2001:db8::98'), {}],
    ['to a group', redirect(FAR, 'ff02::2'), {}],
  ])('%s: malformed', (_, bytes, coming) => {
    const node = host()
    expect(node.hear(bytes, coming)).toBe(false)
    expect([node.nextHop(FAR), node.neighbor(BETTER)]).toEqual([ROUTER, 'none'])
    node.close()
  })

  test.each<[string, Record<string, number>, Coming]>([
    ['from one who is not the first hop', {}, { source: 'fe80::66' }],
    ['where they are not wanted', { accept_redirects: 0 }, {}],
    ['by a router', { forwarding: 1, accept_ra: 2 }, {}],
  ])('%s: not believed', (_, settings, coming) => {
    const node = host(settings)
    expect(node.hear(redirect(FAR, BETTER), coming)).toBe(true)
    expect(node.nextHop(FAR)).toBe(ROUTER)
    node.close()
  })

  test('a neighbour is not taken over by a redirect of one who is not its first hop', () => {
    const node = host()
    node.hear(solicitation(OWN, BETTER_LINK), { source: BETTER })
    expect(node.hear(redirect(FAR, BETTER, '02:00:00:00:00:66'), { source: 'fe80::66' })).toBe(true)
    expect(node.neighbor(BETTER)).toBe(`${BETTER_LINK} STALE`)
    node.close()
  })
})

describe('redirects that a router sends (RFC 4861 8.2)', () => {
  const SENDER = '2001:db8::2'
  const SENDER_LINK = '02:00:00:00:00:02'

  /** A router that sends on to `FAR` by another router of the same link. */
  function router(settings: Readonly<Record<string, number | string>> = {}): Node {
    const node = new Node({ dad_transmits: 0, ...settings }, ['2001:db8::1/64'])
    node.host.set('net.ipv6.conf.all.forwarding', 1)
    node.seconds(0.1)
    node.network.addRoute({
      destination: Prefix.parse('2001:db8:f::/48'),
      type: 'unicast',
      gateway: ip(BETTER),
      interface: 2,
    })
    node.hear(solicitation(OWN, SENDER_LINK), { source: SENDER })
    node.said()
    return node
  }

  /** A packet that is to be sent on comes in; what was said of it. */
  function passes(node: Node, destination: string, source = SENDER, length = 8): string[] {
    node.carry(packetBytes({ source, destination, payload: new Uint8Array(length) }))
    return node.said()
  }

  test('the sender is told of the better router; the packet goes on', () => {
    const node = router()
    node.carry(packetBytes({ source: SENDER, destination: FAR }))
    const hops = node.eth.outputs.map(({ nextHop }) => `${nextHop}`)
    expect(hops.toSorted()).toEqual([SENDER, BETTER].toSorted())
    expect(node.said()).toEqual([`redirect ${FAR} via ${BETTER} ${OWN} > ${SENDER}`])
    node.close()
  })

  test('of a destination on the link, and with the link address where it is known', () => {
    const node = router()
    node.hear(solicitation(OWN, BETTER_LINK), { source: '2001:db8::3' })
    node.said()
    expect(passes(node, '2001:db8::3')).toEqual([
      `redirect 2001:db8::3 via 2001:db8::3 ${OWN} > ${SENDER} at ${BETTER_LINK}`,
    ])
    node.close()
  })

  test('it quotes as much of the packet as 1280 bytes hold', () => {
    const node = router()
    node.carry(packetBytes({ source: SENDER, destination: FAR, payload: new Uint8Array(1400).fill(7) }))
    const sent = node.eth.takeBytes().map(read)
    const told = sent.find(({ destination }) => destination === SENDER)?.payload as Uint8Array
    expect(40 + told.length).toBeLessThanOrEqual(1280)
    expect(40 + told.length).toBeGreaterThan(1280 - 8)
    expect([told[40], (told[41] as number) * 8]).toEqual([4, told.length - 40])
    node.close()
  })

  test.each<[string, string, string]>([
    ['who is not on the link', FAR, '2001:db8:e::2'],
    ['of a group', 'ff0e::1', SENDER],
  ])('nobody is told %s', (_, destination, source) => {
    const node = router()
    expect(passes(node, destination, source)).toEqual([])
    node.close()
  })

  test('one sender is told about once a second, after a few at once', () => {
    const node = router()
    let told = 0
    for (let i = 0; i < 100; i++) told += passes(node, FAR).length
    expect(told).toBe(6)
    node.seconds(3)
    for (let i = 0; i < 100; i++) told += passes(node, FAR).length
    expect(told).toBe(9)
    expect(node.counter('NdpOutRedirectsLimited')).toBe(200 - 9)
    node.close()
  })
})
