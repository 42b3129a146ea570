import type { Connection } from '../connection.js'
import { joinStamps, splitStamps } from '../errors/send-stamps.js'
import {
  copyDeliveryState,
  MARK_LOST,
  MARK_RETRANSMITTED,
  MARK_SACKED,
  payloadOf,
  type SendSegment,
} from '../send-segment.js'
import { FLAG_CWR, FLAG_FIN, FLAG_PSH } from '../wire/segment.js'
import { chargeSend, SEGMENT_OVERHEAD, unchargeSend } from './space.js'

/** Counts an entry's packets for a segment size. */
export function setPackets(segment: SendSegment, mss: number): void {
  segment.segmentSize = mss
  const length = payloadOf(segment)
  segment.packets = length <= mss ? 1 : Math.ceil(length / mss)
}

/** What a send queue may hold beyond twice `SO_SNDBUF` before it is cut no more: two large segments, in bytes (as Linux). */
const CUT_ALLOWANCE = 2 * 66_816

/**
 * Whether an entry that was sent may be cut: a peer that SACKs piece by piece must not make the queue grow without bound
 * (Linux's `tcp_fragment`). The first and the last always may.
 */
export function mayCut(c: Connection, segment: SendSegment): boolean {
  const { head, lastSent } = c.sendQueue
  if (c.writeQueued >>> 1 <= c.sndBuf + CUT_ALLOWANCE || segment === head || segment === lastSent) return true
  c.tcp.counters.TcpExtTCPWqueueTooBig++
  return false
}

/**
 * Cuts an entry after `length` bytes of sequence space; the rest becomes the next entry, with the same marks. The
 * counts of the scoreboard follow. `length` must be more than 0 and less than the entry's.
 */
export function splitSegment(c: Connection, segment: SendSegment, length: number, mss: number): SendSegment {
  const cut = (segment.seq + length) | 0
  const rest = c.sendQueue.create(cut, segment.endSeq, segment.flags & ~FLAG_CWR)
  const before = segment.packets
  segment.endSeq = cut
  segment.flags &= ~(FLAG_FIN | FLAG_PSH)
  rest.marks = segment.marks
  rest.sent = segment.sent
  rest.sentAt = segment.sentAt
  rest.endOfRecord = segment.endOfRecord
  segment.endOfRecord = false
  rest.retransmissions = segment.retransmissions
  splitStamps(segment, rest)
  copyDeliveryState(segment, rest)
  // The payload's charge is shared; the overhead of another entry comes to it.
  const payload = segment.truesize - SEGMENT_OVERHEAD
  const moved = Math.min(Math.max(0, rest.length), payload)
  rest.truesize = SEGMENT_OVERHEAD + moved
  segment.truesize -= moved
  chargeSend(c, SEGMENT_OVERHEAD)
  setPackets(segment, mss)
  setPackets(rest, mss)
  c.sendQueue.insertAfter(segment, rest)
  if (segment.sent) adjustCounts(c, segment, before - segment.packets - rest.packets)
  return rest
}

/** Takes the next entry into this one, as do those who hold on to it; the counts of the scoreboard, if it was sent, are the caller's. */
export function mergeNext(c: Connection, segment: SendSegment, next: SendSegment): void {
  segment.endSeq = next.endSeq
  segment.flags |= next.flags
  segment.endOfRecord = next.endOfRecord
  joinStamps(segment, next)
  segment.truesize += next.truesize - SEGMENT_OVERHEAD
  if (c.retransmitHint === next) c.retransmitHint = segment
  if (c.sackHint === next) c.sackHint = segment
  c.sendQueue.remove(next)
  unchargeSend(c, SEGMENT_OVERHEAD)
}

/** The packets of an entry that is in flight became fewer by `fewer` (which may be negative). */
export function adjustCounts(c: Connection, segment: SendSegment, fewer: number): void {
  if (fewer === 0) return
  c.packetsOut -= fewer
  if ((segment.marks & MARK_SACKED) !== 0) c.sackedOut -= fewer
  if ((segment.marks & MARK_RETRANSMITTED) !== 0) c.retransOut -= fewer
  if ((segment.marks & MARK_LOST) !== 0) c.lostOut -= fewer
  // Without SACK the count is of duplicate acknowledgements.
  if (!c.sackOk && fewer > 0) c.sackedOut -= Math.min(c.sackedOut, fewer)
}
