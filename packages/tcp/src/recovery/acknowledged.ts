import type { Connection } from '../connection.js'
import { stampAcknowledged } from '../errors/send-stamps.js'
import { LIMIT_BUSY, limitEnds } from '../limit-times.js'
import { trimHead } from '../send/retransmit.js'
import { unchargeSend } from '../send/space.js'
import {
  MARK_EVER_RETRANSMITTED,
  MARK_LOST,
  MARK_RETRANSMITTED,
  MARK_SACKED,
  type SendSegment,
} from '../send-segment.js'
import { seqBetween, seqGt, seqLe, seqLt } from '../sequence.js'
import { FLAG_SYN } from '../wire/segment.js'
import {
  ACK_ACKED,
  ACK_ALERT,
  ACK_DATA_ACKED,
  ACK_MAYBE_DELAYED,
  ACK_ORIGINAL_ACKED,
  ACK_RENEGING,
  ACK_RETRANS_ACKED,
  ACK_SET_TIMER,
  ACK_SYN_ACKED,
} from './ack-flags.js'
import type { AckSample } from './ack-sample.js'
import { countDelivered, echoesBefore } from './congestion-state.js'
import { mtuProbeSucceeded } from './mtu-probe.js'
import { rackAdvance } from './rack.js'
import { rateDelivered } from './rate.js'
import { removeReno } from './reno.js'
import { checkReordering } from './reordering.js'
import { takeRtt } from './rtt.js'

const RETRANSMITTED = MARK_RETRANSMITTED | MARK_EVER_RETRANSMITTED

// What the walk over the acknowledged segments found.
let packetsAcked = 0
let firstRtt = -1
let lastRtt = -1
let reorderSeq = 0
let wholly = true

/**
 * Drops what is acknowledged from the send queue and the send buffer, with the counts of the scoreboard, and takes the round trip
 * (Linux's `tcp_clean_rtx_queue`).
 * @param priorSack `highestSackSeq` before this acknowledgement
 * @param flags `ACK_*` gathered so far
 * @returns `flags` and what it acknowledged
 */
export function cleanRetransmitQueue(
  c: Connection,
  priorSack: number,
  priorUna: number,
  flags: number,
  ece: boolean,
  sample: AckSample,
): number {
  const priorSacked = c.sackedOut
  const found = dropAcknowledged(c, ece, sample)
  releaseBytes(c)
  c.zeroCopies?.acknowledged(c)
  if (c.sendQueue.empty) c.tcp.queues.sendSettled(c)
  if (seqBetween(c.sndUp, priorUna, c.sndUna)) c.sndUp = c.sndUna
  const { head, sendHead } = c.sendQueue
  const left = head === sendHead ? null : head
  let own = found
  if (left === null) limitEnds(c, LIMIT_BUSY)
  else if ((left.marks & MARK_SACKED) !== 0) own |= ACK_RENEGING

  let ackedRtt = -1
  let latestRtt = -1
  if (firstRtt >= 0 && (own & ACK_RETRANS_ACKED) === 0) {
    ackedRtt = firstRtt
    latestRtt = lastRtt
    if (isLone(c, priorSacked, priorUna, own, sample)) own |= ACK_MAYBE_DELAYED
  }
  const sackRtt = sample.firstSackRtt
  if (sackRtt >= 0) latestRtt = sample.lastSackRtt
  const measured = takeRtt(c, own, ackedRtt, sackRtt, latestRtt, sample)

  if ((own & ACK_ACKED) !== 0) {
    own |= ACK_SET_TIMER
    if (c.mtuProbeSize > 0 && seqLe(c.mtuProbeEnd, c.sndUna)) mtuProbeSucceeded(c)
    if (!c.sackOk) {
      removeReno(c, packetsAcked, ece)
      // Without SACK nobody can tell that it was the original that arrived.
      if ((own & ACK_RETRANS_ACKED) !== 0) own &= ~ACK_ORIGINAL_ACKED
    } else if (seqLt(reorderSeq, priorSack)) {
      // A hole that was not retransmitted is filled.
      checkReordering(c, reorderSeq, false)
    }
  } else if (left !== null && measured && sackRtt >= 0 && sackRtt > ((c.tcp.now - left.sentAt) | 0)) {
    // What is SACKed was sent before the oldest was (again): that one's timer may begin anew, but not for ever.
    own |= ACK_SET_TIMER
  }
  c.congestion.packetsAcked?.(c, packetsAcked, sample.rtt)
  return flags | own
}

