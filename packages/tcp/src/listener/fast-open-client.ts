import { createAddressSlot } from '@jackfield/addr'
import type { Message } from '@jackfield/interfaces'
import type { ArrivingSegment } from '../arriving-segment.js'
import type { Connection } from '../connection.js'
import { ECN_OK } from '../connection-state.js'
import { oldestSent } from '../recovery/congestion-state.js'
import { markLost } from '../recovery/lost.js'
import { mtuToMss, syncMss } from '../send/mss.js'
import { retransmitUncongested } from '../send/retransmit.js'
import { appendSegment, chargeSend } from '../send/space.js'
import { sendSyn, transmitSegment } from '../send/transmit.js'
import { copyDeliveryState, type SendSegment } from '../send-segment.js'
import { armRetransmit } from '../timers.js'
import { FLAG_CWR, FLAG_ECE, FLAG_PSH, FLAG_SYN, TCP_MAX_OPTIONS_LENGTH } from '../wire/segment.js'
import type { SynOptions } from '../wire/write-options.js'
import type { FastOpenPeer } from './fast-open-cache.js'
import { FASTOPEN_CLIENT_NO_COOKIE } from './fast-open-flags.js'

const local = createAddressSlot()
const remote = createAddressSlot()

/** Seconds without Fast Open after losses, times two for each. */
const LOSS_PAUSE = 60

/** What the SYN of an active open is to ask for and to carry; gone once it has left: SYNs that are sent again are plain. */
export class FastOpenRequest {
  /** Bytes of the cookie; 0: one is asked for; -1: no option at all. */
  cookieLength = -1
  cookie: Uint8Array = NO_COOKIE
  experimental = false
  /** What the user writes with it, or null. */
  readonly message: Message | null
  /** Bytes of that which left. */
  copied = 0

  constructor(message: Message | null) {
    this.message = message
  }

  /** Puts the option into those of a SYN that leaves for the first time. */
  fill(options: SynOptions, segment: SendSegment): void {
    if (segment.sent || this.cookieLength < 0) return
    options.cookieLength = this.cookieLength
    options.cookieExperimental = this.experimental
    options.cookie = this.cookie
  }
}

const NO_COOKIE = new Uint8Array(16)

/** What is known of the peer, or null. */
function peerOf(c: Connection): FastOpenPeer | null {
  c.readLocal(local)
  c.readRemote(remote)
  return c.tcp.fastOpenCache.find(local, remote)
}

/** Takes what is known of the peer into a request. True: data may go with the SYN. */
function consult(c: Connection, request: FastOpenRequest): boolean {
  const { fastOpenCache, settings } = c.tcp
  const peer = peerOf(c)
  if (peer !== null && peer.mss > 0) c.mssClamp = Math.min(peer.mss, c.userMss > 0 ? c.userMss : peer.mss)
  if (fastOpenCache.disabled) return false
  if ((settings.fastopen & FASTOPEN_CLIENT_NO_COOKIE) !== 0 || c.fastOpenNoCookie) return true
  request.cookieLength = 0
  if (peer === null) return false
  // SYNs with data were lost again and again: for a while they go without (RFC 7413 4.1.3).
  if (peer.losses > 1 && c.tcp.clockNow / 1_000_000 < peer.lastLoss + LOSS_PAUSE * 2 ** Math.min(peer.losses, 10)) {
    request.cookieLength = -1
    return false
  }
  request.experimental = peer.experimental || (peer.cookieLength === 0 && peer.tryExperimental === 1)
  if (peer.cookieLength === 0) return false
  request.cookie = peer.cookie
  request.cookieLength = peer.cookieLength
  return true
}

/**
 * `connect` with `TCP_FASTOPEN_CONNECT`. True: the SYN waits for the first data; else it asks for a cookie, if Fast Open is on.
 */
export function defersConnect(c: Connection): boolean {
  if (!c.fastOpenConnect || c.fastOpenRequest !== null) return false
  const request = new FastOpenRequest(null)
  if (consult(c, request)) {
    c.connectDeferred = true
    return true
  }
  c.fastOpenRequest = request
  return false
}

/** The SYN of an active open, with the Fast Open option and data where it is to have them (Linux's `tcp_send_syn_data`). */
export function sendOpeningSyn(c: Connection): number {
  const request = c.fastOpenRequest
  if (request === null) return sendSyn(c)
  const { message } = request
  c.mssClamp = c.advertisedMss
  // What a deferred `connect` found may be different by now.
  const withData = message !== null ? consult(c, request) : request.cookieLength > 0
  let error: number
  if (withData && message !== null && message.length > 0) error = sendSynWithData(c, request, message)
  else {
    if (request.cookieLength > 0) request.cookieLength = 0
    c.synFastOpen = request.cookieLength >= 0
    c.synFastOpenExperimental = request.experimental
    error = sendSyn(c)
    if (error !== 0) c.synFastOpen = false
  }
  c.fastOpenRequest = null
  return error
}

