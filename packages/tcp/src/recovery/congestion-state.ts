import type { Connection } from '../connection.js'
import type { SendSegment } from '../send-segment.js'
import { seqGt } from '../sequence.js'
import { CA_CWR, CA_RECOVERY, stateIn, stateSet } from '../state.js'

/** The initial window, in packets (RFC 6928). */
export const INITIAL_CWND = 10

const REDUCING = stateSet(CA_CWR, CA_RECOVERY)

/** Whether PRR is bringing the window down (RFC 6937). */
export function inReduction(c: Connection): boolean {
  return stateIn(c.caState, REDUCING)
}

/** The threshold that a window of now stands for: three quarters of it, or the present threshold where that is more. */
export function currentSsthresh(c: Connection): number {
  if (inReduction(c)) return c.ssthresh
  return Math.max(c.ssthresh, (c.cwnd >>> 1) + (c.cwnd >>> 2))
}

/** Changes `caState`; the congestion control hears it first. */
export function setCongestionState(c: Connection, state: number): void {
  c.congestion.setState?.(c, state)
  c.caState = state
}

/** One past the highest byte that was SACKed; `sndUna` where nothing is. */
export function highestSackSeq(c: Connection): number {
  return c.sackedOut === 0 ? c.sndUna : c.highestSack
}

/** The oldest segment that was sent and is not acknowledged. */
export function oldestSent(c: Connection): SendSegment | null {
  const { head, sendHead } = c.sendQueue
  return head === sendHead ? null : head
}

/** Whether one transmission came after another: by time, and by sequence number where the times are equal (RFC 8985 6.2). */
export function sentAfter(time1: number, time2: number, endSeq1: number, endSeq2: number): boolean {
  const later = (time1 - time2) | 0
  return later > 0 || (later === 0 && seqGt(endSeq1, endSeq2))
}

/** A time of the past (int32 microseconds) in milliseconds of the clock, as timestamps count (int32, without `tsOffset`). */
export function millisecondsAt(c: Connection, time: number): number {
  const { clockNow, now } = c.tcp
  return Math.floor((clockNow - ((now - time) | 0)) / 1000) | 0
}

/** Whether the segment at hand echoes a timestamp from before `time` (Eifel: RFC 3522 3.2). */
export function echoesBefore(c: Connection, time: number): boolean {
  return c.sawTimestamp && c.rcvTsecr !== 0 && ((c.rcvTsecr - millisecondsAt(c, time)) | 0) < 0
}

/** Counts packets that arrived at the peer. */
export function countDelivered(c: Connection, packets: number, ece: boolean): void {
  c.delivered = (c.delivered + packets) | 0
  if (ece) c.deliveredCe = (c.deliveredCe + packets) | 0
}
