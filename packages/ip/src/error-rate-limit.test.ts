import { IpAddress } from '@jackfield/addr'
import { createSeededRandom, createVirtualClock } from '@jackfield/clock'
import type { CounterGroup } from '@jackfield/interfaces'
import { createFakeHost } from '@jackfield/interfaces/compliance'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ErrorCredit, errorCredit } from './error-credit.js'
import { ErrorRateLimit } from './error-rate-limit.js'

const host = (n: number): IpAddress => IpAddress.v4(0x0a000000 + n)

function setUp() {
  const clock = createVirtualClock()
  const counters: CounterGroup = {}
  const random = createSeededRandom(1)
  const credit = new ErrorCredit(clock, random)
  const limit = new ErrorRateLimit({ clock, credit, secret0: 1, secret1: 2, types: '3-4,11-12', counters })
  const burst = (count: number, to: (i: number) => IpAddress, type = 3): number => {
    let sent = 0
    for (let i = 0; i < count; i++) if (limit.permit(to(i), type)) sent++
    return sent
  }
  return { clock, counters, credit, limit, burst }
}

test('a destination gets six at once, then one a second', () => {
  const { clock, counters, burst } = setUp()
  expect(burst(20, () => host(1))).toBe(6)
  expect(counters).toEqual({ IcmpOutRateLimitGlobal: 0, IcmpOutRateLimitHost: 14 })
  clock.advance(999_000)
  expect(burst(20, () => host(1))).toBe(0)
  clock.advance(1000)
  expect(burst(20, () => host(1))).toBe(1)
  clock.advance(60e6)
  expect(burst(20, () => host(1))).toBe(6)
  expect(burst(20, () => host(2))).toBe(6)
})

test('only the types of the mask are limited', () => {
  const { limit, burst } = setUp()
  expect(burst(100, () => host(1), 0)).toBe(100)
  expect(burst(100, () => host(1), 5)).toBe(100)
  expect(burst(100, () => host(1), 129)).toBe(100)
  for (const [i, type] of [3, 4, 11, 12].entries()) expect(burst(100, () => host(i), type)).toBe(6)
  limit.types.mask = 0
  expect(burst(100, () => host(1))).toBe(100)
})

test('the whole host is limited too, by an amount that cannot be told exactly', () => {
  const { clock, counters, burst } = setUp()
  const first = burst(1000, host)
  expect(first).toBeGreaterThan(35)
  expect(first).toBeLessThan(80)
  expect(counters['IcmpOutRateLimitGlobal']).toBe(1000 - first)
  clock.advance(10_000)
  expect(burst(1000, (i) => host(1000 + i))).toBe(0)
  clock.advance(20_000)
  const second = burst(1000, (i) => host(2000 + i))
  expect(second).toBeGreaterThan(15)
  expect(second).toBeLessThan(60)
})

test('what is set before the first message holds for it', () => {
  const { credit, burst } = setUp()
  credit.msgsPerSec = 1_000_000
  credit.msgsBurst = 100_000
  expect(burst(10_000, host)).toBe(10_000)
})

test('without a limit for each destination only the host’s holds', () => {
  const { clock, credit, limit, burst } = setUp()
  limit.ratelimit = 0
  credit.msgsBurst = 1_000_000
  credit.msgsPerSec = 1_000_000
  burst(100, () => host(1))
  clock.advance(1e6)
  expect(burst(5000, () => host(1))).toBe(5000)
})

test('no traffic gets more than its rate and burst allow', () => {
  const step = fc.record({ to: fc.integer({ min: 1, max: 40 }), wait: fc.integer({ min: 0, max: 300_000 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const { clock, limit } = setUp()
      const sent = new Map<number, number>()
      for (const { to, wait } of steps) {
        clock.advance(wait)
        if (limit.permit(host(to), 11)) sent.set(to, (sent.get(to) ?? 0) + 1)
      }
      for (const count of sent.values()) expect(count).toBeLessThanOrEqual(6 + clock.now() / 1e6)
    }),
    { numRuns: 50 },
  )
})

test('both IP versions of a host spend from one credit, which the settings of icmp_msgs bound', () => {
  const host = createFakeHost()
  const credit = errorCredit(host)
  expect(errorCredit(host)).toBe(credit)
  host.set('net.ipv4.icmp_msgs_per_sec', 100)
  host.set('net.ipv4.icmp_msgs_burst', 30)
  const counters: CounterGroup = {}
  const limits = [1, 2].map(
    (secret0) => new ErrorRateLimit({ clock: host.clock, credit, secret0, secret1: 2, types: '1-4', counters }),
  )
  let sent = 0
  for (let i = 0; i < 1000; i++) for (const limit of limits) if (limit.permit(IpAddress.v4(0x0a000000 + i), 3)) sent++
  // Each costs 0 to 2.
  expect(sent).toBeGreaterThanOrEqual(15)
  expect(sent).toBeLessThan(60)
  expect(counters['IcmpOutRateLimitGlobal']).toBe(2000 - sent)
})
