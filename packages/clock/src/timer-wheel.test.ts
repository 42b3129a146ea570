import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TimerWheel, WheelTimer } from './timer-wheel.js'

const host = { now: () => 0, armed() {}, cancelled() {} }

function timerOf(wheel: TimerWheel): WheelTimer {
  return new WheelTimer(wheel, host, () => {}, false)
}

/** Ticks near and far, and close to the borders of levels and of the two parts of a time. */
const tick = fc.oneof(
  fc.nat(100),
  fc.nat(100_000),
  fc.integer({ min: 0, max: 2 ** 45 }),
  fc.integer({ min: 0, max: 9 }).chain((level) => fc.integer({ min: -2, max: 2 }).map((d) => 2 ** (5 * level + 5) + d)),
)

describe('timer wheel', () => {
  test('timers come due by deadline, those of one tick in the order they were armed', () => {
    fc.assert(
      fc.property(
        fc.nat(2 ** 27),
        fc.array(
          fc.record({ after: tick, fraction: fc.constantFrom(0, 0.25), advance: fc.nat(3000), cancel: fc.nat(5) }),
          {
            maxLength: 60,
          },
        ),
        (start, script) => {
          const wheel = new TimerWheel(start)
          const armed: { timer: WheelTimer; order: number }[] = []
          let time = start
          let order = 0
          const due: WheelTimer[] = []
          const expected: WheelTimer[] = []
          const advance = (to: number) => {
            const over = armed.filter((entry) => entry.timer.tick <= to)
            over.sort((x, y) => x.timer.tick - y.timer.tick || x.order - y.order)
            for (const entry of over) {
              expected.push(entry.timer)
              armed.splice(armed.indexOf(entry), 1)
            }
            wheel.collect(to)
            time = to
            for (let timer = wheel.takeDue(); timer !== null; timer = wheel.takeDue()) due.push(timer)
          }
          for (const step of script) {
            const timer = timerOf(wheel)
            timer.set(time + step.after - step.fraction)
            expect(timer.tick).toBe(Math.max(time, Math.ceil(timer.deadline)))
            armed.push({ timer, order: order++ })
            if (step.cancel === 0) {
              const [victim] = armed.splice(armed.length >> 1, 1)
              victim?.timer.cancel()
              expect(victim?.timer.armed).toBe(false)
            }
            const earliest = Math.min(Infinity, ...armed.map((entry) => entry.timer.tick))
            expect(wheel.nextTick(Infinity)).toBe(earliest)
            expect(wheel.nextTick(0)).toBeLessThanOrEqual(earliest)
            if (earliest - time < step.advance) expect(wheel.approach(time + step.advance)).toBe(earliest)
            advance(time + step.advance)
            expect(wheel.time).toBe(time)
          }
          advance(2 ** 52)
          expect(due.length).toBe(expected.length)
          expect(due.every((timer, i) => timer === expected[i])).toBe(true)
          expect(armed).toEqual([])
          expect(wheel.nextTick(Infinity)).toBe(Infinity)
        },
      ),
    )
  })

  test('a due timer that is cancelled or armed anew does not come up', () => {
    const wheel = new TimerWheel(0)
    const timers = [timerOf(wheel), timerOf(wheel), timerOf(wheel)] as const
    for (const timer of timers) timer.set(5)
    wheel.collect(7)
    timers[1].cancel()
    timers[2].set(6)
    expect(wheel.takeDue()).toBe(timers[0])
    expect(wheel.takeDue()).toBe(null)
    expect(timers[2].armed).toBe(true)
    wheel.collect(7)
    expect(wheel.takeDue()).toBe(timers[2])
  })

  test('takes deadlines up to 2^53 - 1 and refuses what is no time', () => {
    const wheel = new TimerWheel(123)
    const timer = timerOf(wheel)
    timer.set(Number.MAX_SAFE_INTEGER)
    expect(wheel.nextTick(1)).toBe(Number.MAX_SAFE_INTEGER)
    wheel.collect(Number.MAX_SAFE_INTEGER - 1)
    expect(wheel.takeDue()).toBe(null)
    wheel.collect(Number.MAX_SAFE_INTEGER)
    expect(wheel.takeDue()).toBe(timer)
    for (const wrong of [Number.NaN, Infinity, 2 ** 53]) expect(() => timer.set(wrong)).toThrow(/2\^53/)
    expect(timer.armed).toBe(false)
  })
})
