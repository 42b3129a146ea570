import { segmentArrives } from '../arrival.js'
import type { ArrivingSegment } from '../arriving-segment.js'
import type { Connection } from '../connection.js'
import type { Listener } from './listener.js'
import { offerWindow } from './offer-window.js'
import { promote } from './promote.js'
import { routeRequest } from './request-route.js'
import { COOKIE_LIFE } from './syn-cookies.js'

/**
 * An acknowledgement for a listener: where it brings a SYN cookie back the connection is made from it.
 * @returns false where it is none: then it is answered as in LISTEN
 */
export function cookieAck(c: Connection, listener: Listener, s: ArrivingSegment): boolean {
  const { tcp } = c
  const { counters, cookies } = tcp
  const { source, destination } = s
  if (tcp.settings.syncookies === 0 || source === null || destination === null) return false
  if (tcp.clockNow - listener.lastCookie > COOKIE_LIFE) return false
  const mss = cookies.check(destination, source, s)
  if (mss === 0) {
    counters.TcpExtSyncookiesFailed++
    return false
  }
  counters.TcpExtSyncookiesRecv++
  const r = listener.scratch
  const { options } = s
  r.irs = (s.seq - 1) | 0
  r.rcvNxt = s.seq
  r.iss = (s.ack - 1) | 0
  r.mss = mss
  r.tos = s.header?.tos ?? 0
  r.timestampsOk = options.timestamp
  r.tsRecent = options.timestamp ? options.tsval : 0
  r.sackOk = r.windowScaleOk = r.ecnOk = false
  r.sndScale = 0
  r.sentAt = r.timeouts = r.retransmissions = 0
  r.savedSyn = null
  if (options.timestamp) {
    const offset = options.tsecr === 0 ? 0 : tcp.initialSequence.timestampOffset(destination, source)
    if (!cookies.readTimestamp(r, (options.tsecr - offset) | 0)) return false
  }
  if (!routeRequest(c, r, s)) return true
  offerWindow(c, r, mss)
  const child = promote(listener, r, s)
  r.flow.route = null
  if (child === null) return true
  listener.enqueue(child)
  segmentArrives(child, s)
  return true
}
