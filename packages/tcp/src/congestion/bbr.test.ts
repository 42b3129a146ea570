import { describe, expect, test } from 'vitest'
import { MSS, Sender } from '../recovery/sender.test-support.js'
import { CA_LOSS, CA_RECOVERY } from '../state.js'
import { bbr } from './bbr.js'
import { type BbrState, BW_UNIT, DRAIN, HIGH_GAIN, NO_RTT, PROBE_BW, PROBE_RTT, STARTUP } from './bbr-state.js'
import { EVENT_TX_START } from './congestion-control.js'

/** A path of one bottleneck with as much queue as is wanted; the peer acknowledges every packet. */
class Path {
  readonly sender: Sender
  readonly state: BbrState
  /** Packets that wait at the bottleneck, at most. */
  deepest = 0
  private readonly packetTime: number
  private readonly delay: number
  private free = 0
  private readonly acks: { at: number; ack: number }[] = []
  private written = 0
  private acked = 0

  /**
   * @param rate packets per second
   * @param rtt milliseconds
   */
  constructor(rate: number, rtt: number) {
    this.packetTime = 1000 / rate
    this.delay = rtt
    this.sender = new Sender({ congestion: bbr, cwnd: 10 })
    // The scoreboard is checked elsewhere; here there are tens of thousands of packets.
    this.sender.check = () => {}
    this.state = this.sender.c.congestionState as BbrState
  }

  get time(): number {
    return this.sender.host.clock.now() / 1000
  }

  /** Bytes acknowledged. */
  get delivered(): number {
    return this.acked
  }

  /** Lets a sender that always has data run for so many milliseconds; `each` is called every half of one. */
  run(milliseconds: number, each: () => void = () => {}): void {
    const end = this.time + milliseconds
    while (this.time < end - 0.1) {
      // Enough to write at all times.
      if (this.written - this.acked < 400 * MSS) {
        this.written += 50 * MSS
        this.sender.write(50 * MSS)
      }
      this.take()
      this.sender.wait(0.5)
      this.take()
      for (let next = this.acks[0]; next !== undefined && next.at <= this.time; next = this.acks[0]) {
        this.acks.shift()
        this.acked = next.ack
        this.sender.ack(next.ack)
      }
      each()
    }
  }

  private take(): void {
    for (const { end } of this.sender.sent()) {
      this.free = Math.max(this.free, this.time) + this.packetTime
      this.deepest = Math.max(this.deepest, (this.free - this.time) / this.packetTime)
      this.acks.push({ at: this.free + this.delay, ack: end })
    }
  }
}

