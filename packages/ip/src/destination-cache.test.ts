import { IpAddress } from '@jackfield/addr'
import { createVirtualClock } from '@jackfield/clock'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DestinationCache } from './destination-cache.js'

const host = (n: number): IpAddress => IpAddress.v4(0x0a000000 + n)

function setUp(maxEntries = 8) {
  const clock = createVirtualClock()
  return { clock, cache: new DestinationCache({ clock, secret0: 5, secret1: 6, minPmtu: 552, maxEntries }) }
}

test('an MTU only goes down, until it expires', () => {
  const { clock, cache } = setUp()
  expect(cache.updateMtu(host(1), 1500, 1500)).toBe(false)
  expect(cache.size).toBe(0)
  expect(cache.updateMtu(host(1), 1400, 1500)).toBe(true)
  expect(cache.updateMtu(host(1), 1450, 1400)).toBe(false)
  expect(cache.mtu(host(1))).toBe(1400)
  clock.advance(400e6)
  // The same again is no change, but counts from now.
  expect(cache.updateMtu(host(1), 1400, 1400)).toBe(false)
  clock.advance(400e6)
  expect(cache.mtu(host(1))).toBe(1400)
  clock.advance(200e6)
  expect(cache.mtu(host(1))).toBe(0)
  expect(cache.size).toBe(0)
})

test('an MTU below the floor becomes the floor', () => {
  const { cache } = setUp()
  expect(cache.updateMtu(host(1), 68, 1500)).toBe(true)
  expect(cache.mtu(host(1))).toBe(552)
  expect(cache.updateMtu(host(2), 68, 400)).toBe(true)
  expect(cache.mtu(host(2))).toBe(400)
})

test('an MTU and a gateway expire apart', () => {
  const { clock, cache } = setUp()
  cache.updateMtu(host(1), 1400, 1500)
  cache.setGateway(host(1), host(99), 2)
  expect(cache.gateway(host(1))?.toString()).toBe('10.0.0.99')
  clock.advance(300e6)
  expect(cache.gateway(host(1))).toBeNull()
  expect(cache.mtu(host(1))).toBe(1400)
  cache.flush()
  expect([cache.mtu(host(1)), cache.size]).toEqual([0, 0])
})

test('a gateway that does not answer is forgotten, the MTU stays', () => {
  const { cache } = setUp()
  cache.updateMtu(host(1), 1400, 1500)
  cache.setGateway(host(1), host(99), 2)
  cache.setGateway(host(2), host(99), 2)
  const { generation } = cache
  cache.forgetGateway(host(1))
  expect(cache.generation).toBeGreaterThan(generation)
  expect([cache.gateway(host(1)), cache.mtu(host(1))]).toEqual([null, 1400])
  expect(cache.gateway(host(2))?.toString()).toBe('10.0.0.99')
})

test('the entry that was longest not used makes room', () => {
  const { cache } = setUp(4)
  for (let n = 1; n <= 4; n++) cache.updateMtu(host(n), 1000 + n, 1500)
  expect(cache.mtu(host(1))).toBe(1001)
  cache.updateMtu(host(5), 1005, 1500)
  expect([1, 2, 3, 4, 5].map((n) => cache.mtu(host(n)))).toEqual([1001, 0, 1003, 1004, 1005])
  expect(
    () => new DestinationCache({ clock: createVirtualClock(), secret0: 0, secret1: 0, minPmtu: 1280, maxEntries: 0 }),
  ).toThrow(/1 to 65536/)
})

test('it never grows past its bound, and what was learnt last is there', () => {
  const step = fc.record({
    host: fc.integer({ min: 0, max: 11 }),
    mtu: fc.integer({ min: 0, max: 1499 }),
    wait: fc.constantFrom(0, 0, 1e6, 350e6),
    redirect: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { clock, cache } = setUp(8)
      // Of the eight hosts used last: when their MTU and gateway end.
      let model: { host: number; mtu: number; until: number; gatewayUntil: number }[] = []
      for (const { host: n, mtu, wait, redirect } of steps) {
        clock.advance(wait)
        const now = clock.now()
        model = model.filter(({ until, gatewayUntil }) => until > now || gatewayUntil > now)
        const known = model.find((entry) => entry.host === n) ?? { host: n, mtu: 0, until: 0, gatewayUntil: 0 }
        const current = known.until > now ? known.mtu : 1500
        const wanted = Math.max(mtu, 552)
        if (redirect) {
          cache.setGateway(host(n), host(99), 1)
          known.gatewayUntil = now + 300e6
        } else {
          cache.updateMtu(host(n), mtu, current)
          if (wanted <= current) {
            known.mtu = wanted
            known.until = now + 600e6
          }
        }
        if (known.until > now || known.gatewayUntil > now) {
          model = [...model.filter((entry) => entry !== known), known].slice(-9)
        }
        // Expired entries still take a place until they are asked for, so that only the very last ones are sure to be there.
        expect(cache.size).toBeLessThanOrEqual(8)
        for (const entry of model.slice(-1)) {
          expect(cache.mtu(host(entry.host))).toBe(entry.until > now ? entry.mtu : 0)
          expect(cache.gateway(host(entry.host)) !== null).toBe(entry.gatewayUntil > now)
        }
      }
    }),
    { numRuns: 100 },
  )
})
