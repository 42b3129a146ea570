import { segmentArrives } from '../arrival.js'
import type { ArrivingSegment } from '../arriving-segment.js'
import { FLAG_RST } from '../wire/segment.js'
import { listenSegment } from './listen.js'
import { promote } from './promote.js'
import type { Request } from './request.js'
import { checkRequest, REQUEST_ACKNOWLEDGED, REQUEST_NOT_OURS, REQUEST_OVER } from './request-check.js'

/** A segment for a connection in SYN-RECEIVED that came by a listener (RFC 9293 3.10.7.4; Linux's `tcp_check_req`). */
export function requestSegment(r: Request, s: ArrivingSegment): void {
  const { listener } = r
  const c = listener.connection
  const { counters } = c.tcp
  switch (checkRequest(r, s, false)) {
    case REQUEST_NOT_OURS:
      listenSegment(c, s)
      return
    case REQUEST_OVER:
      embryonicReset(r, s)
      return
    case REQUEST_ACKNOWLEDGED:
      break
    default:
      return
  }
  // TCP_DEFER_ACCEPT: a bare acknowledgement is not news yet.
  if (r.timeouts < c.deferAccept && s.endSeq === ((r.irs + 1) | 0)) {
    r.acknowledged = true
    counters.TcpExtTCPDeferAcceptDrop++
    return
  }
  if (listener.acceptQueueFull) {
    counters.TcpExtListenOverflows++
    counters.TcpExtListenDrops++
    // As Linux: the SYN-ACK is sent again, and perhaps there is room by then.
    if (c.tcp.settings.abortOnOverflow === 0) r.acknowledged = true
    else embryonicReset(r, s)
    return
  }
  listener.leave(r)
  const child = promote(listener, r, s)
  listener.release(r)
  if (child === null) return
  listener.enqueue(child)
  segmentArrives(child, s)
}

/** The request is given up; the peer hears of it unless it said so itself. */
function embryonicReset(r: Request, s: ArrivingSegment): void {
  const { tcp } = r.listener.connection
  if ((s.flags & FLAG_RST) === 0) tcp.replies.reset(s)
  tcp.counters.TcpExtEmbryonicRsts++
  r.drop()
}
