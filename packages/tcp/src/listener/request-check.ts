import type { ArrivingSegment } from '../arriving-segment.js'
import { clockMilliseconds, clockSeconds } from '../clock-units.js'
import { seqBetween, seqGt } from '../sequence.js'
import { FLAG_ACK, FLAG_RST, FLAG_SYN } from '../wire/segment.js'
import { pawsRejects } from './paws.js'
import type { Request } from './request.js'
import { inSequenceWindow } from './sequence-window.js'
import { resendSynAck } from './syn-ack.js'

const CONTROL = FLAG_RST | FLAG_SYN | FLAG_ACK
/** What came of the checks that a request makes. */
export const REQUEST_DONE = 0
export const REQUEST_ACKNOWLEDGED = 1
/** To be treated as a segment in LISTEN. */
export const REQUEST_NOT_OURS = 2
/** A reset, or a SYN that cannot be. */
export const REQUEST_OVER = 3

/**
 * First to fifth of RFC 9293 3.10.7.4 for a request. What is to be answered at once has been.
 * @param fastOpen the connection exists already, and checks the acknowledgement itself
 */
export function checkRequest(r: Request, s: ArrivingSegment, fastOpen: boolean): number {
  const { tcp } = r.listener.connection
  const { counters, challenges } = tcp
  const stamped = r.timestampsOk && s.options.timestamp
  const old = stamped && isOld(r, s)
  const forged = stamped && !fastOpen && echoesStrange(r, s)
  let flags = s.flags & CONTROL
  if (s.seq === r.irs && flags === FLAG_SYN && !old) {
    // The SYN again: the SYN-ACK was lost, or is late.
    if (challenges.outOfWindowAllowed(r, s, 'TcpExtTCPACKSkippedSynRecv') && resendSynAck(r) === 0) r.armTimer()
    return REQUEST_DONE
  }
  if ((flags & FLAG_ACK) !== 0 && !fastOpen && s.ack !== ((r.iss + 1) | 0)) return REQUEST_NOT_OURS
  const end = (r.rcvNxt + Math.min(r.window, 0xffff)) | 0
  if (old || forged || !inSequenceWindow(s.seq, s.endSeq, r.rcvNxt, end)) {
    if ((flags & FLAG_RST) === 0 && challenges.outOfWindowAllowed(r, s, 'TcpExtTCPACKSkippedSynRecv')) sendAck(r, s)
    if (old) counters.TcpExtPAWSEstab++
    else if (forged) counters.TcpExtTSEcrRejected++
    return REQUEST_DONE
  }
  if (stamped && !seqGt(s.seq, r.rcvNxt)) r.tsRecent = s.options.tsval
  // Of a SYN with more the SYN itself is old.
  if (s.seq === r.irs) flags &= ~FLAG_SYN
  if ((flags & (FLAG_RST | FLAG_SYN)) !== 0) {
    counters.TcpAttemptFails++
    return REQUEST_OVER
  }
  return (flags & FLAG_ACK) === 0 ? REQUEST_DONE : REQUEST_ACKNOWLEDGED
}

/** PAWS; when the SYN came is not kept, but about so long ago. */
function isOld(r: Request, s: ArrivingSegment): boolean {
  const now = clockSeconds(r.listener.connection.tcp)
  return pawsRejects(s, r.tsRecent, now - Math.floor(r.wait / 1_000_000), now)
}

/** The echo is none of a timestamp that a SYN-ACK had: who sends it never saw one. */
function echoesStrange(r: Request, s: ArrivingSegment): boolean {
  const { tsecr } = s.options
  return tsecr !== 0 && !seqBetween(tsecr, r.firstStamp, r.lastStamp)
}

function sendAck(r: Request, s: ArrivingSegment): void {
  const { tcp } = r.listener.connection
  const seq = r.child === null ? (r.iss + 1) | 0 : r.child.sndNxt
  const tsval = (clockMilliseconds(tcp) + r.tsOffset) | 0
  const scale = r.windowScaleOk ? r.rcvScale : 0
  const window = Math.min(r.window >>> scale, 0xffff)
  tcp.replies.acknowledge(s, seq, r.rcvNxt, window, r.timestampsOk && r.tsRecent !== 0, tsval, r.tsRecent)
}
