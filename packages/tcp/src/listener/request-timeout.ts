import type { Listener } from './listener.js'
import type { Request } from './request.js'
import { resendSynAck } from './syn-ack.js'

/** Retransmissions of a SYN-ACK that even a crowded listener makes. */
const LEAST_RETRIES = 2

/** Length of a SYN queue from which on old requests are given up earlier. */
const CROWDED = 8

/** The SYN-ACK was not acknowledged in time: it is sent again, or the request given up (Linux's `reqsk_timer_handler`). */
export function requestTimeout(r: Request): void {
  const { listener } = r
  const c = listener.connection
  const { counters, settings } = c.tcp
  const retries = retriesOf(listener, c.synRetries > 0 ? c.synRetries : settings.synackRetries)
  const { deferAccept } = c
  let over = r.timeouts >= retries
  let again = true
  if (deferAccept > 0) {
    // While data is waited for the peer is left alone; at the end it is asked once more.
    over = over && (!r.acknowledged || r.timeouts >= deferAccept)
    again = !r.acknowledged || r.timeouts >= deferAccept - 1
  }
  counters.TcpExtTCPTimeouts++
  if (over || (again && resendSynAck(r) !== 0 && !r.acknowledged)) {
    r.drop()
    return
  }
  if (r.timeouts++ === 0) listener.young--
  r.armTimer()
}

/** Half of the queue is kept for young requests: where there are too many old ones, those are given up earlier. */
function retriesOf(listener: Listener, most: number): number {
  let retries = most
  if (listener.pending * 2 <= Math.max(CROWDED, listener.backlog)) return retries
  for (let young = listener.young * 2; retries > LEAST_RETRIES && listener.pending >= young; young *= 2) retries--
  return retries
}
