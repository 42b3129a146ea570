import { IpAddress, Prefix } from '@jackfield/addr'
import { createFakeInterface } from '@jackfield/interfaces/compliance'
import { describe, expect, it } from 'vitest'
import { type AddressOptions, type AddressState, Ipv6Address } from './address.js'
import { type DestinationSource, orderDestinations, routedSources } from './destination-order.js'
import { bench, finish } from './layer.test-fixture.js'
import { PolicyTable } from './policy-table.js'
import { SourceSelection } from './source-selection.js'

const [near, far] = [createFakeInterface({ index: 1, name: 'near' }), createFakeInterface({ index: 2, name: 'far' })]

interface Candidate extends AddressOptions {
  on?: typeof near
  state?: AddressState
}

/** The source for a destination by `near`, of these candidates: in whatever order they are. */
function choose(to: string, candidates: Record<string, Candidate>, prefersTemporary = false): string {
  const list = Object.entries(candidates).map(([text, { on = near, state = 'preferred', ...options }]) => {
    const prefix = text.includes('/') ? text : `${text}/64`
    return new Ipv6Address(on, Prefix.parse(prefix), options, state)
  })
  const answers = [list, [...list].reverse()].map((each) => {
    const selection = new SourceSelection({
      policy: new PolicyTable(),
      list: () => each,
      prefersTemporary: () => prefersTemporary,
    })
    return `${selection.select(IpAddress.parse(to), near)}`
  })
  expect(answers[1]).toBe(answers[0])
  return answers[0] as string
}

describe('source address selection (RFC 6724 5)', () => {
  it.each<[string, string, Record<string, Candidate>, string]>([
    ['rule 1: the destination itself', '2001:db8::1', { '2001:db8::2': {}, '2001:db8::1': {} }, '2001:db8::1'],
    ['rule 2: a scope that reaches', '2001:db8:1::1', { 'fe80::1': {}, '3fff::1': {} }, '3fff::1'],
    ['rule 2: no larger than needed', 'fe80::9', { 'fe80::1': {}, '3fff::1': {} }, 'fe80::1'],
    ['rule 2: no larger than needed, for groups', 'ff02::9', { 'fe80::1': {}, '3fff::1': {} }, 'fe80::1'],
    ['rule 2: the largest where none reaches', 'ff0e::9', { 'fe80::1': {}, 'fec0::1': {} }, 'fec0::1'],
    ['rule 3: not deprecated', '3fff::9', { '3fff::1': { state: 'deprecated' }, '2001:db8::1': {} }, '2001:db8::1'],
    ['rule 5: of the interface', '3fff::9', { '3fff::1': { on: far }, '2001:db8::1': {} }, '2001:db8::1'],
    ['rule 6: of the label', '2001:db8:1::1', { '2002:c633:6401::1': {}, '3fff::1': {} }, '3fff::1'],
    ['rule 6: of the label, unique local', 'fd00::9', { 'fd00:1::1': {}, '3fff::1': {} }, 'fd00:1::1'],
    ['rule 7: not temporary', '3fff::9', { '3fff::1': { temporary: true }, '2001:db8::1': {} }, '2001:db8::1'],
    ['rule 8: the longest match', '2001:db8:1::9', { '2001:db8:1::2': {}, '2001:db8:3::2': {} }, '2001:db8:1::2'],
    [
      'rule 8: no longer than the prefix',
      '2001:db8:3::9',
      { '2001:db8:3::1/40': { temporary: false }, '2001:db8:2::1/48': {} },
      '2001:db8:2::1',
    ],
    ['nobody', '3fff::9', { '3fff::1': { state: 'tentative' }, '3fff::2': { state: 'duplicate' } }, 'null'],
    ['nobody of another link', 'fe80::9', { 'fe80::1': { on: far }, '3fff::1': { on: far } }, 'null'],
    ['nobody of another interface for a group', 'ff0e::9', { '3fff::1': { on: far } }, 'null'],
  ])('%s', (_name, to, candidates, source) => {
    expect(choose(to, candidates)).toBe(source)
  })

  it('rule 7 the other way round where the interface has it so', () => {
    expect(choose('3fff::9', { '3fff::1': { temporary: true }, '3fff::2': {} }, true)).toBe('3fff::1')
  })
})

