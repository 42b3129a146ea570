import { EAGAIN, ENOMEM } from '@jackfield/interfaces'
import type { Connection } from '../connection.js'
import { PENDING_REORDER, PENDING_RETRANSMIT } from '../connection-state.js'
import { currentSsthresh, inReduction, oldestSent, setCongestionState } from '../recovery/congestion-state.js'
import { markLost } from '../recovery/lost.js'
import { limitReno } from '../recovery/reno.js'
import {
  MARK_EVER_RETRANSMITTED,
  MARK_LOST,
  MARK_RETRANSMITTED,
  MARK_SACKED,
  payloadOf,
  type SendSegment,
} from '../send-segment.js'
import { seqGt, seqLt } from '../sequence.js'
import { CA_LOSS } from '../state.js'
import { setTimer } from '../timers.js'
import { FLAG_CWR, FLAG_ECE, FLAG_SYN } from '../wire/segment.js'
import { inFlight, windowEnd } from './in-flight.js'
import { currentMss } from './mss.js'
import { paceCheck } from './pacing.js'
import { SEGMENT_OVERHEAD, unchargeSend } from './space.js'
import { adjustCounts, mayCut, mergeNext, setPackets, splitSegment } from './split.js'
import { transmitSegment } from './transmit.js'
import { deviceIsFull, largestCut } from './write.js'

/** Takes `length` of sequence space, acknowledged, off the front of a segment. A SYN there goes with it. */
export function trimHead(c: Connection, segment: SendSegment, length: number): void {
  segment.flags &= ~FLAG_SYN
  segment.seq = (segment.seq + length) | 0
  const gone = Math.min(length, segment.truesize - SEGMENT_OVERHEAD)
  segment.truesize -= gone
  unchargeSend(c, gone)
  if (segment.packets > 1) setPackets(segment, segment.segmentSize)
}

/**
 * Sends a segment again, at most `packets` packets of it (Linux's `tcp_retransmit_skb`): it is split where it is longer, and takes
 * small neighbours in where it is shorter than one. 0, or the positive error number with which it did not leave.
 */
export function retransmitSegment(c: Connection, segment: SendSegment, packets: number): number {
  const error = resend(c, segment, packets)
  // An undone recovery leaves the mark on what it had sent again: that is counted already.
  if (error === 0 && (segment.marks & MARK_RETRANSMITTED) === 0) {
    segment.marks |= MARK_RETRANSMITTED
    c.retransOut += segment.packets
  }
  // When the first one was tried, for undoing and for giving up; 0 stands for never.
  if (c.retransStamp === 0) c.retransStamp = c.tcp.now === 0 ? 1 : c.tcp.now
  if (c.undoRetrans < 0) c.undoRetrans = 0
  c.undoRetrans += segment.packets
  return error
}

/** Sends a segment again without counting it as out: a loss probe is counted only if it proves a loss. */
export function resend(c: Connection, segment: SendSegment, packets: number): number {
  const { counters } = c.tcp
  // A path-MTU probe that is under way proves nothing any more (RFC 4821 7.6.4).
  c.mtuProbeSize = 0
  if (seqLt(segment.seq, c.sndUna)) trimHead(c, segment, (c.sndUna - segment.seq) | 0)
  const mss = currentMss(c)
  let room = (windowEnd(c) - segment.seq) | 0
  if (room <= 0) {
    // The window shrank below it. At its very edge it serves as a window probe (RFC 9293 3.8.6.1).
    if (segment.seq !== c.sndUna) return EAGAIN
    room = mss
  }
  let most = mss * packets
  if (most > room) most = room - (room % mss) || room
  const payload = payloadOf(segment)
  if (payload > most) {
    if (!mayCut(c, segment)) return ENOMEM
    splitSegment(c, segment, most, mss)
  } else {
    const before = segment.packets
    setPackets(segment, mss)
    adjustCounts(c, segment, before - segment.packets)
    if (!c.sackOk) limitReno(c)
    const space = Math.min(room, mss)
    if (payload < space) collapse(c, segment, space)
  }
  // RFC 3168 6.1.1.1: a SYN that asks for ECN may be dropped for that.
  if ((segment.flags & (FLAG_SYN | FLAG_ECE | FLAG_CWR)) === (FLAG_SYN | FLAG_ECE | FLAG_CWR)) {
    if (c.tcp.settings.ecnFallback !== 0) segment.flags &= ~(FLAG_ECE | FLAG_CWR)
  }
  const count = segment.packets
  counters.TcpRetransSegs += count
  if ((segment.flags & FLAG_SYN) !== 0) counters.TcpExtTCPSynRetrans++
  c.totalRetrans += count
  c.bytesRetrans += payloadOf(segment)
  const error = transmitSegment(c, segment)
  if (error === 0) {
    segment.retransmissions++
    c.sendQueue.touch(segment)
  } else counters.TcpExtTCPRetransFail += count
  // Whether it left or not, its time of sending tells no round trip any more (Karn, RFC 6298 3).
  segment.marks |= MARK_EVER_RETRANSMITTED
  return error
}

