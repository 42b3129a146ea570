import { IpAddress } from '@jackfield/addr'
import {
  AF_INET6,
  ECONNREFUSED,
  ECONNRESET,
  EINVAL,
  ENOTCONN,
  EPIPE,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDHUP,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
} from '@jackfield/interfaces'
import type { ArrivingSegment } from './arriving-segment.js'
import { changeState } from './change-state.js'
import type { Connection } from './connection.js'
import { PENDING_NONE, SHUT_RECEIVE, SHUT_SEND } from './connection-state.js'
import { releaseFastOpen } from './listener/fast-open-release.js'
import { saveMetrics } from './metrics.js'
import { orphanIsTooMuch } from './orphans.js'
import { enterPingPong } from './receive/delayed-ack.js'
import { clearScoreboard } from './recovery/scoreboard.js'
import { renew } from './renew.js'
import { sendFin } from './send/fin.js'
import { unchargeSend } from './send/space.js'
import { replyReset, sendReset } from './send/transmit.js'
import { seqGt } from './sequence.js'
import {
  CLOSE_WAIT,
  CLOSED,
  CLOSING,
  ESTABLISHED,
  FIN_WAIT_1,
  FIN_WAIT_2,
  LAST_ACK,
  LISTEN,
  SYN_RECEIVED,
  SYN_SENT,
  stateIn,
  stateSet,
  TIME_WAIT,
} from './state.js'
import { clearTimers, resetKeepAlive } from './timers.js'
import { FLAG_FIN } from './wire/segment.js'

/** How long TIME-WAIT lasts, in microseconds: Linux's 60 s, for twice the maximum segment lifetime of RFC 9293 3.6.1. */
export const TIME_WAIT_LENGTH = 60_000_000

const EVERYTHING = POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP
const SYNCHRONIZED_OPEN = stateSet(ESTABLISHED, SYN_RECEIVED, CLOSE_WAIT)
const MAY_RESET = stateSet(ESTABLISHED, CLOSE_WAIT, FIN_WAIT_1, FIN_WAIT_2, SYN_RECEIVED)

/** The call `shutdown`: RFC 9293 3.9.1.5 for one half. */
export function shutdown(c: Connection, how: number): number {
  if (how !== SHUT_RD && how !== SHUT_WR && how !== SHUT_RDWR) return -EINVAL
  if (c.state === LISTEN) {
    // As in Linux: no more connections; the socket can listen again.
    if (how !== SHUT_WR) stopListening(c)
    c.wake.changed(EVERYTHING)
    return 0
  }
  if (c.state === CLOSED) return -ENOTCONN
  if (c.state === SYN_SENT) {
    if (how !== SHUT_RD) fail(c, 0)
    return 0
  }
  if (how !== SHUT_WR) c.shut |= SHUT_RECEIVE
  if (how !== SHUT_RD && (c.shut & SHUT_SEND) === 0) {
    c.shut |= SHUT_SEND
    if (stateIn(c.state, SYNCHRONIZED_OPEN)) {
      changeState(c, c.state === CLOSE_WAIT ? LAST_ACK : FIN_WAIT_1)
      sendFin(c)
    }
  }
  c.wake.changed(EVERYTHING)
  return 0
}

/** The call `close`: nobody holds the socket any more (RFC 9293 3.9.1.5, RFC 1122 4.2.2.13). */
export function closeConnection(c: Connection): void {
  if (c.orphaned) return
  c.orphaned = true
  c.wake.close()
  c.options.close()
  c.shut = SHUT_RECEIVE | SHUT_SEND
  const { counters } = c.tcp
  if (c.state === LISTEN) {
    stopListening(c)
    destroy(c)
    return
  }
  // Before any way out of here: `destroy` counts it off.
  if (c.state !== CLOSED && c.state !== SYN_SENT) c.tcp.orphans++
  const unread = c.inOrder.bytes > 0
  c.inOrder.clear()
  if (unread && c.state !== CLOSED) {
    // RFC 2525 2.17: data that nobody will read is answered with a reset.
    counters.TcpExtTCPAbortOnClose++
    abort(c)
    return
  }
  if (c.options.lingerOn && c.options.lingerTime === 0 && c.state !== CLOSED) {
    counters.TcpExtTCPAbortOnData++
    abort(c)
    return
  }
  if (stateIn(c.state, SYNCHRONIZED_OPEN)) {
    changeState(c, c.state === CLOSE_WAIT ? LAST_ACK : FIN_WAIT_1)
    sendFin(c)
  }
  orphanSettles(c)
}

