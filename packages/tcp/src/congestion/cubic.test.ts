import { describe, expect, test } from 'vitest'
import { CA_LOSS } from '../state.js'
import { EVENT_TX_START } from './congestion-control.js'
import { type CubicState, cubic } from './cubic.js'
import { Window } from './window.test-support.js'

const RTT = 100_000

function state(window: Window): CubicState {
  return window.c.congestionState as CubicState
}

/** W(t) of RFC 9438 4.2, t in seconds. */
function wCubic(t: number, wMax: number, k: number): number {
  return 0.4 * (t - k) ** 3 + wMax
}

describe('CUBIC', () => {
  test('multiplies by 0.7 on loss', () => {
    const window = new Window(cubic, 100)
    window.lose()
    expect(window.c).toMatchObject({ cwnd: 70, ssthresh: 70 })
    expect(state(window).lastMax).toBe(100)
  })

  test('K is the time after which the old window is reached again (RFC 9438 4.2)', () => {
    const window = new Window(cubic, 100)
    window.lose()
    window.round(RTT)
    expect(state(window).k / 1024).toBeCloseTo(Math.cbrt((100 - 70) / 0.4), 1)
  })

  test('follows W(t): concave up to the old window, then convex', () => {
    const window = new Window(cubic, 200)
    window.lose()
    const k = Math.cbrt((200 - 140) / 0.4)
    for (let round = 1; round <= 100; round++) {
      window.round(RTT)
      const t = (round * RTT) / 1_000_000
      // The window aims at where the curve is a round trip later, and gets there by whole packets.
      expect(window.c.cwnd).toBeGreaterThan(wCubic(t, 200, k) * 0.97 - 1)
      expect(window.c.cwnd).toBeLessThan(wCubic(t + 0.1, 200, k) * 1.03 + 1)
    }
  })

  test('is no slower than NewReno with the same loss rate where round trips are short (RFC 9438 4.3)', () => {
    const window = new Window(cubic, 100)
    window.lose()
    for (let round = 0; round < 40; round++) window.round(1000)
    // W_est grows by 3 (1 - 0.7) / (1 + 0.7) in a round trip.
    expect(window.c.cwnd).toBeGreaterThanOrEqual(Math.floor(70 + 40 * 0.529 * 0.9))
    expect(window.c.cwnd).toBeLessThanOrEqual(70 + 40 * 0.6 + 1)
  })

  test('fast convergence: a loss below the former one makes room for others (RFC 9438 4.7)', () => {
    const window = new Window(cubic, 100)
    window.lose()
    window.lose()
    expect(window.c.cwnd).toBe(49)
    expect(state(window).lastMax).toBe(Math.floor((70 * 1.7) / 2))
  })

  test('grows by at least 5 % in a round trip while no loss was seen', () => {
    const window = new Window(cubic, 100)
    window.c.ssthresh = 100
    window.round(RTT)
    expect(window.c.cwnd).toBeGreaterThanOrEqual(104)
    expect(window.c.cwnd).toBeLessThanOrEqual(106)
  })

  test('time without data does not count', () => {
    const [busy, idle] = [new Window(cubic, 200), new Window(cubic, 200)]
    for (const window of [busy, idle]) {
      window.lose()
      for (let round = 0; round < 20; round++) window.round(RTT)
    }
    expect(idle.c.cwnd).toBe(busy.c.cwnd)
    idle.c.lastSent = idle.c.tcp.now
    idle.wait(60_000_000)
    cubic.event?.(idle.c, EVENT_TX_START)
    for (const window of [busy, idle]) window.round(RTT)
    expect(Math.abs(idle.c.cwnd - busy.c.cwnd)).toBeLessThanOrEqual(1)
  })

  test('a timeout forgets the curve', () => {
    const window = new Window(cubic, 100)
    window.lose()
    window.round(RTT)
    cubic.setState?.(window.c, CA_LOSS)
    expect(state(window).delayMin).toBe(0)
    expect(state(window).curve).toMatchObject({ lastMax: 0, k: 0, inEpoch: false })
  })
})

