import { clockMilliseconds } from '../clock-units.js'
import type { Connection } from '../connection.js'
import { seqGt } from '../sequence.js'
import { longestRto, shortestRto } from '../timer-bounds.js'
import { ACK_ACKED, ACK_MAYBE_DELAYED } from './ack-flags.js'
import type { AckSample } from './ack-sample.js'
import { updateMinRtt } from './min-rtt.js'

/** Longest sample that is told apart, in microseconds: past every RTO, and its eightfold is an int32. */
const LONGEST_RTT = 1 << 27

/** The RTO before the first sample, in microseconds (RFC 6298 2.1). */
export const INITIAL_RTO = 1_000_000
const FALLBACK_RTO = 3_000_000

/** A connection without a sample (RFC 6298 2.1). */
export function initialRto(c: Connection): void {
  c.srtt8 = 0
  c.mdev4 = INITIAL_RTO
  c.mdevMax4 = 0
  c.rttvar4 = 0
  c.backoff = 0
  c.rto = INITIAL_RTO
}

/**
 * Takes a round trip in microseconds into `srtt` (7/8 old) and the mean deviation (3/4 old), RFC 6298 2.3 with Linux's three
 * changes: a round trip below the mean moves the deviation eight times slower; the variance term follows the largest
 * deviation of the last round trip, and falls only once a round trip, by a quarter; and it never is below `tcp_rto_min`.
 */
export function updateRtt(c: Connection, rtt: number): void {
  const sample = Math.min(rtt, LONGEST_RTT)
  const floor = shortestRto(c)
  if (c.srtt8 === 0) {
    // RFC 6298 2.2: the RTO becomes three round trips.
    c.srtt8 = Math.max(1, sample << 3)
    c.mdev4 = sample << 1
    c.rttvar4 = Math.max(c.mdev4, floor)
    c.mdevMax4 = c.rttvar4
    c.rttSeq = c.sndNxt
    return
  }
  let error = sample - (c.srtt8 >> 3)
  c.srtt8 = Math.max(1, c.srtt8 + error)
  if (error < 0) {
    error = -error - (c.mdev4 >> 2)
    if (error > 0) error >>= 3
  } else error -= c.mdev4 >> 2
  c.mdev4 += error
  if (c.mdev4 > c.mdevMax4) {
    c.mdevMax4 = c.mdev4
    if (c.mdevMax4 > c.rttvar4) c.rttvar4 = c.mdevMax4
  }
  if (seqGt(c.sndUna, c.rttSeq)) {
    if (c.mdevMax4 < c.rttvar4) c.rttvar4 -= (c.rttvar4 - c.mdevMax4) >> 2
    c.rttSeq = c.sndNxt
    c.mdevMax4 = floor
  }
}

/** The RTO from what was measured (RFC 6298 2.3), at most `tcp_rto_max`. */
export function updateRto(c: Connection): void {
  c.rto = Math.min((c.srtt8 >> 3) + c.rttvar4, longestRto(c))
}

/**
 * Takes what an acknowledgement tells of the round trip, in microseconds, -1 for what it does not.
 * @param ackedRtt of the first never retransmitted segment that it acknowledged (Karn's rule, RFC 6298 3)
 * @param sackedRtt of the first one that it SACKed
 * @param lastRtt of the last segment that it acknowledged or SACKed: for the smallest round trip and the congestion control
 * @returns whether there was a sample
 */
export function takeRtt(
  c: Connection,
  flags: number,
  ackedRtt: number,
  sackedRtt: number,
  lastRtt: number,
  sample: AckSample,
): boolean {
  let rtt = ackedRtt < 0 ? sackedRtt : ackedRtt
  let last = lastRtt
  // RFC 7323 4.1: a timestamp's echo counts only where data is acknowledged; our own clock is preferred, no middlebox turns it.
  if (rtt < 0 && c.sawTimestamp && c.rcvTsecr !== 0 && (flags & ACK_ACKED) !== 0) {
    rtt = timestampRtt(c)
    last = rtt
  }
  sample.rtt = last
  if (rtt < 0) return false
  takeMinRtt(c, last, flags)
  takeSample(c, rtt)
  return true
}

function takeSample(c: Connection, rtt: number): void {
  updateRtt(c, rtt)
  updateRto(c)
  // RFC 6298 5.7: only a valid sample ends the backing off.
  c.backoff = 0
}

/**
 * The round trip of a handshake in which we sent the SYN-ACK, in microseconds; -1 where it was sent more than once, so that only
 * an echoed timestamp can tell.
 */
export function synAckedRtt(c: Connection, rtt: number): void {
  let known = rtt
  if (known < 0 && c.sawTimestamp && c.rcvTsecr !== 0) known = timestampRtt(c)
  if (known < 0) return
  takeMinRtt(c, known, 0)
  takeSample(c, known)
}

/** The RTO where the handshake gave no round trip: RFC 6298 5.7 has 3 seconds, as the first one was seen to be too short. */
export function fallbackRto(c: Connection): void {
  if (c.srtt8 !== 0) return
  c.rttvar4 = FALLBACK_RTO
  c.mdev4 = FALLBACK_RTO
  c.mdevMax4 = FALLBACK_RTO
  c.rto = FALLBACK_RTO
}

/** Takes a round trip into the smallest of the last `tcp_min_rtt_wlen` seconds; one that was perhaps delayed only where it is smaller. */
function takeMinRtt(c: Connection, rtt: number, flags: number): void {
  if ((flags & ACK_MAYBE_DELAYED) !== 0 && c.minRtt0 >= 0 && rtt > c.minRtt0) return
  updateMinRtt(c, c.tcp.settings.minRttWlen * 1_000_000, rtt === 0 ? 1000 : rtt)
}

/** How long ago the echoed timestamp was sent, to the millisecond. -1 where the echo cannot be one of ours. */
function timestampRtt(c: Connection): number {
  const elapsed = ((clockMilliseconds(c.tcp) | 0) - c.rcvTsecr) | 0
  if (elapsed < 0 || elapsed > 2_147_483) return -1
  return elapsed === 0 ? 1000 : elapsed * 1000
}
