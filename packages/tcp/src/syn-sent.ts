import { ECONNREFUSED } from '@jackfield/interfaces'
import type { ArrivingSegment } from './arriving-segment.js'
import { clockMilliseconds } from './clock-units.js'
import { fail } from './close.js'
import type { Connection } from './connection.js'
import { ECN_OK, NAGLE_CORK, PENDING_RETRANSMIT } from './connection-state.js'
import { fastOpenSynAck } from './listener/fast-open-client.js'
import { finishConnect } from './open.js'
import { receiveData } from './receive/data.js'
import { delayAckOfHandshake, inPingPong } from './receive/delayed-ack.js'
import { checkUrgent } from './receive/urgent.js'
import { initReceiveMss } from './receive/window.js'
import { processAck } from './recovery/ack.js'
import { ACK_SLOW_PATH } from './recovery/ack-flags.js'
import { setTsRecent } from './recovery/ts-recent.js'
import { undoSpuriousSyn } from './recovery/undo.js'
import { DEFAULT_MSS, syncMss } from './send/mss.js'
import { beginMtuSearch } from './send/mtu-search.js'
import { replyReset, sendAck, sendSynAck } from './send/transmit.js'
import { push } from './send/write.js'
import { seqGt } from './sequence.js'
import { SYN_RECEIVED } from './state.js'
import { SHORTEST_WAIT, setTimer } from './timers.js'
import { FLAG_ACK, FLAG_CWR, FLAG_ECE, FLAG_FIN, FLAG_RST, FLAG_SYN } from './wire/segment.js'
import { MD5_ALIGNED, TIMESTAMP_ALIGNED } from './wire/write-options.js'

/** RFC 9293 3.10.7.3: a segment in SYN-SENT. */
export function synSentSegment(c: Connection, s: ArrivingSegment): void {
  if ((s.flags & FLAG_ACK) !== 0) {
    answered(c, s)
    return
  }
  if ((s.flags & FLAG_RST) !== 0) return
  if ((s.flags & FLAG_SYN) !== 0) crossed(c, s)
}

/** First to fourth: a segment with an acknowledgement. */
function answered(c: Connection, s: ArrivingSegment): void {
  const { counters } = c.tcp
  if (!seqGt(s.ack, c.sndUna) || seqGt(s.ack, c.sndNxt)) {
    // The peer still had a former connection; the reset frees it, and the next SYN need not wait for its time.
    if (c.retransmits === 0) setTimer(c, PENDING_RETRANSMIT, SHORTEST_WAIT)
    if ((s.flags & FLAG_RST) === 0) replyReset(c.tcp, s)
    return
  }
  // RFC 7323 5: an echo of a timestamp that we did not send is of another connection.
  if (c.sawTimestamp && c.rcvTsecr !== 0 && !echoIsOurs(c)) {
    counters.TcpExtPAWSActive++
    if ((s.flags & FLAG_RST) === 0) replyReset(c.tcp, s)
    return
  }
  if ((s.flags & FLAG_RST) !== 0) {
    fail(c, ECONNREFUSED)
    return
  }
  if ((s.flags & FLAG_SYN) === 0) return
  // RFC 3168 6.1.1: ECE alone agrees to ECN; with CWR a peer only reflects what it got.
  if ((s.flags & (FLAG_ECE | FLAG_CWR)) !== FLAG_ECE) c.ecn &= ~ECN_OK
  agree(c, s)
  c.sndWl1 = s.seq
  undoSpuriousSyn(c)
  processAck(c, s, ACK_SLOW_PATH)
  c.rcvNxt = (s.seq + 1) | 0
  c.rcvWup = c.rcvNxt
  c.irs = s.seq
  // RFC 7323 2.2: the window of a SYN is never scaled.
  c.sndWnd = s.window
  c.maxWindow = Math.max(c.maxWindow, c.sndWnd)
  initReceiveMss(c)
  c.copiedSeq = c.rcvNxt
  finishConnect(c)
  if (fastOpenSynAck(c, s)) {
    // Data that goes again acknowledges the SYN-ACK.
    push(c)
    return
  }
  checkUrgent(c, s)
  if (s.length > 0 || (s.flags & FLAG_FIN) !== 0) {
    skipSyn(s)
    receiveData(c, s)
  }
  // As Linux: with data to go, or a peer that defers its accept, the acknowledgement may ride on data.
  const waits = c.writerWaits || c.sendQueue.sendHead !== null || c.writeSeq !== c.sndNxt
  c.writerWaits = false
  if (waits || (c.nonagle & NAGLE_CORK) !== 0 || c.deferAccept > 0 || inPingPong(c)) delayAckOfHandshake(c)
  else sendAck(c)
  push(c)
}

/** Fifth: a SYN without acknowledgement; both ends opened at once (RFC 9293 3.5, figure 7). */
function crossed(c: Connection, s: ArrivingSegment): void {
  c.state = SYN_RECEIVED
  if ((s.flags & (FLAG_ECE | FLAG_CWR)) !== (FLAG_ECE | FLAG_CWR)) c.ecn &= ~ECN_OK
  agree(c, s)
  c.irs = s.seq
  c.rcvNxt = (s.seq + 1) | 0
  c.copiedSeq = c.rcvNxt
  c.rcvWup = c.rcvNxt
  c.sndWnd = s.window
  c.sndWl1 = s.seq
  c.maxWindow = c.sndWnd
  initReceiveMss(c)
  sendSynAck(c)
}

/** What both sides' SYN options agree on. */
function agree(c: Connection, s: ArrivingSegment): void {
  const { options } = s
  const { settings } = c.tcp
  c.mssClamp = Math.min(options.mss > 0 ? options.mss : DEFAULT_MSS, c.userMss > 0 ? c.userMss : 0xffff)
  c.sackOk = options.sackPermitted && settings.sack !== 0
  c.windowScaleOk = options.windowScale >= 0 && settings.windowScaling !== 0
  if (c.windowScaleOk) c.sndScale = Math.min(options.windowScale, 14)
  else {
    c.sndScale = 0
    c.rcvScale = 0
    c.windowClamp = Math.min(c.windowClamp, 65_535)
  }
  c.timestampsOk = options.timestamp && settings.timestamps !== 0 && c.md5Key === null
  c.headerOptions = c.md5Key === null ? 0 : MD5_ALIGNED
  if (c.timestampsOk) {
    c.headerOptions += TIMESTAMP_ALIGNED
    c.advertisedMss -= TIMESTAMP_ALIGNED
    setTsRecent(c, options.tsval)
  }
  beginMtuSearch(c)
  syncMss(c, c.pathMtu)
}

/** Data of a SYN begins one after it. */
function skipSyn(s: ArrivingSegment): void {
  s.seq = (s.seq + 1) | 0
  s.flags &= ~FLAG_SYN
}

/** Whether the echo lies between the first SYN and now. */
function echoIsOurs(c: Connection): boolean {
  const nowMs = clockMilliseconds(c.tcp) | 0
  const firstMs = Math.floor((c.tcp.clockNow - ((c.tcp.now - c.retransStamp) >>> 0)) / 1000) | 0
  return ((c.rcvTsecr - firstMs) | 0) >= 0 && ((nowMs - c.rcvTsecr) | 0) >= 0
}
