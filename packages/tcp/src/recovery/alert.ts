import type { Connection } from '../connection.js'
import { PENDING_RETRANSMIT } from '../connection-state.js'
import { seqGe, seqGt } from '../sequence.js'
import { CA_CWR, CA_DISORDER, CA_LOSS, CA_OPEN, CA_RECOVERY } from '../state.js'
import { setTimer } from '../timers.js'
import {
  ACK_DATA_SACKED,
  ACK_ECE,
  ACK_LOST_RETRANS,
  ACK_RENEGING,
  ACK_SET_TIMER,
  ACK_UNA_ADVANCED,
} from './ack-flags.js'
import { type AckSample, RETRANSMIT_LOST } from './ack-sample.js'
import { highestSackSeq, oldestSent, setCongestionState } from './congestion-state.js'
import { processLoss } from './frto.js'
import { enterRecovery, tryToOpen } from './loss-episode.js'
import { isRack, renoMarkLost, sackMarkLost } from './lost.js'
import { mtuProbeFailed } from './mtu-probe.js'
import { endCwr } from './prr.js'
import { rackMarkLost } from './rack.js'
import { addReno, resetReno } from './reno.js'
import { PARTIAL_LOSS, PARTIAL_WAIT, tryUndoDsack, tryUndoPartial, tryUndoRecovery } from './undo.js'

/** Least time that a receiver that took SACKed data back has before its data is sent again, in microseconds. */
const RENEGING_DELAY = 10_000

/**
 * An acknowledgement that is a duplicate, tells of SACKed data or congestion, or comes while a recovery is under way: takes the
 * connection from Open through Disorder, CWR, Recovery and Loss (RFC 5681 3.2, RFC 6675 5, Linux's `tcp_fastretrans_alert`).
 * @param duplicates duplicate acknowledgements that it counts for
 * @returns `flags`, perhaps with `ACK_SET_TIMER` taken away and `ACK_LOST_RETRANS` added; `sample.retransmit` tells what is to follow
 */
export function fastRetransmitAlert(
  c: Connection,
  priorUna: number,
  duplicates: number,
  flags: number,
  sample: AckSample,
): number {
  const ece = (flags & ACK_ECE) !== 0
  const advanced = (flags & ACK_UNA_ADVANCED) !== 0
  let outcome = flags
  let countLosses = duplicates > 0 || ((flags & ACK_DATA_SACKED) !== 0 && farSacked(c))
  let entered = false
  if (c.packetsOut === 0 && c.sackedOut > 0) c.sackedOut = 0
  // An echo of congestion is true whatever becomes of the retransmissions: the reduction stays.
  if (ece) c.priorSsthresh = 0
  if ((flags & ACK_RENEGING) !== 0 && advanced) {
    // The timer has the last word, soon: the SACKed data may only be late in being acknowledged.
    setTimer(c, PENDING_RETRANSMIT, Math.max(c.srtt8 >>> 4, RENEGING_DELAY))
    return flags & ~ACK_SET_TIMER
  }
  if (c.caState === CA_OPEN) c.retransStamp = 0
  else if (seqGe(c.sndUna, c.highSeq) && leave(c)) return flags

  if (c.caState === CA_RECOVERY) {
    if (!advanced) {
      if (!c.sackOk) addReno(c, duplicates, ece)
    } else {
      const partial = tryUndoPartial(c, priorUna)
      if (partial === PARTIAL_WAIT) return flags
      if (partial === PARTIAL_LOSS) countLosses = farSacked(c)
    }
    if (tryUndoDsack(c)) tryToOpen(c, flags)
    outcome = identifyLoss(c, outcome)
    if (c.caState !== CA_RECOVERY) {
      if (!timeToRecover(c)) return outcome
      // Undone, and yet there is loss: a new recovery.
      enterRecovery(c, ece)
    }
  } else {
    if (c.caState === CA_LOSS) {
      processLoss(c, flags, duplicates, sample)
      outcome = identifyLoss(c, outcome)
      if (!isOpen(c) && (outcome & ACK_LOST_RETRANS) === 0) return outcome
    }
    if (!c.sackOk) {
      if (advanced) resetReno(c)
      addReno(c, duplicates, ece)
    }
    if (c.caState <= CA_DISORDER) tryUndoDsack(c)
    outcome = identifyLoss(c, outcome)
    if (!timeToRecover(c)) {
      tryToOpen(c, flags)
      return outcome
    }
    if (c.caState < CA_CWR && c.mtuProbeSize > 0 && c.sndUna === c.mtuProbeSeq) {
      // RFC 4821 7.6.2: what was lost is the probe of the path MTU, which says nothing of congestion.
      mtuProbeFailed(c)
      return outcome
    }
    enterRecovery(c, ece)
    entered = true
  }
  if (countLosses && !isRack(c)) sackMarkLost(c, entered)
  sample.retransmit = RETRANSMIT_LOST
  return outcome
}

function isOpen(c: Connection): boolean {
  return c.caState === CA_OPEN
}

/** All that was out when the state began is acknowledged. True: nothing more is to be done. */
function leave(c: Connection): boolean {
  if (c.caState === CA_CWR) {
    // Something above it has to be acknowledged, so that the CWR bit has arrived (RFC 3168 6.1.2).
    if (c.sndUna !== c.highSeq) {
      endCwr(c)
      setCongestionState(c, CA_OPEN)
    }
  } else if (c.caState === CA_RECOVERY) {
    if (!c.sackOk) resetReno(c)
    if (tryUndoRecovery(c)) return true
    endCwr(c)
  }
  return false
}

/** Whether data is SACKed further above `sndUna` than reordering explains. */
function farSacked(c: Connection): boolean {
  return seqGt(highestSackSeq(c), (c.sndUna + c.reordering * c.mss) | 0)
}

/** Marks what is lost by now. */
function identifyLoss(c: Connection, flags: number): number {
  if (oldestSent(c) === null) return flags
  if (!c.sackOk) {
    renoMarkLost(c, (flags & ACK_UNA_ADVANCED) !== 0)
    return flags
  }
  if (!isRack(c)) return flags
  const retransmitted = c.retransOut
  let outcome = flags
  if (rackMarkLost(c)) outcome &= ~ACK_SET_TIMER
  if (retransmitted > c.retransOut) outcome |= ACK_LOST_RETRANS
  return outcome
}

function timeToRecover(c: Connection): boolean {
  return c.lostOut > 0 || (!isRack(c) && c.sackedOut + 1 > c.reordering)
}
