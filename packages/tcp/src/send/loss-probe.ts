import type { Connection } from '../connection.js'
import { NAGLE_OFF, PENDING_NONE } from '../connection-state.js'
import { ACK_DATA_SACKED, ACK_DSACK_OF_PROBE, ACK_NOT_DUPLICATE, ACK_UNA_ADVANCED } from '../recovery/ack-flags.js'
import { setCongestionState } from '../recovery/congestion-state.js'
import { tryKeepOpen } from '../recovery/loss-episode.js'
import { endCwr, initReduction } from '../recovery/prr.js'
import { payloadOf } from '../send-segment.js'
import { seqGt, seqLt } from '../sequence.js'
import { CA_CWR } from '../state.js'
import { armRetransmit } from '../timers.js'
import { windowEnd } from './in-flight.js'
import { currentMss } from './mss.js'
import { resend } from './retransmit.js'
import { splitSegment } from './split.js'
import { PUSH_PROBE, writeQueue } from './write.js'

/** The probe's timer (RFC 8985 7.3): new data if there is some and the peer's window takes it, else the last segment again. */
export function sendLossProbe(c: Connection): void {
  if (!c.lossProbeSent && probe(c)) {
    c.lossProbeSent = true
    c.lossProbeHigh = c.sndNxt
    c.tcp.counters.TcpExtTCPLossProbes++
    // The RTO counts from now.
    c.pending = PENDING_NONE
  }
  armRetransmit(c)
}

function probe(c: Connection): boolean {
  const { sendQueue } = c
  const mss = currentMss(c)
  c.lossProbeRetransmit = false
  const { sendHead } = sendQueue
  if (sendHead !== null && fitsWindow(c, sendHead.seq, sendHead.endSeq, mss)) {
    const before = c.packetsOut
    writeQueue(c, mss, NAGLE_OFF, PUSH_PROBE)
    return c.packetsOut > before
  }
  let last = sendQueue.lastSent
  if (last === null) return false
  if (last.packets > 1 && payloadOf(last) > (last.packets - 1) * mss) {
    last = splitSegment(c, last, (last.packets - 1) * mss, mss)
  }
  if (resend(c, last, 1) !== 0) return false
  c.lossProbeRetransmit = true
  return true
}

function fitsWindow(c: Connection, seq: number, endSeq: number, mss: number): boolean {
  const end = ((endSeq - seq) | 0) > mss ? (seq + mss) | 0 : endSeq
  return !seqGt(end, windowEnd(c))
}

/** An acknowledgement while a probe waits for its answer (RFC 8985 7.4): a loss that the probe itself repaired is congestion too. */
export function processLossProbeAck(c: Connection, ack: number, flags: number): void {
  if (seqLt(ack, c.lossProbeHigh)) return
  if (!c.lossProbeRetransmit || (flags & ACK_DSACK_OF_PROBE) !== 0) {
    // New data arrived; or original and probe both did.
    c.lossProbeSent = false
  } else if (seqGt(ack, c.lossProbeHigh)) {
    initReduction(c)
    setCongestionState(c, CA_CWR)
    endCwr(c)
    tryKeepOpen(c)
    c.tcp.counters.TcpExtTCPLossProbeRecovery++
  } else if ((flags & (ACK_UNA_ADVANCED | ACK_NOT_DUPLICATE | ACK_DATA_SACKED)) === 0) {
    // A mere duplicate: both arrived.
    c.lossProbeSent = false
  }
}
