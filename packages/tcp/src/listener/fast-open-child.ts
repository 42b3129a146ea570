import type { ArrivingSegment } from '../arriving-segment.js'
import { reset } from '../close.js'
import type { Connection } from '../connection.js'
import { receiveData } from '../receive/data.js'
import { enterLoss } from '../recovery/loss-episode.js'
import { synAckedRtt } from '../recovery/rtt.js'
import { tryUndoRecovery } from '../recovery/undo.js'
import { CA_LOSS } from '../state.js'
import { giveUp } from '../timers/give-up.js'
import { armRetransmit } from '../timers.js'
import { initTransfer } from '../transfer.js'
import { FLAG_RST, FLAG_SYN } from '../wire/segment.js'
import { FASTOPEN_ACCEPTED } from './fast-open.js'
import { releaseFastOpen } from './fast-open-release.js'
import type { Listener } from './listener.js'
import { promote } from './promote.js'
import type { Request } from './request.js'
import { checkRequest, REQUEST_ACKNOWLEDGED, REQUEST_OVER } from './request-check.js'
import { resendSynAck, sendSynAck } from './syn-ack.js'

/**
 * Fast Open as server (RFC 7413 4.2.2): where the SYN brings a good cookie the connection is made at once, with the SYN's data,
 * and can be accepted; the SYN-ACK acknowledges the data.
 * @returns false where the SYN is to be treated as any other
 */
export function fastOpenChild(c: Connection, listener: Listener, r: Request, s: ArrivingSegment): boolean {
  const { counters, fastOpen } = c.tcp
  if (fastOpen.judge(c, listener, r, s) !== FASTOPEN_ACCEPTED) return false
  const child = promote(listener, r, s)
  if (child === null) {
    counters.TcpExtTCPFastOpenPassiveFail++
    return false
  }
  counters.TcpExtTCPFastOpenPassive++
  listener.fastOpenPending++
  beginEarly(child, r, s)
  if (s.length > 0) takeData(child, s)
  r.rcvNxt = child.rcvNxt
  child.rcvWup = child.rcvNxt
  r.armTimer()
  sendSynAck(c, r)
  listener.enqueue(child)
  return true
}

/** A connection begins with the SYN alone: its request lives on until the peer has acknowledged the SYN-ACK. */
export function beginEarly(c: Connection, r: Request, s: ArrivingSegment): void {
  r.child = c
  c.passiveFastOpen = r
  // RFC 7323 2.2: the window of a SYN is not scaled.
  c.sndWnd = s.window
  c.maxWindow = s.window
  initTransfer(c)
}

/** The data of the SYN. The SYN-ACK acknowledges it: nothing else is owed. */
function takeData(c: Connection, s: ArrivingSegment): void {
  s.seq = (s.seq + 1) | 0
  s.flags &= ~FLAG_SYN
  receiveData(c, s)
  c.synDataAcked = true
  c.ackPending = 0
  c.ackQuick = 0
  c.ackTimeout = 0
}

/** First checks of a segment for a connection whose Fast Open handshake is not done. False: the segment is done with. */
export function checkFastOpenChild(c: Connection, r: Request, s: ArrivingSegment): boolean {
  const found = checkRequest(r, s, true)
  if (found === REQUEST_OVER) {
    if ((s.flags & FLAG_RST) !== 0) {
      releaseFastOpen(c, true)
      reset(c)
    } else c.tcp.replies.reset(s)
  }
  return found === REQUEST_ACKNOWLEDGED
}

/** The SYN-ACK of a Fast Open is acknowledged (Linux's `tcp_rcv_synrecv_state_fastopen`). */
export function fastOpenEstablished(c: Connection, r: Request): void {
  const { clockNow } = c.tcp
  if (c.srtt8 === 0) synAckedRtt(c, r.retransmissions === 0 ? Math.floor(clockNow - r.sentAt) : -1)
  // Its timeouts were no sign of loss where the peer answered the first one.
  if (c.caState === CA_LOSS && c.packetsOut === 0) tryUndoRecovery(c)
  c.retransStamp = 0
  c.retransmits = 0
  releaseFastOpen(c, false)
  // Data may have left meanwhile.
  armRetransmit(c)
}

/** The SYN-ACK was not acknowledged in time: it is sent again, once oftener than others (Linux's `tcp_fastopen_synack_timer`). */
export function fastOpenTimeout(r: Request, c: Connection): void {
  const { counters, settings, now } = c.tcp
  const most = c.synRetries > 0 ? c.synRetries : settings.synackRetries + 1
  counters.TcpExtTCPTimeouts++
  if (r.timeouts >= most) {
    giveUp(c)
    return
  }
  if (c.retransmits === 1) enterLoss(c)
  if (resendSynAck(r) === 0) {
    c.totalRetrans++
    c.segsOut = (c.segsOut + 1) | 0
  }
  r.timeouts++
  c.retransmits++
  c.totalTimeouts++
  if (c.retransStamp === 0) c.retransStamp = now === 0 ? 1 : now
  r.armTimer()
}
