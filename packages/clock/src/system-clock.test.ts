import { describe, expect, test } from 'vitest'
import type { Task } from './clock.js'
import { createSystemClock } from './system-clock.js'

describe('system clock', () => {
  test('goes forward, and its wall time is that of the host', () => {
    const clock = createSystemClock()
    let last = clock.now()
    for (let i = 0; i < 1000; i++) {
      const now = clock.now()
      expect(now).toBeGreaterThanOrEqual(last)
      last = now
    }
    expect(Math.abs(clock.wallTime() - Date.now() * 1000)).toBeLessThan(60_000_000)
  })

  test('runs timers in order, never before their time, inside the loop', async () => {
    const clock = createSystemClock()
    const log: string[] = []
    const task: Task = { queued: false, run: () => log.push('task') }
    const cancelled = clock.createTimer(() => log.push('cancelled'))
    await new Promise<void>((resolve) => {
      const third = clock.createTimer(() => {
        log.push('third')
        resolve()
      })
      const early = clock.createTimer(() => {
        expect(clock.now()).toBeGreaterThanOrEqual(early.deadline)
        log.push('early')
        cancelled.cancel()
        third.setAfter(0)
        clock.loop.defer(task)
        expect(log).not.toContain('task')
      })
      const late = clock.createTimer(() => log.push('late'))
      late.setAfter(3000)
      early.setAfter(2000.5)
      cancelled.setAfter(3000)
      third.setAfter(1e12)
    })
    expect(log.filter((entry) => entry !== 'late')).toEqual(['early', 'task', 'third'])
  })

  test('a timer in the past waits for a turn of its own', async () => {
    const clock = createSystemClock()
    let inside = true
    await new Promise<void>((resolve, reject) => {
      const timer = clock.createTimer(() => (inside ? reject(new Error('called at once')) : resolve()))
      timer.set(clock.now() - 1000)
      inside = false
    })
  })

  test('what is deferred outside of any call runs soon', async () => {
    const clock = createSystemClock()
    let runs = 0
    const task: Task = { queued: false, run: () => runs++ }
    clock.loop.defer(task)
    expect(runs).toBe(0)
    await Promise.resolve()
    expect(runs).toBe(1)
    clock.loop.defer(task)
    clock.loop.enter()
    clock.loop.leave()
    expect(runs).toBe(2)
    await Promise.resolve()
    expect(runs).toBe(2)
  })

  test('endless deferred work leaves the event loop its turn', async () => {
    const clock = createSystemClock()
    let stop = false
    let runs = 0
    const endless: Task = {
      queued: false,
      run() {
        runs++
        if (!stop) clock.loop.defer(endless)
      },
    }
    clock.loop.enter()
    clock.loop.defer(endless)
    clock.loop.leave()
    const before = runs
    await new Promise<void>((resolve) => setTimeout(resolve, 20))
    stop = true
    await new Promise<void>((resolve) => setTimeout(resolve, 20))
    expect(runs).toBeGreaterThan(before)
    expect(endless.queued).toBe(false)
  })

  test('only timers that are not background keep a program alive', () => {
    // The host's timer is the only thing to look at; browsers give numbers, which keep nothing alive.
    const original = globalThis.setTimeout
    const refs: string[] = []
    const handles: { ref(): void; unref(): void }[] = []
    const fake = () => {
      const id = handles.length
      const handle = { ref: () => refs.push(`ref${id}`), unref: () => refs.push(`unref${id}`) }
      handles.push(handle)
      return handle
    }
    const originalClear = globalThis.clearTimeout
    Object.assign(globalThis, { setTimeout: fake, clearTimeout: () => refs.push('clear') })
    try {
      const clock = createSystemClock()
      const background = clock.createTimer(() => {}, { background: true })
      const work = clock.createTimer(() => {})
      background.setAfter(1e6)
      expect(refs).toEqual(['unref0'])
      work.setAfter(2e6)
      expect(refs).toEqual(['unref0', 'ref0'])
      work.cancel()
      expect(refs).toEqual(['unref0', 'ref0', 'unref0'])
      work.setAfter(5e5)
      expect(refs.slice(3)).toEqual(['ref0', 'clear'])
      expect(handles.length).toBe(2)
    } finally {
      Object.assign(globalThis, { setTimeout: original, clearTimeout: originalClear })
    }
  })
})
