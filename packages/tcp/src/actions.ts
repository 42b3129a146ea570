import type { Connection } from './connection.js'
import type { Request } from './listener/request.js'

/**
 * What timers set off. Everything that sends arms timers, and timers make everything send: so that files need not
 * import each other in circles, timers go through this.
 */
export interface TimerActions {
  /** Retransmission, probe, loss probe and reordering: `Connection.pending` tells which. */
  retransmitTimer(c: Connection): void
  ackTimer(c: Connection): void
  keepAliveTimer(c: Connection): void
  paceTimer(c: Connection): void
  /** The SYN-ACK of a request was not acknowledged. */
  requestTimer(r: Request): void
}
