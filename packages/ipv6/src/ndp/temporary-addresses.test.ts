import { describe, expect, test } from 'vitest'
import type { Ipv6Address } from '../address.js'
import { advertisement, Node, routerAdvertisement } from './node.test-support.js'

const DAY = 86_400

/** A node that makes temporary addresses; without duplicate detection, where it is not said otherwise. */
function making(settings: Readonly<Record<string, number | string>> = {}): Node {
  const node = new Node({ use_tempaddr: 2, dad_transmits: 0, router_solicitation_delay: 0, ...settings })
  node.seconds(0.1)
  return node
}

function advertise(node: Node, valid: number, preferred = valid, prefix = '2001:db8::/64'): void {
  node.hear(routerAdvertisement({ prefixes: [{ prefix, valid, preferred }] }), { destination: 'ff02::1' })
}

function temporaries(node: Node): Ipv6Address[] {
  return node.list().filter(({ temporary }) => temporary)
}

function only(node: Node): Ipv6Address {
  const [first, ...others] = temporaries(node)
  expect([first !== undefined, others]).toEqual([true, []])
  return first as Ipv6Address
}

describe('temporary addresses (RFC 8981)', () => {
  test('one comes with the address of each prefix, with an identifier of its own (3.4)', () => {
    const node = making()
    advertise(node, 1000)
    advertise(node, 1000, 1000, '2001:db8:1::/64')
    const made = temporaries(node).map(({ prefix }) => `${prefix.masked}`)
    expect(made).toEqual(['2001:db8::/64', '2001:db8:1::/64'])
    const identifiers = new Set(node.list().map(({ address }) => `${address.w2} ${address.w3}`))
    expect(identifiers.size).toBe(3) // Two temporary ones, and that of the hardware address.
    node.close()
  })

  test.each([0, -1])('with use_tempaddr %i there are none', (value) => {
    const node = making({ use_tempaddr: value })
    advertise(node, 1000)
    expect([node.list().length, temporaries(node)]).toEqual([2, []])
    node.close()
  })

  test('lifetimes are those of the prefix, where these are shorter than a day less a random time, and a week', () => {
    const node = making()
    advertise(node, 1000, 500)
    expect(node.lifetimes(only(node))).toEqual([500, 1000])
    const long = making()
    advertise(long, 0xffff_ffff)
    const [preferred, valid] = long.lifetimes(only(long))
    expect(valid).toBe(7 * DAY)
    expect(preferred).toBeLessThanOrEqual(DAY)
    expect(preferred).toBeGreaterThanOrEqual(DAY - 600)
    node.close()
    long.close()
  })

  test('advertisements lengthen them, but never beyond their own time since they were made (3.4, step 1)', () => {
    const node = making({ temp_prefered_lft: 1000, temp_valid_lft: 2000, max_desync_factor: 0 })
    advertise(node, 600)
    node.seconds(300)
    advertise(node, 600)
    expect(node.lifetimes(only(node))).toEqual([600, 600])
    node.seconds(300)
    advertise(node, 600)
    expect(node.lifetimes(only(node))).toEqual([400, 600])
    advertise(node, 100_000)
    expect(node.lifetimes(only(node))).toEqual([400, 1400])
    node.close()
  })

  test('shorter ones of the prefix hold at once', () => {
    const node = making()
    advertise(node, 100_000)
    advertise(node, 9000, 50)
    expect(node.lifetimes(only(node))).toEqual([50, 9000])
    node.close()
  })

  test.each([
    [1, 1000, 2 + 3],
    [2, 1000, 2 + 6],
    [1, 4000, 2 + 12],
  ])(
    'the next one comes before the last is deprecated: %i probes, %i ms apart: %i s before (3.8)',
    (probes, apart, advance) => {
      const node = making({ temp_prefered_lft: 500, temp_valid_lft: 5000, max_desync_factor: 0, dad_transmits: probes })
      node.host.set('net.ipv6.neigh.eth0.retrans_time_ms', apart)
      advertise(node, 100_000)
      node.seconds(500 - advance - 1)
      expect(temporaries(node)).toHaveLength(1)
      node.seconds(1.5)
      expect(temporaries(node)).toHaveLength(2)
      node.seconds(advance + 1)
      expect(temporaries(node).map(({ state }) => state)).toContain('deprecated')
      node.close()
    },
  )

  test('they end: never more than a week’s at a time, and none is left when the prefix is', () => {
    const node = making()
    for (let day = 0; day < 20; day++) {
      advertise(node, 2 * DAY)
      node.seconds(DAY)
      const states = temporaries(node).map(({ state }) => state)
      expect(states.filter((state) => state === 'preferred').length).toBeGreaterThanOrEqual(1)
      expect(states.length).toBeLessThanOrEqual(9)
    }
    node.seconds(3 * DAY)
    expect(node.addresses()).toEqual([])
    node.close()
  })

  test('none is made that would be deprecated before its successor could be', () => {
    const node = making({ dad_transmits: 1 })
    advertise(node, 1000, 5)
    expect(temporaries(node)).toEqual([])
    advertise(node, 1000, 6)
    expect(temporaries(node)).toHaveLength(1)
    node.close()
  })

  test('however short their time is set to, the random part of it leaves some', () => {
    const node = making({ temp_prefered_lft: 60, max_desync_factor: 600 })
    advertise(node, 1000)
    const [preferred] = node.lifetimes(only(node))
    expect(preferred).toBeGreaterThan(0)
    expect(preferred).toBeLessThanOrEqual(60)
    node.close()
  })

  test('a duplicate gives way to another; after the last of them the interface makes no more (3.4, step 7)', () => {
    const node = making({ dad_transmits: 1, regen_max_retry: 2 })
    node.seconds(2)
    advertise(node, 1000)
    const tried = new Set<string>()
    for (let i = 0; i < 3; i++) {
      node.seconds(0.1)
      const { address, state } = only(node)
      expect(state).toBe('tentative')
      tried.add(`${address}`)
      node.hear(advertisement(`${address}`, 'O', '02:00:00:00:00:66'), { source: 'fe80::66', destination: 'ff02::1' })
    }
    expect([tried.size, temporaries(node)]).toEqual([3, []])
    advertise(node, 1000)
    expect(temporaries(node)).toEqual([])
    expect(node.host.settings.get('net.ipv6.conf.eth0.use_tempaddr')?.get()).toBe(-1)
    expect(node.list()).toHaveLength(2)
    node.close()
  })

  test('they count among the addresses that an interface may have', () => {
    const node = making({ max_addresses: 5 })
    for (let i = 1; i < 10; i++) advertise(node, 1000, 1000, `2001:db8:${i}::/64`)
    expect(node.list()).toHaveLength(5)
    node.close()
  })
})
