import type { ArrivingSegment } from './arriving-segment.js'
import { clockSeconds } from './clock-units.js'
import { reset } from './close.js'
import type { Connection } from './connection.js'
import { enterQuickAck } from './receive/delayed-ack.js'
import { setDsack } from './receive/sack-blocks.js'
import { receiveWindow } from './receive/window.js'
import { mayUpdateWindow } from './recovery/ack.js'
import { TIMESTAMP_LIFETIME } from './recovery/ts-recent.js'
import { sendAck } from './send/transmit.js'
import { seqGt, seqLt } from './sequence.js'
import { CLOSE_WAIT, CLOSING, LAST_ACK, SYN_RECEIVED, stateIn, stateSet } from './state.js'
import { FLAG_ACK, FLAG_FIN, FLAG_RST, FLAG_SYN } from './wire/segment.js'

/** Milliseconds by which a timestamp may be behind (Linux's TCP_PAWS_WINDOW). */
const PAWS_LEEWAY = 1

const FIN_SEEN = stateSet(CLOSE_WAIT, LAST_ACK, CLOSING)

/**
 * First to fourth step of RFC 9293 3.10.7.4, with RFC 7323 5 and RFC 5961: timestamp, sequence number, RST, SYN.
 * False: the segment is done with; what was to be answered has been.
 */
export function acceptable(c: Connection, s: ArrivingSegment): boolean {
  const { counters, challenges } = c.tcp
  const isReset = (s.flags & FLAG_RST) !== 0
  // A reset is taken even so.
  if (c.sawTimestamp && !isReset && isOld(c)) {
    if (isLateAck(c, s)) {
      // Common, and an answer would only be one more duplicate.
      counters.TcpExtPAWSOldAck++
      return false
    }
    if (!isOvertaken(c, s)) {
      if ((s.flags & FLAG_SYN) !== 0) return synChallenge(c)
      counters.TcpExtPAWSEstab++
      if (challenges.outOfWindowAllowed(c, s, 'TcpExtTCPACKSkippedPAWS')) sendDuplicateAck(c, s)
      return false
    }
  }
  if (!inWindow(c, s)) {
    if (!isReset) {
      if ((s.flags & FLAG_SYN) !== 0) return synChallenge(c)
      if (!seqLt(s.endSeq, c.rcvWup)) counters.TcpExtBeyondWindow++
      if (challenges.outOfWindowAllowed(c, s)) sendDuplicateAck(c, s)
    } else if (resetAtFin(c, s)) reset(c)
    return false
  }
  if (isReset) {
    // RFC 5961 3.2, and as Linux the end of what SACK holds: there the peer's own reset would be.
    if (s.seq === c.rcvNxt || resetAtFin(c, s) || s.seq === highestSackEnd(c)) reset(c)
    else challenges.sendChallengeAck(c)
    return false
  }
  if ((s.flags & FLAG_SYN) !== 0) {
    // The SYN-ACK of a simultaneous open is the peer's SYN once more, now with our acknowledgement.
    const crossed =
      c.state === SYN_RECEIVED &&
      (s.flags & FLAG_ACK) !== 0 &&
      ((s.seq + 1) | 0) === s.endSeq &&
      ((s.seq + 1) | 0) === c.rcvNxt &&
      s.ack === c.sndNxt
    return crossed || synChallenge(c)
  }
  return true
}

/** RFC 5961 4.2: a SYN in a synchronized state is answered with a challenge. */
function synChallenge(c: Connection): boolean {
  c.tcp.counters.TcpExtTCPSYNChallenge++
  c.tcp.challenges.sendChallengeAck(c)
  return false
}

/** RFC 7323 5.3 (R1): the timestamp is older than one that was seen. */
function isOld(c: Connection): boolean {
  // Some hosts begin with 0 and have a clock only later.
  if (c.tsRecent === 0 || ((c.tsRecent - c.rcvTsval) | 0) <= PAWS_LEEWAY) return false
  return ((clockSeconds(c.tcp) - c.tsRecentStamp) | 0) <= TIMESTAMP_LIFETIME
}

/** A bare acknowledgement of before. */
function isLateAck(c: Connection, s: ArrivingSegment): boolean {
  return (s.flags & FLAG_ACK) !== 0 && s.seq === s.endSeq && seqLt(s.seq, c.rcvNxt)
}

/** Linux's leave for a duplicate acknowledgement that was overtaken, by about an RTO at most, and has no news of the window. */
function isOvertaken(c: Connection, s: ArrivingSegment): boolean {
  return (
    (s.flags & FLAG_ACK) !== 0 &&
    s.seq === s.endSeq &&
    s.seq === c.rcvNxt &&
    s.ack === c.sndUna &&
    !mayUpdateWindow(c, s) &&
    ((c.tsRecent - c.rcvTsval) | 0) <= (c.rto * 1.2) / 1000
  )
}

/**
 * RFC 9293 3.10.7.4, first: some of it lies in the window, or it lies at its edge. As Linux, one that goes on past the
 * window is only taken while nothing waits to be read: a peer cannot fill a buffer beyond what was offered.
 */
function inWindow(c: Connection, s: ArrivingSegment): boolean {
  if (seqLt(s.endSeq, c.rcvWup)) return false
  const end = (c.rcvNxt + receiveWindow(c)) | 0
  const fin = (s.flags & FLAG_FIN) !== 0 ? 1 : 0
  if (!seqGt((s.endSeq - fin) | 0, end)) return true
  return !seqGt(s.seq, end) && c.inOrder.length === 0
}

/** A peer that was told FIN and then reset stands one before what we expect. */
function resetAtFin(c: Connection, s: ArrivingSegment): boolean {
  return s.seq === ((c.rcvNxt - 1) | 0) && stateIn(c.state, FIN_SEEN)
}

function highestSackEnd(c: Connection): number {
  if (!c.sackOk || c.sackCount === 0) return c.rcvNxt
  let highest = c.sackEnd[0] as number
  for (let i = 1; i < c.sackCount; i++) {
    const end = c.sackEnd[i] as number
    if (seqGt(end, highest)) highest = end
  }
  return highest
}

/** An acknowledgement for a segment that lies outside the window; what was old is told as D-SACK (RFC 2883). */
function sendDuplicateAck(c: Connection, s: ArrivingSegment): void {
  if (s.endSeq !== s.seq && seqLt(s.seq, c.rcvNxt)) {
    c.tcp.counters.TcpExtDelayedACKLost++
    enterQuickAck(c, 16)
    if (c.sackOk && c.tcp.settings.dsack !== 0) {
      setDsack(c, s.seq, seqGt(s.endSeq, c.rcvNxt) ? c.rcvNxt : s.endSeq)
    }
  }
  sendAck(c)
}
