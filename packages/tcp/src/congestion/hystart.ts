import type { Connection } from '../connection.js'
import { isPaced } from '../send/pacing.js'
import { seqGt } from '../sequence.js'

/** Window, in packets, below which slow start is left alone. */
const LOW_WINDOW = 16
/** Samples of a round before its delay is judged. */
const MIN_SAMPLES = 8
/** Acknowledgements no further apart than this belong to one train, in microseconds. */
const ACK_SPACING = 2000
/** The delay that counts as a queue is an eighth of the shortest, within these bounds, in microseconds. */
const DELAY_MIN = 4000
const DELAY_MAX = 16_000

/** More than every delay. */
const NO_DELAY = 0x7fff_ffff

/** What HyStart keeps of a connection. Times in int32 microseconds. */
export class HystartState {
  found = false
  roundStart = 0
  lastAck = 0
  endSeq = 0
  /** Shortest delay of the present round; `NO_DELAY` before the first. */
  roundDelay: number = NO_DELAY
  samples = 0
}

/** A new round begins: it ends when what is sent by now is acknowledged. */
export function beginRound(c: Connection, state: HystartState): void {
  state.roundStart = c.tcp.now
  state.lastAck = c.tcp.now
  state.endSeq = c.sndNxt
  state.roundDelay = NO_DELAY
  state.samples = 0
}

/**
 * Classic HyStart (Ha and Rhee, "Hybrid Slow Start for High-Bandwidth and Long-Distance Networks", with the changes that
 * Linux made): slow start ends before loss when a train of acknowledgements has lasted as long as half of the shortest
 * round trip, or when the delay of a round has risen.
 * @param delayMin shortest round trip of the connection, microseconds
 * @returns true: the path is full, slow start ends here
 */
export function hystart(c: Connection, state: HystartState, delay: number, delayMin: number): boolean {
  if (seqGt(c.sndUna, state.endSeq)) beginRound(c, state)
  if (c.cwnd < LOW_WINDOW) return false
  const { now, counters } = c.tcp
  if (((now - state.lastAck) | 0) <= ACK_SPACING) {
    state.lastAck = now
    let threshold = delayMin + ackDelay(c)
    // Paced packets may be spread over half of a round trip.
    if (!isPaced(c)) threshold = Math.floor(threshold / 2)
    if (((now - state.roundStart) | 0) > threshold) {
      state.found = true
      counters.TcpExtTCPHystartTrainDetect++
      counters.TcpExtTCPHystartTrainCwnd += c.cwnd
      return true
    }
  }
  if (delay < state.roundDelay) state.roundDelay = delay
  if (state.samples < MIN_SAMPLES) {
    state.samples++
    return false
  }
  if (state.roundDelay <= delayMin + Math.min(Math.max(delayMin >>> 3, DELAY_MIN), DELAY_MAX)) return false
  state.found = true
  counters.TcpExtTCPHystartDelayDetect++
  counters.TcpExtTCPHystartDelayCwnd += c.cwnd
  return true
}

/** How long the sending of some large packets may have held acknowledgements back, at most a millisecond. */
function ackDelay(c: Connection): number {
  if (!Number.isFinite(c.pacingRate) || c.pacingRate <= 0) return 0
  return Math.min(1000, Math.floor((65_536 * 4 * 1_000_000) / c.pacingRate))
}
