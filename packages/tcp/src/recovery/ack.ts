import type { ArrivingSegment } from '../arriving-segment.js'
import type { Connection } from '../connection.js'
import { ACK_NOW, ECN_DEMAND_CWR, ECN_OK, NAGLE_OFF } from '../connection-state.js'
import { inFlight, windowEnd } from '../send/in-flight.js'
import { processLossProbeAck } from '../send/loss-probe.js'
import { scheduleLossProbe } from '../send/loss-probe-timer.js'
import { currentMss, syncMss } from '../send/mss.js'
import { retransmitQueue } from '../send/retransmit.js'
import { PUSH_ALL, writeQueue } from '../send/write.js'
import { seqGt, seqLt } from '../sequence.js'
import { CA_OPEN, SYN_SENT } from '../state.js'
import { armProbe, armRetransmit, clearTimer, probeNeeded, probeWait } from '../timers.js'
import { FLAG_CWR, FLAG_ECE, FLAG_SYN } from '../wire/segment.js'
import {
  ACK_ALERT,
  ACK_DSACK,
  ACK_ECE,
  ACK_HAS_DATA,
  ACK_MAYBE_DELAYED,
  ACK_NO_CHALLENGE,
  ACK_NOT_DUPLICATE,
  ACK_PROGRESS,
  ACK_SET_TIMER,
  ACK_SLOW_PATH,
  ACK_UNA_ADVANCED,
  ACK_UPDATE_TS_RECENT,
  ACK_WINDOW_UPDATE,
} from './ack-flags.js'
import { AckSample, RETRANSMIT_NEW, RETRANSMIT_NOTHING } from './ack-sample.js'
import { cleanRetransmitQueue } from './acknowledged.js'
import { fastRetransmitAlert } from './alert.js'
import { countDelivered, highestSackSeq } from './congestion-state.js'
import { controlCongestion } from './control.js'
import { rackUpdateWindow } from './rack.js'
import { rateGenerate } from './rate.js'
import { applySack } from './sack.js'
import { replaceTsRecent } from './ts-recent.js'
import { restartAfterIdle } from './window-validation.js'

const sample = new AckSample()

/**
 * The acknowledgement of a segment: RFC 9293 3.10.7.4, fifth, and everything that follows from it (Linux's `tcp_ack`).
 * @param given `ACK_SLOW_PATH`, `ACK_UPDATE_TS_RECENT`, `ACK_NO_CHALLENGE`
 * @returns 1: taken; 0: old, the segment may go on; negative: not acceptable, the segment is to be dropped
 */
export function processAck(c: Connection, s: ArrivingSegment, given: number): number {
  const { ack } = s
  const { counters } = c.tcp
  const priorUna = c.sndUna
  const priorPackets = c.packetsOut
  const priorDelivered = c.delivered
  sample.reset()
  if (seqLt(ack, priorUna)) return oldAck(c, s, given)
  // RFC 9293 3.10.7.4: something not sent yet is answered; RFC 5961 5.2 has both bounds.
  if (seqGt(ack, c.sndNxt)) {
    if ((given & ACK_NO_CHALLENGE) === 0) c.tcp.challenges.sendChallengeAck(c)
    return -1
  }
  let flags = given
  if (seqGt(ack, priorUna)) {
    flags |= ACK_UNA_ADVANCED
    c.retransmits = 0
  }
  const priorSack = c.sackOk ? highestSackSeq(c) : priorUna
  const wasReneging = c.sackReneging
  const priorLost = c.lost
  sample.priorInFlight = inFlight(c)
  if ((flags & ACK_UPDATE_TS_RECENT) !== 0) replaceTsRecent(c, s.seq)
  if ((flags & (ACK_SLOW_PATH | ACK_UNA_ADVANCED)) === ACK_UNA_ADVANCED) {
    // The window is what it was, and nothing else is to be looked at.
    c.sndWl1 = s.seq
    updateUna(c, ack)
    flags |= ACK_WINDOW_UPDATE
    counters.TcpExtTCPHPAcks++
  } else flags = readAck(c, s, flags, priorUna)
  acceptCwr(c, s)
  c.softError = 0
  c.probesOut = 0
  c.lastReceived = c.tcp.now
  if (priorPackets === 0) return nothingOut(c, ack, flags, priorUna, priorDelivered)

  flags = cleanRetransmitQueue(c, priorSack, priorUna, flags, (flags & ACK_ECE) !== 0, sample)
  rackUpdateWindow(c, sample)
  if (c.lossProbeSent) processLossProbeAck(c, ack, flags)
  if (isDubious(c, flags)) flags = fastRetransmitAlert(c, priorUna, duplicatesOf(s, flags), flags, sample)
  if ((flags & ACK_SET_TIMER) !== 0 && !scheduleLossProbe(c, true)) armRetransmit(c)
  if ((flags & ACK_PROGRESS) !== 0 || (flags & ACK_NOT_DUPLICATE) === 0) c.flow.route?.confirm()
  const delivered = newlyDelivered(c, priorDelivered, flags)
  sample.ackDelayed = (flags & ACK_MAYBE_DELAYED) !== 0
  rateGenerate(c, delivered, (c.lost - priorLost) | 0, wasReneging, sample)
  controlCongestion(c, ack, delivered, flags, sample)
  recover(c)
  return 1
}

/** Reads window, SACK blocks and ECN echo. */
function readAck(c: Connection, s: ArrivingSegment, given: number, priorUna: number): number {
  let flags = given
  if (s.seq !== s.endSeq) flags |= ACK_HAS_DATA
  else c.tcp.counters.TcpExtTCPPureAcks++
  flags |= ackUpdateWindow(c, s)
  if (hasSack(c, s)) flags |= applySack(c, s, priorUna, sample)
  if ((s.flags & (FLAG_ECE | FLAG_SYN)) === FLAG_ECE && (c.ecn & ECN_OK) !== 0) flags |= ACK_ECE
  if (sample.sackDelivered > 0) countDelivered(c, sample.sackDelivered, (flags & ACK_ECE) !== 0)
  return flags
}

