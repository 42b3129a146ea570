import { IpAddress, Prefix } from '@jackfield/addr'
import { createVirtualClock } from '@jackfield/clock'
import {
  CAST_BROADCAST,
  CAST_MULTICAST,
  CAST_UNICAST,
  createRouteQuery,
  EACCES,
  EHOSTUNREACH,
  EINVAL,
  ENETUNREACH,
  ENODEV,
  type RouteEntry,
  type RouteQuery,
  type RouteType,
} from '@jackfield/interfaces'
import { createFakeInterface, type FakeInterface } from '@jackfield/interfaces/compliance'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DestinationCache } from './destination-cache.js'
import { RouteTable } from './route-table.js'
import { TableRoute } from './table-route.js'

const ip = (text: string): IpAddress => IpAddress.parse(text)

function query(destination: string, options: Partial<RouteQuery> = {}): RouteQuery {
  return { ...createRouteQuery(ip(destination)), ...options }
}

/** lo (1), eth1 (2) with 10.1.0.1/24, eth2 (3) with 10.2.0.1/24. */
function setUp(maxCached = 64) {
  const clock = createVirtualClock()
  const destinations = new DestinationCache({ clock, secret0: 1, secret1: 2, minPmtu: 552 })
  const interfaces = new Map<number, FakeInterface>()
  for (const index of [1, 2, 3]) {
    interfaces.set(index, createFakeInterface({ index, loopback: index === 1, medium: 'ethernet' }))
  }
  const table = new RouteTable({
    version: 4,
    secret0: 3,
    secret1: 4,
    destinations,
    interfaceByIndex: (index) => interfaces.get(index),
    loopback: () => interfaces.get(1),
    selectSource: (_target, { index }) => [null, ip('127.0.0.1'), ip('10.1.0.1'), ip('10.2.0.1')][index] ?? null,
    maxCached,
  })
  const add = (destination: string, type: RouteType, rest: Partial<RouteEntry> = {}): void =>
    table.add({ destination: Prefix.parse(destination), type, ...rest })
  for (const n of [1, 2]) {
    add(`10.${n}.0.1/32`, 'local', { interface: n + 1 })
    add(`10.${n}.0.0/24`, 'unicast', { interface: n + 1 })
    add(`10.${n}.0.255/32`, 'broadcast', { interface: n + 1 })
  }
  add('127.0.0.0/8', 'local', { interface: 1, source: ip('127.0.0.1') })
  const found = (destination: string, options: Partial<RouteQuery> = {}): TableRoute => {
    const route = table.lookup(query(destination, options))
    if (!(route instanceof TableRoute)) throw new Error(`no route: ${route}`)
    return route
  }
  const device = (index: number): FakeInterface => interfaces.get(index) as FakeInterface
  return { clock, destinations, interfaces, device, table, add, found }
}

