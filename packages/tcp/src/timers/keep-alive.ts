import { ETIMEDOUT } from '@jackfield/interfaces'
import { destroy, fail, finWaitLength, TIME_WAIT_LENGTH } from '../close.js'
import type { Connection } from '../connection.js'
import { sendReset } from '../send/transmit.js'
import { CLOSED, FIN_WAIT_2, SYN_SENT } from '../state.js'
import { RESOURCE_PROBE_INTERVAL, resetKeepAlive } from '../timers.js'
import { wakeUp } from './wake-up.js'

/** Silence after which the peer is asked, in microseconds (`TCP_KEEPIDLE`, `tcp_keepalive_time`). */
export function keepAliveIdle(c: Connection): number {
  return (c.keepAliveIdle > 0 ? c.keepAliveIdle : c.tcp.settings.keepaliveTime) * 1_000_000
}

/** RFC 9293 3.8.4: a peer that was silent for long is asked whether it is there; FIN-WAIT-2 of an orphan ends here too. */
export function keepAliveTimeout(c: Connection): void {
  const { tcp } = c
  if (c.state === FIN_WAIT_2 && c.orphaned) {
    if (c.linger2 >= 0) {
      const wait = finWaitLength(c) - TIME_WAIT_LENGTH
      if (wait > 0) {
        tcp.timeWaits.enter(c, FIN_WAIT_2, wait)
        return
      }
    }
    sendReset(c)
    destroy(c)
    return
  }
  if (!c.options.keepAlive || c.state === CLOSED || c.state === SYN_SENT) return
  const { settings } = tcp
  const idle = keepAliveIdle(c)
  const interval = (c.keepAliveInterval > 0 ? c.keepAliveInterval : settings.keepaliveIntvl) * 1_000_000
  const most = c.keepAliveCount > 0 ? c.keepAliveCount : settings.keepaliveProbes
  if (c.packetsOut > 0 || c.sendQueue.sendHead !== null) {
    resetKeepAlive(c, idle)
    return
  }
  const silent = Math.min((tcp.now - c.lastReceived) >>> 0, (tcp.now - c.ackLastReceived) >>> 0)
  if (silent < idle) {
    resetKeepAlive(c, idle - silent)
    return
  }
  const over = c.userTimeout > 0 ? silent >= c.userTimeout * 1000 && c.probesOut > 0 : c.probesOut >= most
  if (over) {
    sendReset(c)
    fail(c, c.softError !== 0 ? c.softError : ETIMEDOUT)
    return
  }
  if (wakeUp(c) <= 0) {
    c.probesOut++
    tcp.counters.TcpExtTCPKeepAlive++
    resetKeepAlive(c, interval)
  } else resetKeepAlive(c, RESOURCE_PROBE_INTERVAL)
}