/** SYN and data leave as one packet; in the queue they are two, so that the data can be sent again by itself. */
function sendSynWithData(c: Connection, request: FastOpenRequest, message: Message): number {
  const { tcp } = c
  syncMss(c, c.pathMtu)
  const room = Math.max(0, mtuToMss(c, c.pathMtu) - TCP_MAX_OPTIONS_LENGTH)
  const bytes = Math.min(message.length, room)
  const dataSeq = (c.iss + 1) | 0
  const endSeq = (dataSeq + bytes) | 0
  let flags = FLAG_SYN
  if (tcp.settings.ecn === 1) {
    flags |= FLAG_ECE | FLAG_CWR
    c.ecn = ECN_OK
  }
  c.bufferSeq = dataSeq
  tcp.queues.sendBufferOf(c).append(message.buffer, message.offset, bytes)
  const syn = appendSegment(c, c.iss, endSeq, flags)
  syn.packets = 1
  c.writeSeq = endSeq
  c.pushedSeq = endSeq
  c.retransStamp = tcp.now
  c.synFastOpen = request.cookieLength > 0
  c.synFastOpenExperimental = request.experimental
  const error = transmitSegment(c, syn)
  request.copied = bytes
  syn.endSeq = dataSeq
  c.sendQueue.advance()
  syn.sent = true
  syn.sentAt = tcp.now
  c.packetsOut = 1
  c.sndNxt = dataSeq
  queueData(c, syn, dataSeq, endSeq, bytes)
  if (error === 0) {
    c.sendQueue.advance()
    c.packetsOut = 2
    c.sndNxt = endSeq
    c.synData = true
    tcp.counters.TcpExtTCPOrigDataSent++
  }
  tcp.counters.TcpActiveOpens++
  armRetransmit(c)
  return error
}

function queueData(c: Connection, syn: SendSegment, seq: number, endSeq: number, bytes: number): void {
  const data = appendSegment(c, seq, endSeq, FLAG_PSH)
  data.packets = 1
  data.segmentSize = c.mss
  data.truesize += bytes
  chargeSend(c, bytes)
  data.sentAt = syn.sentAt
  data.sent = true
  copyDeliveryState(syn, data)
}

/**
 * The SYN-ACK tells how Fast Open went (Linux's `tcp_rcv_fastopen_synack`): a cookie is kept; data that it does not acknowledge is
 * sent again at once.
 * @returns true where that was done: it carries the acknowledgement
 */
export function fastOpenSynAck(c: Connection, s: ArrivingSegment): boolean {
  if (!c.synFastOpen && !c.synData) return false
  const { counters } = c.tcp
  const data = c.synData ? oldestSent(c) : null
  remember(c, s, data !== null)
  if (data !== null) {
    for (let each: SendSegment | null = data; each !== null && each !== c.sendQueue.sendHead; each = each.next) {
      markLost(c, each)
    }
    retransmitUncongested(c)
    counters.TcpExtTCPFastOpenActiveFail++
    return true
  }
  c.synDataAcked = c.synData
  if (c.synDataAcked) {
    counters.TcpExtTCPFastOpenActive++
    c.tcp.fastOpenCache.worked()
    // SYN and data were one packet.
    if (c.delivered > 1) c.delivered--
  }
  return false
}

function remember(c: Connection, s: ArrivingSegment, dataLost: boolean): void {
  const { options, packet } = s
  let { cookieLength } = options
  let lost = false
  let tryExperimental = 0
  if (!c.synFastOpen) cookieLength = -1
  else if (c.totalRetrans > 0) lost = cookieLength < 0 && dataLost
  else if (cookieLength < 0 && !c.synData) tryExperimental = c.synFastOpenExperimental ? 2 : 1
  c.readLocal(local)
  c.readRemote(remote)
  const peer = c.tcp.fastOpenCache.obtain(local, remote)
  peer.mss = options.mss
  if (cookieLength > 0 && packet !== null) {
    for (let i = 0; i < cookieLength; i++) peer.cookie[i] = packet.view.getUint8(options.cookieOffset + i)
    peer.cookieLength = cookieLength
    peer.experimental = options.cookieExperimental
  } else if (tryExperimental > peer.tryExperimental && peer.cookieLength === 0 && !peer.experimental) {
    peer.tryExperimental = tryExperimental
  }
  if (lost) {
    peer.losses++
    peer.lastLoss = Math.floor(c.tcp.clockNow / 1_000_000)
  } else peer.losses = 0
}

/** A timeout of a connection that was opened with Fast Open: after some the path is taken to swallow it (RFC 7413 7.1). */
export function detectBlackHole(c: Connection, givenUp: boolean): void {
  if (!c.synFastOpen && !c.synData && !c.synDataAcked) return
  if (c.retransmits !== 2 && !(c.retransmits < 2 && givenUp)) return
  c.tcp.fastOpenCache.disable()
  c.tcp.counters.TcpExtTCPFastOpenActiveFail++
}
