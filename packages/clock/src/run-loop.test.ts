import { describe, expect, test } from 'vitest'
import type { Task } from './clock.js'
import { DRAIN_BUDGET, TaskLoop } from './run-loop.js'

function setup() {
  const calls = { outside: 0, spent: 0 }
  const loop = new TaskLoop({ deferredOutside: () => calls.outside++, budgetSpent: () => calls.spent++ })
  const log: string[] = []
  const task = (name: string, body: () => void = () => {}): Task => ({
    queued: false,
    run() {
      log.push(name)
      body()
    },
  })
  return { loop, calls, log, task }
}

describe('run loop', () => {
  test('runs tasks in order when the outermost call ends, those they defer too', () => {
    const { loop, log, task } = setup()
    const late = task('late')
    loop.enter()
    loop.defer(task('first', () => loop.defer(late)))
    loop.enter()
    loop.defer(task('second'))
    loop.leave()
    expect(log).toEqual([])
    loop.leave()
    expect(log).toEqual(['first', 'second', 'late'])
    expect(loop.tasksRun).toBe(3)
    expect(loop.pending).toBe(false)
  })

  test('queues a task once, and again from its own run', () => {
    const { loop, log, task } = setup()
    let again = true
    const one = task('one', () => {
      if (again) loop.defer(one)
      again = false
    })
    loop.enter()
    loop.defer(one)
    loop.defer(one)
    loop.leave()
    expect(log).toEqual(['one', 'one'])
  })

  test('says so when a task is deferred outside of any call', () => {
    const { loop, calls, log, task } = setup()
    loop.defer(task('a'))
    loop.defer(task('b'))
    expect(calls.outside).toBe(1)
    expect(log).toEqual([])
    loop.enter()
    loop.leave()
    expect(log).toEqual(['a', 'b'])
  })

  test('stops at its budget, asks to be called again and goes on then', () => {
    const { loop, calls, task } = setup()
    let runs = 0
    const endless = task('', () => {
      runs++
      loop.defer(endless)
    })
    loop.enter()
    loop.defer(endless)
    loop.leave()
    expect(runs).toBe(DRAIN_BUDGET)
    expect(calls.spent).toBe(1)
    expect(loop.pending).toBe(true)
    expect(loop.active).toBe(false)
    loop.enter()
    loop.leave()
    expect(runs).toBe(2 * DRAIN_BUDGET)
  })

  test('a task that throws loses no other; the error comes out of the outermost leave', () => {
    const { loop, log, task } = setup()
    const fault = new Error('fault')
    const fail = () => {
      loop.enter()
      throw fault
    }
    loop.enter()
    loop.defer(task('a', fail))
    loop.defer(task('b'))
    expect(() => loop.leave()).toThrow(fault)
    expect(log).toEqual(['a', 'b'])
    expect(loop.active).toBe(false)
    loop.enter()
    loop.defer(task('c', fail))
    loop.defer(task('d', fail))
    loop.defer(task('e'))
    expect(() => loop.leave()).toThrow(AggregateError)
    expect(log.slice(2)).toEqual(['c', 'd', 'e'])
    loop.enter()
    loop.leave()
  })

  test('refuses a leave without an enter', () => {
    const { loop, task } = setup()
    expect(() => loop.leave()).toThrow(/matching/)
    loop.enter()
    loop.defer(task('a', () => loop.leave()))
    expect(() => loop.leave()).toThrow(/matching/)
  })

  test('keeps the order while its ring grows', () => {
    const { loop, log, task } = setup()
    const names = Array.from({ length: 300 }, (_, i) => `${i}`)
    loop.enter()
    for (const name of names.slice(0, 40)) loop.defer(task(name))
    loop.leave()
    loop.enter()
    for (const name of names.slice(40)) loop.defer(task(name))
    loop.leave()
    expect(log).toEqual(names)
  })
})
