import { acceptable } from './arrival-check.js'
import type { ArrivingSegment } from './arriving-segment.js'
import { abortOnData, bringsUnread, enterTimeWait, finishClose, finWait2 } from './close.js'
import type { Connection } from './connection.js'
import { ACK_NOW, SHUT_RECEIVE } from './connection-state.js'
import { isPredicted, takePredicted } from './header-prediction.js'
import { checkFastOpenChild, fastOpenEstablished } from './listener/fast-open-child.js'
import { establish } from './open.js'
import { measureTimestampRtt } from './receive/autotune.js'
import { receiveData } from './receive/data.js'
import { checkAck } from './receive/delayed-ack.js'
import { checkUrgent } from './receive/urgent.js'
import { processAck } from './recovery/ack.js'
import { ACK_NO_CHALLENGE, ACK_SLOW_PATH, ACK_UPDATE_TS_RECENT } from './recovery/ack-flags.js'
import { takeTimestamps } from './recovery/ts-recent.js'
import { checkSpace } from './send/space.js'
import { replyReset } from './send/transmit.js'
import { push } from './send/write.js'
import { seqLt } from './sequence.js'
import {
  CLOSE_WAIT,
  CLOSED,
  CLOSING,
  ESTABLISHED,
  FIN_WAIT_1,
  FIN_WAIT_2,
  LAST_ACK,
  SYN_RECEIVED,
  SYN_SENT,
} from './state.js'
import { synSentSegment } from './syn-sent.js'
import { FLAG_ACK, FLAG_FIN, FLAG_RST, FLAG_SYN } from './wire/segment.js'

/**
 * RFC 9293 3.10.7, SEGMENT ARRIVES, for every state of a connection but LISTEN and TIME-WAIT, which are other objects.
 * The steps are those of 3.10.7.4: sequence number, RST, security (none), SYN, ACK, URG, text, FIN.
 */
export function segmentArrives(c: Connection, s: ArrivingSegment): void {
  c.segsIn = (c.segsIn + s.packets) | 0
  if (s.length > 0) c.dataSegsIn = (c.dataSegsIn + s.packets) | 0
  takeTimestamps(c, s)
  if (c.state === ESTABLISHED) established(c, s)
  else if (c.state === SYN_SENT) synSentSegment(c, s)
  else if (c.state === CLOSED) replyReset(c.tcp, s)
  else otherStates(c, s)
}

function established(c: Connection, s: ArrivingSegment): void {
  if (isPredicted(c, s)) {
    takePredicted(c, s)
    return
  }
  if ((s.flags & (FLAG_ACK | FLAG_RST | FLAG_SYN)) === 0) return
  if (!acceptable(c, s)) return
  if (processAck(c, s, ACK_SLOW_PATH | ACK_UPDATE_TS_RECENT) < 0) return
  measureTimestampRtt(c, s)
  checkUrgent(c, s)
  if (s.length > 0 || (s.flags & FLAG_FIN) !== 0) receiveData(c, s)
  answer(c)
}

/** What was received may let data go, and is to be acknowledged. */
function answer(c: Connection): void {
  if (c.dead) return
  push(c)
  checkSpace(c)
  checkAck(c)
}

function otherStates(c: Connection, s: ArrivingSegment): void {
  if ((s.flags & (FLAG_ACK | FLAG_RST | FLAG_SYN)) === 0) return
  if (c.passiveFastOpen !== null && !checkFastOpenChild(c, c.passiveFastOpen, s)) return
  if (!acceptable(c, s)) return
  if (!acknowledged(c, s) || c.dead) return
  checkUrgent(c, s)
  text(c, s)
  answer(c)
}

/** Fifth, check the ACK field: what it means for the state. False: the segment is done with. */
function acknowledged(c: Connection, s: ArrivingSegment): boolean {
  const wasReceived = c.state === SYN_RECEIVED
  if (wasReceived && c.passiveFastOpen === null && s.ack === c.iss) {
    // RFC 9293 3.10.7.4, fifth: it has to acknowledge our SYN.
    replyReset(c.tcp, s)
    return false
  }
  const result = processAck(c, s, ACK_SLOW_PATH | ACK_UPDATE_TS_RECENT | ACK_NO_CHALLENGE)
  if (result <= 0) {
    if (wasReceived) {
      // RFC 9293 3.10.7.4: in SYN-RECEIVED an ACK that is not acceptable is answered with a reset.
      if (result < 0) replyReset(c.tcp, s)
      return false
    }
    // RFC 5961 5.2
    if (result < 0) {
      c.tcp.challenges.sendChallengeAck(c)
      return false
    }
  }
  if (c.passiveFastOpen !== null && c.state !== SYN_RECEIVED) fastOpenEstablished(c, c.passiveFastOpen)
  const allAcked = c.sndUna === c.writeSeq
  switch (c.state) {
    case SYN_RECEIVED:
      establish(c, s)
      break
    case FIN_WAIT_1:
      if (allAcked && !finWait2(c, s)) return false
      break
    case CLOSING:
      if (allAcked) {
        enterTimeWait(c)
        return false
      }
      break
    case LAST_ACK:
      if (allAcked) {
        finishClose(c)
        return false
      }
      break
    default:
  }
  return true
}

/** Seventh and eighth: the segment text and FIN. */
function text(c: Connection, s: ArrivingSegment): void {
  const hasText = s.length > 0 || (s.flags & FLAG_FIN) !== 0
  switch (c.state) {
    case CLOSE_WAIT:
    case CLOSING:
    case LAST_ACK:
      // The peer has sent its FIN: what comes now is old, or wrong.
      if (hasText && seqLt(s.seq, c.rcvNxt)) receiveData(c, s)
      else if (hasText) c.ackPending |= ACK_NOW
      return
    case FIN_WAIT_1:
    case FIN_WAIT_2:
      // RFC 9293 3.6.1 and RFC 1122 4.2.2.13: nobody is there to read what comes after `close`.
      if ((c.orphaned || (c.shut & SHUT_RECEIVE) !== 0) && bringsUnread(c, s)) {
        abortOnData(c, s)
        return
      }
      if (hasText) receiveData(c, s)
      return
    case ESTABLISHED:
      if (hasText) receiveData(c, s)
      return
    default:
  }
}
