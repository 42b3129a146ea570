import type { ArrivingSegment } from '../arriving-segment.js'
import type { Connection } from '../connection.js'
import { mayCut, mergeNext, splitSegment } from '../send/split.js'
import {
  MARK_EVER_RETRANSMITTED,
  MARK_LOST,
  MARK_RETRANSMITTED,
  MARK_SACKED,
  type SendSegment,
} from '../send-segment.js'
import { seqGe, seqGt, seqLe, seqLt } from '../sequence.js'
import { CA_LOSS } from '../state.js'
import { ACK_DATA_SACKED, ACK_ORIGINAL_ACKED } from './ack-flags.js'
import type { AckSample } from './ack-sample.js'
import { highestSackSeq } from './congestion-state.js'
import { checkDsack, isSackBlockValid } from './dsack.js'
import { rackAdvance } from './rack.js'
import { rateDelivered } from './rate.js'
import { checkReordering } from './reordering.js'

// The blocks of the segment at hand that can be true, in order of sequence numbers.
const starts = new Int32Array(4)
const ends = new Int32Array(4)

/**
 * Takes the SACK blocks of a segment into the scoreboard (RFC 2018 5, RFC 6675 5, Linux's `tcp_sacktag_write_queue`).
 * @returns `ACK_*` of what they told; round trips and reordering are in the sample
 */
export function applySack(c: Connection, s: ArrivingSegment, priorUna: number, sample: AckSample): number {
  const { head } = c.sendQueue
  sample.flags = 0
  sample.reorderSeq = c.sndNxt
  if (c.sackedOut === 0) {
    c.highestSack = head === null ? c.sndUna : head.seq
    c.sackHint = null
  }
  const isDsack = checkDsack(c, s, priorUna, sample)
  // Too old an acknowledgement; one that is a little late may still tell something.
  if (seqLt(s.ack, (priorUna - c.maxWindow) | 0)) return 0
  if (c.packetsOut === 0) return sample.flags
  sortBlocks(c, s, priorUna, isDsack)
  let segment: SendSegment | null = null
  for (let i = 0; i < blockCount; i++) {
    const start = starts[i] as number
    if (segment === null || seqLe(segment.seq, start)) segment = find(c, segment, start)
    segment = walk(c, segment, i, sample)
    if (segment === null) break
  }
  if (segment !== null) c.sackHint = segment
  if (c.caState !== CA_LOSS || c.undoMarker !== 0) checkReordering(c, sample.reorderSeq, false)
  return sample.flags
}

// How many blocks there are, and which of them is the D-SACK; -1: none.
let blockCount = 0
let dsackIndex = -1

function sortBlocks(c: Connection, s: ArrivingSegment, priorUna: number, isDsack: boolean): void {
  const { sackStart, sackEnd, sackCount } = s.options
  blockCount = 0
  dsackIndex = -1
  for (let i = 0; i < sackCount; i++) {
    const start = sackStart[i] as number
    const end = sackEnd[i] as number
    const duplicate = i === 0 && isDsack
    if (!isSackBlockValid(c, duplicate, start, end)) countInvalid(c, s, duplicate, end)
    else if (seqGt(end, priorUna)) {
      let at = blockCount++
      for (; at > 0 && seqGt(starts[at - 1] as number, start); at--) {
        starts[at] = starts[at - 1] as number
        ends[at] = ends[at - 1] as number
        if (dsackIndex === at - 1) dsackIndex = at
      }
      starts[at] = start
      ends[at] = end
      if (duplicate) dsackIndex = at
    }
  }
}

function countInvalid(c: Connection, s: ArrivingSegment, duplicate: boolean, end: number): void {
  const { counters } = c.tcp
  if (duplicate) {
    if (c.undoMarker === 0) counters.TcpExtTCPDSACKIgnoredNoUndo++
    else counters.TcpExtTCPDSACKIgnoredOld++
    return
  }
  // Acknowledgements that were overtaken bring old blocks: no fault.
  if (s.ack !== c.sndUna && seqLe(end, c.sndUna)) return
  counters.TcpExtTCPSACKDiscard++
}

/** The segment in which `seq` lies, or the first behind it: from where the last walk ended, as blocks mostly grow there. */
function find(c: Connection, from: SendSegment | null, seq: number): SendSegment | null {
  let segment = from ?? c.sackHint ?? c.sendQueue.head
  while (segment !== null && seqGt(segment.seq, seq) && segment.previous !== null) segment = segment.previous
  while (segment !== null && seqLe(segment.endSeq, seq)) segment = segment.next
  return segment
}

