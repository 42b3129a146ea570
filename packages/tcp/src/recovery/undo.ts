import type { Connection } from '../connection.js'
import { ECN_QUEUE_CWR } from '../connection-state.js'
import { seqLt } from '../sequence.js'
import { CA_LOSS, CA_OPEN, SYN_SENT } from '../state.js'
import { echoesBefore, millisecondsAt, setCongestionState } from './congestion-state.js'
import { anyRetransmitted, tryKeepOpen } from './loss-episode.js'
import { unmarkLost } from './lost.js'
import { rackRecovered } from './rack.js'
import { checkReordering } from './reordering.js'

/*
 * Undoing a reduction that was in vain (RFC 4015): what told of loss was reordering or delay. It is known by the timestamp of
 * the original transmission (Eifel, RFC 3522), by a D-SACK for everything that was retransmitted (RFC 3708), or by F-RTO.
 */

/** Puts window and threshold back to what they were. */
function undoReduction(c: Connection, lossWasNone: boolean): void {
  if (lossWasNone) unmarkLost(c)
  if (c.priorSsthresh !== 0) {
    c.cwnd = c.congestion.undoWindow(c)
    if (c.priorSsthresh > c.ssthresh) {
      c.ssthresh = c.priorSsthresh
      c.ecn &= ~ECN_QUEUE_CWR
    }
  }
  c.cwndStamp = c.tcp.now
  c.undoMarker = 0
  // RACK is to look again at what is left.
  c.rackAdvanced = true
}

/** Whether the acknowledgement is for an original, not for the first retransmission of this recovery. */
function wasDelayed(c: Connection): boolean {
  if (c.retransStamp !== 0) return echoesBefore(c, c.retransStamp)
  // Nothing was retransmitted, so what came was late; but there are two who clear the stamp after having retransmitted.
  if (!c.sackOk && !seqLt(c.sndUna, c.highSeq)) return false
  return c.state !== SYN_SENT
}

function mayUndo(c: Connection): boolean {
  return c.undoMarker !== 0 && (c.undoRetrans === 0 || wasDelayed(c))
}

/**
 * Without SACK the state lasts until something above `highSeq` is acknowledged, lest duplicates of what was retransmitted
 * begin a second recovery (RFC 6582 3.2 and 6).
 */
function mustHoldState(c: Connection): boolean {
  if (c.sndUna !== c.highSeq || c.sackOk) return false
  if (!anyRetransmitted(c)) c.retransStamp = 0
  return true
}

/**
 * Everything of the recovery is acknowledged: undoes it where it was in vain, and opens.
 * @returns whether the state has to be held
 */
export function tryUndoRecovery(c: Connection): boolean {
  const { counters } = c.tcp
  if (mayUndo(c)) {
    undoReduction(c, false)
    if (c.caState === CA_LOSS) counters.TcpExtTCPLossUndo++
    else counters.TcpExtTCPFullUndo++
  } else rackRecovered(c, false)
  if (mustHoldState(c)) return true
  setCongestionState(c, CA_OPEN)
  c.sackReneging = false
  return false
}

/** D-SACKs told of all that was retransmitted. True: undone. */
export function tryUndoDsack(c: Connection): boolean {
  if (c.undoMarker === 0 || c.undoRetrans !== 0) return false
  rackRecovered(c, true)
  undoReduction(c, false)
  c.tcp.counters.TcpExtTCPDSACKUndo++
  return true
}

/** A timeout was in vain: as far as is known, or (`byFrto`) as F-RTO found. True: undone. */
export function tryUndoLoss(c: Connection, byFrto: boolean): boolean {
  if (!byFrto && !mayUndo(c)) return false
  const { counters } = c.tcp
  undoReduction(c, true)
  counters.TcpExtTCPLossUndo++
  if (byFrto) counters.TcpExtTCPSpuriousRTOs++
  c.retransmits = 0
  if (mustHoldState(c)) return true
  if (byFrto || c.sackOk) {
    setCongestionState(c, CA_OPEN)
    c.sackReneging = false
  }
  return true
}

/** What `tryUndoPartial` found. */
export const PARTIAL_LOSS = 0
export const PARTIAL_UNDONE = 1
export const PARTIAL_WAIT = 2

/**
 * A partial acknowledgement in recovery. Where an original filled the hole: undone if no retransmission is out, else
 * nothing more is retransmitted (`PARTIAL_WAIT`).
 */
export function tryUndoPartial(c: Connection, priorUna: number): number {
  if (c.undoMarker === 0 || !wasDelayed(c)) return PARTIAL_LOSS
  checkReordering(c, priorUna, true)
  if (c.retransOut > 0) return PARTIAL_WAIT
  if (!anyRetransmitted(c)) c.retransStamp = 0
  undoReduction(c, true)
  c.tcp.counters.TcpExtTCPPartialUndo++
  tryKeepOpen(c)
  return PARTIAL_UNDONE
}

/** A SYN-ACK that echoes the first SYN's timestamp: its retransmissions were in vain, the initial window need not suffer. */
export function undoSpuriousSyn(c: Connection): void {
  if (c.undoMarker === 0 || c.retransStamp === 0 || !c.sawTimestamp) return
  if (c.rcvTsecr === millisecondsAt(c, c.retransStamp)) c.undoMarker = 0
}
