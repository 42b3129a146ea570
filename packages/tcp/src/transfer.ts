import type { Connection } from './connection.js'
import { INFINITE_SSTHRESH } from './connection-state.js'
import { takeMetrics } from './metrics.js'
import { initReceiveSpace } from './receive/window.js'
import { INITIAL_CWND } from './recovery/congestion-state.js'
import { beginMtuSearch } from './send/mtu-search.js'
import { updatePacingRate } from './send/pacing.js'

/** Congestion control and buffers, when data may flow. */
export function initTransfer(c: Connection): void {
  c.flow.route?.confirm()
  beginMtuSearch(c)
  takeMetrics(c)
  // RFC 6298 5.7, RFC 5681 3.1: SYNs that were lost say that the path is full. One may have been lost by chance, or been slow.
  c.cwnd = c.totalRetrans > 1 && c.undoMarker !== 0 ? 1 : INITIAL_CWND
  c.ssthresh = INFINITE_SSTHRESH
  c.congestionState = c.congestion.init(c)
  if (c.congestion.control === undefined) updatePacingRate(c)
  initReceiveSpace(c)
  c.lastSent = c.tcp.now
}
