import { describe, expect, test } from 'vitest'
import {
  advertisement,
  type Coming,
  ip,
  message,
  Node,
  OWN,
  OWN_LINK,
  ROUTER,
  solicitation,
} from './node.test-support.js'
import { writeNeighborSolicit, writeNonceOption } from './wire/write.js'

const PEER = 'fe80::2'
const LINK = '02:00:00:00:00:02'
const SOLICITED_NODE = 'ff02::1:ff00:1'

describe('duplicate address detection (RFC 4862 5.4)', () => {
  const fresh = (settings: Readonly<Record<string, number | string>> = {}): Node =>
    new Node({ accept_ra: 0, router_solicitation_delay: 0, ...settings })
  const probe = (nonce?: readonly [number, number]): Uint8Array =>
    message((view, at) => {
      const end = writeNeighborSolicit(view, at, ip(OWN))
      return nonce === undefined ? end : writeNonceOption(view, end, ...nonce)
    })
  const byProbe: Coming = { source: '::', destination: SOLICITED_NODE }
  const duplicate = `${OWN} duplicate`
  const state = (node: Node): string => `${node.address(OWN).address} ${node.address(OWN).state}`

  test.each([
    [1, 1000],
    [3, 1000],
    [2, 250],
  ])('%i probes, %i ms apart and after the last', (transmits, apart) => {
    const node = fresh({ dad_transmits: transmits })
    node.host.set('net.ipv6.neigh.eth0.retrans_time_ms', apart)
    const probes: string[] = []
    for (let i = 0; i < transmits; i++) {
      expect(node.address(OWN).state).toBe('tentative')
      probes.push(...node.seconds(i === 0 ? 0.001 : apart / 1000))
    }
    expect(probes).toEqual(new Array(transmits).fill(`NS ${OWN} :: > ${SOLICITED_NODE} nonce`))
    expect(node.address(OWN).state).toBe('tentative')
    expect(node.seconds(apart / 1000)).toEqual([])
    expect(node.address(OWN).state).toBe('preferred')
    node.close()
  })

  test('hosts that start together do not probe together: the first waits up to a second', () => {
    const node = new Node({ accept_ra: 0, enhanced_dad: 0 })
    expect(node.said()).toEqual([])
    expect(node.seconds(1)).toEqual([`NS ${OWN} :: > ${SOLICITED_NODE}`])
    node.close()
  })

  test.each<[string, Uint8Array, Coming]>([
    ['advertises it', advertisement(OWN, 'O', LINK), { source: PEER, destination: 'ff02::1' }],
    ['probes for it, without a nonce', probe(), byProbe],
    ['probes for it, with another nonce', probe([1, 2]), byProbe],
  ])('another node %s: it is not used', (_, bytes, coming) => {
    const node = fresh()
    node.seconds(0.5)
    expect(node.hear(bytes, coming)).toBe(true)
    expect([state(node), node.counter('NdpDadFailures')]).toEqual([duplicate, 1])
    node.seconds(10)
    expect(state(node)).toBe(duplicate)
    node.hear(solicitation(OWN, LINK), { source: PEER, destination: SOLICITED_NODE })
    expect(node.said()).toEqual([])
    node.close()
  })

  test('an own probe that comes back is known by its nonce (RFC 7527)', () => {
    const node = fresh()
    node.host.clock.advance(1)
    const own = node.eth.takeBytes().find((bytes) => bytes[40] === 135) as Uint8Array
    expect(node.hear(own.slice(40), byProbe)).toBe(true)
    expect(state(node)).toBe(`${OWN} tentative`)
    node.seconds(3)
    expect(state(node)).toBe(`${OWN} preferred`)
    node.close()
  })

  test('who only wants to reach the address is not answered yet, and does no harm', () => {
    const node = fresh()
    node.seconds(0.5)
    expect(node.hear(solicitation(OWN, LINK), { source: PEER, destination: SOLICITED_NODE })).toBe(true)
    expect([node.said(), node.neighbor(PEER), state(node)]).toEqual([[], 'none', `${OWN} tentative`])
    node.close()
  })

  test.each<[Record<string, number>, string]>([
    [{ accept_dad: 0 }, 'preferred'],
    [{ dad_transmits: 0 }, 'preferred'],
    [{}, 'tentative'],
  ])('with %o an address begins as %s', (settings, expected) => {
    const node = fresh(settings)
    expect(node.address(OWN).state).toBe(expected)
    node.close()
  })

  test('with accept_dad 2 a duplicate link-local address turns IPv6 off: the hardware address is another node’s too', () => {
    const node = fresh({ accept_dad: 2 })
    node.seconds(0.5)
    node.hear(probe(), byProbe)
    expect(node.host.settings.get('net.ipv6.conf.eth0.disable_ipv6')?.get()).toBe(1)
    expect(node.list()).toEqual([])
    node.close()
  })

  test('a router that is heard of on the way is not solicited from an address that may be a duplicate', () => {
    const node = new Node({ router_solicitation_delay: 0 })
    expect(node.seconds(0.9)).toEqual([`NS ${OWN} :: > ${SOLICITED_NODE} nonce`])
    expect(node.seconds(0.2)).toEqual([`RS ${OWN} > ff02::2 from ${OWN_LINK}`])
    expect(node.neighbor(ROUTER)).toBe('none')
    node.close()
  })
})
