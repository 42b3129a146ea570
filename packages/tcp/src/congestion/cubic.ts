import { clockMilliseconds } from '../clock-units.js'
import type { Connection } from '../connection.js'
import { INFINITE_SSTHRESH } from '../connection-state.js'
import { CA_LOSS } from '../state.js'
import { type CongestionControl, EVENT_TX_START } from './congestion-control.js'
import { additiveIncrease, inSlowStart, isCwndLimited, priorWindow, slowStart } from './growth.js'
import { beginRound, HystartState, hystart } from './hystart.js'
import { beginSlowStart, HystartPlusPlusState, hystartPlusPlus, limitGrowth } from './hystart-plus-plus.js'

// RFC 9438 4.6 and 5.1, in 1/1024 as Linux counts: beta 0.7, C 0.4.
const BETA = 717
const SCALE = 1024
const CUBE_SCALE = 410
/** W_est grows by 3 (1 - beta) / (1 + beta) packets a round trip (RFC 9438 4.3), as the acknowledgements for one, times 8. */
const FRIENDLY = Math.floor((8 * (SCALE + BETA)) / 3 / (SCALE - BETA))
/** 2^40 / C: turns packets into the cube of a time in 1/1024 s. */
const CUBE_FACTOR = Math.floor(2 ** 40 / CUBE_SCALE)
/** Packets that must be acknowledged for one more while the path's capacity was never seen: growth by 5 % a round trip. */
const FIRST_COUNT = 20
/** Milliseconds for which a count holds while the window stays the same. */
const HOLD = 31
/** Milliseconds after a reduction in which round trips are of an emptied queue. */
const SETTLING = 1000

/** What CUBIC keeps of a connection. Moments are whole milliseconds of the clock: the curve is followed in such steps, as by Linux. */
export class CubicState extends HystartState {
  /** Shortest round trip in microseconds, 0 before the first. */
  delayMin = 0
  /** Null as long as `net.ipv4.tcp_hystart` asks for the classic form. */
  hystartPlusPlus: HystartPlusPlusState | null = null
  /** Not before slow start is over. */
  curve: CubicCurve = NO_CURVE

  get lastMax(): number {
    return this.curve.lastMax
  }

  get k(): number {
    return this.curve.k
  }
}

/** The curve that the window follows after slow start. */
class CubicCurve {
  /** Acknowledgements for a packet more. */
  count = 0
  lastMax = 0
  lastCwnd = 0
  lastTime = 0
  origin = 0
  /** K of RFC 9438 4.2, in 1/1024 s. */
  k = 0
  inEpoch = false
  epochStart = 0
  acks = 0
  /** W_est. */
  friendly = 0
}

const NO_CURVE: CubicCurve = new CubicCurve()

function curveOf(state: CubicState): CubicCurve {
  if (state.curve === NO_CURVE) state.curve = new CubicCurve()
  return state.curve
}

/** CUBIC (RFC 9438), the default; slow start ends early by classic HyStart or HyStart++ (`net.ipv4.tcp_hystart`). */
export const cubic: CongestionControl<CubicState> = {
  name: 'cubic',

  init(c) {
    const { congestionState: former } = c
    // Called again when the handshake is done: nothing else may hold the first state.
    const state = former instanceof CubicState ? former : new CubicState()
    reset(state)
    state.found = false
    beginRound(c, state)
    state.hystartPlusPlus = null
    if (c.tcp.settings.hystart === 2) plusPlus(c, state)
    return state
  },

  slowStartThreshold(c) {
    const state = c.congestionState as CubicState
    const curve = curveOf(state)
    curve.inEpoch = false
    // Fast convergence (RFC 9438 4.7): a flow that shrinks gives room to new ones.
    curve.lastMax = c.cwnd < curve.lastMax ? Math.floor((c.cwnd * (SCALE + BETA)) / (2 * SCALE)) : c.cwnd
    return Math.max(Math.floor((c.cwnd * BETA) / SCALE), 2)
  },

  avoid(c, _ack, acked) {
    if (!isCwndLimited(c)) return
    const state = c.congestionState as CubicState
    let left = acked
    if (inSlowStart(c)) {
      const counted = usesPlusPlus(c) ? limitGrowth(c, plusPlus(c, state), acked) : acked
      left = slowStart(c, counted)
      if (left === 0) return
    }
    const curve = curveOf(state)
    update(c, curve, state.delayMin, left)
    additiveIncrease(c, curve.count, left)
  },

  setState(c, next) {
    if (next !== CA_LOSS) return
    const state = c.congestionState as CubicState
    reset(state)
    state.found = false
    beginRound(c, state)
  },

  event(c, event) {
    if (event !== EVENT_TX_START) return
    const { curve } = c.congestionState as CubicState
    if (!curve.inEpoch) return
    // Time in which nothing was sent does not count (RFC 9438 4.2).
    const idle = Math.floor(((c.tcp.now - c.lastSent) | 0) / 1000)
    if (idle > 0) curve.epochStart = Math.min(curve.epochStart + idle, clockMilliseconds(c.tcp))
  },

  packetsAcked(c, _acked, rtt) {
    if (rtt < 0) return
    const state = c.congestionState as CubicState
    const { curve } = state
    if (curve.inEpoch && clockMilliseconds(c.tcp) - curve.epochStart < SETTLING) return
    const delay = Math.max(rtt, 1)
    if (state.delayMin === 0 || delay < state.delayMin) state.delayMin = delay
    if (!inSlowStart(c)) return
    if (usesPlusPlus(c)) {
      if (hystartPlusPlus(c, plusPlus(c, state), delay)) c.ssthresh = c.cwnd
    } else if (c.tcp.settings.hystart === 1 && !state.found && hystart(c, state, delay, state.delayMin)) {
      c.ssthresh = c.cwnd
    }
  },

  undoWindow: priorWindow,
}