describe('destination ordering (RFC 6724 6)', () => {
  type Known = Record<string, string | (Omit<DestinationSource, 'address'> & { address: string }) | null>
  const order = (known: Known): string[] =>
    orderDestinations(
      Object.keys(known).map((each) => IpAddress.parse(each)),
      (destination) => {
        const source = known[`${destination}`]
        if (source === null || source === undefined) return null
        const { address, ...more } = typeof source === 'string' ? { address: source } : source
        return { ...more, address: IpAddress.parse(address) }
      },
    ).map(String)

  it.each<[string, Known, string[]]>([
    ['rule 1: what can be reached', { '3fff::1': null, '192.0.2.1': '198.51.100.1' }, ['192.0.2.1', '3fff::1']],
    ['rule 2: of one scope', { '3fff::1': 'fe80::1', '198.51.100.1': '198.51.100.2' }, ['198.51.100.1', '3fff::1']],
    [
      'rule 2: link-local IPv4 is no way to a global one',
      { '198.51.100.121': '169.254.13.78', '2001:db8:1::1': '2001:db8:1::2' },
      ['2001:db8:1::1', '198.51.100.121'],
    ],
    [
      'rule 3: not from a deprecated source',
      { '3fff::1': { address: '3fff::2', deprecated: true }, '3fff:1::1': '3fff:1::2' },
      ['3fff:1::1', '3fff::1'],
    ],
    [
      'rule 5: of one label',
      { '2002:c633:6401::1': '2001:db8::2', '192.0.2.1': '198.51.100.2' },
      ['192.0.2.1', '2002:c633:6401::1'],
    ],
    ['rule 6: IPv6 before IPv4', { '192.0.2.1': '198.51.100.2', '3fff::1': '3fff::2' }, ['3fff::1', '192.0.2.1']],
    [
      'rule 7: no tunnel',
      { '3fff::1': { address: '3fff::2', encapsulated: true }, '3fff:1::1': '3fff:1::2' },
      ['3fff:1::1', '3fff::1'],
    ],
    ['rule 8: the smaller scope', { '3fff::1': '3fff::2', 'fe80::1': 'fe80::2' }, ['fe80::1', '3fff::1']],
    ['rule 9: the longest match', { '3fff:3::1': '3fff:1::2', '3fff:1::1': '3fff:1::2' }, ['3fff:1::1', '3fff:3::1']],
    ['rule 10: as they came', { '192.0.2.9': '192.0.2.1', '192.0.2.8': '192.0.2.1' }, ['192.0.2.9', '192.0.2.8']],
  ])('%s', (_name, known, expected) => {
    expect(order(known)).toEqual(expected)
  })

  it('asks the routes of a stack', () => {
    const net = bench()
    const destinations = ['10.0.0.1', 'fe80::9', '2001:db8:b::9'].map((each) => IpAddress.parse(each))
    const ordered = orderDestinations(destinations, routedSources(net.host), net.layer.policy)
    expect(ordered.map(String)).toEqual(['2001:db8:b::9', '10.0.0.1', 'fe80::9'])
    finish(net)
  })

  it('a policy is for IPv6 prefixes', () => {
    const policy = new PolicyTable()
    policy.set({ prefix: Prefix.parse('3fff::/20'), precedence: 99, label: 42 })
    expect([policy.precedence(IpAddress.parse('3fff::1')), policy.label(IpAddress.parse('3fff::1'))]).toEqual([99, 42])
    expect(policy.label(IpAddress.parse('192.0.2.1'))).toBe(4)
    expect(() => policy.set({ prefix: Prefix.parse('10.0.0.0/8'), precedence: 1, label: 1 })).toThrow('::ffff:0:0/96')
  })
})
