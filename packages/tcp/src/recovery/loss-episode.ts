import { EVENT_LOSS } from '../congestion/congestion-control.js'
import type { Connection } from '../connection.js'
import { inFlight } from '../send/in-flight.js'
import { MARK_EVER_RETRANSMITTED, MARK_SACKED } from '../send-segment.js'
import { seqGt } from '../sequence.js'
import { CA_CWR, CA_DISORDER, CA_LOSS, CA_OPEN, CA_RECOVERY } from '../state.js'
import { ACK_ECE } from './ack-flags.js'
import { currentSsthresh, inReduction, oldestSent, setCongestionState } from './congestion-state.js'
import { isRack, markLost, rackRemaining } from './lost.js'
import { enterCwr, initReduction, queueCwr } from './prr.js'
import { resetReno } from './reno.js'

/** Whether something of what is out was retransmitted. */
export function anyRetransmitted(c: Connection): boolean {
  if (c.retransOut > 0) return true
  const head = oldestSent(c)
  return head !== null && (head.marks & MARK_EVER_RETRANSMITTED) !== 0
}

/** Remembers where undoing starts from (RFC 3522, RFC 4015): `undoRetrans` D-SACKs would show that all was in vain. */
function initUndo(c: Connection): void {
  // 0 stands for nothing to undo.
  c.undoMarker = c.sndUna === 0 ? 1 : c.sndUna
  c.undoRetrans = c.retransOut
  if (c.lossProbeSent && c.lossProbeRetransmit) c.undoRetrans++
  // 0 would be "all of them told of already".
  if (c.undoRetrans === 0) c.undoRetrans = -1
}

/** Fast recovery begins (RFC 6675 5, RFC 6937). `ece`: ECN told of it, which forbids undoing. */
export function enterRecovery(c: Connection, ece: boolean): void {
  const { counters } = c.tcp
  if (!anyRetransmitted(c)) c.retransStamp = 0
  if (c.sackOk) counters.TcpExtTCPSackRecovery++
  else counters.TcpExtTCPRenoRecovery++
  c.priorSsthresh = 0
  initUndo(c)
  if (!inReduction(c)) {
    if (!ece) c.priorSsthresh = currentSsthresh(c)
    initReduction(c)
  }
  setCongestionState(c, CA_RECOVERY)
}

/**
 * The retransmission timer expired (RFC 5681 3.1, RFC 6298 5): the window is one packet, what was out for a round trip is lost.
 * To be called before `retransmits` counts the timeout.
 */
export function enterLoss(c: Connection): void {
  const { settings } = c.tcp
  const isNew = c.caState < CA_RECOVERY
  timeoutMarkLost(c)
  // Once for a window of data: not where this one was reduced for already.
  if (c.caState <= CA_DISORDER || !seqGt(c.highSeq, c.sndUna) || (c.caState === CA_LOSS && c.retransmits === 0)) {
    c.priorSsthresh = currentSsthresh(c)
    c.priorCwnd = c.cwnd
    c.ssthresh = c.congestion.slowStartThreshold(c)
    c.congestion.event?.(c, EVENT_LOSS)
    initUndo(c)
  }
  c.cwnd = inFlight(c) + 1
  c.cwndCount = 0
  c.cwndStamp = c.tcp.now
  // Many duplicates and still a timeout: the reordering degree was put too high.
  if (c.caState <= CA_DISORDER && c.sackedOut >= settings.reordering) {
    c.reordering = Math.min(c.reordering, settings.reordering)
  }
  setCongestionState(c, CA_LOSS)
  c.highSeq = c.sndNxt
  c.lossProbeSent = false
  queueCwr(c)
  // RFC 5682 3.1, step 1: not within another recovery, but for repeated timeouts of the same segment.
  c.frto = settings.frto !== 0 && (isNew || c.retransmits > 0) && c.mtuProbeSize === 0
}

function timeoutMarkLost(c: Connection): void {
  const head = oldestSent(c)
  const reneging = head !== null && (head.marks & MARK_SACKED) !== 0
  if (reneging) {
    // RFC 2018 8: a receiver may take back what it SACKed.
    c.tcp.counters.TcpExtTCPSACKReneging++
    c.sackedOut = 0
    c.sackReneging = true
  } else if (!c.sackOk) resetReno(c)
  const { sendHead } = c.sendQueue
  for (let segment = head; segment !== null && segment !== sendHead; segment = segment.next) {
    if (reneging) segment.marks &= ~MARK_SACKED
    // What left less than a round trip ago may well be on its way (RFC 8985 6.3).
    else if (segment !== head && isRack(c) && rackRemaining(c, segment, 0) > 0) continue
    markLost(c, segment)
  }
  c.retransmitHint = null
}

/** Open, or Disorder while something is SACKed, lost or retransmitted. */
export function tryKeepOpen(c: Connection): void {
  const state = c.sackedOut + c.lostOut > 0 || anyRetransmitted(c) ? CA_DISORDER : CA_OPEN
  if (c.caState === state) return
  setCongestionState(c, state)
  c.highSeq = c.sndNxt
}

/** No loss is known: ECN may ask for a reduction, else the state is Open or Disorder. */
export function tryToOpen(c: Connection, flags: number): void {
  if (!anyRetransmitted(c)) c.retransStamp = 0
  if ((flags & ACK_ECE) !== 0) enterCwr(c)
  if (c.caState !== CA_CWR) tryKeepOpen(c)
}
