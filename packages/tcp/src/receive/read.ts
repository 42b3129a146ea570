import {
  EAGAIN,
  ENOTCONN,
  type Message,
  MSG_OOB,
  MSG_PEEK,
  MSG_TRUNC,
  SOL_TCP,
  TCP_CM_INQ,
} from '@jackfield/interfaces'
import type { Connection } from '../connection.js'
import { ACK_PUSHED, ACK_PUSHED2, ACK_SCHEDULED, SHUT_RECEIVE } from '../connection-state.js'
import { sendAck } from '../send/transmit.js'
import { seqGt } from '../sequence.js'
import { CLOSED, LISTEN } from '../state.js'
import { addStamps, wantsStamps } from './arrival-stamps.js'
import { adjustReceiveSpace } from './autotune.js'
import { inPingPong } from './delayed-ack.js'
import { receiveCharge, underPressure } from './space.js'
import { readUrgent, URGENT_NONE } from './urgent.js'
import { receiveWindow, windowToOffer } from './window.js'

/**
 * The call `recvmsg` (Linux's `tcp_recvmsg`): what is there, in order, into the message; with `MSG_PEEK` it stays, with
 * `MSG_TRUNC` it is only thrown away. Never across an urgent byte that is out of band.
 * @returns the bytes; 0 at the end of the stream; or a negative error number: `-EAGAIN` where nothing is there yet
 */
export function readData(c: Connection, message: Message): number {
  const { flags } = message
  message.named = false
  if (c.state === LISTEN) {
    message.flags = 0
    return -ENOTCONN
  }
  if ((flags & MSG_OOB) !== 0) return readUrgent(c, message)
  message.flags = 0
  const before = c.inOrder.bytes
  const first = c.inOrder.firstLength
  const copied = c.urgentState === URGENT_NONE ? plainRead(c, message, flags) : urgentRead(c, message, flags)
  if (copied > 0 && (flags & MSG_PEEK) === 0) adjustReceiveSpace(c, copied, Math.min(copied, first))
  if (before > 0 && c.inOrder.bytes === 0) c.tcp.queues.receiveSettled(c)
  // A FIN is read with what is before it, or alone.
  if (c.finReceived && c.inOrder.bytes === 0) c.copiedSeq = c.rcvNxt
  afterRead(c, copied)
  if (copied === 0 && (message.length > 0 || c.inOrder.bytes === 0)) return nothingRead(c)
  if (c.wantsInq && message.control !== null) {
    message.control.push({ level: SOL_TCP, type: TCP_CM_INQ, data: inqHint(c) })
  }
  return copied
}

function plainRead(c: Connection, message: Message, flags: number): number {
  const peeks = (flags & MSG_PEEK) !== 0
  const from = peeks ? Math.min(Math.max(c.peekOffset, 0), c.inOrder.bytes) : 0
  const length = Math.min(c.inOrder.bytes - from, message.length)
  if (length === 0) return 0
  if ((flags & MSG_TRUNC) === 0) c.inOrder.copy(from, length, message.buffer, message.offset)
  if (message.control !== null && wantsStamps(c)) addStamps(c, c.inOrder.arrivalOf(from + length), message.control)
  if (!peeks) {
    c.inOrder.drop(length)
    c.copiedSeq = (c.copiedSeq + length) | 0
  }
  if (c.peekOffset >= 0) c.peekOffset = peeks ? c.peekOffset + length : Math.max(0, c.peekOffset - length)
  return length
}

/** With an urgent byte about: reads up to it; begins with it by leaving it out, or inline as data. */
function urgentRead(c: Connection, message: Message, flags: number): number {
  const peeks = (flags & MSG_PEEK) !== 0
  const { inOrder } = c
  /** Bytes of the queue passed over; they stay in it when peeking. */
  let passed = 0
  let copied = 0
  while (copied < message.length && passed < inOrder.bytes) {
    const away = (c.urgentSeq - (c.copiedSeq + passed)) | 0
    let length = Math.min(inOrder.bytes - passed, message.length - copied)
    if (away === 0) {
      if (copied > 0) break
      if (!c.options.oobInline) {
        passed++
        continue
      }
    } else if (away > 0 && away < length) length = away
    if ((flags & MSG_TRUNC) === 0) inOrder.copy(passed, length, message.buffer, message.offset + copied)
    passed += length
    copied += length
  }
  if (!peeks) {
    inOrder.drop(passed)
    c.copiedSeq = (c.copiedSeq + passed) | 0
    if (seqGt(c.copiedSeq, c.urgentSeq)) c.urgentState = URGENT_NONE
  }
  return copied
}

/** Why there was nothing, in the order in which Linux asks. */
function nothingRead(c: Connection): number {
  if (c.finReceived) return 0
  if (c.options.error !== 0) return -c.options.takeError()
  if ((c.shut & SHUT_RECEIVE) !== 0) return 0
  return c.state === CLOSED ? -ENOTCONN : -EAGAIN
}

/** `TCP_INQ`: what is left; 1 at the end of the stream, which is to be read too. */
function inqHint(c: Connection): number {
  const { bytes } = c.inOrder
  return bytes === 0 && c.finReceived ? 1 : bytes
}

/**
 * The user has read: an acknowledgement that waited may be due, or a window that has opened far enough is told (Linux's
 * `tcp_cleanup_rbuf`, RFC 9293 3.8.6.2.2).
 * @param copied bytes read
 */
export function afterRead(c: Connection, copied: number): void {
  if (c.state === CLOSED) return
  if (acknowledges(c, copied) || (copied > 0 && (c.shut & SHUT_RECEIVE) === 0 && opensWindow(c))) sendAck(c)
}

function acknowledges(c: Connection, copied: number): boolean {
  const { ackPending } = c
  if ((ackPending & ACK_SCHEDULED) === 0) return false
  if (((c.rcvNxt - c.rcvWup) | 0) > c.ackRcvMss) return true
  // The reader has everything, there was a small segment, and no answer is to be expected.
  const small = (ackPending & ACK_PUSHED2) !== 0 || ((ackPending & ACK_PUSHED) !== 0 && !inPingPong(c))
  return copied > 0 && small && receiveCharge(c) === 0
}

/** Whether the window would be at least twice what the peer thinks it is. */
function opensWindow(c: Connection): boolean {
  const open = receiveWindow(c)
  if (2 * open > c.windowClamp) return false
  const window = windowToOffer(c)
  return window > 0 && window >= 2 * open
}

/** Whether `POLLIN` holds for what is queued: `SO_RCVLOWAT` bytes, or no more will come before some are read. */
export function isReadable(c: Connection): boolean {
  const { bytes } = c.inOrder
  if (bytes <= 0) return false
  const marked = c.urgentState !== URGENT_NONE && c.urgentSeq === c.copiedSeq && !c.options.oobInline ? 1 : 0
  if (bytes >= c.options.receiveLowWater + marked) return true
  const isFull = receiveCharge(c) > c.rcvBuf - (c.rcvBuf >> 3)
  return isFull || underPressure(c) || receiveWindow(c) <= c.ackRcvMss
}
