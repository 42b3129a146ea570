import type { Connection } from '../connection.js'
import { isPaced } from '../send/pacing.js'
import { seqGe } from '../sequence.js'

// RFC 9406 4.3, in microseconds and packets.
const MIN_RTT_THRESHOLD = 4000
const MAX_RTT_THRESHOLD = 16_000
const MIN_RTT_DIVISOR = 8
const SAMPLES = 8
const CSS_GROWTH_DIVISOR = 4
const CSS_ROUNDS = 5
/** L: packets that one acknowledgement lets the window grow by, where packets are not paced. */
const LIMIT = 8

/** What HyStart++ keeps of a connection. Round trips in microseconds. */
export class HystartPlusPlusState {
  windowEnd = 0
  lastRoundMinRtt: number = Number.POSITIVE_INFINITY
  currentRoundMinRtt: number = Number.POSITIVE_INFINITY
  samples = 0
  /** Conservative slow start: the delay has risen, but it may have been chance. */
  conservative = false
  baselineMinRtt: number = Number.POSITIVE_INFINITY
  rounds = 0
  /** Packets acknowledged towards the next one of the window. */
  count = 0
}

/** Slow start begins. */
export function beginSlowStart(c: Connection, state: HystartPlusPlusState): void {
  state.windowEnd = c.sndNxt
  state.lastRoundMinRtt = Number.POSITIVE_INFINITY
  state.currentRoundMinRtt = Number.POSITIVE_INFINITY
  state.samples = 0
  state.conservative = false
  state.rounds = 0
  state.count = 0
}

/**
 * HyStart++ (RFC 9406 4.2) after an acknowledgement with a round trip of `rtt`.
 * @returns true: the path is full, slow start ends here
 */
export function hystartPlusPlus(c: Connection, state: HystartPlusPlusState, rtt: number): boolean {
  if (rtt < state.currentRoundMinRtt) state.currentRoundMinRtt = rtt
  state.samples++
  if (state.conservative) {
    if (state.samples >= SAMPLES && state.currentRoundMinRtt < state.baselineMinRtt) {
      // The delay fell again: slow start goes on.
      state.conservative = false
      state.baselineMinRtt = Number.POSITIVE_INFINITY
    }
  } else if (state.samples >= SAMPLES && hasRisen(state)) {
    state.conservative = true
    state.baselineMinRtt = state.currentRoundMinRtt
    state.rounds = 0
    state.count = 0
  }
  return seqGe(c.sndUna, state.windowEnd) && endRound(c, state)
}

function hasRisen(state: HystartPlusPlusState): boolean {
  const { currentRoundMinRtt, lastRoundMinRtt } = state
  if (lastRoundMinRtt === Number.POSITIVE_INFINITY) return false
  const threshold = Math.max(MIN_RTT_THRESHOLD, Math.min(lastRoundMinRtt / MIN_RTT_DIVISOR, MAX_RTT_THRESHOLD))
  return currentRoundMinRtt >= lastRoundMinRtt + threshold
}

/** All that was sent when the round began is acknowledged. True: conservative slow start has lasted long enough. */
function endRound(c: Connection, state: HystartPlusPlusState): boolean {
  state.windowEnd = c.sndNxt
  state.lastRoundMinRtt = state.currentRoundMinRtt
  state.currentRoundMinRtt = Number.POSITIVE_INFINITY
  state.samples = 0
  // The round in which it began counts.
  return state.conservative && ++state.rounds >= CSS_ROUNDS
}

/** Packets by which slow start lets the window grow for `acked` acknowledged ones. */
export function limitGrowth(c: Connection, state: HystartPlusPlusState, acked: number): number {
  const counted = isPaced(c) ? acked : Math.min(acked, LIMIT)
  if (!state.conservative) return counted
  state.count += counted
  const grown = Math.floor(state.count / CSS_GROWTH_DIVISOR)
  state.count -= grown * CSS_GROWTH_DIVISOR
  return grown
}
