import type { Connection } from '../connection.js'
import { PENDING_LOSS_PROBE } from '../connection-state.js'
import { INITIAL_RTO } from '../recovery/rtt.js'
import { CA_CWR, CA_OPEN, SYN_RECEIVED } from '../state.js'
import { shortestRto } from '../timer-bounds.js'
import { setTimer } from '../timers.js'

/** Time for the clocks' granularity, in microseconds. */
const TIMER_SLACK = 2000

/**
 * Arms the tail loss probe (RFC 8985 7.2): two round trips after the last transmission, and with one packet out as long again
 * as a delayed acknowledgement may take. Never later than the RTO, which it takes the place of.
 * @param advanceRto whether the RTO would begin anew now
 * @returns whether it was armed
 */
export function scheduleLossProbe(c: Connection, advanceRto: boolean): boolean {
  const { earlyRetrans } = c.tcp.settings
  if (c.state === SYN_RECEIVED || c.packetsOut === 0 || !c.sackOk) return false
  if (earlyRetrans !== 3 && earlyRetrans !== 4) return false
  if (c.caState !== CA_OPEN && c.caState !== CA_CWR) return false
  let wait = INITIAL_RTO
  if (c.srtt8 > 0) wait = (c.srtt8 >>> 2) + (c.packetsOut === 1 ? shortestRto(c) : TIMER_SLACK)
  const rto = advanceRto ? c.rto : untilRto(c)
  if (rto > 0 && rto < wait) wait = rto
  setTimer(c, PENDING_LOSS_PROBE, wait)
  return true
}

/** Microseconds until the oldest segment has been out for an RTO. */
function untilRto(c: Connection): number {
  const { head } = c.sendQueue
  return head === null ? c.rto : (head.sentAt + c.rto - c.tcp.now) | 0
}
