import { ENOBUFS } from '@jackfield/interfaces'
import type { ArrivingSegment } from '../arriving-segment.js'
import { EVENT_TX_START } from '../congestion/congestion-control.js'
import type { Connection } from '../connection.js'
import { ECN_OK, ECN_QUEUE_CWR } from '../connection-state.js'
import { stampSent } from '../errors/send-stamps.js'
import type { TcpProtocol } from '../protocol.js'
import { ackWasSent, dataWasSent } from '../receive/ack-sent.js'
import { rateSent } from '../recovery/rate.js'
import { payloadOf, type SendSegment } from '../send-segment.js'
import { seqGe, seqGt } from '../sequence.js'
import { armRetransmit } from '../timers.js'
import {
  FLAG_ACK,
  FLAG_CWR,
  FLAG_ECE,
  FLAG_PSH,
  FLAG_RST,
  FLAG_SYN,
  FLAG_URG,
  TCP_HEADER_LENGTH,
} from '../wire/segment.js'
import { SynOptions, synOptionsLength, writeSynOptions } from '../wire/write-options.js'
import { finishHeader, markLarge, optionsLength, timestampNow, writeHeader } from './header.js'
import { inFlight } from './in-flight.js'
import { advertisableMss } from './mss.js'
import { packetPaced } from './pacing.js'
import { appendSegment } from './space.js'

const ECT_0 = 2
const synOptions = new SynOptions()

/**
 * Sends an entry of the queue, first or again (Linux's `tcp_transmit_skb`): the bytes are copied into a packet once.
 * 0, or the positive number of the error with which it did not leave.
 */
export function transmitSegment(c: Connection, segment: SendSegment): number {
  if ((segment.flags & FLAG_SYN) !== 0) return transmitSyn(c, segment)
  const { tcp } = c
  const payload = payloadOf(segment)
  const packet = tcp.host.packets.allocate(TCP_HEADER_LENGTH + optionsLength(c) + payload)
  if (payload > 0) c.sendBuffer.copy((segment.seq - c.bufferSeq) | 0, payload, packet.bytes, packet.end - payload)
  let { flags } = segment
  // The end of a burst, so that who merges packets on their way passes them on. A single one may wait for the next.
  if (segment.packets > 1) flags |= FLAG_PSH
  // RFC 3168 6.1.5: what is sent again is not marked, nor is a mere acknowledgement.
  const fresh = seqGe(segment.seq, c.sndNxt)
  let ect = 0
  if ((c.ecn & ECN_OK) !== 0 && payload > 0 && fresh) {
    ect = ECT_0
    if ((c.ecn & ECN_QUEUE_CWR) !== 0) {
      c.ecn &= ~ECN_QUEUE_CWR
      flags |= FLAG_CWR
    }
  }
  let urgent = 0
  if (c.urgentMode && seqGt(c.sndUp, segment.seq)) {
    const ahead = (c.sndUp - segment.seq) | 0
    if (ahead <= 0xffff) {
      flags |= FLAG_URG
      urgent = ahead
    } else if (seqGt((segment.seq + 0xffff) | 0, c.sndNxt)) {
      flags |= FLAG_URG
      urgent = 0xffff
    }
  }
  writeHeader(c, packet, segment.seq, flags | FLAG_ACK, urgent)
  markLarge(packet, payload, segment.segmentSize > 0 ? segment.segmentSize : c.mss)
  const bytes = packet.length
  // What the device holds of this connection (small queues).
  const size = packet.truesize
  packet.setOwner(c, size)
  c.deviceQueued += size
  const count = Math.max(1, segment.packets)
  ackWasSent(c)
  if (payload > 0) {
    if (inFlight(c) === 0) c.congestion.event?.(c, EVENT_TX_START)
    c.lastSent = c.tcp.now
    dataWasSent(c)
    c.dataSegsOut = (c.dataSegsOut + count) | 0
    c.bytesSent += payload
  }
  countOut(c, count)
  const error = send(c, packet, ect)
  if (error !== 0) return error
  segment.sentAt = tcp.now
  segment.sent = true
  packetPaced(c, bytes)
  rateSent(c, segment)
  if (segment.stamps !== 0) stampSent(c, segment)
  return 0
}

function send(c: Connection, packet: Parameters<TcpProtocol['sendPacket']>[1], ect: number): number {
  const { flow, options } = c
  flow.tos = (options.forVersion(flow.destination.version).tos & ~3) | ect
  const error = c.tcp.sendPacket(c, packet)
  if (error === ENOBUFS) c.tcp.blocked(c)
  return error
}

function countOut(c: Connection, packets: number): void {
  c.tcp.counters.TcpOutSegs += packets
  c.segsOut = (c.segsOut + packets) | 0
}