describe('finding', () => {
  test('a neighbour, a gateway, and the sources that go with them', () => {
    const { add, found } = setUp()
    add('0.0.0.0/0', 'unicast', { gateway: ip('10.2.0.9') })
    const neighbour = found('10.1.0.7')
    expect(`${neighbour.interface.index} ${neighbour.nextHop} ${neighbour.source}`).toBe('2 10.1.0.7 10.1.0.1')
    expect([neighbour.cast, neighbour.local, neighbour.valid]).toEqual([CAST_UNICAST, false, true])
    const far = found('192.0.2.1')
    expect(`${far.interface.index} ${far.nextHop} ${far.source}`).toBe('3 10.2.0.9 10.2.0.1')
    far.confirm()
    expect((far.interface as FakeInterface).confirmed).toEqual(['10.2.0.9'])
  })

  test('the longest prefix, then the lowest metric', () => {
    const { add, found, device, table } = setUp()
    add('192.0.2.0/24', 'unicast', { gateway: ip('10.1.0.8'), metric: 5 })
    add('192.0.2.0/24', 'unicast', { gateway: ip('10.2.0.8'), metric: 3 })
    add('192.0.2.128/25', 'unicast', { gateway: ip('10.1.0.9'), metric: 9 })
    expect(found('192.0.2.1').nextHop.toString()).toBe('10.2.0.8')
    expect(found('192.0.2.200').nextHop.toString()).toBe('10.1.0.9')
    device(3).flags = 0
    table.invalidate()
    expect(found('192.0.2.1').nextHop.toString()).toBe('10.1.0.8')
  })

  test('own addresses go by the loopback, from themselves', () => {
    const { found } = setUp()
    const own = found('10.1.0.1')
    expect([own.local, own.interface.index, own.source.toString(), own.mtu]).toEqual([true, 1, '10.1.0.1', 65_535])
    expect(found('127.9.9.9').source.toString()).toBe('127.0.0.1')
    expect(found('0.0.0.0').nextHop.toString()).toBe('127.0.0.1')
  })

  test('broadcasts and groups are their own next hop', () => {
    const { add, found, table } = setUp()
    const directed = found('10.1.0.255')
    expect([directed.cast, directed.nextHop.toString(), directed.interface.index]).toEqual([
      CAST_BROADCAST,
      '10.1.0.255',
      2,
    ])
    expect(table.lookup(query('224.0.0.5'))).toBe(ENETUNREACH)
    expect(table.lookup(query('255.255.255.255'))).toBe(ENETUNREACH)
    expect(found('224.0.0.5', { interface: 3 }).cast).toBe(CAST_MULTICAST)
    expect(found('255.255.255.255', { source: ip('10.2.0.1') }).interface.index).toBe(3)
    add('0.0.0.0/0', 'unicast', { gateway: ip('10.1.0.9') })
    const group = found('239.1.2.3')
    expect([group.nextHop.toString(), group.interface.index]).toEqual(['239.1.2.3', 2])
  })

  test('types without a way answer with their error', () => {
    const { add, table, found } = setUp()
    add('192.0.2.0/24', 'blackhole')
    add('198.51.100.0/24', 'unreachable')
    add('203.0.113.0/24', 'prohibit')
    expect(table.lookup(query('192.0.2.1'))).toBe(EINVAL)
    expect(table.lookup(query('198.51.100.1'))).toBe(EHOSTUNREACH)
    expect(table.lookup(query('203.0.113.1'))).toBe(EACCES)
    expect(table.lookup(query('8.8.8.8'))).toBe(ENETUNREACH)
    add('192.0.2.7/32', 'unicast', { interface: 2 })
    expect(found('192.0.2.7').interface.index).toBe(2)
  })

  test('an interface that is asked for is kept to', () => {
    const { add, found, table, device } = setUp()
    add('0.0.0.0/0', 'unicast', { gateway: ip('10.1.0.9') })
    add('0.0.0.0/0', 'unicast', { gateway: ip('10.2.0.9'), metric: 10 })
    expect(found('8.8.8.8').nextHop.toString()).toBe('10.1.0.9')
    expect(found('8.8.8.8', { interface: 3 }).nextHop.toString()).toBe('10.2.0.9')
    expect(found('8.8.8.8', { scope: 3 }).nextHop.toString()).toBe('10.2.0.9')
    // No route of that interface: taken to be on its link.
    expect(found('10.1.0.7', { interface: 3 }).nextHop.toString()).toBe('10.2.0.9')
    expect(table.lookup(query('8.8.8.8', { interface: 9 }))).toBe(ENODEV)
    expect(table.lookup(query('8.8.8.8', { interface: 2, scope: 3 }))).toBe(EINVAL)
    table.remove({ destination: Prefix.parse('0.0.0.0/0'), type: 'unicast', metric: 10 })
    expect(found('8.8.8.8', { interface: 3 }).nextHop.toString()).toBe('8.8.8.8')
    device(3).flags = 0
    table.invalidate()
    expect(table.lookup(query('8.8.8.8', { interface: 3 }))).toBe(ENETUNREACH)
  })

  test('a source must be this host’s, or be allowed not to be', () => {
    const { found, table } = setUp()
    expect(found('10.1.0.7', { source: ip('10.2.0.1') }).source.toString()).toBe('10.2.0.1')
    expect(table.lookup(query('10.1.0.7', { source: ip('10.2.0.2') }))).toBe(EINVAL)
    expect(table.lookup(query('10.1.0.7', { source: ip('224.0.0.1'), anySource: true }))).toBe(EINVAL)
    const free = found('10.1.0.7', { source: ip('198.51.100.1'), anySource: true })
    expect(free.source.toString()).toBe('198.51.100.1')
    expect(table.lookup(query('10.1.0.7', { source: ip('198.51.100.1') }))).toBe(EINVAL)
  })

  test('a local route for everything takes in any address, and leaves other routes to what goes out', () => {
    const { add, table, found } = setUp()
    expect(table.localEntry(ip('8.8.8.8'), 0)).toBeNull()
    add('0.0.0.0/0', 'local', { interface: 1 })
    expect(table.localEntry(ip('8.8.8.8'), 0)?.type).toBe('local')
    expect(table.localEntry(ip('10.1.0.7'), 0)?.type).toBe('local')
    expect(table.localEntry(ip('10.1.0.255'), 0)?.type).toBe('broadcast')
    expect(found('10.1.0.7').interface.index).toBe(2)
    expect(found('10.1.0.7', { source: ip('8.8.8.8') }).source.toString()).toBe('8.8.8.8')
    expect(found('8.8.8.8').local).toBe(true)
  })

  test('input can be kept to the addresses of its interface', () => {
    const { table } = setUp()
    expect(table.localEntry(ip('10.2.0.1'), 0)?.interface).toBe(3)
    expect(table.localEntry(ip('10.2.0.1'), 2)).toBeNull()
    expect(table.localEntry(ip('10.2.0.1'), 3)?.interface).toBe(3)
    expect(table.localEntry(ip('10.2.0.7'), 3)).toBeNull()
    expect(table.localEntry(IpAddress.v6(0, 0, 0xffff, 0x0a020001), 0)).toBeNull()
  })

  test('reverse paths', () => {
    const { add, table } = setUp()
    expect(table.reversePath(ip('10.1.0.7'))).toBe(2)
    expect(table.reversePath(ip('8.8.8.8'))).toBe(0)
    expect(table.reversePath(ip('10.1.0.1'))).toBe(0)
    add('0.0.0.0/0', 'unicast', { gateway: ip('10.1.0.9') })
    add('0.0.0.0/0', 'unicast', { gateway: ip('10.2.0.9') })
    expect(table.reversePath(ip('8.8.8.8'))).toBe(2)
    expect(table.reversePath(ip('8.8.8.8'), 3)).toBe(3)
  })

  test('forwarding does not look at local entries', () => {
    const { add, table } = setUp()
    add('0.0.0.0/0', 'local', { interface: 1 })
    expect(table.lookupForward(ip('8.8.8.8'), 0)).toBe(ENETUNREACH)
    const route = table.lookupForward(ip('10.2.0.7'), 0) as TableRoute
    expect([route.interface.index, route.local]).toEqual([3, false])
    expect((table.lookupForward(ip('10.2.0.255'), 0) as TableRoute).cast).toBe(CAST_BROADCAST)
  })
})

