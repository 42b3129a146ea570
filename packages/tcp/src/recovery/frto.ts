import type { Connection } from '../connection.js'
import { windowEnd } from '../send/in-flight.js'
import { seqGe, seqGt } from '../sequence.js'
import { SYN_RECEIVED } from '../state.js'
import { ACK_DATA_SACKED, ACK_ECE, ACK_ORIGINAL_ACKED, ACK_UNA_ADVANCED } from './ack-flags.js'
import { type AckSample, RETRANSMIT_LOST, RETRANSMIT_NEW } from './ack-sample.js'
import { addReno, resetReno } from './reno.js'
import { tryUndoLoss, tryUndoRecovery } from './undo.js'

/**
 * An acknowledgement after a timeout. F-RTO (RFC 5682 3.1, with SACK) tells whether the timeout was spurious: it sends the first
 * segment again, then new data, and looks whether anything is acknowledged that was sent only before the timeout.
 */
export function processLoss(c: Connection, flags: number, duplicates: number, sample: AckSample): void {
  const advanced = (flags & ACK_UNA_ADVANCED) !== 0
  const recovered = seqGe(c.sndUna, c.highSeq)
  if ((advanced || c.state === SYN_RECEIVED) && tryUndoLoss(c, false)) return
  if (c.frto) {
    // Step 3b: data that was never retransmitted has arrived.
    if ((flags & ACK_ORIGINAL_ACKED) !== 0 && tryUndoLoss(c, true)) return
    if (seqGt(c.sndNxt, c.highSeq)) {
      // Step 3a: only the new data arrives, so the loss was real.
      if ((flags & ACK_DATA_SACKED) !== 0 || duplicates > 0) c.frto = false
    } else if (advanced && !recovered) {
      // Step 2b: two new segments, if there are any and the window takes them.
      c.highSeq = c.sndNxt
      if (c.sendQueue.sendHead !== null && seqGt(windowEnd(c), c.sndNxt)) {
        sample.retransmit = RETRANSMIT_NEW
        return
      }
      c.frto = false
    }
  }
  if (recovered) {
    // Step 2a, and the first part of 3a.
    tryUndoRecovery(c)
    return
  }
  if (!c.sackOk) {
    // A duplicate after step 2b tells that new data arrived.
    if (seqGt(c.sndNxt, c.highSeq) && duplicates > 0) addReno(c, duplicates, (flags & ACK_ECE) !== 0)
    else if (advanced) resetReno(c)
  }
  sample.retransmit = RETRANSMIT_LOST
}
