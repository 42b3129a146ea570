import type { ArrivingSegment } from '../arriving-segment.js'
import type { Connection } from '../connection.js'
import { DEFAULT_MSS } from '../send/mss.js'
import { replyReset } from '../send/transmit.js'
import { FLAG_ACK, FLAG_CWR, FLAG_ECE, FLAG_FIN, FLAG_RST, FLAG_SYN, TCP_HEADER_LENGTH } from '../wire/segment.js'
import { cookieAck } from './cookie-ack.js'
import { fastOpenChild } from './fast-open-child.js'
import type { Listener } from './listener.js'
import { offerWindow } from './offer-window.js'
import type { Request } from './request.js'
import { routeRequest } from './request-route.js'
import { sendSynAck } from './syn-ack.js'

/**
 * RFC 9293 3.10.7.2: a segment in LISTEN.
 * @param iss initial sequence number to begin with, where TIME-WAIT was left for it; null: a fresh one
 */
export function listenSegment(c: Connection, s: ArrivingSegment, iss: number | null = null): void {
  const { listener, tcp } = c
  const { flags } = s
  if (listener === null || s.header === null) return
  if (c.options.forVersion(s.header.version).minTtl > s.header.ttl) {
    tcp.counters.TcpExtTCPMinTTLDrop++
    return
  }
  if ((flags & (FLAG_SYN | FLAG_RST)) === 0 && (flags & FLAG_ACK) !== 0 && cookieAck(c, listener, s)) return
  if ((flags & FLAG_ACK) !== 0) replyReset(tcp, s)
  else if ((flags & (FLAG_SYN | FLAG_RST | FLAG_FIN)) === FLAG_SYN) synArrives(c, listener, s, iss)
}

/** Third, check for a SYN: a request for a connection (Linux's `tcp_conn_request`). */
function synArrives(c: Connection, listener: Listener, s: ArrivingSegment, iss: number | null): void {
  const { counters, settings } = c.tcp
  let cookie = false
  // A peer out of TIME-WAIT is known to be there.
  if (iss === null && (settings.syncookies === 2 || listener.pending >= listener.backlog)) {
    if (settings.syncookies === 0) {
      counters.TcpExtTCPReqQFullDrop++
      counters.TcpExtListenDrops++
      return
    }
    counters.TcpExtTCPReqQFullDoCookies++
    cookie = true
  }
  if (listener.acceptQueueFull) {
    counters.TcpExtListenOverflows++
    counters.TcpExtListenDrops++
    return
  }
  const { syncookies, maxSynBacklog } = settings
  // Without cookies the last quarter of the queue is for peers that are known.
  if (iss === null && syncookies === 0 && maxSynBacklog - listener.pending < maxSynBacklog >>> 2) {
    counters.TcpExtListenDrops++
    return
  }
  const r = cookie ? listener.scratch : listener.take()
  readSyn(c, r, s, cookie)
  if (!routeRequest(c, r, s)) {
    counters.TcpExtListenDrops++
    if (!cookie) listener.release(r)
    return
  }
  offerWindow(c, r)
  if (cookie) answerWithCookie(c, listener, r, s)
  else answer(c, listener, r, s, iss)
}

/** What the SYN says. A cookie can hold options only where it can hide them in a timestamp. */
export function readSyn(c: Connection, r: Request, s: ArrivingSegment, cookie: boolean): void {
  const { settings } = c.tcp
  const { options } = s
  const stamped = options.timestamp && settings.timestamps !== 0
  const keeps = !cookie || stamped
  r.irs = s.seq
  r.rcvNxt = (s.seq + 1) | 0
  r.mss = options.mss === 0 ? DEFAULT_MSS : c.userMss > 0 ? Math.min(options.mss, c.userMss) : options.mss
  r.timestampsOk = stamped
  r.tsRecent = stamped ? options.tsval : 0
  r.sackOk = keeps && options.sackPermitted && settings.sack !== 0
  r.windowScaleOk = keeps && options.windowScale >= 0 && settings.windowScaling !== 0
  r.sndScale = r.windowScaleOk ? options.windowScale : 0
  r.ecnOk = keeps && asksForEcn(c, s)
  r.tos = s.header?.tos ?? 0
  r.isCookie = cookie
  r.cookieLength = -1
  r.sentAt = 0
  r.timeouts = 0
  r.retransmissions = 0
  r.acknowledged = false
  r.outOfWindowAckTime = 0
  r.early = true
  r.child = null
}

/** RFC 3168 6.1.1; a SYN that is itself marked did not come through as it was sent. */
function asksForEcn(c: Connection, s: ArrivingSegment): boolean {
  if ((s.flags & (FLAG_ECE | FLAG_CWR)) !== (FLAG_ECE | FLAG_CWR)) return false
  return (s.ecn === 0 && c.tcp.settings.ecn !== 0) || c.congestion.needsEcn === true
}

function answerWithCookie(c: Connection, listener: Listener, r: Request, s: ArrivingSegment): void {
  const { cookies, counters, clockNow } = c.tcp
  listener.lastCookie = clockNow
  counters.TcpExtSyncookiesSent++
  cookies.fill(r, s)
  sendSynAck(c, r)
  r.flow.route = null
}

function answer(c: Connection, listener: Listener, r: Request, s: ArrivingSegment, iss: number | null): void {
  const { tcp } = c
  const { source, destination } = s
  if (source === null || destination === null) return
  r.iss = iss ?? tcp.initialSequence.sequence(destination, s.destinationPort, source, s.sourcePort)
  saveSyn(c, r, s)
  if (fastOpenChild(c, listener, r, s)) return
  r.boundInterface = c.boundInterface
  r.v6only = c.v6only
  r.reuseAddress = c.reuseAddress
  r.reusePort = c.reusePort
  if (tcp.table.adopt(r, destination, s.destinationPort, source, s.sourcePort) !== 0) {
    tcp.counters.TcpExtListenDrops++
    listener.release(r)
    return
  }
  listener.add(r)
  r.armTimer()
  sendSynAck(c, r)
}

/** `TCP_SAVE_SYN`: the headers of the SYN; with 2 the link's too. */
function saveSyn(c: Connection, r: Request, s: ArrivingSegment): void {
  const { packet } = s
  r.savedSyn = null
  if (c.saveSyn === 0 || packet === null || packet.networkHeader < 0) return
  const { linkHeader, networkHeader, transportHeader } = packet
  const from = c.saveSyn === 2 && linkHeader >= 0 ? linkHeader : networkHeader
  const length = Math.max(packet.start - transportHeader, TCP_HEADER_LENGTH)
  r.savedSyn = packet.bytes.slice(from, transportHeader + length)
}
