import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MaxFilter } from './max-filter.js'

test('the maximum lasts for the window, then the best since takes its place', () => {
  const filter = new MaxFilter()
  filter.reset(0, 0)
  filter.update(10, 1, 100)
  for (let round = 2; round <= 11; round++) {
    filter.update(10, round, round)
    expect(filter.value).toBe(100)
  }
  filter.update(10, 12, 5)
  expect(filter.value).toBeLessThan(100)
  expect(filter.value).toBeGreaterThanOrEqual(5)
})

test('is never below the last value, nor above the largest of the window', () => {
  const step = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 1000 }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const filter = new MaxFilter()
      filter.reset(0, 0)
      let round = 0
      const seen: [number, number][] = []
      for (const [rounds, value] of steps) {
        round += rounds
        seen.push([round, value])
        filter.update(10, round, value)
        const recent = seen.filter(([at]) => round - at <= 10).map(([, each]) => each)
        expect(filter.value).toBeGreaterThanOrEqual(value)
        expect(filter.value).toBeLessThanOrEqual(Math.max(...recent))
      }
    }),
  )
})
