import type { Connection } from './connection.js'
import { takeMetrics } from './metrics.js'
import { initReceiveSpace } from './receive/window.js'
import { beginMtuSearch } from './send/mtu-search.js'
import { updatePacingRate } from './send/pacing.js'

/** Congestion control and buffers, when data may flow. */
export function initTransfer(c: Connection): void {
  c.flow.route?.confirm()
  beginMtuSearch(c)
  takeMetrics(c)
  // RFC 6298 5.7, RFC 5681 3.1: a SYN that was lost says that the path is full.
  if (c.totalRetrans > 1 && c.undoMarker !== 0) c.cwnd = 1
  c.congestionState = c.congestion.init(c)
  if (c.congestion.control === undefined) updatePacingRate(c)
  initReceiveSpace(c)
  c.lastSent = c.tcp.now
}
