import { EVENT_CWND_RESTART } from '../congestion/congestion-control.js'
import { isCwndLimited } from '../congestion/growth.js'
import type { Connection } from '../connection.js'
import { LIMIT_BUFFER, limitBegins } from '../limit-times.js'
import { seqGe } from '../sequence.js'
import { CA_OPEN, CLOSE_WAIT, ESTABLISHED, stateIn, stateSet } from '../state.js'
import { currentSsthresh, INITIAL_CWND } from './congestion-state.js'

const SENDING = stateSet(ESTABLISHED, CLOSE_WAIT)

/*
 * A window that was not used says nothing of the path (RFC 2861, RFC 7661): it does not grow, and is let go
 * after a while of idleness or of little use.
 */

/** After packets were sent: whether the congestion window was what stopped it (Linux's `tcp_cwnd_validate`). */
export function validateCwnd(c: Connection, limited: boolean): void {
  // The strongest sign of the present window of data counts: having been limited, else the most packets in flight.
  if (seqGe(c.sndUna, c.cwndUsageSeq) || limited || (!c.cwndLimited && c.packetsOut > c.maxPacketsOut)) {
    c.cwndLimited = limited
    c.maxPacketsOut = c.packetsOut
    c.cwndUsageSeq = c.sndNxt
  }
  if (isCwndLimited(c)) {
    c.cwndUsed = 0
    c.cwndStamp = c.tcp.now
    return
  }
  if (c.packetsOut > c.cwndUsed) c.cwndUsed = c.packetsOut
  if (
    c.tcp.settings.slowStartAfterIdle !== 0 &&
    ((c.tcp.now - c.cwndStamp) | 0) >= c.rto &&
    c.congestion.control === undefined
  ) {
    applicationLimited(c)
  }
  // All was sent and the writer waits for room: the send buffer is too small for the path.
  if (c.sendQueue.sendHead === null && c.noSpace && stateIn(c.state, SENDING)) limitBegins(c, LIMIT_BUFFER)
}

/** RFC 2861 3.2: for an RTO less than the window was used; it goes half of the way to what was. */
function applicationLimited(c: Connection): void {
  if (c.caState === CA_OPEN && !c.noSpace) {
    const used = Math.max(c.cwndUsed, INITIAL_CWND)
    if (used < c.cwnd) {
      c.ssthresh = currentSsthresh(c)
      c.cwnd = (c.cwnd + used) >>> 1
    }
    c.cwndUsed = 0
  }
  c.cwndStamp = c.tcp.now
}

/** Before sending after a pause (RFC 5681 4.1): for each RTO of it the window halves, not below the initial one. */
export function restartAfterIdle(c: Connection): void {
  if (c.tcp.settings.slowStartAfterIdle === 0 || c.packetsOut > 0 || c.congestion.control !== undefined) return
  let idle = (c.tcp.now - c.lastSent) >>> 0
  if (idle <= c.rto) return
  c.congestion.event?.(c, EVENT_CWND_RESTART)
  c.ssthresh = currentSsthresh(c)
  const restart = Math.min(INITIAL_CWND, c.cwnd)
  let { cwnd } = c
  for (idle -= c.rto; idle > 0 && cwnd > restart; idle -= c.rto) cwnd >>>= 1
  c.cwnd = Math.max(cwnd, restart)
  c.cwndStamp = c.tcp.now
  c.cwndUsed = 0
}
