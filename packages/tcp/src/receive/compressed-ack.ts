import type { Connection } from '../connection.js'
import { sendAck } from '../send/transmit.js'

/*
 * While something is missing every segment is to be acknowledged at once (RFC 5681 4.2). As Linux (`tcp_comp_sack_*`),
 * after the three that a sender's fast retransmit may wait for they are held back for a twentieth of a round trip:
 * a train of segments behind a gap gets one acknowledgement with the same blocks, not one each.
 */

/** Duplicate acknowledgements that are never held back (RFC 5681 3.2). */
const ALWAYS_SENT = 3

/** Data came out of order and wants an acknowledgement. True: send it now. */
export function sendsCompressed(c: Connection): boolean {
  const { settings } = c.tcp
  if (!c.sackOk || c.compressedAcks >= settings.compSackNr) return true
  if (c.dupAckSeq !== c.rcvNxt) {
    c.dupAckSeq = c.rcvNxt
    c.dupAckCounter = 0
  }
  if (c.dupAckCounter < ALWAYS_SENT) {
    c.dupAckCounter++
    return true
  }
  c.compressedAcks++
  const queue = c.outOfOrder
  if (queue.ackTimer === null) queue.ackTimer = c.tcp.host.clock.createTimer(() => heldLongEnough(c))
  else if (queue.ackTimer.armed) return false
  let roundTrip8 = c.rcvRtt8
  if (c.srtt8 > 0 && c.srtt8 < roundTrip8) roundTrip8 = c.srtt8
  const delay = Math.min(settings.compSackDelayNs / 1000, roundTrip8 / 160)
  queue.ackTimer.set(c.tcp.clockNow + delay + settings.compSackSlackNs / 1000)
  return false
}

function heldLongEnough(c: Connection): void {
  c.tcp.refreshTime()
  if (c.dead || c.compressedAcks === 0) return
  // The one that is sent does not count as spared.
  c.compressedAcks--
  sendAck(c)
}

/** Sends what is held back, now. */
export function flushCompressedAck(c: Connection): void {
  if (c.compressedAcks === 0) return
  c.compressedAcks--
  sendAck(c)
}
