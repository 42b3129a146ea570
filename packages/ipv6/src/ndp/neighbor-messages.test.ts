import { Prefix } from '@jackfield/addr'
import { CAST_ANYCAST, CAST_UNICAST } from '@jackfield/interfaces'
import { describe, expect, test } from 'vitest'
import { advertisement, type Coming, ip, Node, OWN, OWN_LINK, solicitation } from './node.test-support.js'

const PEER = 'fe80::2'
const LINK = '02:00:00:00:00:02'
const OTHER_LINK = '02:00:00:00:00:22'
const GROUP_LINK = '33:33:00:00:00:01'
const SOLICITED_NODE = 'ff02::1:ff00:1'

/** A node whose own address is in use. */
function settled(settings: Readonly<Record<string, number | string>> = {}): Node {
  const node = new Node({ accept_ra: 0, ...settings })
  node.seconds(3)
  return node
}

/** A message with some bytes changed, which are given by their place. */
function changed(bytes: Uint8Array, changes: Readonly<Record<number, number>>): Uint8Array {
  const copy = bytes.slice()
  for (const [at, value] of Object.entries(changes)) copy[Number(at)] = value
  return copy
}

describe('neighbour solicitations (RFC 4861 7.2.3, 7.2.4)', () => {
  test.each<[string, Uint8Array, Coming, string, string]>([
    [
      'to the group of the address',
      solicitation(OWN, LINK),
      { source: PEER, destination: SOLICITED_NODE },
      `NA ${OWN} SO ${OWN} > ${PEER} at ${OWN_LINK}`,
      `${LINK} STALE`,
    ],
    [
      'to the address itself',
      solicitation(OWN, LINK),
      { source: PEER },
      `NA ${OWN} SO ${OWN} > ${PEER} at ${OWN_LINK}`,
      `${LINK} STALE`,
    ],
    [
      'from who probes for it',
      solicitation(OWN),
      { source: '::', destination: SOLICITED_NODE },
      `NA ${OWN} O ${OWN} > ff02::1 at ${OWN_LINK}`,
      'none',
    ],
    [
      'for a global address',
      solicitation('2001:db8::1', LINK),
      { source: '2001:db8::2', destination: SOLICITED_NODE },
      `NA 2001:db8::1 SO 2001:db8::1 > 2001:db8::2 at ${OWN_LINK}`,
      'none',
    ],
  ])('%s is answered', (_, bytes, coming, answer, neighbor) => {
    const node = new Node({ accept_ra: 0 }, ['2001:db8::1/64'])
    node.seconds(3)
    expect(node.hear(bytes, coming)).toBe(true)
    expect(node.said()).toEqual([answer])
    expect(node.neighbor(PEER)).toBe(neighbor)
    node.close()
  })

  test('a neighbour that has moved is known by its new link address; one that says none stays as it is', () => {
    const node = settled()
    node.hear(solicitation(OWN, LINK), { source: PEER })
    node.hear(solicitation(OWN, OTHER_LINK), { source: PEER })
    expect(node.neighbor(PEER)).toBe(`${OTHER_LINK} STALE`)
    node.said()
    expect(node.hear(solicitation(OWN), { source: PEER })).toBe(true)
    expect(node.neighbor(PEER)).toBe(`${OTHER_LINK} STALE`)
    expect(node.said()).toHaveLength(1)
    node.close()
  })

  test('who asks a group without its link address is answered if it is known: nothing more could be done for it', () => {
    const node = settled()
    const coming = { source: PEER, destination: SOLICITED_NODE }
    expect(node.hear(solicitation(OWN), coming)).toBe(true)
    expect([node.said(), node.neighbor(PEER)]).toEqual([[], 'none'])
    node.hear(solicitation(OWN, LINK), { source: PEER })
    node.said()
    expect(node.hear(solicitation(OWN), coming)).toBe(true)
    expect(node.said()).toHaveLength(1)
    node.close()
  })

  test('a router says that it is one', () => {
    const node = settled({ forwarding: 1 })
    node.hear(solicitation(OWN, LINK), { source: PEER })
    expect(node.said()).toEqual([`NA ${OWN} RSO ${OWN} > ${PEER} at ${OWN_LINK}`])
    node.close()
  })

  test('for an address of others nobody answers', () => {
    const node = settled()
    expect(node.hear(solicitation('fe80::77', LINK), { source: PEER, destination: SOLICITED_NODE })).toBe(true)
    expect([node.said(), node.neighbor(PEER), node.counter('NdpInIgnored')]).toEqual([[], 'none', 1])
    node.close()
  })

  const good = solicitation(OWN, LINK)
  test.each<[string, Uint8Array, Coming]>([
    ['from beyond the link', good, { hopLimit: 254 }],
    ['of another code', changed(good, { 1: 1 }), {}],
    ['cut short', good.slice(0, 23), {}],
    ['with an option of no length', changed(good, { 25: 0 }), {}],
    ['with an option that is cut short', good.slice(0, 31), {}],
    ['for a group', solicitation('ff02::1', LINK), {}],
    ['from :: to one host', solicitation(OWN), { source: '::' }],
    ['from :: with a link address', good, { source: '::', destination: SOLICITED_NODE }],
    ["with a group's link address", solicitation(OWN, GROUP_LINK), {}],
  ])('%s: no answer, nothing learned (RFC 4861 7.1.1)', (_, bytes, coming) => {
    const node = settled()
    expect(node.hear(bytes, { source: PEER, ...coming })).toBe(false)
    expect([node.said(), node.neighbor(PEER)]).toEqual([[], 'none'])
    node.close()
  })

  test('in fragments they are not believed (RFC 6980)', () => {
    const node = settled()
    const extensions = [{ kind: 'fragment', offset: 0, more: false, identification: 1 }] as const
    node.hear(solicitation(OWN, LINK), { source: PEER, extensions })
    expect(node.said()).toHaveLength(1) // One fragment is none (RFC 6946).
    const longer = new Uint8Array(48)
    longer.set(solicitation(OWN, OTHER_LINK))
    longer.set([1, 2], 32)
    const piece = (offset: number, more: boolean) => ({ kind: 'fragment', offset, more, identification: 2 }) as const
    node.hear(longer.slice(0, 32), { source: PEER, extensions: [piece(0, true)] })
    node.hear(longer.slice(32), { source: PEER, extensions: [piece(32, false)] })
    expect([node.said(), node.neighbor(PEER)]).toEqual([[], `${LINK} STALE`])
    node.set('suppress_frag_ndisc', 0)
    node.hear(longer.slice(0, 32), { source: PEER, extensions: [piece(0, true)] })
    node.hear(longer.slice(32), { source: PEER, extensions: [piece(32, false)] })
    expect(node.neighbor(PEER)).toBe(`${OTHER_LINK} STALE`)
    node.close()
  })
})