/** What becomes of a connection that nobody holds, in the state that `close` found. */
function orphanSettles(c: Connection): void {
  const { tcp } = c
  if (c.state === CLOSED || c.state === SYN_SENT) {
    destroy(c)
    return
  }
  if (c.state === FIN_WAIT_2) {
    if (c.linger2 < 0) {
      tcp.counters.TcpExtTCPAbortOnLinger++
      sendReset(c)
      destroy(c)
      return
    }
    const wait = finWaitLength(c)
    if (wait > TIME_WAIT_LENGTH) resetKeepAlive(c, wait - TIME_WAIT_LENGTH)
    else {
      tcp.timeWaits.enter(c, FIN_WAIT_2, wait)
      return
    }
  }
  if (orphanIsTooMuch(c, 0)) {
    tcp.counters.TcpExtTCPAbortOnMemory++
    sendReset(c)
    destroy(c)
  }
}

/** Microseconds that FIN-WAIT-2 lasts for an orphan (`TCP_LINGER2`, `tcp_fin_timeout`), never less than seven halves of the RTO. */
export function finWaitLength(c: Connection): number {
  const wait = c.linger2 > 0 ? c.linger2 * 1_000_000 : c.tcp.settings.finTimeout * 1_000_000
  return Math.max(wait, c.rto * 4 - c.rto / 2)
}

/** Our FIN was acknowledged in FIN-WAIT-1. False: the segment is done with, and so is the connection. */
export function finWait2(c: Connection, s: ArrivingSegment): boolean {
  c.state = FIN_WAIT_2
  c.shut |= SHUT_SEND
  c.flow.route?.confirm()
  if (!c.orphaned) {
    c.wake.changed(EVERYTHING)
    return true
  }
  settled(c)
  const { counters } = c.tcp
  if (c.linger2 < 0) {
    counters.TcpExtTCPAbortOnData++
    replyReset(c.tcp, s)
    destroy(c)
    return false
  }
  if (bringsUnread(c, s)) {
    counters.TcpExtTCPAbortOnData++
    replyReset(c.tcp, s)
    destroy(c)
    return false
  }
  const wait = finWaitLength(c)
  if (wait > TIME_WAIT_LENGTH) resetKeepAlive(c, wait - TIME_WAIT_LENGTH)
  else if ((s.flags & FLAG_FIN) !== 0) resetKeepAlive(c, wait)
  else {
    c.tcp.timeWaits.enter(c, FIN_WAIT_2, wait)
    return false
  }
  return true
}

/** Tells who waits in `close` that all was acknowledged, or that the connection is gone. */
function settled(c: Connection): void {
  const { closed } = c
  c.closed = null
  closed?.()
}

/** The peer's FIN came in order (RFC 9293 3.10.7.4, eighth). */
export function peerFinished(c: Connection): void {
  c.shut |= SHUT_RECEIVE
  switch (c.state) {
    case SYN_RECEIVED:
    case ESTABLISHED:
      changeState(c, CLOSE_WAIT)
      // As Linux: the reader is likely to answer by closing.
      enterPingPong(c)
      break
    case FIN_WAIT_1:
      c.state = CLOSING
      break
    case FIN_WAIT_2:
      enterTimeWait(c)
      return
    default:
  }
  c.wake.changed(EVERYTHING)
}

