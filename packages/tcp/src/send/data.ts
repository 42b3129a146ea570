import {
  EAGAIN,
  EPIPE,
  type Message,
  MSG_EOR,
  MSG_FASTOPEN,
  MSG_MORE,
  MSG_OOB,
  MSG_ZEROCOPY,
  SO_TIMESTAMPING,
  SOL_SOCKET,
} from '@jackfield/interfaces'
import type { Connection } from '../connection.js'
import { NAGLE_CORK, NAGLE_OFF, NAGLE_PUSH, SHUT_SEND } from '../connection-state.js'
import { stampSend } from '../errors/send-stamps.js'
import { ZeroCopySends } from '../errors/zero-copy.js'
import { LIMIT_BUSY, limitBegins } from '../limit-times.js'
import { fastOpenSend } from '../listener/fast-open-send.js'
import { checkAppLimited } from '../recovery/rate.js'
import { restartAfterIdle } from '../recovery/window-validation.js'
import type { SendSegment } from '../send-segment.js'
import { seqGt } from '../sequence.js'
import { CLOSE_WAIT, ESTABLISHED, SYN_RECEIVED, SYN_SENT, stateIn, stateSet } from '../state.js'
import { probeNeeded } from '../timers.js'
import { FLAG_PSH } from '../wire/segment.js'
import { currentMss, sizeGoal } from './mss.js'
import { appendSegment, chargeSend, hasSpace } from './space.js'
import { PUSH_ALL, PUSH_ONE, writeQueue } from './write.js'

const OPEN = stateSet(ESTABLISHED, CLOSE_WAIT)
const OPENING = stateSet(SYN_SENT, SYN_RECEIVED)

/** RFC 9293 3.9.1.2, SEND: takes as much as there is room for. Bytes taken, or the negative error number. */
export function queueData(c: Connection, message: Message): number {
  if (c.options.error !== 0) return -c.options.takeError()
  if ((message.flags & MSG_FASTOPEN) !== 0 || c.connectDeferred) {
    const sent = fastOpenSend(c, message)
    if (sent > 0) noteZeroCopy(c, message, (c.writeSeq - sent) | 0, false)
    return sent
  }
  if (!stateIn(c.state, OPEN) && c.passiveFastOpen?.early !== true) {
    if (stateIn(c.state, OPENING)) {
      c.noSpace = true
      c.writerWaits = message.continues
      return -EAGAIN
    }
    return -EPIPE
  }
  if ((c.shut & SHUT_SEND) !== 0) return -EPIPE
  const { flags, buffer, offset, length } = message
  checkAppLimited(c)
  const mss = currentMss(c)
  const goal = (flags & MSG_OOB) !== 0 ? mss : sizeGoal(c, mss)
  let taken = 0
  const before = c.writeSeq
  const joins = (flags & MSG_ZEROCOPY) !== 0 && openTail(c, goal) !== null
  while (taken < length) {
    let segment = openTail(c, goal)
    if (segment === null) {
      if (!hasSpace(c)) {
        c.noSpace = true
        break
      }
      segment = appendSegment(c, c.writeSeq, c.writeSeq, 0)
      restartAfterIdle(c)
      limitBegins(c, LIMIT_BUSY)
    }
    // As in Linux the entry that was begun is filled whatever the room: only another one needs it.
    const count = Math.min(length - taken, goal - segment.length)
    c.tcp.queues.sendBufferOf(c).append(buffer, offset + taken, count)
    if (taken === 0) segment.flags &= ~FLAG_PSH
    segment.endSeq = (segment.endSeq + count) | 0
    segment.truesize += count
    segment.packets = 0
    chargeSend(c, count)
    c.writeSeq = (c.writeSeq + count) | 0
    taken += count
    if (taken === length) {
      if ((flags & MSG_EOR) !== 0) segment.endOfRecord = true
      break
    }
    if (segment.length < goal || (flags & MSG_OOB) !== 0) continue
    // A full entry goes at once, where half of the largest window is full with PSH.
    if (forcesPush(c)) {
      markPushed(c, segment)
      pushNow(c, mss, NAGLE_PUSH)
    } else if (segment === c.sendQueue.sendHead) writeQueue(c, mss, NAGLE_PUSH, PUSH_ONE)
  }
  if (taken === 0 && length > 0) return -EAGAIN
  if (taken > 0) noteSend(c, message, before, joins)
  if (taken < length) pushData(c, flags & ~MSG_MORE, mss, NAGLE_PUSH, goal)
  else if (length > 0) pushData(c, flags, mss, c.nonagle, goal)
  return taken
}

