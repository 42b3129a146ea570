import type { Timer } from '@jackfield/clock'
import type { Connection } from './connection.js'
import {
  PENDING_LOSS_PROBE,
  PENDING_NONE,
  PENDING_PROBE,
  PENDING_REORDER,
  PENDING_RETRANSMIT,
} from './connection-state.js'
import { longestRto } from './timer-bounds.js'

/** The least that a retransmission timer or a probe waits where resources lack, in microseconds. */
export const RESOURCE_PROBE_INTERVAL = 500_000

/** The shortest wait of the retransmission timer, in microseconds (Linux's `TCP_TIMEOUT_MIN`: two ticks of a millisecond). */
export const SHORTEST_WAIT = 2000

/**
 * Arms the retransmission timer for one purpose; a former one is given up (one timer for all, as in Linux).
 * @param pending `PENDING_*`
 * @param delay microseconds
 */
export function setTimer(c: Connection, pending: number, delay: number): void {
  // Until the handshake of a Fast Open is done nothing but its SYN-ACK is sent again.
  if (c.dead || c.passiveFastOpen !== null) return
  c.pending = pending
  const timer = c.retransmitTimer ?? c.tcp.timers.take(c, c.tcp.actions.retransmitTimer)
  c.retransmitTimer = timer
  // Paced packets leave later than now; the wait begins with them.
  const paced = c.paceAt > c.tcp.clockNow ? c.paceAt - c.tcp.clockNow : 0
  timer.set(c.tcp.clockNow + Math.min(delay, longestRto(c)) + paced)
}

/** Stops the retransmission timer. */
export function clearTimer(c: Connection): void {
  c.pending = PENDING_NONE
  c.retransmitTimer?.cancel()
}

/** Stops every timer: the connection is over. */
export function clearTimers(c: Connection): void {
  clearTimer(c)
  c.ackTimer?.cancel()
  c.keepAliveTimer?.cancel()
  c.paceTimer?.cancel()
}

/** RFC 6298 5.1 to 5.3: the timer runs while something is outstanding, and begins anew with each acknowledgement. */
export function armRetransmit(c: Connection): void {
  if (c.packetsOut === 0) {
    clearTimer(c)
    return
  }
  let wait = c.rto
  if (c.pending === PENDING_REORDER || c.pending === PENDING_LOSS_PROBE) {
    const { head } = c.sendQueue
    // The wait counts from when the oldest was sent.
    if (head !== null) wait = Math.max(1, (((head.sentAt + c.rto) | 0) - c.tcp.now) | 0)
  }
  setTimer(c, PENDING_RETRANSMIT, wait)
}

/** Nothing is in flight and nothing could be sent: the window is to be probed (RFC 9293 3.8.6.1). */
export function probeNeeded(c: Connection): void {
  if (c.packetsOut === 0 && c.pending === PENDING_NONE)
    setTimer(c, PENDING_PROBE, Math.max(c.rto, c.tcp.settings.rtoMin))
}

/** How long a window probe waits for its answer: twice as long each time, up to the longest RTO. Microseconds. */
export function probeWait(c: Connection): number {
  return Math.min(Math.max(c.rto, c.tcp.settings.rtoMin) * 2 ** c.backoff, longestRto(c))
}

/** Arms the next window probe; the last one comes when the user's patience ends (Linux's `tcp_clamp_probe0_to_user_timeout`). */
export function armProbe(c: Connection, delay: number): void {
  let wait = delay
  if (c.userTimeout > 0 && c.probesStart !== 0) {
    const left = c.userTimeout * 1000 - ((c.tcp.now - c.probesStart) >>> 0)
    wait = Math.min(wait, Math.max(left, SHORTEST_WAIT))
  }
  setTimer(c, PENDING_PROBE, wait)
}

/** Arms the delayed acknowledgement, `delay` microseconds from now. */
export function startAckTimer(c: Connection, delay: number): void {
  if (c.dead) return
  c.ackTimer ??= c.tcp.timers.take(c, c.tcp.actions.ackTimer)
  c.ackTimer.set(c.tcp.clockNow + delay)
}

/** Arms the keep-alive timer, which also ends an orphan's FIN-WAIT-2. Microseconds. */
export function resetKeepAlive(c: Connection, delay: number): void {
  if (c.dead) return
  c.keepAliveTimer ??= makeTimer(c, c.tcp.actions.keepAliveTimer, true)
  c.keepAliveTimer.set(c.tcp.clockNow + delay)
}

/** A timer of a connection, not armed; `act` runs with the time refreshed, unless the connection is over. */
export function makeTimer(c: Connection, act: (c: Connection) => void, background: boolean): Timer {
  return c.tcp.host.clock.createTimer(
    () => {
      c.tcp.refreshTime()
      if (!c.dead) act(c)
    },
    { background },
  )
}
