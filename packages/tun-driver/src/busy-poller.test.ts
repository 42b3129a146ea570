import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { BusyPoller } from './busy-poller.js'

let looks = 0
let coming = 0
const target = {
  poll: () => {
    looks++
    if (coming === 0) return 0
    coming--
    return 1
  },
}

let time = 0
let waiting: (() => void)[] = []

beforeEach(() => {
  looks = 0
  coming = 0
  time = 0
  waiting = []
  vi.stubGlobal('performance', { now: () => time })
  vi.stubGlobal('setImmediate', (callback: () => void) => waiting.push(callback))
})
afterEach(() => vi.unstubAllGlobals())

/** One turn of the event loop, after a tenth of a millisecond. */
function turn(): void {
  time += 0.1
  for (const callback of waiting.splice(0)) callback()
}

test('a first packet starts nothing; a second soon after it does, for the time that was set', () => {
  const poller = new BusyPoller(target, 1000)
  poller.traffic()
  expect(waiting.length).toBe(0)
  poller.traffic()
  expect(waiting.length).toBe(1)
  for (let i = 0; i < 9; i++) turn()
  expect(waiting.length).toBe(1)
  for (let i = 0; i < 10; i++) turn()
  expect(waiting.length).toBe(0)
  expect(looks).toBeGreaterThan(9 * 8)
  expect(looks).toBeLessThan(20 * 8)
})

test('each packet that is found prolongs it', () => {
  const poller = new BusyPoller(target, 1000)
  poller.traffic()
  poller.traffic()
  for (let i = 0; i < 100; i++) {
    if (i % 5 === 0) coming = 1
    turn()
    expect(waiting.length).toBe(1)
  }
})

test('packets far apart start nothing', () => {
  const poller = new BusyPoller(target, 1000)
  for (let i = 0; i < 10; i++) {
    poller.traffic()
    time += 3
  }
  expect(looks).toBe(0)
})

test('it ends when it is closed, and never starts with a time of 0', () => {
  const poller = new BusyPoller(target, 1000)
  poller.traffic()
  poller.traffic()
  poller.close()
  turn()
  expect(waiting.length).toBe(0)
  expect(looks).toBe(0)
  const off = new BusyPoller(target, 0)
  off.traffic()
  off.traffic()
  expect(waiting.length).toBe(0)
})
