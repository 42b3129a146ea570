import { describe, expect, test } from 'vitest'
import { newReno } from './new-reno.js'
import { Window } from './window.test-support.js'

describe('NewReno', () => {
  test('doubles in each round trip of slow start (RFC 5681 3.1)', () => {
    const window = new Window(newReno, 10)
    const seen = [10]
    for (let i = 0; i < 5; i++) {
      window.round(100_000)
      seen.push(window.c.cwnd)
    }
    expect(seen).toEqual([10, 20, 40, 80, 160, 320])
  })

  test('halves on loss, then grows by one packet in each round trip', () => {
    const window = new Window(newReno, 40)
    window.lose()
    const seen = [window.c.cwnd]
    for (let i = 0; i < 4; i++) {
      window.round(100_000)
      seen.push(window.c.cwnd)
    }
    expect(seen).toEqual([20, 21, 22, 23, 24])
  })

  test('slow start ends at the threshold within one acknowledgement', () => {
    const window = new Window(newReno, 10)
    window.c.ssthresh = 12
    newReno.avoid(window.c, 0, 8)
    // Two to the threshold; the six that are left are half of a packet.
    expect(window.c).toMatchObject({ cwnd: 12, cwndCount: 6 })
  })

  test('does not grow where the window was not what held the sender back', () => {
    const window = new Window(newReno, 10)
    window.c.cwndLimited = false
    window.c.maxPacketsOut = 5
    newReno.avoid(window.c, 0, 5)
    expect(window.c.cwnd).toBe(10)
    window.c.maxPacketsOut = 6
    newReno.avoid(window.c, 0, 5)
    expect(window.c.cwnd).toBe(15)
  })

  test('never passes the clamp, never falls below two', () => {
    const window = new Window(newReno, 10)
    window.c.cwndClamp = 15
    window.round(1000)
    expect(window.c.cwnd).toBe(15)
    window.c.cwnd = 3
    expect(newReno.slowStartThreshold(window.c)).toBe(2)
  })

  test('a recovery that was in vain gives the window back', () => {
    const window = new Window(newReno, 10)
    window.c.priorCwnd = 30
    expect(newReno.undoWindow(window.c)).toBe(30)
    window.c.cwnd = 40
    expect(newReno.undoWindow(window.c)).toBe(40)
  })
})