function plusPlus(c: Connection, state: CubicState): HystartPlusPlusState {
  if (state.hystartPlusPlus === null) {
    state.hystartPlusPlus = new HystartPlusPlusState()
    beginSlowStart(c, state.hystartPlusPlus)
  }
  return state.hystartPlusPlus
}

function reset(state: CubicState): void {
  state.delayMin = 0
  state.curve = NO_CURVE
}

/** RFC 9406 4.3: only for the initial slow start. */
function usesPlusPlus(c: Connection): boolean {
  return c.tcp.settings.hystart === 2 && c.ssthresh >= INFINITE_SSTHRESH
}

/** Sets `count` from W(t) (RFC 9438 4.2) and W_est (4.3). */
function update(c: Connection, curve: CubicCurve, delayMin: number, acked: number): void {
  const now = clockMilliseconds(c.tcp)
  const { cwnd } = c
  curve.acks += acked
  if (curve.lastCwnd === cwnd && now - curve.lastTime <= HOLD) return
  // Once a millisecond is enough.
  if (!curve.inEpoch || now !== curve.lastTime) {
    curve.lastCwnd = cwnd
    curve.lastTime = now
    if (!curve.inEpoch) beginEpoch(curve, cwnd, acked, now)
    curve.count = cubicCount(curve, delayMin, cwnd, now)
  }
  const perPacket = (cwnd * FRIENDLY) >>> 3
  while (perPacket > 0 && curve.acks > perPacket) {
    curve.acks -= perPacket
    curve.friendly++
  }
  if (curve.friendly > cwnd) curve.count = Math.min(curve.count, Math.floor(cwnd / (curve.friendly - cwnd)))
  // At most half as fast as slow start.
  curve.count = Math.max(curve.count, 2)
}

function beginEpoch(curve: CubicCurve, cwnd: number, acked: number, now: number): void {
  curve.inEpoch = true
  curve.epochStart = now
  curve.acks = acked
  curve.friendly = cwnd
  if (curve.lastMax <= cwnd) {
    curve.k = 0
    curve.origin = cwnd
  } else {
    curve.k = Math.floor(Math.cbrt(CUBE_FACTOR * (curve.lastMax - cwnd)))
    curve.origin = curve.lastMax
  }
}

function cubicCount(curve: CubicCurve, delayMin: number, cwnd: number, now: number): number {
  // The window is for a round trip from now.
  const time = Math.floor(((now - curve.epochStart + Math.ceil(delayMin / 1000)) * SCALE) / 1000)
  const away = Math.abs(time - curve.k)
  const delta = Math.floor((CUBE_SCALE * away ** 3) / 2 ** 40)
  const target = time < curve.k ? curve.origin - delta : curve.origin + delta
  const count = target > cwnd ? Math.floor(cwnd / (target - cwnd)) : 100 * cwnd
  // Before the first loss the search for the path's capacity goes on quickly.
  return curve.lastMax === 0 ? Math.min(count, FIRST_COUNT) : count
}
