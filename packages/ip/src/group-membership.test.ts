import { IpAddress } from '@jackfield/addr'
import { EADDRNOTAVAIL, EINVAL, ENOBUFS } from '@jackfield/interfaces'
import { createFakeInterface } from '@jackfield/interfaces/compliance'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FilterMode, filterAccepts, filtersEqual, type GroupFilter, mergeFilters } from './group-filter.js'
import { GroupMembership } from './group-membership.js'

const GROUP = IpAddress.parse('239.1.2.3')
const source = (n: number): IpAddress => IpAddress.v4(0x0a000000 + n)
const sources = (...list: number[]): IpAddress[] => list.map(source)
const show = ({ mode, sources: list }: GroupFilter): string =>
  `${mode} ${list.map((address) => address.w3 & 0xff).sort((a, b) => a - b)}`

function setUp(limits: { maxMemberships?: number; maxSources?: number } = {}) {
  const log: string[] = []
  const groups = new GroupMembership({
    version: 4,
    secret0: 1,
    secret1: 2,
    ...limits,
    changed: (networkInterface, group, before, after) => {
      expect(filtersEqual(groups.filter(networkInterface.index, group), after)).toBe(true)
      log.push(`${networkInterface.index} ${group}: ${show(before)} -> ${show(after)}`)
    },
  })
  const [eth0, eth1] = [createFakeInterface({ index: 1 }), createFakeInterface({ index: 2 })]
  return { groups, log, eth0, eth1, a: {}, b: {} }
}

test('joining and leaving, told once', () => {
  const { groups, log, eth0, a, b } = setUp()
  expect(groups.setFilter(a, eth0, GROUP, 'exclude', [])).toBe(0)
  expect(groups.setFilter(b, eth0, GROUP, 'exclude', [])).toBe(0)
  expect([groups.isMember(1, GROUP), groups.isMember(2, GROUP)]).toEqual([true, false])
  expect(groups.groups(1).map(String)).toEqual(['239.1.2.3'])
  expect(groups.setFilter(a, eth0, GROUP, 'include', [])).toBe(0)
  expect(groups.setFilter(a, eth0, GROUP, 'include', [])).toBe(EADDRNOTAVAIL)
  expect(groups.isMember(1, GROUP)).toBe(true)
  expect(groups.setFilter(b, eth0, GROUP, 'include', [])).toBe(0)
  expect(groups.isMember(1, GROUP)).toBe(false)
  expect(log).toEqual(['1 239.1.2.3: include  -> exclude ', '1 239.1.2.3: exclude  -> include '])
})

test('filters of sockets come together as in RFC 3376 3.2', () => {
  const { groups, eth0, a, b } = setUp()
  const c = {}
  groups.setFilter(a, eth0, GROUP, 'exclude', sources(1, 2, 3, 4))
  groups.setFilter(b, eth0, GROUP, 'exclude', sources(2, 3, 4, 5))
  groups.setFilter(c, eth0, GROUP, 'include', sources(4, 5, 6))
  expect(show(groups.filter(1, GROUP))).toBe('exclude 2,3')
  expect([2, 4, 9].map((n) => groups.accepts(1, GROUP, source(n)))).toEqual([false, true, true])
  groups.setFilter(a, eth0, GROUP, 'include', [])
  groups.setFilter(b, eth0, GROUP, 'include', sources(1))
  expect(show(groups.filter(1, GROUP))).toBe('include 1,4,5,6')
  expect([2, 4, 9].map((n) => groups.accepts(1, GROUP, source(n)))).toEqual([false, true, false])
})

test('limits and bad arguments', () => {
  const { groups, eth0, eth1, a, b } = setUp({ maxMemberships: 2, maxSources: 3 })
  const group = (n: number): IpAddress => IpAddress.v4(0xef000000 + n)
  expect(groups.setFilter(a, eth0, group(1), 'exclude', [])).toBe(0)
  expect(groups.setFilter(a, eth1, group(1), 'exclude', [])).toBe(0)
  expect(groups.setFilter(a, eth0, group(2), 'exclude', [])).toBe(ENOBUFS)
  expect(groups.setFilter(b, eth0, group(2), 'exclude', [])).toBe(0)
  expect(groups.setFilter(a, eth0, group(1), 'include', sources(1, 2, 3, 3))).toBe(0)
  expect(groups.setFilter(a, eth0, group(1), 'include', sources(1, 2, 3, 4))).toBe(ENOBUFS)
  expect(groups.setFilter(a, eth0, group(1), 'include', [])).toBe(0)
  expect(groups.setFilter(a, eth0, group(2), 'exclude', [])).toBe(0)
  expect(groups.setFilter(a, eth0, source(1), 'exclude', [])).toBe(EINVAL)
  expect(groups.setFilter(a, eth0, group(2), 'include', [group(3)])).toBe(EINVAL)
  expect(groups.setFilter(a, eth0, IpAddress.parse('ff02::1'), 'exclude', [])).toBe(EINVAL)
})

