import type { Connection } from '../connection.js'

/** The send queue was emptied: nothing is out, and nobody holds on to its entries (Linux's `tcp_write_queue_purge`). */
export function clearScoreboard(c: Connection): void {
  c.packetsOut = 0
  c.retransOut = 0
  c.sackedOut = 0
  c.lostOut = 0
  c.retransmitHint = null
  c.sackHint = null
  c.backoff = 0
}