describe('BBR', () => {
  test('begins in STARTUP, paced at 2.89 windows in a round trip', () => {
    const sender = new Sender({ congestion: bbr, cwnd: 10 })
    const state = sender.c.congestionState as BbrState
    expect(state).toMatchObject({ mode: STARTUP, minRtt: NO_RTT, pacingGain: HIGH_GAIN })
    // Nothing was measured: a millisecond is taken.
    expect(sender.c.pacingRate).toBeCloseTo(10 * MSS * 1000 * (HIGH_GAIN / 256) * 0.99, -4)
    expect(bbr.sendBufferExpand?.(sender.c)).toBe(3)
  })

  test('finds the bandwidth and the round trip of a path, and fills it without much of a queue', () => {
    const path = new Path(1000, 50)
    const { c } = path.sender
    const modes = new Set<number>()
    path.run(3000, () => modes.add(path.state.mode))
    expect([...modes]).toEqual([STARTUP, DRAIN, PROBE_BW])
    expect(path.state.fullReached).toBe(true)
    // Packets per microsecond.
    const rate = path.state.bandwidth.value / BW_UNIT
    expect(rate).toBeGreaterThan(0.00097)
    expect(rate).toBeLessThan(0.00108)
    expect(path.state.minRtt).toBeGreaterThanOrEqual(50_000)
    expect(path.state.minRtt).toBeLessThan(53_000)
    // Two bandwidth-delay products, and what is allowed for large packets.
    expect(c.cwnd).toBeGreaterThan(95)
    expect(c.cwnd).toBeLessThan(125)
    path.deepest = 0
    const before = path.delivered
    path.run(2000)
    // Above nine tenths of the path, with less than half a product in the queue.
    expect(path.delivered - before).toBeGreaterThan(2000 * MSS * 0.9)
    expect(path.deepest).toBeLessThan(30)
  })

  test('goes through its cycle of gains', () => {
    const path = new Path(1000, 40)
    path.run(3000)
    const gains = new Set<number>()
    path.run(1500, () => gains.add(path.state.pacingGain))
    expect([...gains].sort((a, b) => a - b)).toEqual([192, 256, 320])
  })

  test('after ten seconds without a shorter round trip brings the flight down to four packets for 200 ms', () => {
    const path = new Path(1000, 40)
    path.run(9000)
    const windows: number[] = []
    let length = 0
    const before = path.sender.c.cwnd
    path.run(3500, () => {
      if (path.state.mode !== PROBE_RTT) return
      windows.push(path.sender.c.cwnd)
      length += 0.5
    })
    expect(length).toBeGreaterThanOrEqual(200)
    expect(length).toBeLessThan(400)
    expect(Math.min(...windows)).toBe(4)
    expect(path.state.mode).toBe(PROBE_BW)
    expect(path.sender.c.cwnd).toBeGreaterThanOrEqual(before - 10)
  })

  test('after a pause in which the sender had nothing it does not probe at once', () => {
    const path = new Path(1000, 40)
    path.run(3000)
    const { c } = path.sender
    c.appLimited = 1
    path.state.mode = PROBE_BW
    bbr.event?.(c, EVENT_TX_START)
    expect(path.state).toMatchObject({ idleRestart: true, ackEpochAcked: 0 })
    expect(c.pacingRate).toBeCloseTo((path.state.bandwidth.value / BW_UNIT) * 1_000_000 * MSS * 0.99, -4)
  })

  test('loss keeps as many packets in flight as arrive for a round, then the window is what it was', () => {
    const path = new Path(1000, 50)
    path.run(3000)
    const { c } = path.sender
    const { state } = path
    expect(bbr.slowStartThreshold(c)).toBe(c.ssthresh)
    expect(state.priorCwnd).toBe(c.cwnd)
    const before = c.cwnd
    const sample = {
      delivered: 1,
      interval: 1000,
      priorDelivered: (c.delivered - 1) | 0,
      priorTime: c.tcp.now,
      ackedSacked: 1,
      losses: 2,
      priorInFlight: 50,
      rtt: 51_000,
      appLimited: false,
      retransmitted: false,
      ackDelayed: false,
      deliveredCe: 0,
    }
    c.caState = CA_RECOVERY
    bbr.control?.(c, { ...sample, priorDelivered: (state.nextRoundDelivered - 1) | 0 })
    expect(state.packetConservation).toBe(true)
    expect(c.cwnd).toBeLessThan(before)
    c.caState = 0
    bbr.control?.(c, { ...sample, losses: 0, priorDelivered: (state.nextRoundDelivered - 1) | 0 })
    expect(state.packetConservation).toBe(false)
    expect(c.cwnd).toBeGreaterThanOrEqual(before - 2)
  })

  test('a timeout begins the search for a full path anew', () => {
    const path = new Path(1000, 50)
    path.run(2000)
    bbr.setState?.(path.sender.c, CA_LOSS)
    expect(path.state).toMatchObject({ fullBandwidth: 0, roundStart: true, previousState: CA_LOSS })
    expect(bbr.undoWindow(path.sender.c)).toBe(path.sender.c.cwnd)
  })

  test('two intervals of much loss at the same rate tell of a policer, whose rate is then kept', () => {
    const sender = new Sender({ congestion: bbr, cwnd: 100 })
    const { c } = sender
    const state = c.congestionState as BbrState
    // 500 packets a second come through; a quarter of what is sent is lost.
    for (let round = 0; round < 30 && !state.ltUse; round++) {
      for (let i = 0; i < 50; i++) {
        sender.wait(2)
        const losses = i % 4 === 0 ? 1 : 0
        c.delivered++
        c.lost += losses
        c.deliveredTime = c.tcp.now
        bbr.control?.(c, {
          delivered: 50,
          interval: 100_000,
          priorDelivered: (c.delivered - 50) | 0,
          priorTime: (c.tcp.now - 100_000) | 0,
          ackedSacked: 1,
          losses,
          priorInFlight: 50,
          rtt: 100_000,
          appLimited: false,
          retransmitted: false,
          ackDelayed: false,
          deliveredCe: 0,
        })
      }
    }
    expect(state.ltUse).toBe(true)
    expect(state.ltBandwidth / BW_UNIT).toBeCloseTo(0.0005, 5)
  })
})