/** A SYN or SYN-ACK, with what data it may carry (Fast Open). */
function transmitSyn(c: Connection, segment: SendSegment): number {
  const { tcp } = c
  fillSynOptions(c, segment)
  const payload = payloadOf(segment)
  const length = TCP_HEADER_LENGTH + synOptionsLength(synOptions)
  const packet = tcp.host.packets.allocate(length + payload)
  if (payload > 0) c.sendBuffer.copy(0, payload, packet.bytes, packet.end - payload)
  writeSynOptions(packet.view, packet.start + TCP_HEADER_LENGTH, synOptions)
  let { flags } = segment
  if (seqGt(c.sndUna, c.iss) || c.irs !== 0 || c.rcvNxt !== 0) flags |= FLAG_ACK
  if ((flags & FLAG_ACK) !== 0) flags = (c.ecn & ECN_OK) !== 0 ? flags | FLAG_ECE : flags & ~FLAG_ECE
  finishHeader(c, packet, segment.seq, flags, length, Math.min(c.rcvWnd, 65_535), 0)
  countOut(c, 1)
  ackWasSent(c)
  if (payload > 0) c.bytesSent += payload
  const error = send(c, packet, 0)
  if (error !== 0) return error
  segment.sentAt = tcp.now
  segment.sent = true
  rateSent(c, segment)
  return 0
}

function fillSynOptions(c: Connection, segment: SendSegment): void {
  const { settings } = c.tcp
  const answers = c.rcvNxt !== 0
  const { route } = c.flow
  // A path that became smaller since the last SYN.
  if (route?.valid) {
    const options = answers ? c.headerOptions : 0
    c.advertisedMss = Math.min(c.advertisedMss, advertisableMss(c.network, route, c.userMss) - options)
  }
  synOptions.mss = c.advertisedMss + (answers ? c.headerOptions : 0)
  // As Linux: timestamps and a digest leave too little room for SACK blocks.
  synOptions.md5 = c.md5Key !== null
  synOptions.timestamps = answers ? c.timestampsOk : settings.timestamps !== 0 && c.md5Key === null
  synOptions.tsval = timestampNow(c)
  synOptions.tsecr = answers ? c.tsRecent : 0
  synOptions.sackPermitted = answers ? c.sackOk : settings.sack !== 0
  synOptions.windowScale = (answers ? c.windowScaleOk : settings.windowScaling !== 0) ? c.rcvScale : -1
  synOptions.cookieLength = -1
  if (c.fastOpenRequest !== null && !answers) c.fastOpenRequest.fill(synOptions, segment)
}

/** The SYN of an active open, queued and sent; its timer is armed (RFC 9293 3.9.1.1). */
export function sendSyn(c: Connection): number {
  const { tcp } = c
  let flags = FLAG_SYN
  if (tcp.settings.ecn === 1) {
    flags |= FLAG_ECE | FLAG_CWR
    c.ecn = ECN_OK
  }
  return sendFirst(c, flags)
}

/** The SYN-ACK of a connection that has a control block already: both ends opened at once. */
export function sendSynAck(c: Connection): number {
  const { head } = c.sendQueue
  if (head !== null && (head.flags & FLAG_SYN) !== 0) {
    head.flags |= FLAG_ACK
    return transmitSyn(c, head)
  }
  return sendFirst(c, FLAG_SYN | FLAG_ACK)
}

function sendFirst(c: Connection, flags: number): number {
  const { tcp } = c
  const segment = appendSegment(c, c.iss, (c.iss + 1) | 0, flags)
  segment.packets = 1
  c.bufferSeq = segment.endSeq
  c.writeSeq = segment.endSeq
  c.pushedSeq = segment.endSeq
  c.packetsOut++
  c.retransStamp = tcp.now
  const error = transmitSyn(c, segment)
  c.sendQueue.advance()
  segment.sentAt = tcp.now
  segment.sent = true
  c.sndNxt = segment.endSeq
  tcp.counters.TcpActiveOpens++
  armRetransmit(c)
  return error
}

/** A segment of no length, outside of the queue. */
function sendBare(c: Connection, seq: number, flags: number): number {
  const packet = c.tcp.host.packets.allocate(TCP_HEADER_LENGTH + optionsLength(c))
  let urgent = 0
  let marked = flags
  if (c.urgentMode && seqGt(c.sndUp, seq) && (flags & FLAG_RST) === 0) {
    marked |= FLAG_URG
    urgent = Math.min((c.sndUp - seq) | 0, 0xffff)
  }
  writeHeader(c, packet, seq, marked, urgent)
  ackWasSent(c)
  countOut(c, 1)
  return send(c, packet, 0)
}

/** The highest sequence number that the peer's window takes: where a bare segment stands (Linux's `tcp_acceptable_seq`). */
function acceptableSeq(c: Connection): number {
  const edge = (c.sndUna + c.sndWnd) | 0
  return seqGe(edge, c.sndNxt) || (c.windowScaleOk && ((c.sndNxt - edge) | 0) < 1 << c.rcvScale) ? c.sndNxt : edge
}

/** An acknowledgement. */
export function sendAck(c: Connection): void {
  if (c.dead) return
  sendBare(c, acceptableSeq(c), FLAG_ACK)
}

/** A reset of the connection from this side (RFC 9293 3.10.5). */
export function sendReset(c: Connection): void {
  c.tcp.counters.TcpOutRsts++
  sendBare(c, acceptableSeq(c), FLAG_ACK | FLAG_RST)
}

/** A window probe or keep-alive: a sequence number that the peer has had, so that it must answer. */
export function sendProbe(c: Connection, urgent: boolean): number {
  return sendBare(c, (c.sndUna - (urgent ? 0 : 1)) | 0, FLAG_ACK)
}

/** The answer to a segment of no connection: RFC 9293 3.10.7.1. */
export function replyReset(tcp: TcpProtocol, s: ArrivingSegment): void {
  tcp.replies.reset(s)
}
