import type { Connection } from '../connection.js'
import { NAGLE_CORK, NAGLE_OFF, NAGLE_PUSH } from '../connection-state.js'
import { LIMIT_WINDOW, limitBegins, limitEnds } from '../limit-times.js'
import { prrSent } from '../recovery/prr.js'
import { validateCwnd } from '../recovery/window-validation.js'
import { payloadOf, type SendSegment } from '../send-segment.js'
import { seqGt } from '../sequence.js'
import { CA_RECOVERY, CLOSED, SYN_SENT, stateIn, stateSet } from '../state.js'
import { armRetransmit, probeNeeded } from '../timers.js'
import { FLAG_FIN, FLAG_SYN } from '../wire/segment.js'
import { inFlight, windowEnd } from './in-flight.js'
import { scheduleLossProbe } from './loss-probe-timer.js'
import { currentMss, largestSegment } from './mss.js'
import { MTU_PROBE_READY, MTU_PROBE_WAIT, mtuProbeSent, prepareMtuProbe } from './mtu-probe.js'
import { isPaced, PACING_SHIFT, paceCheck } from './pacing.js'
import { setPackets, splitSegment } from './split.js'
import { transmitSegment } from './transmit.js'

const NOT_YET = stateSet(CLOSED, SYN_SENT)

/** `writeQueue`'s `pushOne`: as much as goes; one packet; one packet whatever the congestion window (a loss probe). */
export const PUSH_ALL = 0
export const PUSH_ONE = 1
export const PUSH_PROBE = 2

/** Sends what may be sent now; where nothing may and nothing is under way, the window is probed. */
export function push(c: Connection, ignoreNagle = false): void {
  if (c.sendQueue.sendHead === null || stateIn(c.state, NOT_YET)) return
  if (writeQueue(c, currentMss(c), ignoreNagle ? NAGLE_OFF : c.nonagle, PUSH_ALL)) probeNeeded(c)
}

/**
 * Sends from the queue what the windows, Nagle's rule, the pacing rate and the device's queue let go.
 * @param nonagle `NAGLE_*`
 * @returns whether there is data, nothing is in flight and nothing could be sent
 */
export function writeQueue(c: Connection, mss: number, nonagle: number, pushOne: number): boolean {
  const { sendQueue } = c
  const most = largestCut(c, mss)
  let sent = 0
  if (c.mtuProbing && pushOne === PUSH_ALL) {
    const probe = prepareMtuProbe(c)
    if (probe === MTU_PROBE_WAIT) return false
    if (probe === MTU_PROBE_READY && sendMtuProbe(c)) sent = 1
  }
  let cwndLimited = false
  let windowLimited = false
  for (let segment = sendQueue.sendHead; segment !== null; segment = sendQueue.sendHead) {
    if (paceCheck(c)) break
    if (segment.packets === 0 || (segment.packets > 1 && segment.segmentSize !== mss) || payloadOf(segment) > mss) {
      setPackets(segment, mss)
    }
    let quota = cwndQuota(c)
    if (quota === 0) {
      cwndLimited = true
      if (pushOne !== PUSH_PROBE) break
      quota = 1
    }
    quota = Math.min(quota, most)
    if (!fitsWindow(c, segment, mss)) {
      windowLimited = true
      break
    }
    const isLast = segment.next === null
    let limit = mss
    if (segment.packets === 1) {
      if (!nagleLets(c, segment, mss, isLast ? nonagle : NAGLE_PUSH)) break
    } else {
      if (pushOne === PUSH_ALL) {
        const waits = defers(c, segment, mss, most)
        if (waits !== 0) {
          if (waits === DEFER_CWND) cwndLimited = true
          else windowLimited = waits === DEFER_WINDOW
          break
        }
      }
      if (!c.urgentMode) limit = splitPoint(c, segment, mss, quota, nonagle)
      if (limit === 0) break
    }
    if (segment.length > limit) splitSegment(c, segment, limit, mss)
    if (deviceIsFull(c, segment, 1)) break
    if (transmitSegment(c, segment) !== 0) break
    wasSent(c, segment)
    if (payloadOf(segment) < mss * segment.packets && payloadOf(segment) > 0) c.sndSml = segment.endSeq
    sent += segment.packets
    if (pushOne !== PUSH_ALL) break
  }
  if (windowLimited) limitBegins(c, LIMIT_WINDOW)
  else limitEnds(c, LIMIT_WINDOW)
  if (sent > 0 && c.caState >= CA_RECOVERY - 1) prrSent(c, sent)
  const full = cwndLimited || inFlight(c) >= c.cwnd
  if (sent > 0 || full) validateCwnd(c, full)
  if (sent > 0) {
    if (pushOne !== PUSH_PROBE) scheduleLossProbe(c, false)
    return false
  }
  return c.packetsOut === 0 && sendQueue.sendHead !== null
}

/** Sends the probe at the head. One that does not leave is cut like any segment when the rest goes. */
function sendMtuProbe(c: Connection): boolean {
  const probe = c.sendQueue.sendHead
  if (probe === null || transmitSegment(c, probe) !== 0) return false
  wasSent(c, probe)
  mtuProbeSent(c, probe)
  return true
}

/** An entry was sent for the first time. */
function wasSent(c: Connection, segment: SendSegment): void {
  const before = c.packetsOut
  c.sendQueue.advance()
  c.sndNxt = segment.endSeq
  c.packetsOut += segment.packets
  c.tcp.counters.TcpExtTCPOrigDataSent += segment.packets
  if (before === 0 || c.pending === 5) armRetransmit(c)
}

