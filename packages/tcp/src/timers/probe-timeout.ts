import type { Connection } from '../connection.js'
import { longestRto } from '../timer-bounds.js'
import { armProbe, probeWait, RESOURCE_PROBE_INTERVAL } from '../timers.js'
import { giveUp, orphanRetries } from './give-up.js'
import { orphanEnds } from './orphan-ends.js'
import { wakeUp } from './wake-up.js'

/** RFC 9293 3.8.6.1: the peer's window is closed; it is asked again and again, ever more rarely. */
export function probeTimeout(c: Connection): void {
  const { settings, now } = c.tcp
  if (c.packetsOut > 0 || c.sendQueue.sendHead === null) {
    c.probesOut = 0
    c.probesStart = 0
    return
  }
  if (c.probesStart === 0) c.probesStart = now === 0 ? 1 : now
  else if (c.userTimeout > 0 && (now - c.probesStart) >>> 0 >= c.userTimeout * 1000) {
    giveUp(c)
    return
  }
  let most = settings.retries2
  if (c.orphaned) {
    const alive = probeWait(c) < longestRto(c)
    most = orphanRetries(c, alive)
    if (!alive && c.backoff >= most) {
      giveUp(c)
      return
    }
    if (orphanEnds(c, true)) return
  }
  if (c.probesOut >= most) {
    giveUp(c)
    return
  }
  sendWindowProbe(c)
}

/** Sends a probe and arms the next (Linux's `tcp_send_probe0`). */
function sendWindowProbe(c: Connection): void {
  const error = wakeUp(c)
  c.tcp.counters.TcpExtTCPWinProbe++
  if (c.packetsOut > 0 || c.sendQueue.sendHead === null) {
    c.probesOut = 0
    c.backoff = 0
    c.probesStart = 0
    return
  }
  c.probesOut++
  let wait = RESOURCE_PROBE_INTERVAL
  if (error <= 0) {
    if (c.backoff < c.tcp.settings.retries2) c.backoff++
    wait = probeWait(c)
  }
  armProbe(c, wait)
}