describe('anycast addresses (RFC 4291 2.6.1, RFC 4861 7.2.7)', () => {
  const SUBNET = '2001:db8::'
  const router = (settings: Readonly<Record<string, number>> = {}): Node => {
    const node = new Node({ forwarding: 1, dad_transmits: 0, ...settings }, ['2001:db8::1/64', '2001:db8:1::1/127'])
    node.said()
    return node
  }
  const asked: Coming = { source: '2001:db8::2', destination: 'ff02::1:ff00:0' }
  const answer = `NA ${SUBNET} RS 2001:db8::1 > 2001:db8::2 at ${OWN_LINK}`

  test('a router answers for the address of its subnet: within a second, leaving the first who answered in his place', () => {
    const node = router()
    expect(node.hear(solicitation(SUBNET, LINK), asked)).toBe(true)
    expect(node.said()).toEqual([])
    expect(node.seconds(1)).toEqual([answer])
    node.close()
  })

  test('who asks it alone is answered at once', () => {
    const node = router()
    node.hear(solicitation(SUBNET, LINK), { source: '2001:db8::2', destination: SUBNET })
    expect(node.said()).toEqual([answer])
    node.close()
  })

  test('it is this host’s and no source; it goes with forwarding, with its address, and is none on a link of two', () => {
    const node = router()
    const local = (): string[] =>
      node.network.routes().flatMap(({ type, destination }) => (type === 'anycast' ? [`${destination}`] : []))
    expect(local().toSorted()).toEqual(['2001:db8::/128', 'fe80::/128'])
    expect([node.network.castOf(ip(SUBNET), 2), node.network.isLocal(ip(SUBNET), 2)]).toEqual([CAST_ANYCAST, false])
    node.network.addAddress(node.eth, Prefix.parse('2001:db8::5/64'))
    node.network.removeAddress(node.eth, ip('2001:db8::1'))
    expect(local()).toContain('2001:db8::/128')
    node.network.removeAddress(node.eth, ip('2001:db8::5'))
    expect(local()).toEqual(['fe80::/128'])
    node.set('forwarding', 0)
    expect(local()).toEqual([])
    expect(node.network.castOf(ip(SUBNET), 2)).toBe(CAST_UNICAST)
    node.close()
  })

  test('nobody probes for one, and a host has none', () => {
    const node = router()
    expect(node.hear(solicitation(SUBNET), { source: '::', destination: 'ff02::1:ff00:0' })).toBe(true)
    expect(node.seconds(2)).toEqual([])
    const host = settled()
    host.hear(solicitation('fe80::', LINK), { source: PEER, destination: 'ff02::1:ff00:0' })
    expect(host.seconds(2)).toEqual([])
    node.close()
    host.close()
  })

  test('however many ask, some wait at a time', () => {
    const node = router()
    for (let i = 0; i < 200; i++) {
      node.hear(solicitation(SUBNET, LINK), { source: `2001:db8::2:${i.toString(16)}`, destination: 'ff02::1:ff00:0' })
    }
    expect(node.seconds(1)).toHaveLength(64)
    expect(node.counter('NdpInIgnored')).toBe(200 - 64)
    node.close()
  })
})