/** Completions and time stamps that the user wants of what was taken. */
function noteSend(c: Connection, message: Message, before: number, joins: boolean): void {
  noteZeroCopy(c, message, before, joins)
  if (message.control !== null || c.stampFlags !== 0) stampSend(c, stampsWanted(c, message))
}

function noteZeroCopy(c: Connection, message: Message, before: number, joins: boolean): void {
  if ((message.flags & MSG_ZEROCOPY) === 0 || !c.zeroCopyAllowed) return
  c.zeroCopies ??= new ZeroCopySends()
  const taken = (c.writeSeq - before) | 0
  c.zeroCopies.taken(c, before, message.resumed, message.continues && taken < message.length, joins)
}

/** Those of this message, or of the socket. */
function stampsWanted(c: Connection, { control }: Message): number {
  for (const { level, type, data } of control ?? []) {
    if (level === SOL_SOCKET && type === SO_TIMESTAMPING && typeof data === 'number') return data
  }
  return c.stampFlags
}

/** The last entry, where more may be put behind its bytes. */
function openTail(c: Connection, goal: number): SendSegment | null {
  const { tail, sendHead } = c.sendQueue
  if (tail === null || sendHead === null || tail.endOfRecord || tail.length >= goal) return null
  return tail
}

/** Half of the largest window was written since PSH was last set (Linux's `forced_push`). */
function forcesPush(c: Connection): boolean {
  return seqGt(c.writeSeq, (c.pushedSeq + (c.maxWindow >>> 1)) | 0)
}

function markPushed(c: Connection, segment: SendSegment): void {
  segment.flags |= FLAG_PSH
  c.pushedSeq = c.writeSeq
}

/** Lets go what a call wrote (Linux's `tcp_push`). */
function pushData(c: Connection, flags: number, mss: number, nonagle: number, goal: number): void {
  const { tail, sendHead } = c.sendQueue
  if (tail === null || sendHead === null) return
  if ((flags & MSG_MORE) === 0 || forcesPush(c)) markPushed(c, tail)
  if ((flags & MSG_OOB) !== 0) {
    // RFC 6093: the urgent pointer stands behind the urgent byte.
    c.urgentMode = true
    c.sndUp = c.writeSeq
  }
  if (autocorks(c, tail, goal)) {
    c.tcp.counters.TcpExtTCPAutoCorking++
    c.throttled = true
    // What the device holds may have gone meanwhile.
    if (c.deviceQueued > tail.truesize) return
    c.throttled = false
  }
  pushNow(c, mss, (flags & MSG_MORE) !== 0 ? NAGLE_CORK : nonagle)
}

function pushNow(c: Connection, mss: number, nonagle: number): void {
  if (writeQueue(c, mss, nonagle, PUSH_ALL)) probeNeeded(c)
}

/** A small entry waits while the device still holds packets of the connection: more may come to it. */
function autocorks(c: Connection, tail: SendSegment, goal: number): boolean {
  return (
    tail.length < goal &&
    c.tcp.settings.autocorking !== 0 &&
    c.packetsOut > 0 &&
    c.deviceQueued > tail.truesize &&
    (c.nonagle & NAGLE_OFF) === 0
  )
}
