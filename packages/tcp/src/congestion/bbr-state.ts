import type { Connection } from '../connection.js'
import { CA_OPEN } from '../state.js'
import { MaxFilter } from './max-filter.js'

// Modes (BBR: draft-cardwell-iccrg-bbr-congestion-control-00, 4.3).
/** The rate doubles each round until the path is full. */
export const STARTUP = 0
/** The queue that this made is drained. */
export const DRAIN = 1
/** The rate goes up and down around what the path delivers. */
export const PROBE_BW = 2
/** Few packets in flight, to see the round trip without a queue. */
export const PROBE_RTT = 3

/** Bandwidths are in packets per microsecond, times 2^24. */
export const BW_UNIT = 0x100_0000
/** Gains are in 1/256. */
export const UNIT = 256
/** 2/ln 2: the least gain at which the rate still doubles each round. */
export const HIGH_GAIN: number = Math.floor((UNIT * 2885) / 1000) + 1
/** Its inverse. */
export const DRAIN_GAIN: number = Math.floor((UNIT * 1000) / 2885)
/** Two bandwidth-delay products, for acknowledgements that are delayed or come together. */
export const CWND_GAIN: number = 2 * UNIT
/** Pacing in PROBE_BW, a round trip each: more, then as much less, then as it is. */
export const CYCLE: readonly number[] = [(UNIT * 5) / 4, (UNIT * 3) / 4, UNIT, UNIT, UNIT, UNIT, UNIT, UNIT]
/** Packets in flight in PROBE_RTT, and the least otherwise. */
export const LEAST_CWND = 4

/** A round trip that was never measured. */
export const NO_RTT: number = Number.POSITIVE_INFINITY

/** What BBR keeps of a connection. Moments are int32 microseconds, or milliseconds of the clock where it says so. */
export class BbrState {
  mode: number = STARTUP
  pacingGain: number = HIGH_GAIN
  cwndGain: number = HIGH_GAIN

  // --- the model
  /** The largest bandwidth of the last ten rounds. */
  readonly bandwidth: MaxFilter = new MaxFilter()
  /** The shortest round trip of the last ten seconds, microseconds, and when it was seen, milliseconds. */
  minRtt: number = NO_RTT
  minRttStamp = 0
  sawRtt = false

  // --- rounds: a round ends when a packet is delivered that was sent after it began
  rounds = 0
  roundStart = false
  /** `delivered` at which the round ends. */
  nextRoundDelivered = 0

  // --- whether the path is full: the bandwidth grew no more for three rounds
  fullReached = false
  fullBandwidth = 0
  fullRounds = 0

  // --- PROBE_BW
  cycleIndex = 0
  cycleStamp = 0

  // --- PROBE_RTT: when it may end, milliseconds, 0 before the flight has come down
  probeRttDone = 0
  probeRttRound = false
  idleRestart = false

  // --- loss
  previousState: number = CA_OPEN
  packetConservation = false
  priorCwnd = 0

  // --- long-term bandwidth: what a policer lets through
  ltSampling = false
  ltUse = false
  ltRounds = 0
  ltBandwidth = 0
  ltDelivered = 0
  /** Milliseconds. */
  ltStamp = 0
  ltLost = 0

  // --- acknowledgements that come together
  ackEpochStamp = 0
  ackEpochAcked = 0
  extraAcked0 = 0
  extraAcked1 = 0
  extraAckedSecond = false
  extraAckedRounds = 0
}

/** The bandwidth to go by: the largest of the window, or what a policer lets through. */
export function bandwidthOf(state: BbrState): number {
  return state.ltUse ? state.ltBandwidth : state.bandwidth.value
}

/** Where PROBE_BW begins: anywhere in its cycle but the part that drains, so that flows do not go in step. */
export function enterProbeBw(c: Connection, state: BbrState): void {
  state.mode = PROBE_BW
  state.cycleIndex = CYCLE.length - 1 - c.tcp.host.random.below(CYCLE.length - 1)
  advanceCycle(c, state)
}

/** The next part of the cycle. */
export function advanceCycle(c: Connection, state: BbrState): void {
  state.cycleIndex = (state.cycleIndex + 1) & (CYCLE.length - 1)
  state.cycleStamp = c.deliveredTime
}