test('the host’s own memberships have no limit and end with the last', () => {
  const { groups, eth0, log, a } = setUp({ maxMemberships: 0 })
  groups.join(eth0, GROUP)
  groups.join(eth0, GROUP)
  groups.leave(eth0, GROUP)
  expect(groups.accepts(1, GROUP, source(1))).toBe(true)
  groups.leave(eth0, GROUP)
  groups.leave(eth0, GROUP)
  expect(groups.isMember(1, GROUP)).toBe(false)
  expect(groups.setFilter(a, eth0, GROUP, 'include', [])).toBe(EADDRNOTAVAIL)
  expect(log).toHaveLength(2)
})

test('a socket or an interface that goes takes its memberships along', () => {
  const { groups, eth0, eth1, log, a, b } = setUp({ maxMemberships: 2 })
  groups.setFilter(a, eth0, GROUP, 'exclude', [])
  groups.setFilter(a, eth1, GROUP, 'exclude', [])
  groups.setFilter(b, eth1, GROUP, 'include', sources(1))
  groups.releaseOwner(a)
  groups.releaseOwner(a)
  expect([groups.isMember(1, GROUP), show(groups.filter(2, GROUP))]).toEqual([false, 'include 1'])
  const told = log.length
  groups.removeInterface(eth1)
  expect([groups.isMember(2, GROUP), groups.groups(2), log.length]).toEqual([false, [], told])
  for (const other of [eth0, eth1]) expect(groups.setFilter(b, other, GROUP, 'exclude', [])).toBe(0)
})

describe('properties', () => {
  const filter = fc.record({
    mode: fc.constantFrom<FilterMode>('include', 'exclude'),
    sources: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }).map((list) => sources(...list)),
  })

  test('an interface lets through what any of its sockets wants, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(filter, { maxLength: 5 }), fc.integer({ min: 1, max: 7 }), (filters, n) => {
        expect(filterAccepts(mergeFilters(filters), source(n))).toBe(
          filters.some((each) => filterAccepts(each, source(n))),
        )
      }),
    )
  })

  test('whatever sockets do, each interface has what its sockets want', () => {
    const step = fc.record({
      owner: fc.integer({ min: 0, max: 2 }),
      group: fc.integer({ min: 0, max: 2 }),
      device: fc.integer({ min: 0, max: 1 }),
      close: fc.constantFrom(false, false, false, true),
      filter,
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { groups, eth0, eth1 } = setUp()
        const devices = [eth0, eth1]
        const owners = [{}, {}, {}]
        const model = new Map<string, GroupFilter>()
        const address = (n: number): IpAddress => IpAddress.v4(0xef000000 + n)
        for (const { owner, group, device, close, filter: wanted } of steps) {
          const key = `${owner} ${group} ${device}`
          if (close) {
            groups.releaseOwner(owners[owner] as object)
            for (const each of [...model.keys()]) if (each.startsWith(`${owner} `)) model.delete(each)
          } else {
            const leave = wanted.mode === 'include' && wanted.sources.length === 0
            const there = model.has(key)
            const networkInterface = devices[device] as (typeof devices)[0]
            const result = groups.setFilter(
              owners[owner] as object,
              networkInterface,
              address(group),
              wanted.mode,
              wanted.sources,
            )
            expect(result).toBe(leave && !there ? EADDRNOTAVAIL : 0)
            if (leave) model.delete(key)
            else model.set(key, wanted)
          }
          for (const g of [0, 1, 2]) {
            for (const d of [0, 1]) {
              const own = [0, 1, 2].flatMap((o) => model.get(`${o} ${g} ${d}`) ?? [])
              expect(groups.isMember(d + 1, address(g))).toBe(own.length > 0)
              expect(filtersEqual(groups.filter(d + 1, address(g)), mergeFilters(own))).toBe(true)
            }
          }
        }
      }),
      { numRuns: 100 },
    )
  })
})