/** Marks what a block covers. Returns the segment at which it stopped; null at the end of what was sent. */
function walk(c: Connection, from: SendSegment | null, block: number, sample: AckSample): SendSegment | null {
  const { sendHead } = c.sendQueue
  const start = starts[block] as number
  const end = ends[block] as number
  // A D-SACK within this block comes after it in order, but is to be known while its segments are marked.
  const hasInner = dsackIndex === block + 1 && seqLe(ends[block + 1] as number, end)
  let segment = from
  while (segment !== null && segment !== sendHead) {
    if (seqGe(segment.seq, end)) return segment
    let duplicate = block === dsackIndex
    let covered = false
    if (hasInner && seqLt(segment.seq, ends[block + 1] as number)) {
      covered = cover(c, segment, starts[block + 1] as number, ends[block + 1] as number)
      if (covered) duplicate = true
    }
    if (!covered) covered = cover(c, segment, start, end)
    if (covered) {
      tag(c, segment, duplicate, sample)
      rateDelivered(c, segment, sample)
      if ((segment.marks & MARK_SACKED) !== 0) c.sendQueue.untime(segment)
      if (seqGe(segment.seq, c.highestSack)) c.highestSack = segment.endSeq
      segment = joinSacked(c, segment)
    }
    segment = segment.next
  }
  return null
}

/**
 * Whether `[start, end)` covers a segment. A large one is split at whole packets where it covers a part: the first half is then
 * this one. A packet of which a part is covered is not.
 */
function cover(c: Connection, segment: SendSegment, start: number, end: number): boolean {
  const covered = seqLe(start, segment.seq) && seqGe(end, segment.endSeq)
  if (covered || segment.packets <= 1 || seqLe(segment.endSeq, start)) return covered
  const { length, segmentSize: size } = segment
  const fromStart = seqLe(start, segment.seq)
  let cut: number
  if (fromStart) {
    cut = (end - segment.seq) | 0
    if (cut < size) return false
    cut -= cut % size
  } else {
    cut = Math.max((start - segment.seq) | 0, size)
    cut = Math.ceil(cut / size) * size
    if (cut >= length) return false
  }
  if (cut >= length) return fromStart
  if (!mayCut(c, segment)) return false
  splitSegment(c, segment, cut, size)
  return fromStart
}

/** Marks one segment SACKed. */
function tag(c: Connection, segment: SendSegment, duplicate: boolean, sample: AckSample): void {
  const { packets, seq, endSeq } = segment
  const marks = segment.marks
  const wasRetransmitted = (marks & (MARK_RETRANSMITTED | MARK_EVER_RETRANSMITTED)) !== 0
  if (duplicate && wasRetransmitted) {
    if (c.undoMarker !== 0 && c.undoRetrans > 0 && seqGt(endSeq, c.undoMarker)) {
      c.undoRetrans = Math.max(0, c.undoRetrans - packets)
    }
    if ((marks & MARK_SACKED) !== 0 && seqLt(seq, sample.reorderSeq)) sample.reorderSeq = seq
  }
  // It is acknowledged, and about to be dropped.
  if (seqLe(endSeq, c.sndUna)) return
  if ((marks & MARK_SACKED) === 0) {
    rackAdvance(c, marks, endSeq, segment.sentAt)
    if ((marks & MARK_RETRANSMITTED) !== 0) {
      // If it was not held lost the retransmission may still be on its way.
      if ((marks & MARK_LOST) !== 0) {
        segment.marks &= ~(MARK_LOST | MARK_RETRANSMITTED)
        c.lostOut -= packets
        c.retransOut -= packets
      }
    } else {
      if (!wasRetransmitted) neverRetransmitted(c, segment, sample)
      if ((marks & MARK_LOST) !== 0) {
        segment.marks &= ~MARK_LOST
        c.lostOut -= packets
      }
    }
    segment.marks |= MARK_SACKED
    sample.flags |= ACK_DATA_SACKED
    c.sackedOut += packets
    sample.sackDelivered += packets
  }
  // The D-SACK shows that the retransmission is no longer out.
  if (duplicate && (segment.marks & MARK_RETRANSMITTED) !== 0) {
    segment.marks &= ~MARK_RETRANSMITTED
    c.retransOut -= packets
  }
}

/** A segment that was sent once is SACKed: it tells a round trip, and reordering if higher ones were SACKed before. */
function neverRetransmitted(c: Connection, segment: SendSegment, sample: AckSample): void {
  const { seq } = segment
  if (seqLt(seq, highestSackSeq(c)) && seqLt(seq, sample.reorderSeq)) sample.reorderSeq = seq
  if (seqLe(segment.endSeq, c.highSeq)) sample.flags |= ACK_ORIGINAL_ACKED
  const rtt = (c.tcp.now - segment.sentAt) | 0
  if (sample.firstSackRtt < 0) sample.firstSackRtt = rtt
  sample.lastSackRtt = rtt
}

/**
 * Joins a SACKed segment to the SACKed one before it, so that what is SACKed stays short to walk. Returns the segment that it is
 * part of.
 */
function joinSacked(c: Connection, segment: SendSegment): SendSegment {
  const { previous } = segment
  if (
    previous === null ||
    (segment.marks & MARK_SACKED) === 0 ||
    previous.marks !== segment.marks ||
    previous.segmentSize !== segment.segmentSize ||
    previous.segmentSize === 0 ||
    previous.endOfRecord ||
    previous.length % previous.segmentSize !== 0 ||
    previous.length + segment.length > LONGEST
  ) {
    return segment
  }
  previous.packets += segment.packets
  mergeNext(c, previous, segment)
  return previous
}

/** Longest run of SACKed bytes in one entry: far below half of the sequence space. */
const LONGEST = 1 << 24
