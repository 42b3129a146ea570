import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Task } from './clock.js'
import { createVirtualClock } from './virtual-clock.js'

describe('virtual clock', () => {
  test('time stands still until it is moved, and the wall follows it', () => {
    const clock = createVirtualClock({ start: 10, epoch: 1_000_000 })
    expect(clock.now()).toBe(10)
    clock.advance(5.5)
    expect(clock.now()).toBe(15.5)
    expect(clock.wallTime()).toBe(1_000_015.5)
    clock.advanceTo(20)
    expect(clock.now()).toBe(20)
    expect(() => clock.advance(-1)).toThrow(RangeError)
    expect(() => clock.advance(Number.NaN)).toThrow(RangeError)
    expect(() => clock.advanceTo(19)).toThrow(/from there/)
    expect(() => clock.advanceTo(Infinity)).toThrow(RangeError)
    expect(() => createVirtualClock({ start: -1 })).toThrow(RangeError)
    expect(() => createVirtualClock({ epoch: Number.NaN })).toThrow(RangeError)
  })

  test('now() is the deadline while a timer runs, rounded up to a microsecond', () => {
    const clock = createVirtualClock()
    const seen: number[] = []
    const day = 86_400_000_000
    for (const deadline of [7, 3.2, 1e6, 400 * day, 0]) clock.createTimer(() => seen.push(clock.now())).set(deadline)
    clock.advance(500 * day)
    expect(seen).toEqual([0, 4, 7, 1e6, 400 * day])
    expect(clock.now()).toBe(500 * day)
  })

  test('advance in any steps runs the same timers at the same times', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(100_000), { maxLength: 30 }),
        fc.array(fc.nat(20_000), { maxLength: 20 }),
        (delays, steps) => {
          const run = (advances: number[]) => {
            const clock = createVirtualClock({ start: 31 })
            const log: string[] = []
            delays.forEach((delay, i) => {
              const timer = clock.createTimer(() => {
                log.push(`${i}@${clock.now()}`)
                if (clock.now() < 60_000) timer.setAfter(delay >> 1)
              })
              // Half of a delay comes down to 0 here, which would never move time on.
              timer.setAfter(delay + 2)
              if (delay < 2) timer.cancel()
            })
            for (const advance of advances) clock.advance(advance)
            clock.advanceTo(500_000)
            return log
          }
          expect(run(steps)).toEqual(run([]))
        },
      ),
    )
  })

  test('a timer may cancel and re-arm others of its instant, and itself', () => {
    const clock = createVirtualClock()
    const log: string[] = []
    const b = clock.createTimer(() => log.push(`b${clock.now()}`))
    const c = clock.createTimer(() => log.push(`c${clock.now()}`))
    let times = 0
    const a = clock.createTimer(() => {
      log.push(`a${clock.now()}`)
      b.cancel()
      c.setAfter(10)
      if (times++ < 2) a.setAfter(0)
    })
    a.set(5)
    b.set(5)
    c.set(5)
    expect([a.armed, a.deadline]).toEqual([true, 5])
    clock.advanceTo(30)
    expect(log).toEqual(['a5', 'a5', 'a5', 'c15'])
    expect([a.armed, b.armed, c.armed]).toEqual([false, false, false])
  })

  test('what a timer defers runs at its instant, after the timers of that instant', () => {
    const clock = createVirtualClock()
    const log: string[] = []
    const task: Task = { queued: false, run: () => log.push(`task${clock.now()}`) }
    clock.createTimer(() => clock.loop.defer(task)).set(5)
    clock.createTimer(() => log.push('timer5')).set(5)
    clock.createTimer(() => log.push('timer6')).set(6)
    clock.advance(10)
    expect(log).toEqual(['timer5', 'task5', 'timer6'])
  })

  test('what is deferred outside waits for the clock to move, or for the next call', () => {
    const clock = createVirtualClock()
    let runs = 0
    const task: Task = { queued: false, run: () => runs++ }
    clock.loop.defer(task)
    expect(runs).toBe(0)
    clock.advance(0)
    expect(runs).toBe(1)
    clock.loop.defer(task)
    expect(clock.step()).toBe(true)
    clock.loop.defer(task)
    expect(clock.runUntilIdle()).toBe(1)
    expect(runs).toBe(3)
  })

  test('step jumps from expiry to expiry, and nextDeadline shows where to', () => {
    const clock = createVirtualClock()
    expect(clock.nextDeadline()).toBe(Infinity)
    expect(clock.step()).toBe(false)
    const log: number[] = []
    clock.createTimer(() => log.push(1), { background: true }).set(100.5)
    clock.createTimer(() => log.push(2)).set(70_000)
    expect(clock.nextDeadline()).toBe(101)
    expect(clock.now()).toBe(0)
    expect(clock.step()).toBe(true)
    expect(clock.now()).toBe(101)
    expect(clock.nextDeadline()).toBe(70_000)
    expect(clock.step()).toBe(true)
    expect(clock.step()).toBe(false)
    expect([clock.now(), ...log]).toEqual([70_000, 1, 2])
  })

  test('a timer set before one that nextDeadline or advance looked at still comes first', () => {
    const clock = createVirtualClock()
    const log: number[] = []
    clock.createTimer(() => log.push(5000)).set(5000)
    expect(clock.nextDeadline()).toBe(5000)
    clock.advance(1)
    clock.createTimer(() => log.push(40)).set(40)
    expect(clock.nextDeadline()).toBe(40)
    clock.runUntilIdle()
    expect(log).toEqual([40, 5000])
  })

  test('runUntilIdle runs background timers on the way but does not wait for them', () => {
    const clock = createVirtualClock()
    const log: string[] = []
    const keeper = clock.createTimer(
      () => {
        log.push(`background${clock.now()}`)
        keeper.setAfter(40)
      },
      { background: true },
    )
    keeper.set(40)
    clock.createTimer(() => log.push(`work${clock.now()}`)).set(100)
    const cancelled = clock.createTimer(() => log.push('never'))
    cancelled.set(500)
    cancelled.cancel()
    expect(clock.runUntilIdle()).toBe(3)
    expect(log).toEqual(['background40', 'background80', 'work100'])
    expect(clock.now()).toBe(100)
    expect(clock.runUntilIdle()).toBe(0)
  })

  test('a livelock is named: too many events, or time that does not move on', () => {
    const clock = createVirtualClock()
    const ticker = clock.createTimer(() => ticker.setAfter(1))
    ticker.setAfter(1)
    expect(() => clock.runUntilIdle({ limit: 1000 })).toThrow(/livelock: not idle after 1001 events/)
    expect(() => clock.runUntilIdle({ limit: 0 })).toThrow(RangeError)
    ticker.cancel()
    const stuck = clock.createTimer(() => stuck.setAfter(0))
    stuck.setAfter(0)
    expect(() => clock.runUntilIdle()).toThrow(/livelock.*time does not move on/)
    expect(() => clock.advance(1)).toThrow(/livelock/)
    stuck.cancel()
    const endless: Task = { queued: false, run: () => clock.loop.defer(endless) }
    clock.loop.defer(endless)
    expect(() => clock.step() && clock.runUntilIdle()).toThrow(/livelock/)
  })

  test('a timer that throws loses no other and leaves the clock usable', () => {
    const clock = createVirtualClock()
    const log: string[] = []
    clock
      .createTimer(() => {
        throw new Error('fault')
      })
      .set(5)
    clock.createTimer(() => log.push('b')).set(5)
    clock.createTimer(() => log.push('c')).set(6)
    expect(() => clock.advance(10)).toThrow('fault')
    expect(log).toEqual(['b'])
    expect(clock.now()).toBe(5)
    clock.advance(10)
    expect(log).toEqual(['b', 'c'])
  })

  test('refuses to be moved from inside', () => {
    const clock = createVirtualClock()
    const inside: unknown[] = []
    clock
      .createTimer(() => {
        for (const move of [() => clock.advance(1), () => clock.step(), () => clock.runUntilIdle()]) {
          expect(move).toThrow(/from inside/)
          inside.push(move)
        }
      })
      .setAfter(1)
    clock.runUntilIdle()
    expect(inside.length).toBe(3)
  })
})
