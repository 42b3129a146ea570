import {
  EAGAIN,
  EINVAL,
  ENOTCONN,
  type Message,
  MSG_OOB,
  MSG_PEEK,
  MSG_TRUNC,
  POLLIN,
  POLLPRI,
} from '@jackfield/interfaces'
import type { ArrivingSegment } from '../arriving-segment.js'
import type { Connection } from '../connection.js'
import { SHUT_RECEIVE } from '../connection-state.js'
import { seqGe, seqGt, seqLt } from '../sequence.js'
import { CLOSED } from '../state.js'
import { FLAG_SYN, FLAG_URG } from '../wire/segment.js'

// `ConnectionState.urgentState`.
export const URGENT_NONE = 0
export const URGENT_NOT_YET = 1
export const URGENT_VALID = 2
export const URGENT_READ = 3

/** Sixth of RFC 9293 3.10.7.4: the urgent pointer, and the byte that it points at where the segment has it. */
export function checkUrgent(c: Connection, s: ArrivingSegment): void {
  if ((s.flags & FLAG_URG) !== 0) takePointer(c, s)
  if (c.urgentState !== URGENT_NOT_YET || s.packet === null) return
  const at = ((c.urgentSeq - s.seq) | 0) - ((s.flags & FLAG_SYN) !== 0 ? 1 : 0)
  if (at < 0 || at >= s.length) return
  c.urgentByte = s.packet.view.getUint8(s.packet.start + at)
  c.urgentState = URGENT_VALID
  c.wake.changed(POLLIN | POLLPRI)
}

function takePointer(c: Connection, s: ArrivingSegment): void {
  // BSD's pointer is past the last urgent byte; RFC 9293 3.8.5 says at it, and nobody does.
  const back = s.urgentPointer > 0 && c.tcp.settings.stdurg === 0 ? 1 : 0
  const urgent = (s.seq + s.urgentPointer - back) | 0
  // Read already, or received already: too late.
  if (seqGt(c.copiedSeq, urgent) || seqLt(urgent, c.rcvNxt)) return
  if (c.urgentState !== URGENT_NONE && !seqGt(urgent, c.urgentSeq)) return
  // The reader stands at the former urgent byte, which must not become data now.
  if (
    c.urgentState !== URGENT_NONE &&
    c.urgentSeq === c.copiedSeq &&
    !c.options.oobInline &&
    c.copiedSeq !== c.rcvNxt &&
    c.inOrder.bytes > 0
  ) {
    c.inOrder.drop(1)
    c.copiedSeq = (c.copiedSeq + 1) | 0
  }
  c.urgentState = URGENT_NOT_YET
  c.urgentSeq = urgent
  c.wake.changed(POLLPRI)
}

/** `MSG_OOB`: the urgent byte, once. Never waits. */
export function readUrgent(c: Connection, message: Message): number {
  const { flags } = message
  message.flags = 0
  if (c.options.oobInline || c.urgentState === URGENT_NONE || c.urgentState === URGENT_READ) return -EINVAL
  if (c.state === CLOSED && !c.finReceived) return -ENOTCONN
  if (c.urgentState === URGENT_VALID) {
    if ((flags & MSG_PEEK) === 0) c.urgentState = URGENT_READ
    message.flags = MSG_OOB
    if (message.length === 0) {
      message.flags |= MSG_TRUNC
      return 0
    }
    if ((flags & MSG_TRUNC) === 0) message.buffer[message.offset] = c.urgentByte
    return 1
  }
  return c.state === CLOSED || (c.shut & SHUT_RECEIVE) !== 0 ? 0 : -EAGAIN
}

/** `SIOCATMARK`: whether the next byte to be read is the urgent one. */
export function atMark(c: Connection): boolean {
  return c.urgentState !== URGENT_NONE && c.urgentSeq === c.copiedSeq
}

/** `FIONREAD`: bytes that one call can read; none behind an urgent byte that is out of band. */
export function readableBytes(c: Connection): number {
  const { bytes } = c.inOrder
  const marked = c.urgentState !== URGENT_NONE && !c.options.oobInline && seqGe(c.urgentSeq, c.copiedSeq)
  return marked && seqLt(c.urgentSeq, c.rcvNxt) ? Math.min(bytes, (c.urgentSeq - c.copiedSeq) | 0) : bytes
}