/** Takes the segments off that are acknowledged whole, and the packets of the first that is in part. */
function dropAcknowledged(c: Connection, ece: boolean, sample: AckSample): number {
  const { sendQueue } = c
  let flags = 0
  packetsAcked = 0
  firstRtt = -1
  lastRtt = -1
  reorderSeq = c.sndNxt
  wholly = true
  for (let segment = sendQueue.head; segment !== null && segment !== sendQueue.sendHead; segment = sendQueue.head) {
    const { marks, seq, endSeq } = segment
    let { packets } = segment
    if (seqGt(endSeq, c.sndUna)) {
      if (seqLe(c.sndUna, seq)) break
      if ((segment.flags & FLAG_SYN) !== 0) {
        // Data of a Fast Open SYN that was not taken stays, as a segment of its own.
        flags |= account(c, segment, marks, 0, seq, ece, sample)
        trimHead(c, segment, 1)
        break
      }
      if (packets === 1) break
      trimHead(c, segment, (c.sndUna - seq) | 0)
      packets -= segment.packets
      if (packets === 0) break
      wholly = false
    }
    flags |= account(c, segment, marks, packets, seq, ece, sample)
    if (!wholly) break
    if (segment.stamps !== 0) stampAcknowledged(c, segment)
    if (c.retransmitHint === segment) c.retransmitHint = null
    if (c.sackHint === segment) c.sackHint = null
    const { truesize } = segment
    sendQueue.remove(segment)
    unchargeSend(c, truesize)
  }
  return flags
}

/** Counts `packets` of a segment as acknowledged. `marks` and `seq`: as they were. */
function account(
  c: Connection,
  segment: SendSegment,
  marks: number,
  packets: number,
  seq: number,
  ece: boolean,
  sample: AckSample,
): number {
  let flags = (segment.flags & FLAG_SYN) !== 0 ? ACK_SYN_ACKED : ACK_DATA_ACKED
  if ((flags & ACK_SYN_ACKED) !== 0) c.retransStamp = 0
  if ((marks & RETRANSMITTED) !== 0) {
    if ((marks & MARK_RETRANSMITTED) !== 0) c.retransOut -= packets
    flags |= ACK_RETRANS_ACKED
  } else if ((marks & MARK_SACKED) === 0) {
    lastRtt = (c.tcp.now - segment.sentAt) | 0
    if (firstRtt < 0) firstRtt = lastRtt
    if (seqLt(seq, reorderSeq)) reorderSeq = seq
    if (seqLe(segment.endSeq, c.highSeq)) flags |= ACK_ORIGINAL_ACKED
  }
  if ((marks & MARK_SACKED) !== 0) c.sackedOut -= packets
  else if (c.sackOk) {
    countDelivered(c, packets, ece)
    // An echo from before the retransmission: the original arrived, of which no time is known any more.
    if ((marks & RETRANSMITTED) === 0 || !echoesBefore(c, segment.sentAt)) {
      rackAdvance(c, marks, segment.endSeq, segment.sentAt)
    }
  }
  if ((marks & MARK_LOST) !== 0) c.lostOut -= packets
  c.packetsOut -= packets
  packetsAcked += packets
  rateDelivered(c, segment, sample)
  return flags
}

/** One small packet with nothing around it: the peer may have held its acknowledgement back. */
function isLone(c: Connection, priorSacked: number, priorUna: number, flags: number, sample: AckSample): boolean {
  return (
    packetsAcked === 1 &&
    wholly &&
    priorSacked === 0 &&
    ((c.sndUna - priorUna) | 0) < c.mss &&
    ((sample.priorDelivered + 1) | 0) === c.delivered &&
    (flags & (ACK_ALERT | ACK_SYN_ACKED)) === 0
  )
}

/** Gives the bytes below `sndUna` back. SYN and FIN are not among them. */
function releaseBytes(c: Connection): void {
  const bytes = Math.min((c.sndUna - c.bufferSeq) | 0, c.sendBuffer.length)
  if (bytes <= 0) return
  c.sendBuffer.release(bytes)
  c.bufferSeq = (c.bufferSeq + bytes) | 0
}