/** Takes the next segments in as far as they fit into `space` bytes with it (RFC 9293 3.8.1 allows to repacketize). */
function collapse(c: Connection, segment: SendSegment, space: number): void {
  if (c.tcp.settings.retransCollapse === 0 || (segment.flags & FLAG_SYN) !== 0) return
  if (segment.packets > 1 || (segment.marks & MARK_SACKED) !== 0) return
  const { sendQueue } = c
  let left = space - payloadOf(segment)
  for (let next = segment.next; next !== null && next !== sendQueue.sendHead; next = segment.next) {
    if (next.packets > 1 || (next.marks & MARK_SACKED) !== 0 || segment.endOfRecord) return
    left -= payloadOf(next)
    if (left < 0 || seqGt(next.endSeq, windowEnd(c))) return
    segment.marks |= next.marks & MARK_EVER_RETRANSMITTED
    adjustCounts(c, next, next.packets)
    if (!c.sackOk) limitReno(c)
    mergeNext(c, segment, next)
  }
}

/** Sends again what is marked lost, as far as congestion window and pacing allow (Linux's `tcp_xmit_retransmit_queue`). */
export function retransmitQueue(c: Connection): void {
  if (c.packetsOut === 0) return
  const { counters } = c.tcp
  const { sendQueue } = c
  const head = oldestSent(c)
  const most = largestCut(c, currentMss(c))
  let rearm = false
  // Whether something is not lost and not sent again yet: it may become so, and the next call begins there.
  let hole = false
  let segment = c.retransmitHint ?? head
  while (segment !== null && segment !== sendQueue.sendHead) {
    if (paceCheck(c)) break
    if (!hole) c.retransmitHint = segment
    const quota = c.cwnd - inFlight(c)
    if (quota <= 0 || c.retransOut >= c.lostOut) break
    const { marks } = segment
    if ((marks & MARK_LOST) === 0) {
      if ((marks & (MARK_RETRANSMITTED | MARK_SACKED)) === 0) hole = true
    } else if ((marks & (MARK_SACKED | MARK_RETRANSMITTED)) === 0) {
      if (deviceIsFull(c, segment, 2)) break
      if (retransmitSegment(c, segment, Math.min(quota, most)) !== 0) break
      if (c.caState === CA_LOSS) counters.TcpExtTCPSlowStartRetrans += segment.packets
      else counters.TcpExtTCPFastRetrans += segment.packets
      if (inReduction(c)) c.prrOut += segment.packets
      // RFC 6298 5.1: the oldest is on its way again.
      if (segment === head && c.pending !== PENDING_REORDER) rearm = true
    }
    segment = segment.next
  }
  if (rearm) setTimer(c, PENDING_RETRANSMIT, c.rto)
}

/**
 * What no longer fits the path is sent again in smaller packets: that is no congestion (RFC 1191 6.5, Linux's
 * `tcp_simple_retransmit`).
 */
export function simpleRetransmit(c: Connection): void {
  const mss = currentMss(c)
  const { sendHead } = c.sendQueue
  for (let segment = oldestSent(c); segment !== null && segment !== sendHead; segment = segment.next) {
    if ((segment.packets > 1 ? segment.segmentSize : payloadOf(segment)) > mss) markLost(c, segment)
  }
  if (c.lostOut === 0) return
  if (!c.sackOk) limitReno(c)
  retransmitUncongested(c)
}

/** Sends again what is marked lost, for reasons other than congestion: the window stays (`tcp_non_congestion_loss_retransmit`). */
export function retransmitUncongested(c: Connection): void {
  if (c.caState !== CA_LOSS) {
    c.highSeq = c.sndNxt
    c.ssthresh = currentSsthresh(c)
    c.priorSsthresh = 0
    c.undoMarker = 0
    setCongestionState(c, CA_LOSS)
  }
  retransmitQueue(c)
}
