import type { Connection } from '../connection.js'
import { inFlight } from './in-flight.js'
import { retransmitQueue } from './retransmit.js'
import { push } from './write.js'

/** Goes on where the device's queue or the pacing rate held the connection up: what is lost first (Linux's `tcp_tsq_write`). */
export function resume(c: Connection): void {
  if (c.lostOut > c.retransOut && c.cwnd > inFlight(c)) retransmitQueue(c)
  push(c)
}