function hasSack(c: Connection, s: ArrivingSegment): boolean {
  return c.sackOk && s.options.sackCount > 0
}

/**
 * Takes `SND.UNA` and, if the segment is not older than the one that told it last, the window (RFC 9293 3.10.7.4, fifth).
 * Returns `ACK_WINDOW_UPDATE` or 0.
 */
function ackUpdateWindow(c: Connection, s: ArrivingSegment): number {
  const { ack, seq } = s
  let flags = 0
  if (mayUpdateWindow(c, s)) {
    const window = windowOf(c, s)
    flags = ACK_WINDOW_UPDATE
    c.sndWl1 = seq
    if (c.sndWnd !== window) {
      c.sndWnd = window
      if (c.sendQueue.sendHead !== null) restartAfterIdle(c)
      if (window > c.maxWindow) {
        c.maxWindow = window
        syncMss(c, c.pathMtu)
      }
    }
  }
  updateUna(c, ack)
  return flags
}

/** RFC 7323 2.2: the window of a SYN is not scaled. */
function windowOf(c: Connection, s: ArrivingSegment): number {
  return (s.flags & FLAG_SYN) !== 0 ? s.window : s.window << c.sndScale
}

/** Whether a segment is not older than the one that told the window last. */
export function mayUpdateWindow(c: Connection, s: ArrivingSegment): boolean {
  const { ack, seq } = s
  if (seqGt(ack, c.sndUna) || seqGt(seq, c.sndWl1)) return true
  if (seq !== c.sndWl1) return false
  const window = windowOf(c, s)
  return window > c.sndWnd || window === 0
}

function updateUna(c: Connection, ack: number): void {
  c.bytesAcked += (ack - c.sndUna) | 0
  c.sndUna = ack
}

/** An acknowledgement of before. One from further back than any window was is not acceptable (RFC 5961 5.2). */
function oldAck(c: Connection, s: ArrivingSegment, given: number): number {
  const priorUna = c.sndUna
  const window = Math.min(c.maxWindow, c.bytesAcked)
  if (seqLt(s.ack, (priorUna - window) | 0)) {
    if ((given & ACK_NO_CHALLENGE) === 0) c.tcp.challenges.sendChallengeAck(c)
    return -1
  }
  // It may have been overtaken: its SACK blocks count.
  if (hasSack(c, s)) {
    const priorDelivered = c.delivered
    const flags = fastRetransmitAlert(c, priorUna, 0, given | applySack(c, s, priorUna, sample), sample)
    newlyDelivered(c, priorDelivered, flags)
    recover(c)
  }
  return 0
}

/** Nothing was out: a D-SACK may still undo, and the window may have opened. */
function nothingOut(c: Connection, ack: number, flags: number, priorUna: number, priorDelivered: number): number {
  if ((flags & ACK_DSACK) !== 0) {
    fastRetransmitAlert(c, priorUna, 0, flags, sample)
    newlyDelivered(c, priorDelivered, flags)
  }
  windowOpened(c)
  if (c.lossProbeSent) processLossProbeAck(c, ack, flags)
  return 1
}

/** RFC 9293 3.8.6.1: whether probing of a closed window is over; what waits is then sent by the caller. */
function windowOpened(c: Connection): void {
  const segment = c.sendQueue.sendHead
  if (segment === null) return
  if (!seqGt(segment.endSeq, windowEnd(c))) {
    c.backoff = 0
    c.probesStart = 0
    clearTimer(c)
    return
  }
  armProbe(c, probeWait(c))
}

function isDubious(c: Connection, flags: number): boolean {
  return (flags & ACK_NOT_DUPLICATE) === 0 || (flags & ACK_ALERT) !== 0 || c.caState !== CA_OPEN
}

/** Duplicate acknowledgements that the segment stands for (RFC 5681 2): several where bare ones were merged. */
function duplicatesOf(s: ArrivingSegment, flags: number): number {
  if ((flags & (ACK_UNA_ADVANCED | ACK_NOT_DUPLICATE | ACK_DSACK)) !== 0) return 0
  return (flags & ACK_HAS_DATA) !== 0 ? 1 : Math.max(1, s.packets)
}

/** RFC 3168 6.1.3: the peer has reduced its window, so the echo ends. With data it is answered at once: the peer may wait for it. */
function acceptCwr(c: Connection, s: ArrivingSegment): void {
  if ((s.flags & FLAG_CWR) === 0) return
  c.ecn &= ~ECN_DEMAND_CWR
  if (s.seq !== s.endSeq) c.ackPending |= ACK_NOW
}

function newlyDelivered(c: Connection, before: number, flags: number): number {
  const delivered = (c.delivered - before) | 0
  const { counters } = c.tcp
  counters.TcpExtTCPDelivered += delivered
  if ((flags & ACK_ECE) !== 0) counters.TcpExtTCPDeliveredCE += delivered
  return delivered
}

/** Sends what recovery wants sent. */
function recover(c: Connection): void {
  if (sample.retransmit === RETRANSMIT_NOTHING || c.state === SYN_SENT) return
  if (sample.retransmit === RETRANSMIT_NEW) {
    if (writeQueue(c, currentMss(c), NAGLE_OFF, PUSH_ALL)) probeNeeded(c)
    if (seqGt(c.sndNxt, c.highSeq)) return
    c.frto = false
  }
  retransmitQueue(c)
}
