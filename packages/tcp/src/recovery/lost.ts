import type { Connection } from '../connection.js'
import { splitSegment } from '../send/split.js'
import { MARK_LOST, MARK_RETRANSMITTED, MARK_SACKED, type SendSegment } from '../send-segment.js'
import { seqGt, seqLt } from '../sequence.js'
import { CA_RECOVERY } from '../state.js'
import { oldestSent } from './congestion-state.js'

/** Bit of `tcp_recovery`: RACK finds losses; without it RFC 6675's count of duplicates does. */
const RECOVERY_RACK = 1
/** The reordering window stays as it is. */
export const RECOVERY_STATIC_WINDOW = 2
/** Three duplicates do not make the reordering window 0. */
export const RECOVERY_NO_THRESHOLD = 4

/** Whether RACK finds the losses of the connection. */
export function isRack(c: Connection): boolean {
  return (c.tcp.settings.recovery & RECOVERY_RACK) !== 0
}

/** Marks a segment lost; one that was retransmitted since is lost again. One that is SACKed cannot be. */
export function markLost(c: Connection, segment: SendSegment): void {
  if ((segment.marks & MARK_SACKED) !== 0) return
  rememberFirst(c, segment)
  if ((segment.marks & MARK_LOST) === 0) {
    segment.marks |= MARK_LOST
    c.lostOut += segment.packets
    c.lost = (c.lost + segment.packets) | 0
  } else if ((segment.marks & MARK_RETRANSMITTED) !== 0) {
    segment.marks &= ~MARK_RETRANSMITTED
    c.retransOut -= segment.packets
    c.tcp.counters.TcpExtTCPLostRetransmit += segment.packets
    c.lost = (c.lost + segment.packets) | 0
  }
}

/** Keeps `retransmitHint` at or before the first segment that is to be retransmitted. */
function rememberFirst(c: Connection, segment: SendSegment): void {
  const hint = c.retransmitHint
  if (c.lostOut === 0 || (hint === null ? c.retransOut >= c.lostOut : seqLt(segment.seq, hint.seq))) {
    c.retransmitHint = segment
  }
}

/** Takes every mark of loss away: it was none. */
export function unmarkLost(c: Connection): void {
  const { head, sendHead } = c.sendQueue
  for (let segment = head; segment !== null && segment !== sendHead; segment = segment.next) {
    segment.marks &= ~MARK_LOST
  }
  c.lostOut = 0
  c.retransmitHint = null
}

/**
 * RFC 6582 3.2: the first packet is lost after three duplicates, and again after every partial acknowledgement.
 * @param advanced whether `sndUna` moved
 */
export function renoMarkLost(c: Connection, advanced: boolean): void {
  const begins = c.caState < CA_RECOVERY && c.sackedOut >= c.reordering
  if (!begins && !(c.caState === CA_RECOVERY && advanced)) return
  const segment = oldestSent(c)
  if (segment === null || (segment.marks & MARK_LOST) !== 0) return
  const { segmentSize } = segment
  if (segment.packets > 1 && segment.length > segmentSize) splitSegment(c, segment, segmentSize, segmentSize)
  markLost(c, segment)
}

/**
 * RFC 6675 4, for a connection without RACK: what has `reordering` SACKed packets above it is lost; on entering recovery the
 * first packet in any case.
 */
export function sackMarkLost(c: Connection, entered: boolean): void {
  if (!c.sackOk) return
  let above = c.sackedOut - c.reordering
  const onlyFirst = above < 0
  if (onlyFirst) {
    if (!entered) return
    above = 1
  }
  const { head, sendHead } = c.sendQueue
  let sacked = 0
  for (let segment = head; segment !== null && segment !== sendHead; segment = segment.next) {
    if (seqGt(segment.endSeq, c.sndNxt)) return
    if ((segment.marks & MARK_SACKED) !== 0) sacked += segment.packets
    if (sacked > above) return
    if ((segment.marks & MARK_LOST) === 0) markLost(c, segment)
    if (onlyFirst) return
  }
}

/** Microseconds until a segment has been out for the latest round trip and the reordering window; 0 or less: it has. */
export function rackRemaining(c: Connection, segment: SendSegment, window: number): number {
  return c.rackRtt + window - ((c.tcp.now - segment.sentAt) | 0)
}
