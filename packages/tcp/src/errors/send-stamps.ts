import {
  EINVAL,
  ENOMSG,
  SCM_TIMESTAMPING_OPT_STATS,
  SCM_TSTAMP_ACK,
  SCM_TSTAMP_SCHED,
  SCM_TSTAMP_SND,
  SO_EE_ORIGIN_TIMESTAMPING,
  SOF_TIMESTAMPING_MASK,
  SOF_TIMESTAMPING_OPT_ID,
  SOF_TIMESTAMPING_OPT_ID_TCP,
  SOF_TIMESTAMPING_OPT_STATS,
  SOF_TIMESTAMPING_OPT_TSONLY,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_ACK,
  SOF_TIMESTAMPING_TX_SCHED,
  SOF_TIMESTAMPING_TX_SOFTWARE,
  SOL_SOCKET,
} from '@jackfield/interfaces'
import type { Connection } from '../connection.js'
import type { SendSegment } from '../send-segment.js'
import { seqGe } from '../sequence.js'
import { CLOSED, LISTEN } from '../state.js'
import { noticesOf } from './error-queue.js'
import { timestampStatistics } from './timestamp-statistics.js'

/** Which of `SO_TIMESTAMPING` make a time stamp of a send. */
const SEND_STAMPS: number = SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_ACK

/** Sets `SO_TIMESTAMPING`, as Linux's `sock_set_timestamping`: 0 or `-EINVAL`. */
export function setTimestamping(c: Connection, flags: number): number {
  const has = (bit: number): boolean => (flags & bit) !== 0
  if ((flags & ~SOF_TIMESTAMPING_MASK) !== 0) return -EINVAL
  if (has(SOF_TIMESTAMPING_OPT_ID_TCP) && !has(SOF_TIMESTAMPING_OPT_ID)) return -EINVAL
  if (has(SOF_TIMESTAMPING_OPT_ID) && (c.stampFlags & SOF_TIMESTAMPING_OPT_ID) === 0) {
    if (c.state === CLOSED || c.state === LISTEN) return -EINVAL
    // What was written before is not counted, or what was not acknowledged before is.
    c.stampBase = has(SOF_TIMESTAMPING_OPT_ID_TCP) ? c.writeSeq : c.sndUna
  }
  if (has(SOF_TIMESTAMPING_OPT_STATS) && !has(SOF_TIMESTAMPING_OPT_TSONLY)) return -EINVAL
  c.stampFlags = flags
  return 0
}

/** A send was taken, up to `writeSeq`: the last byte of it is what the time stamps are of. */
export function stampSend(c: Connection, flags: number): void {
  const { tail } = c.sendQueue
  const stamps = flags & SEND_STAMPS
  if (stamps === 0 || tail === null) return
  tail.stamps |= stamps
  tail.stampSeq = (c.writeSeq - 1) | 0
}

/** A segment with the byte in question left. */
export function stampSent(c: Connection, segment: SendSegment): void {
  if ((segment.stamps & SOF_TIMESTAMPING_TX_SCHED) !== 0) tell(c, segment, SCM_TSTAMP_SCHED)
  if ((segment.stamps & SOF_TIMESTAMPING_TX_SOFTWARE) !== 0) tell(c, segment, SCM_TSTAMP_SND)
}

/** A segment with it was acknowledged whole. */
export function stampAcknowledged(c: Connection, segment: SendSegment): void {
  if ((segment.stamps & SOF_TIMESTAMPING_TX_ACK) !== 0) tell(c, segment, SCM_TSTAMP_ACK)
}

/** A segment is cut: the time stamp goes with its byte. */
export function splitStamps(segment: SendSegment, rest: SendSegment): void {
  if (segment.stamps === 0 || !seqGe(segment.stampSeq, rest.seq)) return
  rest.stamps = segment.stamps
  rest.stampSeq = segment.stampSeq
  segment.stamps = 0
}

/** A segment takes the next one in. */
export function joinStamps(segment: SendSegment, next: SendSegment): void {
  if (next.stamps === 0) return
  segment.stamps |= next.stamps
  segment.stampSeq = next.stampSeq
}

function tell(c: Connection, segment: SendSegment, kind: number): void {
  if (c.orphaned) return
  const { stampFlags } = c
  const only = (stampFlags & SOF_TIMESTAMPING_OPT_TSONLY) !== 0
  const stats = only && (stampFlags & SOF_TIMESTAMPING_OPT_STATS) !== 0 ? timestampStatistics(c) : null
  const payload = stats ?? (only ? undefined : payloadOf(c, segment))
  const time = (stampFlags & SOF_TIMESTAMPING_SOFTWARE) !== 0 ? c.tcp.host.clock.wallTime() : 0
  const data = (stampFlags & SOF_TIMESTAMPING_OPT_ID) !== 0 ? (segment.stampSeq - c.stampBase) >>> 0 : 0
  noticesOf(c).push(
    c,
    { errno: ENOMSG, origin: SO_EE_ORIGIN_TIMESTAMPING, type: 0, code: 0, info: kind, data, offender: null },
    time,
    payload,
    stats === null ? null : { level: SOL_SOCKET, type: SCM_TIMESTAMPING_OPT_STATS, data: stats },
  )
}

/** The bytes of a segment: what tells the user which send it was, unless `OPT_TSONLY` says that it is known by its number. */
function payloadOf(c: Connection, segment: SendSegment): Uint8Array {
  const from = Math.max(0, (segment.seq - c.bufferSeq) | 0)
  const length = Math.max(0, Math.min(segment.length, c.sendBuffer.length - from))
  const bytes = new Uint8Array(length)
  if (length > 0) c.sendBuffer.copy(from, length, bytes, 0)
  return bytes
}
