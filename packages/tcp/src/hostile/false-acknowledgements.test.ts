import { describe, expect, test } from 'vitest'
import type { VictimOptions } from './victim.test-support.js'
import { Victim } from './victim.test-support.js'

const MSS = 1000

/** A victim with its first window of ten packets on the way. */
function sending(options: VictimOptions = {}): Victim {
  const victim = new Victim({
    mss: MSS,
    window: 8000,
    ...options,
    settings: { congestion: 'reno', ...options.settings },
  })
  expect(victim.write(60 * MSS)).toBeGreaterThan(20 * MSS)
  expect(victim.c.packetsOut).toBe(10)
  victim.took()
  return victim
}

/** Everything that waits goes out and is acknowledged. */
function drain(victim: Victim): void {
  for (let i = 0; i < 200 && victim.c.sndUna !== victim.c.writeSeq; i++) {
    victim.acknowledge()
    victim.wait(30)
  }
  expect(victim.c.sndUna).toBe(victim.c.writeSeq)
  victim.took()
}

describe('a receiver that lies about what it has', () => {
  test('acknowledging a segment in hundred pieces opens the window no further than in one (RFC 3465)', () => {
    const whole = sending()
    whole.honest({ ack: whole.ack + MSS })
    const divided = sending()
    for (let piece = 1; piece <= 100; piece++) divided.honest({ ack: divided.ack + piece * (MSS / 100) })
    expect(divided.c.cwnd).toBe(whole.c.cwnd)
    expect(divided.c.cwnd).toBe(11)
    // Each acknowledgement brings at most what it makes room for.
    expect(divided.c.packetsOut).toBeLessThanOrEqual(11)
    expect(divided.took()).toHaveLength(whole.took().length)
    expect(divided.tcp.counters.TcpExtTCPDelivered).toBe(whole.tcp.counters.TcpExtTCPDelivered)
    for (const victim of [whole, divided]) {
      drain(victim)
      victim.expectAlive()
      victim.end()
    }
  })

  test('acknowledging what was never sent moves nothing', () => {
    const victim = sending()
    const { c } = victim
    const before = { una: c.sndUna, cwnd: c.cwnd, out: c.packetsOut, window: c.sndWnd }
    for (const ahead of [1, MSS, 100_000, 0x7000_0000]) {
      victim.honest({ ack: (c.sndNxt + ahead) >>> 0, window: 60_000 })
    }
    expect({ una: c.sndUna, cwnd: c.cwnd, out: c.packetsOut, window: c.sndWnd }).toEqual(before)
    // A challenge, by its limit.
    expect(victim.took()).toHaveLength(1)
    expect(victim.tcp.counters.TcpExtTCPDelivered).toBe(0)
    drain(victim)
    victim.expectAlive()
    victim.end()
  })

  test('acknowledging ahead of the data, as it is sent, gains a window for each packet and no more', () => {
    const victim = sending()
    const { c } = victim
    let acked = 0
    for (let i = 0; i < 10; i++) {
      const out = c.packetsOut
      victim.honest({ ack: (c.sndUna + MSS) >>> 0 })
      acked++
      expect(c.cwnd).toBeLessThanOrEqual(10 + acked)
      expect(c.packetsOut).toBeLessThanOrEqual(Math.min(c.cwnd, out + 1))
    }
    drain(victim)
    victim.expectAlive()
    victim.end()
  })

  test('a flood of duplicates inflates nothing: no more arrive than are out (RFC 5681 3.2, RFC 6582)', () => {
    const victim = sending({ sack: false })
    const { c } = victim
    for (let i = 0; i < 500; i++) {
      victim.honest()
      expect(c.sackedOut + c.lostOut).toBeLessThanOrEqual(c.packetsOut)
      expect(c.cwnd).toBeLessThanOrEqual(10)
    }
    const sent = victim.took()
    expect(sent.length).toBeLessThanOrEqual(25)
    expect(c.sndWnd).toBe(8000 << 7)
    // RFC 5681 3.2: one reduction, however many duplicates there are.
    expect(c.ssthresh).toBeGreaterThanOrEqual(5)
    drain(victim)
    victim.expectAlive()
    victim.end()
  })

  test('duplicates of somebody else do not even do that where SACK is agreed: they tell of nothing', () => {
    const victim = sending()
    const { c } = victim
    for (let i = 0; i < 500; i++) victim.honest()
    expect(victim.took()).toEqual([])
    expect(c).toMatchObject({ cwnd: 10, sackedOut: 0, lostOut: 0, packetsOut: 10 })
    drain(victim)
    victim.expectAlive()
    victim.end()
  })

  test('an echo of congestion that was not agreed on is ignored; one that was, counts once a window', () => {
    const victim = sending()
    for (let i = 0; i < 50; i++) victim.honest({ flags: '.E' })
    expect(victim.c.cwnd).toBe(10)
    drain(victim)
    victim.expectAlive()
    victim.end()
  })
})
