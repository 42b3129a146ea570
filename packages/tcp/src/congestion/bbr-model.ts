import { clockMilliseconds } from '../clock-units.js'
import type { Connection } from '../connection.js'
import { inFlight } from '../send/in-flight.js'
import { seqLt } from '../sequence.js'
import { noteAggregation } from './bbr-aggregation.js'
import { sampleLongTerm } from './bbr-long-term.js'
import {
  advanceCycle,
  type BbrState,
  BW_UNIT,
  CWND_GAIN,
  CYCLE,
  DRAIN,
  DRAIN_GAIN,
  enterProbeBw,
  HIGH_GAIN,
  LEAST_CWND,
  PROBE_BW,
  PROBE_RTT,
  STARTUP,
  UNIT,
} from './bbr-state.js'
import { inflightAtDeparture, inflightTarget, saveCwnd } from './bbr-window.js'
import type { RateSample } from './congestion-control.js'

/** Rounds that a bandwidth is remembered: a cycle and two more. */
const BANDWIDTH_ROUNDS = 10
/** Milliseconds that a shortest round trip is believed, and that PROBE_RTT lasts. */
const MIN_RTT_WINDOW = 10_000
const PROBE_RTT_LENGTH = 200
/** The path is full when for three rounds the bandwidth has not grown by a quarter. */
const FULL_THRESHOLD = (UNIT * 5) / 4
const FULL_ROUNDS = 3

/** Takes an acknowledgement into the model of the path, and goes to the mode that follows from it. */
export function updateModel(c: Connection, state: BbrState, sample: RateSample): void {
  updateBandwidth(c, state, sample)
  noteAggregation(c, state, sample)
  if (state.mode === PROBE_BW && cycleIsOver(c, state, sample)) advanceCycle(c, state)
  checkFull(state, sample)
  checkDrain(c, state)
  updateMinRtt(c, state, sample)
  updateGains(state)
}

function updateBandwidth(c: Connection, state: BbrState, sample: RateSample): void {
  state.roundStart = false
  if (sample.delivered < 0 || sample.interval <= 0) return
  if (!seqLt(sample.priorDelivered, state.nextRoundDelivered)) {
    state.nextRoundDelivered = c.delivered
    state.rounds = (state.rounds + 1) | 0
    state.roundStart = true
    state.packetConservation = false
  }
  sampleLongTerm(c, state, sample.losses, sample)
  const bandwidth = Math.floor((sample.delivered * BW_UNIT) / sample.interval)
  // A sender without data measures itself, unless it is faster still.
  if (!sample.appLimited || bandwidth >= state.bandwidth.value) {
    state.bandwidth.update(BANDWIDTH_ROUNDS, state.rounds, bandwidth)
  }
}

/** Whether a part of PROBE_BW's cycle is over: a round trip, and when probing until the flight or loss shows it. */
function cycleIsOver(c: Connection, state: BbrState, sample: RateSample): boolean {
  const full = (c.deliveredTime - state.cycleStamp) >>> 0 > state.minRtt
  if (state.pacingGain === UNIT) return full
  const flying = inflightAtDeparture(c, state, sample.priorInFlight)
  const bandwidth = state.bandwidth.value
  if (state.pacingGain > UNIT) {
    return full && (sample.losses > 0 || flying >= inflightTarget(c, state, bandwidth, state.pacingGain))
  }
  return full || flying <= inflightTarget(c, state, bandwidth, UNIT)
}

function checkFull(state: BbrState, sample: RateSample): void {
  if (state.fullReached || !state.roundStart || sample.appLimited) return
  const { value } = state.bandwidth
  if (value >= Math.floor((state.fullBandwidth * FULL_THRESHOLD) / UNIT)) {
    state.fullBandwidth = value
    state.fullRounds = 0
    return
  }
  state.fullRounds++
  state.fullReached = state.fullRounds >= FULL_ROUNDS
}

function checkDrain(c: Connection, state: BbrState): void {
  if (state.mode === STARTUP && state.fullReached) {
    state.mode = DRAIN
    c.ssthresh = inflightTarget(c, state, state.bandwidth.value, UNIT)
  }
  if (state.mode !== DRAIN) return
  const target = inflightTarget(c, state, state.bandwidth.value, UNIT)
  if (inflightAtDeparture(c, state, inFlight(c)) <= target) enterProbeBw(c, state)
}

/** The shortest round trip; where it is old the flight is brought down for a while to see it again. */
function updateMinRtt(c: Connection, state: BbrState, sample: RateSample): void {
  const now = clockMilliseconds(c.tcp)
  const expired = now > state.minRttStamp + MIN_RTT_WINDOW
  if (sample.rtt >= 0 && (sample.rtt < state.minRtt || (expired && !sample.ackDelayed))) {
    state.minRtt = sample.rtt
    state.minRttStamp = now
  }
  if (expired && !state.idleRestart && state.mode !== PROBE_RTT) {
    state.mode = PROBE_RTT
    saveCwnd(c, state)
    state.probeRttDone = 0
  }
  if (state.mode === PROBE_RTT) stayInProbeRtt(c, state, now)
  if (sample.delivered > 0) state.idleRestart = false
}

function stayInProbeRtt(c: Connection, state: BbrState, now: number): void {
  const flying = inFlight(c)
  // Rates of these rounds are no rates of the path.
  c.appLimited = (c.delivered + flying) | 0 || 1
  if (state.probeRttDone === 0) {
    if (flying > LEAST_CWND) return
    state.probeRttDone = now + PROBE_RTT_LENGTH
    state.probeRttRound = false
    state.nextRoundDelivered = c.delivered
    return
  }
  if (state.roundStart) state.probeRttRound = true
  if (state.probeRttRound) checkProbeRttDone(c, state)
}

/** Leaves PROBE_RTT when its time is over. */
export function checkProbeRttDone(c: Connection, state: BbrState): void {
  const now = clockMilliseconds(c.tcp)
  if (state.probeRttDone === 0 || now <= state.probeRttDone) return
  state.minRttStamp = now
  c.cwnd = Math.max(c.cwnd, state.priorCwnd)
  if (state.fullReached) enterProbeBw(c, state)
  else state.mode = STARTUP
}

function updateGains(state: BbrState): void {
  switch (state.mode) {
    case STARTUP:
      state.pacingGain = HIGH_GAIN
      state.cwndGain = HIGH_GAIN
      break
    case DRAIN:
      state.pacingGain = DRAIN_GAIN
      state.cwndGain = HIGH_GAIN
      break
    case PROBE_BW:
      state.pacingGain = state.ltUse ? UNIT : (CYCLE[state.cycleIndex] as number)
      state.cwndGain = CWND_GAIN
      break
    default:
      state.pacingGain = UNIT
      state.cwndGain = UNIT
  }
}
