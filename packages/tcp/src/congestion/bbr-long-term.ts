import type { Connection } from '../connection.js'
import { type BbrState, BW_UNIT, enterProbeBw, PROBE_BW, UNIT } from './bbr-state.js'
import { paceRate } from './bbr-window.js'
import type { RateSample } from './congestion-control.js'

/*
 * Token-bucket policers let a burst through at full rate and then drop what is above theirs. Two intervals in a row, each
 * ended by loss, each with much loss and at about the same rate, tell of one: the rate is then held there.
 */

/** Rounds of an interval, least and most. */
const LEAST_ROUNDS = 4
const MOST_ROUNDS = 16
/** Part of the packets that is lost, in 1/256. */
const LOSS_THRESHOLD = 50
/** Two rates are the same within this part, in 1/256, or so many bytes a second. */
const SAME_RATIO = UNIT / 8
const SAME_BYTES = 500
/** Rounds for which the rate is held before the path is tried anew. */
const HELD_ROUNDS = 48

/** Forgets all of it. */
export function resetLongTerm(c: Connection, state: BbrState): void {
  state.ltBandwidth = 0
  state.ltUse = false
  state.ltSampling = false
  beginInterval(c, state)
}

function beginInterval(c: Connection, state: BbrState): void {
  state.ltStamp = deliveredMilliseconds(c)
  state.ltDelivered = c.delivered
  state.ltLost = c.lost
  state.ltRounds = 0
}

/** Takes an acknowledgement. */
export function sampleLongTerm(c: Connection, state: BbrState, losses: number, sample: RateSample | null): void {
  if (state.ltUse) {
    if (state.mode === PROBE_BW && state.roundStart && ++state.ltRounds >= HELD_ROUNDS) {
      resetLongTerm(c, state)
      enterProbeBw(c, state)
    }
    return
  }
  // The bucket has to be empty before its rate shows.
  if (!state.ltSampling) {
    if (losses === 0) return
    beginInterval(c, state)
    state.ltSampling = true
  }
  if (sample?.appLimited === true) {
    resetLongTerm(c, state)
    return
  }
  if (state.roundStart) state.ltRounds++
  if (state.ltRounds < LEAST_ROUNDS) return
  if (state.ltRounds > MOST_ROUNDS) {
    resetLongTerm(c, state)
    return
  }
  if (losses === 0) return
  const lost = (c.lost - state.ltLost) | 0
  const delivered = (c.delivered - state.ltDelivered) | 0
  if (delivered <= 0 || lost * UNIT < LOSS_THRESHOLD * delivered) return
  const elapsed = deliveredMilliseconds(c) - state.ltStamp
  if (elapsed < 1) return
  endInterval(c, state, Math.floor((delivered * BW_UNIT) / (elapsed * 1000)))
}

function endInterval(c: Connection, state: BbrState, bandwidth: number): void {
  if (state.ltBandwidth > 0) {
    const difference = Math.abs(bandwidth - state.ltBandwidth)
    if (difference * UNIT <= SAME_RATIO * state.ltBandwidth || paceRate(c, difference, UNIT) <= SAME_BYTES) {
      state.ltBandwidth = Math.floor((bandwidth + state.ltBandwidth) / 2)
      state.ltUse = true
      state.pacingGain = UNIT
      state.ltRounds = 0
      return
    }
  }
  state.ltBandwidth = bandwidth
  beginInterval(c, state)
}

/** When something was last delivered, in milliseconds of the clock. */
function deliveredMilliseconds(c: Connection): number {
  return Math.floor((c.tcp.clockNow - ((c.tcp.now - c.deliveredTime) >>> 0)) / 1000)
}