describe('equal ways', () => {
  test('share the flows evenly, and each flow keeps to one', () => {
    const { add, table, found } = setUp()
    add('0.0.0.0/0', 'unicast', { gateway: ip('10.1.0.9'), metric: 1 })
    add('0.0.0.0/0', 'unicast', { gateway: ip('10.2.0.9'), metric: 1 })
    add('0.0.0.0/0', 'unicast', { gateway: ip('10.2.0.10'), metric: 1 })
    add('0.0.0.0/0', 'unicast', { gateway: ip('10.2.0.11'), metric: 2 })
    const counts = new Map<string, number>()
    for (let i = 0; i < 3000; i++) {
      const flowHash = Math.imul(i, 0x9e37_79b1)
      const route = found('8.8.8.8', { flowHash })
      expect(found('8.8.8.8', { flowHash })).toBe(route)
      const name = route.nextHop.toString()
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    expect([...counts.keys()].sort()).toEqual(['10.1.0.9', '10.2.0.10', '10.2.0.9'])
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(30)
    expect(table.size).toBe(11)
  })
})

describe('changing', () => {
  const at = (destination: string, type: RouteType, rest: Partial<RouteEntry> = {}): RouteEntry => ({
    destination: Prefix.parse(destination),
    type,
    ...rest,
  })

  test('bad entries are refused with what would be right', () => {
    const { table } = setUp()
    const code = (entry: RouteEntry): string => {
      try {
        table.add(entry)
      } catch (error) {
        return (error as { code: string }).code
      }
      return ''
    }
    expect(code(at('10.1.0.0/24', 'unicast', { interface: 2 }))).toBe('EEXIST')
    expect(code(at('10.1.0.77/24', 'unicast', { interface: 2 }))).toBe('EEXIST')
    expect(code(at('10.1.0.0/24', 'blackhole'))).toBe('EEXIST')
    expect(code(at('192.0.2.0/24', 'unicast', { interface: 9 }))).toBe('ENODEV')
    expect(code(at('192.0.2.0/24', 'unicast'))).toBe('EINVAL')
    expect(code(at('192.0.2.0/24', 'unicast', { gateway: ip('192.0.2.1') }))).toBe('ENETUNREACH')
    expect(code(at('192.0.2.0/24', 'unicast', { gateway: ip('10.1.0.9'), interface: 3 }))).toBe('ENETUNREACH')
    expect(code(at('192.0.2.0/24', 'unicast', { gateway: ip('10.1.0.1') }))).toBe('EINVAL')
    expect(code(at('192.0.2.0/24', 'unicast', { gateway: ip('224.0.0.1') }))).toBe('EINVAL')
    expect(code(at('192.0.2.0/24', 'blackhole', { gateway: ip('10.1.0.9') }))).toBe('EINVAL')
    expect(code(at('192.0.2.0/24', 'blackhole', { metric: -1 }))).toBe('EINVAL')
    expect(code(at('192.0.2.0/24', 'unicast', { interface: 2, mtu: 20 }))).toBe('EINVAL')
    expect(code(at('2001:db8::/32', 'blackhole'))).toBe('EINVAL')
    expect(() => table.remove(at('192.0.2.0/24', 'unicast'))).toThrow(/ENOENT/)
    expect(() => table.add(at('192.0.2.0/24', 'unicast', { gateway: ip('192.0.2.1') }))).toThrow(/subnet/)
    expect(table.size).toBe(7)
  })

  test('makes routes stale, and lookups find the new state', () => {
    const { table, found, add } = setUp()
    const before = found('192.0.2.1', { interface: 2 })
    expect(found('192.0.2.1', { interface: 2 })).toBe(before)
    add('192.0.2.0/24', 'unicast', { gateway: ip('10.1.0.9') })
    expect(before.valid).toBe(false)
    const after = found('192.0.2.1')
    expect(after.nextHop.toString()).toBe('10.1.0.9')
    table.flush(2)
    expect(after.valid).toBe(false)
    expect(table.list().every((entry) => entry.interface !== 2)).toBe(true)
    table.flush()
    expect([table.size, table.list()]).toEqual([0, []])
  })

  test('the cache is bounded, and routes that left it stay good', () => {
    const { found } = setUp(16)
    const first = found('10.1.0.2')
    for (let i = 3; i < 200; i++) expect(found(`10.1.0.${i}`).nextHop.toString()).toBe(`10.1.0.${i}`)
    expect(first.valid).toBe(true)
    expect(found('10.1.0.2')).not.toBe(first)
    expect(found('10.1.0.2').nextHop.toString()).toBe('10.1.0.2')
  })
})

describe('what ICMP teaches', () => {
  test('a path’s MTU follows errors, time and the interface', () => {
    const { clock, table, found, device, add } = setUp()
    add('192.0.2.0/24', 'unicast', { gateway: ip('10.1.0.9'), mtu: 1400, advertisedMss: 1200 })
    const near = found('10.1.0.7')
    const far = found('192.0.2.1')
    expect([near.mtu, far.mtu, near.maxSegment]).toEqual([1500, 1400, 65_535])
    expect([near.advertisedMss, far.advertisedMss]).toEqual([undefined, 1200])
    expect(table.updateMtu(ip('192.0.2.1'), 1450)).toBe(false)
    expect(table.updateMtu(ip('192.0.2.1'), 1300)).toBe(true)
    expect([near.mtu, far.mtu, far.valid, far.mtuLocked]).toEqual([1500, 1300, true, false])
    expect(table.updateMtu(ip('192.0.2.1'), 1350)).toBe(false)
    expect(table.updateMtu(ip('192.0.2.1'), 100)).toBe(true)
    expect([far.mtu, far.mtuLocked]).toEqual([552, true])
    clock.advance(600e6)
    expect([far.mtu, far.mtuLocked]).toEqual([1400, false])
    device(2).mtu = 1280
    expect([near.mtu, far.mtu]).toEqual([1280, 1280])
    expect(table.updateMtu(ip('8.8.8.8'), 600)).toBe(false)
    expect(table.updateMtu(ip('10.1.0.255'), 600)).toBe(false)
  })

  test('a redirect is taken from the present next hop only, to a neighbour only', () => {
    const { clock, table, found, add } = setUp()
    add('192.0.2.0/24', 'unicast', { gateway: ip('10.1.0.9') })
    const route = found('192.0.2.1')
    const to = ip('192.0.2.1')
    expect(table.redirect(to, ip('10.1.0.10'), ip('10.1.0.66'), 2)).toBe(false)
    expect(table.redirect(to, ip('10.2.0.10'), ip('10.1.0.9'), 2)).toBe(false)
    expect(table.redirect(to, ip('10.1.0.1'), ip('10.1.0.9'), 2)).toBe(false)
    expect(table.redirect(to, ip('224.0.0.1'), ip('10.1.0.9'), 2)).toBe(false)
    expect(table.redirect(to, ip('10.1.0.9'), ip('10.1.0.9'), 2)).toBe(false)
    expect(table.redirect(to, ip('10.1.0.10'), ip('10.1.0.9'), 3)).toBe(false)
    expect(table.redirect(to, ip('10.1.0.10'), ip('10.1.0.9'), 2)).toBe(true)
    expect(route.nextHop.toString()).toBe('10.1.0.10')
    expect(found('192.0.2.2').nextHop.toString()).toBe('10.1.0.9')
    expect(table.redirect(to, ip('10.1.0.11'), ip('10.1.0.10'), 2)).toBe(true)
    expect(route.nextHop.toString()).toBe('10.1.0.11')
    clock.advance(300e6)
    expect(route.nextHop.toString()).toBe('10.1.0.9')
  })
})

test('a lookup finds the longest prefix and the lowest metric, whatever was added and removed', () => {
  const address = fc.integer({ min: 0, max: 63 }).map((n) => ip(`172.16.0.${n * 4}`))
  const step = fc.record({
    remove: fc.boolean(),
    address,
    length: fc.integer({ min: 24, max: 32 }),
    metric: fc.integer({ min: 0, max: 2 }),
    gateway: fc.integer({ min: 2, max: 4 }),
  })
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      fc.array(address, { minLength: 1, maxLength: 20 }),
      (steps, asked) => {
        const { table } = setUp()
        const model: Required<Pick<RouteEntry, 'destination' | 'metric' | 'gateway'>>[] = []
        for (const { remove, address, length, metric, gateway } of steps) {
          const entry = { destination: new Prefix(address, length).masked, metric, gateway: ip(`10.1.0.${gateway}`) }
          const place = model.findIndex(
            (other) =>
              other.destination.equals(entry.destination) &&
              other.metric === metric &&
              other.gateway.equals(entry.gateway),
          )
          const act = (): void =>
            remove ? table.remove({ ...entry, type: 'unicast' }) : table.add({ ...entry, type: 'unicast' })
          if (remove ? place < 0 : place >= 0) expect(act).toThrow(remove ? /ENOENT/ : /EEXIST/)
          else {
            act()
            if (remove) model.splice(place, 1)
            else model.push(entry)
          }
          for (const destination of asked) {
            const route = table.lookup({ ...query('0.0.0.0'), destination, flowHash: 0 })
            const holding = model.filter((other) => other.destination.contains(destination))
            const longest = Math.max(...holding.map((other) => other.destination.length))
            const best = holding.filter((other) => other.destination.length === longest)
            const lowest = Math.min(...best.map((other) => other.metric))
            const wanted = best.find((other) => other.metric === lowest)
            if (wanted === undefined) expect(route).toBe(ENETUNREACH)
            else expect((route as TableRoute).nextHop.toString()).toBe(wanted.gateway.toString())
          }
        }
      },
    ),
    { numRuns: 50 },
  )
})