/** Packets that the congestion window lets go now; half of it at a time, so that acknowledgements keep coming. */
function cwndQuota(c: Connection): number {
  const flying = inFlight(c)
  if (flying >= c.cwnd) return 0
  return Math.min(Math.max(c.cwnd >>> 1, 1), c.cwnd - flying)
}

/** Whether the first packet of an entry lies within the peer's window. */
function fitsWindow(c: Connection, segment: SendSegment, mss: number): boolean {
  const end = segment.length > mss ? (segment.seq + mss) | 0 : segment.endSeq
  return !seqGt(end, windowEnd(c))
}

/** Nagle's rule (RFC 896, RFC 9293 3.7.4) with Minshall's change: one small segment at a time. */
function nagleLets(c: Connection, segment: SendSegment, mss: number, nonagle: number): boolean {
  if ((nonagle & NAGLE_PUSH) !== 0) return true
  if (c.urgentMode || (segment.flags & (FLAG_FIN | FLAG_SYN)) !== 0) return true
  return !nagleHolds(c, segment.length < mss, nonagle)
}

function nagleHolds(c: Connection, partial: boolean, nonagle: number): boolean {
  if (!partial) return false
  if ((nonagle & NAGLE_CORK) !== 0) return true
  return nonagle === 0 && c.packetsOut > 0 && smallOneFlies(c)
}

function smallOneFlies(c: Connection): boolean {
  return seqGt(c.sndSml, c.sndUna) && !seqGt(c.sndSml, c.sndNxt)
}

/** How much of an entry of several packets goes now: whole packets, as far as window and quota reach. */
function splitPoint(c: Connection, segment: SendSegment, mss: number, packets: number, nonagle: number): number {
  const window = (windowEnd(c) - segment.seq) | 0
  const most = mss * packets
  if (most <= window && segment.next !== null) return Math.min(most, segment.length)
  const needed = Math.min(segment.length, window)
  if (most <= needed) return most
  const partial = needed % mss
  return nagleHolds(c, partial !== 0, nonagle) ? needed - partial : needed
}

/** Packets cut from one large segment: about a millisecond at the pacing rate, more on short paths. */
export function largestCut(c: Connection, mss: number): number {
  if (c.md5Key !== null) return 1
  const { settings } = c.tcp
  const largest = largestSegment(c)
  const fewest = c.congestion.minTsoSegments?.(c) ?? settings.minTsoSegs
  let bytes = Number.isFinite(c.pacingRate) ? Math.floor(c.pacingRate / (1 << PACING_SHIFT)) : largest
  const shift = c.minRtt0 < 0 ? 32 : c.minRtt0 >>> settings.tsoRttLog
  if (shift < 32) bytes += largest >>> shift
  bytes = Math.min(bytes, largest)
  const fits = Math.max(1, Math.floor((largest - 80) / mss))
  return Math.min(Math.max(Math.floor(bytes / mss), fewest), fits)
}

const DEFER_NOTHING = 0
const DEFER_CWND = 1
const DEFER_WINDOW = 2
const DEFER_TIME = 3

/** Whether a large segment should wait to become larger, as acknowledgements are about to come (Linux's `tcp_tso_should_defer`). */
function defers(c: Connection, segment: SendSegment, mss: number, most: number): number {
  if (c.caState >= CA_RECOVERY) return DEFER_NOTHING
  // Only within a millisecond of the last packet sent: a burst must not be held up for long.
  if (((c.tcp.now - c.lastSent) | 0) > 1000) return DEFER_NOTHING
  const sendWindow = (windowEnd(c) - segment.seq) | 0
  const congestionWindow = (c.cwnd - inFlight(c)) * mss
  const limit = Math.min(sendWindow, congestionWindow)
  if (limit >= most * mss) return DEFER_NOTHING
  if (segment.next !== null && limit >= segment.length) return DEFER_NOTHING
  const divisor = c.tcp.settings.tsoWinDivisor
  if (divisor > 0) {
    const chunk = Math.min(c.sndWnd, c.cwnd * mss) / divisor
    if (limit >= chunk) return DEFER_NOTHING
  } else if (limit > 3 * mss) return DEFER_NOTHING
  const oldest = c.sendQueue.head
  if (oldest === null || !oldest.sent) return DEFER_NOTHING
  // Half a round trip since the oldest was sent: its acknowledgement is not near.
  if (((c.tcp.now - oldest.sentAt) | 0) < c.srtt8 >>> 4) return DEFER_NOTHING
  if (congestionWindow < sendWindow) {
    if (congestionWindow <= segment.length) return DEFER_CWND
  } else if (sendWindow <= segment.length) return DEFER_WINDOW
  if ((segment.flags & FLAG_FIN) !== 0 || segment.endOfRecord) return DEFER_NOTHING
  return DEFER_TIME
}

/**
 * Small queues: no more than two packets, or a millisecond's worth, wait in the device; released ones let more go. With at most
 * one entry out there is no waiting: what the device says may come late, and an acknowledgement may not come at all.
 * @param share 1 for what is sent first, 2 for what is sent again: that has been waited for already
 */
export function deviceIsFull(c: Connection, segment: SendSegment, share: number): boolean {
  const rate = isPaced(c) && Number.isFinite(c.pacingRate) ? c.pacingRate / (1 << PACING_SHIFT) : 0
  const limit = Math.min(Math.max(2 * segment.truesize, 2 * 67_584, rate), c.tcp.settings.limitOutputBytes) * share
  if (c.deviceQueued <= limit) return false
  const { head, sendHead } = c.sendQueue
  if (head === null || head === sendHead || head.next === sendHead) return false
  c.throttled = true
  return true
}
