import type { Connection } from '../connection.js'
import { type BbrState, BW_UNIT, bandwidthOf } from './bbr-state.js'
import type { RateSample } from './congestion-control.js'

/*
 * Links and receivers hold acknowledgements back and send many at once. What arrives above the bandwidth meanwhile is
 * allowed for in the window, so that the sender does not run dry while it waits.
 */

/** Rounds that a largest excess is remembered, twice over. */
const WINDOW_ROUNDS = 5
/** Packets after which a stretch of acknowledgements is counted anew. */
const EPOCH_LIMIT = 1 << 20
/** The excess counts for no more than so long at the bandwidth, in microseconds. */
const MOST_TIME = 100_000

/** Takes an acknowledgement. */
export function noteAggregation(c: Connection, state: BbrState, sample: RateSample): void {
  if (sample.ackedSacked <= 0 || sample.delivered < 0 || sample.interval <= 0) return
  if (state.roundStart && ++state.extraAckedRounds >= WINDOW_ROUNDS) {
    state.extraAckedRounds = 0
    state.extraAckedSecond = !state.extraAckedSecond
    if (state.extraAckedSecond) state.extraAcked1 = 0
    else state.extraAcked0 = 0
  }
  const time = (c.deliveredTime - state.ackEpochStamp) >>> 0
  let expected = Math.floor((bandwidthOf(state) * time) / BW_UNIT)
  if (state.ackEpochAcked <= expected || state.ackEpochAcked + sample.ackedSacked >= EPOCH_LIMIT) {
    state.ackEpochAcked = 0
    state.ackEpochStamp = c.deliveredTime
    expected = 0
  }
  state.ackEpochAcked = Math.min(EPOCH_LIMIT - 1, state.ackEpochAcked + sample.ackedSacked)
  const extra = Math.min(state.ackEpochAcked - expected, c.cwnd)
  if (state.extraAckedSecond) state.extraAcked1 = Math.max(state.extraAcked1, extra)
  else state.extraAcked0 = Math.max(state.extraAcked0, extra)
}

/** Packets to be added to the window for it. */
export function aggregationWindow(state: BbrState): number {
  if (!state.fullReached) return 0
  const most = Math.floor((bandwidthOf(state) * MOST_TIME) / BW_UNIT)
  return Math.min(Math.max(state.extraAcked0, state.extraAcked1), most)
}
