import { Eui64, MacAddress } from '@jackfield/addr'
import { describe, expect, test } from 'vitest'
import { isReserved } from '../interface-identifier.js'
import { advertisement, Node, type NodeOptions, OWN, routerAdvertisement } from './node.test-support.js'

const SECRET = '2001:db8:5ec::1'
const STABLE = { stable_secret: SECRET }
const RANDOM = { addr_gen_mode: 3 }
const IMPATIENT = { router_solicitation_delay: 0 }

/** The identifier of the address that a node makes of a prefix. */
function identifierOf(node: Node, prefix = '2001:db8::/64'): string {
  node.hear(routerAdvertisement({ prefixes: [{ prefix }] }), { destination: 'ff02::1' })
  const own = node
    .list()
    .find(({ origin, prefix: { masked } }) => origin === 'autoconfigured' && `${masked}` === prefix)
  expect(own).toBeDefined()
  return `${own?.address.w2.toString(16)} ${own?.address.w3.toString(16)}`
}

function identifier(settings: Record<string, number | string>, prefix?: string, options?: NodeOptions): string {
  const node = new Node({ dad_transmits: 0, ...settings }, [], options)
  const found = identifierOf(node, prefix)
  node.close()
  return found
}

describe('identifiers of addresses', () => {
  test('from the hardware address: the modified EUI-64 (RFC 4291 appendix A), the same with every prefix', () => {
    const node = new Node({ dad_transmits: 0 })
    expect(identifierOf(node, '2001:db8::/64')).toBe(identifierOf(node, '2001:db8:1::/64'))
    expect(node.addresses()).toContain('2001:db8::ff:fe00:1/64')
    node.close()
  })

  test('by a secret: the same in the same place, others with other prefixes, interfaces and secrets (RFC 7217 5)', () => {
    const here = identifier(STABLE)
    expect(identifier(STABLE)).toBe(here)
    const others = [
      identifier(STABLE, '2001:db8:1::/64'),
      identifier({ ...STABLE, stable_secret: '2001:db8:5ec::2' }),
      identifier(STABLE, undefined, { hardwareAddress: MacAddress.parse('02:00:00:00:00:77') }),
      identifier({}),
    ]
    expect(new Set([here, ...others]).size).toBe(5)
  })

  test('by a secret that is made up: not by the hardware address, and stable while the host lives', () => {
    const node = new Node({ dad_transmits: 0, ...RANDOM })
    const before = identifierOf(node)
    node.network.removeAddress(node.eth, node.address('2001:db8').address)
    expect(identifierOf(node)).toBe(before)
    expect(before).not.toBe(identifier({}))
    node.close()
  })

  test('with mode 1 there is no link-local address, and with mode 2 none before there is a secret', () => {
    for (const settings of [{ addr_gen_mode: 1 }, { addr_gen_mode: 2 }]) {
      const node = new Node({ dad_transmits: 0, ...settings })
      expect(node.list()).toEqual([])
      node.close()
    }
  })

  test('a secret is used as soon as it is given (RFC 7217 is addr_gen_mode 2 then)', () => {
    const node = new Node({ dad_transmits: 0, addr_gen_mode: 2 })
    node.set('stable_secret', SECRET)
    expect(node.list().map(({ origin }) => origin)).toEqual(['link-local'])
    expect(node.host.settings.get('net.ipv6.conf.eth0.stable_secret')?.get()).toBe(SECRET)
    node.close()
    const other = new Node({ dad_transmits: 0 })
    other.host.set('net.ipv6.conf.default.stable_secret', SECRET)
    expect(other.host.settings.get('net.ipv6.conf.eth0.addr_gen_mode')?.get()).toBe(2)
    expect(identifierOf(other)).toBe(identifier(STABLE))
    other.close()
  })

  test.each(['nonsense', '10.0.0.1', 7])('stable_secret %s is refused with a word on what it is', (secret) => {
    const node = new Node()
    expect(() => node.set('stable_secret', secret)).toThrow(/128 bits, written as an IPv6 address/)
    node.close()
  })

  test('reserved identifiers are known (RFC 5453)', () => {
    expect(isReserved(new Eui64(0, 0))).toBe(true)
    expect(isReserved(new Eui64(0x0200_5eff, 0xfe00_5213 | 0))).toBe(true)
    expect(isReserved(new Eui64(0xfdff_ffff | 0, 0xffff_ff80 | 0))).toBe(true)
    expect(isReserved(new Eui64(0xfdff_ffff | 0, 0xffff_ffff | 0))).toBe(true)
    expect(isReserved(new Eui64(0xfdff_ffff | 0, 0xffff_ff7f | 0))).toBe(false)
    expect(isReserved(new Eui64(0, 1))).toBe(false)
  })
})

describe('duplicates among the addresses that a host makes', () => {
  /** Says that the address which is being probed is another node's. */
  function contradict(node: Node, beginning: string): string {
    const { address, state } =
      node.list().find((each) => `${each.address}`.startsWith(beginning) && each.state === 'tentative') ?? {}
    expect(state).toBe('tentative')
    node.seconds(0.1)
    node.hear(advertisement(`${address}`, 'O', '02:00:00:00:00:66'), { source: 'fe80::66', destination: 'ff02::1' })
    return `${address}`
  }

  test('one of the hardware address stays unused: there is no other (RFC 4862 5.4.5)', () => {
    const node = new Node({ ...IMPATIENT })
    node.seconds(2)
    identifierOf(node)
    contradict(node, '2001:db8')
    expect(node.addresses()).toEqual(['2001:db8::ff:fe00:1/64 duplicate'])
    node.close()
  })

  test('one by a secret gives way to another, three times (RFC 7217 5)', () => {
    const node = new Node({ ...IMPATIENT, ...STABLE })
    node.seconds(2)
    identifierOf(node)
    const tried = new Set<string>()
    for (let i = 0; i < 4; i++) {
      tried.add(contradict(node, '2001:db8'))
      expect(node.list().filter(({ origin }) => origin === 'autoconfigured')).toHaveLength(1)
    }
    expect(tried.size).toBe(4)
    expect(node.addresses()).toEqual([expect.stringMatching(/ duplicate$/)])
    expect(node.counter('NdpDadFailures')).toBe(4)
    node.close()
  })

  test('what takes its place keeps the lifetimes of the prefix', () => {
    const node = new Node({ ...IMPATIENT, ...STABLE })
    node.seconds(2)
    node.hear(routerAdvertisement({ prefixes: [{ prefix: '2001:db8::/64', valid: 1000, preferred: 500 }] }), {
      destination: 'ff02::1',
    })
    contradict(node, '2001:db8')
    expect(node.lifetimes(node.address('2001:db8'))).toEqual([500, 1000])
    node.close()
  })

  test('so does a link-local one, which comes with its route and asks for routers', () => {
    const node = new Node({ ...IMPATIENT, ...STABLE })
    const first = contradict(node, 'fe80')
    node.said()
    expect(node.seconds(2).some((line) => line.startsWith('RS fe80'))).toBe(true)
    expect(node.list().map(({ state, address }) => [state, `${address}` === first])).toEqual([['preferred', false]])
    expect(node.nextHop('fe80::7', 2)).toBe('fe80::7')
    node.close()
  })

  test('a link-local one of the hardware address stays unused, and nothing is asked from it', () => {
    const node = new Node({ ...IMPATIENT })
    contradict(node, OWN)
    node.said()
    expect(node.seconds(100).filter((line) => line.startsWith('RS'))).toEqual([])
    node.close()
  })
})