describe('neighbour advertisements (RFC 4861 7.2.5)', () => {
  type State = 'INCOMPLETE' | 'REACHABLE' | 'STALE' | 'DELAY' | 'PROBE'

  /** A node that has the peer in a state; its link address is LINK but in the first. */
  function knowing(state: State): Node {
    const node = settled()
    expect(node.resolve(PEER)).toBe(null)
    if (state !== 'INCOMPLETE')
      node.hear(advertisement(PEER, state === 'REACHABLE' ? 'S' : '-', LINK), { source: PEER })
    // Who waits for it has been served, which is a use: the entry is looked after then.
    if (state === 'STALE') {
      node.hear(advertisement(PEER, 'S', LINK), { source: PEER })
      node.seconds(60)
    }
    if (state === 'PROBE') node.seconds(5.5)
    node.said()
    expect(node.neighbor(PEER)).toContain(state)
    return node
  }

  test.each<[State, string, string | undefined, string]>([
    ['INCOMPLETE', 'SO', undefined, '- INCOMPLETE'],
    ['INCOMPLETE', 'S', LINK, `${LINK} REACHABLE`],
    ['INCOMPLETE', 'SO', LINK, `${LINK} REACHABLE`],
    ['INCOMPLETE', 'RSO', LINK, `${LINK} REACHABLE router`],
    ['REACHABLE', '-', LINK, `${LINK} REACHABLE`],
    ['REACHABLE', 'O', LINK, `${LINK} REACHABLE`],
    ['REACHABLE', 'RO', LINK, `${LINK} REACHABLE router`],
    ['REACHABLE', 'O', undefined, `${LINK} REACHABLE`],
    ['REACHABLE', '-', OTHER_LINK, `${LINK} STALE`],
    ['REACHABLE', 'S', OTHER_LINK, `${LINK} STALE`],
    ['REACHABLE', 'RS', OTHER_LINK, `${LINK} STALE`],
    ['REACHABLE', 'O', OTHER_LINK, `${OTHER_LINK} STALE`],
    ['REACHABLE', 'SO', OTHER_LINK, `${OTHER_LINK} REACHABLE`],
    ['STALE', '-', LINK, `${LINK} STALE`],
    ['STALE', 'O', LINK, `${LINK} STALE`],
    ['STALE', 'S', LINK, `${LINK} REACHABLE`],
    ['STALE', 'S', undefined, `${LINK} REACHABLE`],
    ['STALE', '-', OTHER_LINK, `${LINK} STALE`],
    ['STALE', 'S', OTHER_LINK, `${LINK} STALE`],
    ['STALE', 'O', OTHER_LINK, `${OTHER_LINK} STALE`],
    ['STALE', 'SO', OTHER_LINK, `${OTHER_LINK} REACHABLE`],
    ['DELAY', 'S', LINK, `${LINK} REACHABLE`],
    ['DELAY', 'S', OTHER_LINK, `${LINK} DELAY`],
    ['DELAY', 'O', OTHER_LINK, `${OTHER_LINK} STALE`],
    ['PROBE', '-', LINK, `${LINK} PROBE`],
    ['PROBE', 'S', LINK, `${LINK} REACHABLE`],
    ['PROBE', 'S', OTHER_LINK, `${LINK} PROBE`],
    ['PROBE', 'O', OTHER_LINK, `${OTHER_LINK} STALE`],
    ['PROBE', 'SO', OTHER_LINK, `${OTHER_LINK} REACHABLE`],
  ])('%s, flags %s, link address %s: %s', (before, flags, link, after) => {
    const node = knowing(before)
    expect(node.hear(advertisement(PEER, flags, link), { source: PEER })).toBe(true)
    expect(node.neighbor(PEER)).toBe(after)
    node.close()
  })

  test('an unsolicited one resolves who waits, which is used and so looked after soon', () => {
    const node = knowing('INCOMPLETE')
    node.hear(advertisement(PEER, '-', LINK), { source: PEER })
    expect(node.neighbor(PEER)).toBe(`${LINK} DELAY`)
    node.close()
  })

  test('of one that nobody wants to talk to, nothing is kept', () => {
    const node = settled()
    expect(node.hear(advertisement(PEER, 'RO', LINK), { source: PEER, destination: 'ff02::1' })).toBe(true)
    expect([node.neighbor(PEER), node.counter('NdpInIgnored')]).toEqual(['none', 1])
    node.close()
  })

  test('of an own address: a conflict is counted, the address stays', () => {
    const node = settled()
    expect(node.hear(advertisement(OWN, 'O', LINK), { source: OWN, destination: 'ff02::1' })).not.toBe(false)
    expect(node.hear(advertisement(OWN, 'O', LINK), { source: PEER, destination: 'ff02::1' })).toBe(true)
    expect(node.counter('NdpInConflicts')).toBeGreaterThan(0)
    expect(node.address(OWN).state).toBe('preferred')
    node.close()
  })

  const good = advertisement(PEER, 'SO', LINK)
  test.each<[string, Uint8Array, Coming]>([
    ['from beyond the link', good, { hopLimit: 254 }],
    ['of another code', changed(good, { 1: 1 }), {}],
    ['cut short', good.slice(0, 23), {}],
    ['with an option of no length', changed(good, { 25: 0 }), {}],
    ['of a group', advertisement('ff02::1', 'O', LINK), {}],
    ['solicited, to a group', good, { destination: 'ff02::1' }],
    ["with a group's link address", advertisement(PEER, 'SO', GROUP_LINK), {}],
  ])('%s: nothing learned (RFC 4861 7.1.2)', (_, bytes, coming) => {
    const node = knowing('STALE')
    expect(node.hear(bytes, { source: PEER, ...coming })).toBe(false)
    expect(node.neighbor(PEER)).toBe(`${LINK} STALE`)
    node.close()
  })
})
