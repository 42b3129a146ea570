import type { ArrivingSegment } from './arriving-segment.js'
import type { Connection } from './connection.js'
import { measureTimestampRtt } from './receive/autotune.js'
import { receiveData } from './receive/data.js'
import { checkAck } from './receive/delayed-ack.js'
import { receiveWindow } from './receive/window.js'
import { processAck } from './recovery/ack.js'
import { ACK_UPDATE_TS_RECENT } from './recovery/ack-flags.js'
import { replaceTsRecent } from './recovery/ts-recent.js'
import { checkSpace } from './send/space.js'
import { push } from './send/write.js'
import { seqGt, seqLt } from './sequence.js'
import { CA_OPEN } from './state.js'
import { FLAG_ACK, FLAG_PSH } from './wire/segment.js'

/**
 * Whether a segment in ESTABLISHED is what was to be expected: the next data, or an acknowledgement, of a transfer without loss, urgent
 * data or a change of the window (Van Jacobson's header prediction; the conditions are those of Linux's `tcp_rcv_established`). Then
 * most of RFC 9293 3.10.7.4 has nothing to find, and `takePredicted` does the rest.
 */
export function isPredicted(c: Connection, s: ArrivingSegment): boolean {
  return (
    (s.flags & ~FLAG_PSH) === FLAG_ACK &&
    s.seq === c.rcvNxt &&
    s.window << c.sndScale === c.sndWnd &&
    !seqLt(s.ack, c.sndUna) &&
    !seqGt(s.ack, c.sndNxt) &&
    c.sawTimestamp === c.timestampsOk &&
    // RFC 7323 5.3: not older than what was seen.
    (!c.sawTimestamp || ((c.rcvTsval - c.tsRecent) | 0) >= 0) &&
    s.options.sackCount === 0 &&
    c.outOfOrder.first === null &&
    c.urgentState === 0 &&
    (s.length === 0 || s.length <= receiveWindow(c))
  )
}

/** Takes a segment that `isPredicted`. */
export function takePredicted(c: Connection, s: ArrivingSegment): void {
  if (s.length === 0) {
    if (processAck(c, s, ACK_UPDATE_TS_RECENT) < 0 || c.dead) return
    push(c)
    checkSpace(c)
    return
  }
  c.tcp.counters.TcpExtTCPHPHits++
  if (s.ack !== c.sndUna || c.caState !== CA_OPEN || c.lossProbeSent || c.sendQueue.sendHead !== null) {
    if (processAck(c, s, ACK_UPDATE_TS_RECENT) < 0) return
  } else {
    // It says nothing but that the peer is there.
    replaceTsRecent(c, s.seq)
    c.sndWl1 = s.seq
    c.softError = 0
    c.probesOut = 0
    c.lastReceived = c.tcp.now
  }
  measureTimestampRtt(c, s)
  receiveData(c, s)
  if (c.dead) return
  push(c)
  checkSpace(c)
  checkAck(c)
}