/** Both sides have closed: TIME-WAIT, which a small object lives through. */
export function enterTimeWait(c: Connection): void {
  c.tcp.timeWaits.enter(c, TIME_WAIT, TIME_WAIT_LENGTH)
}

/** LAST-ACK has its acknowledgement. */
export function finishClose(c: Connection): void {
  saveMetrics(c)
  destroy(c)
}

/** Whether a segment has text that has not come before. */
export function bringsUnread(c: Connection, s: ArrivingSegment): boolean {
  const fin = (s.flags & FLAG_FIN) !== 0 ? 1 : 0
  return s.endSeq !== s.seq && seqGt((s.endSeq - fin) | 0, c.rcvNxt)
}

/** Data for a socket that nobody reads: RFC 1122 4.2.2.13 has a reset, and Linux numbers it as one for a stranger's segment. */
export function abortOnData(c: Connection, s: ArrivingSegment): void {
  c.tcp.counters.TcpExtTCPAbortOnData++
  replyReset(c.tcp, s)
  reset(c)
}

/** An acceptable RST (RFC 9293 3.10.7.4, second). */
export function reset(c: Connection): void {
  const errno = c.state === SYN_SENT ? ECONNREFUSED : c.state === CLOSE_WAIT ? EPIPE : ECONNRESET
  fail(c, errno)
}

/** ABORT (RFC 9293 3.9.1.6): tells the peer, and is gone. */
export function abort(c: Connection): void {
  if (stateIn(c.state, MAY_RESET)) sendReset(c)
  destroy(c)
}

/** The connection is over, for the reason given (0: none to tell). What was received can still be read. */
export function fail(c: Connection, errno: number): void {
  if (errno !== 0) c.options.error = errno
  if (!c.dead && (c.state === SYN_SENT || c.state === SYN_RECEIVED)) c.tcp.counters.TcpAttemptFails++
  destroy(c)
}

/** CLOSED: nothing finds it, nothing is sent any more; unsent data is dropped. */
export function destroy(c: Connection): void {
  const { tcp } = c
  if (c.dead) {
    if (c.orphaned) tcp.connections.delete(c)
    return
  }
  c.dead = true
  if (c.orphaned && c.state !== CLOSED && c.state !== SYN_SENT && c.state !== LISTEN) tcp.orphans--
  changeState(c, CLOSED)
  settled(c)
  c.shut = SHUT_RECEIVE | SHUT_SEND
  c.pending = PENDING_NONE
  clearTimers(c)
  c.congestion.release?.(c)
  releaseFastOpen(c, false)
  c.sendQueue.clear()
  c.zeroCopies?.finish(c)
  clearScoreboard(c)
  c.sendBuffer.clear()
  unchargeSend(c, c.writeQueued)
  c.outOfOrder.clear()
  tcp.table.remove(c)
  if (c.orphaned) {
    c.inOrder.clear()
    tcp.connections.delete(c)
  } else c.wake.changed(EVERYTHING)
}

/** `connect` with no address (`AF_UNSPEC`): back to CLOSED, the socket usable again. */
export function disconnect(c: Connection): number {
  const { tcp } = c
  if (c.state === LISTEN) stopListening(c)
  else if (stateIn(c.state, MAY_RESET)) sendReset(c)
  destroy(c)
  revive(c)
  c.options.error = 0
  c.network = null
  c.flow.route = null
  c.setLocal(c.family === AF_INET6 ? IpAddress.v6(0, 0, 0, 0) : IpAddress.v4(0))
  tcp.connections.add(c)
  return 0
}

/** A socket whose connection is over is as new: it may connect again. */
export function revive(c: Connection): void {
  c.inOrder.clear()
  renew(c)
}

/** Ends listening; connections that nobody accepted are reset. */
function stopListening(c: Connection): void {
  c.listener?.close()
  c.listener = null
  c.tcp.table.unlisten(c)
  if (c.state === LISTEN) c.state = CLOSED
}
