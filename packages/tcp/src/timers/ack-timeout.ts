import type { Connection } from '../connection.js'
import { ACK_SCHEDULED, ACK_TIMER } from '../connection-state.js'
import { flushCompressedAck } from '../receive/compressed-ack.js'
import { inPingPong } from '../receive/delayed-ack.js'
import { sendAck } from '../send/transmit.js'

/** Linux's least wait for a delayed acknowledgement, in microseconds. */
const LEAST_WAIT = 40_000

/** RFC 9293 3.8.6.3: the acknowledgement that was held back is due. */
export function ackTimeout(c: Connection): void {
  if (c.compressedAcks > 0) {
    flushCompressedAck(c)
    return
  }
  if ((c.ackPending & ACK_TIMER) === 0) return
  c.ackPending &= ~ACK_TIMER
  if ((c.ackPending & ACK_SCHEDULED) === 0) return
  if (!inPingPong(c)) c.ackTimeout = Math.min(c.ackTimeout * 2, c.rto)
  else {
    // Nothing went the other way meanwhile: the exchange is over.
    c.pingPong = 0
    c.ackTimeout = LEAST_WAIT
  }
  c.tcp.counters.TcpExtDelayedACKs++
  sendAck(c)
}