describe('classic HyStart', () => {
  test('ends slow start when the round trip of a round has risen by an eighth', () => {
    const window = new Window(cubic, 20)
    window.round(RTT)
    expect(window.c.ssthresh).toBe(0x7fff_ffff)
    window.round(RTT, RTT + 11_000)
    expect(window.c.ssthresh).toBe(0x7fff_ffff)
    // 12.5 ms are the threshold.
    window.round(RTT, RTT + 13_000)
    expect(window.c.ssthresh).toBeLessThan(200)
    expect(window.counters.TcpExtTCPHystartDelayDetect).toBe(1)
    expect(window.counters.TcpExtTCPHystartDelayCwnd).toBe(window.c.ssthresh)
  })

  test('is not disturbed by 4 ms more, whatever the round trip', () => {
    const window = new Window(cubic, 20)
    window.round(5000)
    window.round(5000, 8900)
    expect(window.counters.TcpExtTCPHystartDelayDetect).toBe(0)
  })

  test('ends slow start when a train of acknowledgements lasts for half a round trip', () => {
    const window = new Window(cubic, 200)
    // A packet every half millisecond, all in one train.
    window.round(RTT)
    expect(window.counters.TcpExtTCPHystartTrainDetect).toBe(1)
    // After 50 ms: a hundred packets had been acknowledged.
    expect(window.c.ssthresh).toBeGreaterThanOrEqual(300)
    expect(window.c.ssthresh).toBeLessThanOrEqual(303)
  })

  test('leaves small windows alone, and can be off', () => {
    const small = new Window(cubic, 4)
    small.round(RTT, RTT)
    small.round(RTT, RTT * 3)
    expect(small.c.cwnd).toBe(16)
    expect(small.counters.TcpExtTCPHystartDelayDetect).toBe(0)
    const off = new Window(cubic, 200, { hystart: 0 })
    off.round(RTT)
    off.round(RTT, RTT * 2)
    expect(off.c.cwnd).toBe(800)
  })
})

describe('HyStart++ (RFC 9406)', () => {
  const settings = { hystart: 2 }

  test('a delay that stays leads through five conservative rounds to congestion avoidance', () => {
    const window = new Window(cubic, 16, settings)
    window.round(RTT)
    window.round(RTT)
    expect(window.c.cwnd).toBe(64)
    const seen: number[] = []
    for (let round = 0; round < 6; round++) {
      window.round(RTT, RTT + 13_000)
      seen.push(window.c.cwnd)
    }
    // The first rounds grow by a quarter of what slow start would.
    expect(seen[1]).toBeCloseTo((seen[0] as number) * 1.25, -1)
    expect(seen[2]).toBeCloseTo((seen[1] as number) * 1.25, -1)
    expect(window.c.ssthresh).toBeLessThan(0x7fff_ffff)
  })

  test('a delay that goes again lets slow start go on', () => {
    const window = new Window(cubic, 16, settings)
    window.round(RTT)
    window.round(RTT)
    window.round(RTT, RTT + 13_000)
    const before = window.c.cwnd
    window.round(RTT, RTT)
    window.round(RTT, RTT)
    expect(window.c.cwnd).toBeGreaterThan(before * 3)
    expect(window.c.ssthresh).toBe(0x7fff_ffff)
  })

  test('an acknowledgement of many packets counts for eight', () => {
    const window = new Window(cubic, 32, settings)
    window.round(RTT, RTT, 32)
    expect(window.c.cwnd).toBe(40)
  })

  test('is for the first slow start only', () => {
    const window = new Window(cubic, 64, settings)
    window.lose()
    window.c.cwnd = 16
    window.round(RTT)
    window.round(RTT, RTT * 2)
    expect(window.c.cwnd).toBeGreaterThanOrEqual(44)
    expect(window.c.ssthresh).toBe(44)
  })
})
