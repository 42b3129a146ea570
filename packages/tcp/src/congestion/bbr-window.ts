import type { Connection } from '../connection.js'
import { INITIAL_CWND } from '../recovery/congestion-state.js'
import { inFlight } from '../send/in-flight.js'
import { PACING_SHIFT } from '../send/pacing.js'
import { CA_RECOVERY } from '../state.js'
import { aggregationWindow } from './bbr-aggregation.js'
import {
  type BbrState,
  BW_UNIT,
  bandwidthOf,
  HIGH_GAIN,
  LEAST_CWND,
  NO_RTT,
  PROBE_BW,
  PROBE_RTT,
  UNIT,
} from './bbr-state.js'
import type { RateSample } from './congestion-control.js'

/** Percent that pacing stays below the bandwidth, so that no queue builds. */
const MARGIN = 1
/** Bytes per second below which packets go one at a time. */
const SINGLE_PACKET_RATE = 150_000
/** Bytes of a large packet, headers taken off, and the most packets in one. */
const LARGEST = 65_535 - 320
const MOST_SEGMENTS = 127

/** Bytes per second that a bandwidth and a gain stand for. */
export function paceRate(c: Connection, bandwidth: number, gain: number): number {
  const scaled = Math.floor((bandwidth * c.mss * gain) / UNIT)
  return Math.floor((scaled * 10_000 * (100 - MARGIN)) / BW_UNIT)
}

/** A rate for the beginning: the initial window in a round trip, of a millisecond where none is known. */
export function setFirstPacingRate(c: Connection, state: BbrState): void {
  let rtt = 1000
  if (c.srtt8 > 0) {
    rtt = Math.max(c.srtt8 >>> 3, 1)
    state.sawRtt = true
  }
  setRate(c, paceRate(c, Math.floor((c.cwnd * BW_UNIT) / rtt), HIGH_GAIN))
}

/** Sets the pacing rate; until the path is full it only grows. */
export function setPacingRate(c: Connection, state: BbrState, bandwidth: number, gain: number): void {
  const rate = Math.min(paceRate(c, bandwidth, gain), c.maxPacingRate)
  if (!state.sawRtt && c.srtt8 > 0) setFirstPacingRate(c, state)
  if (state.fullReached || rate > c.pacingRate) setRate(c, rate)
}

function setRate(c: Connection, rate: number): void {
  c.pacingRate = Math.min(rate, c.maxPacingRate)
}

/** Fewest packets in a large one. */
export function leastSegments(c: Connection): number {
  return c.pacingRate < SINGLE_PACKET_RATE ? 1 : 2
}

function segmentsGoal(c: Connection): number {
  const bytes = Math.min(Math.floor(c.pacingRate / (1 << PACING_SHIFT)), LARGEST)
  return Math.min(Math.max(Math.floor(bytes / c.mss), leastSegments(c)), MOST_SEGMENTS)
}

/** Packets of a bandwidth-delay product, times a gain, rounded up. */
function product(state: BbrState, bandwidth: number, gain: number): number {
  if (state.minRtt === NO_RTT) return INITIAL_CWND
  return Math.floor((Math.floor((bandwidth * state.minRtt * gain) / UNIT) + BW_UNIT - 1) / BW_UNIT)
}

/** Room for packets that are under way in large ones, and for acknowledgements of every second. */
function withRoom(c: Connection, state: BbrState, packets: number): number {
  let room = packets + 3 * segmentsGoal(c)
  room += room & 1
  // So that the flight can pass a small product.
  if (state.mode === PROBE_BW && state.cycleIndex === 0) room += 2
  return room
}

/** Packets in flight that keep the path full at a gain. */
export function inflightTarget(c: Connection, state: BbrState, bandwidth: number, gain: number): number {
  return withRoom(c, state, product(state, bandwidth, gain))
}

/** Packets that will be in the network when the one that is paced now leaves. */
export function inflightAtDeparture(c: Connection, state: BbrState, flying: number): number {
  const wait = Math.max(c.paceAt - c.tcp.clockNow, 0)
  const delivered = Math.floor((bandwidthOf(state) * Math.floor(wait)) / BW_UNIT)
  const then = flying + (state.pacingGain > UNIT ? segmentsGoal(c) : 0)
  return Math.max(then - delivered, 0)
}

/** Remembers the window before loss or PROBE_RTT cut it. */
export function saveCwnd(c: Connection, state: BbrState): void {
  if (state.previousState < CA_RECOVERY && state.mode !== PROBE_RTT) state.priorCwnd = c.cwnd
  else state.priorCwnd = Math.max(state.priorCwnd, c.cwnd)
}

/** Sets the congestion window after an acknowledgement. */
export function setCwnd(c: Connection, state: BbrState, sample: RateSample, bandwidth: number, gain: number): void {
  const acked = sample.ackedSacked
  let { cwnd } = c
  if (acked > 0) {
    cwnd = afterLoss(c, state, sample)
    if (state.packetConservation) cwnd = Math.max(cwnd, inFlight(c) + acked)
    else {
      const target = withRoom(c, state, product(state, bandwidth, gain) + aggregationWindow(state))
      if (state.fullReached) cwnd = Math.min(cwnd + acked, target)
      else if (cwnd < target || c.delivered >>> 0 < INITIAL_CWND) cwnd += acked
      cwnd = Math.max(cwnd, LEAST_CWND)
    }
  }
  c.cwnd = Math.min(cwnd, c.cwndClamp)
  if (state.mode === PROBE_RTT) c.cwnd = Math.min(c.cwnd, LEAST_CWND)
}

/** What loss does to the window: in the first round of a recovery as many packets leave as arrive; after it the window is back. */
function afterLoss(c: Connection, state: BbrState, sample: RateSample): number {
  const { previousState } = state
  const { caState } = c
  let { cwnd } = c
  if (sample.losses > 0) cwnd = Math.max(cwnd - sample.losses, 1)
  if (caState === CA_RECOVERY && previousState !== CA_RECOVERY) {
    state.packetConservation = true
    state.nextRoundDelivered = c.delivered
    cwnd = inFlight(c) + sample.ackedSacked
  } else if (previousState >= CA_RECOVERY && caState < CA_RECOVERY) {
    cwnd = Math.max(cwnd, state.priorCwnd)
    state.packetConservation = false
  }
  state.previousState = caState
  return cwnd
}
