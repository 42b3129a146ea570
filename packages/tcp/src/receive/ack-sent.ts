import type { Connection } from '../connection.js'
import { ACK_SCHEDULED } from '../connection-state.js'

/** A segment with an acknowledgement leaves (Linux's `tcp_event_ack_sent`). */
export function ackWasSent(c: Connection): void {
  if (c.compressedAcks > 0) compressedAckWasSent(c)
  if (c.ackQuick > 0 && (c.ackPending & ACK_SCHEDULED) !== 0 && --c.ackQuick === 0) {
    // Leaving quick-ack mode the delay begins small.
    c.ackTimeout = c.tcp.settings.delackMin
  }
  c.ackPending = 0
}

/** Data leaves: an answer to what came just before, so acknowledgements may wait for the next one. */
export function dataWasSent(c: Connection): void {
  if ((c.tcp.now - c.ackLastReceived) >>> 0 < c.ackTimeout && c.pingPong < 255) c.pingPong++
}

/** An acknowledgement leaves: it stands for those that were held back. */
function compressedAckWasSent(c: Connection): void {
  c.tcp.counters.TcpExtTCPAckCompressed += c.compressedAcks
  c.compressedAcks = 0
  c.outOfOrder.ackTimer?.cancel()
}
