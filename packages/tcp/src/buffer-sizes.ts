import type { Connection } from './connection.js'
import { initReceiveBuffer, underPressure } from './receive/space.js'
import { PAGE } from './settings.js'

/** What a full segment costs besides its payload before rounding, and after, in bytes: Linux's header room and `sk_buff`. */
const HEADER_ROOM = 640
const SEGMENT_FIELDS = 256

/** Packets of the first flight (RFC 6928). */
const FIRST_FLIGHT = 10

/** `SO_RCVBUF` and `SO_SNDBUF` of a new socket. */
export function initBuffers(c: Connection): void {
  initReceiveBuffer(c)
  c.sndBuf = c.tcp.settings.wmem[1]
}

/**
 * Sizes the send buffer for twice the congestion window, as each frame may cost, within `tcp_wmem` (Linux's
 * `tcp_sndbuf_expand`): 87,040 bytes at first with an MSS of 1,460.
 */
export function expandSendBuffer(c: Connection): void {
  const payload = Math.max(c.mssClamp, c.mss)
  const perSegment = 2 ** Math.ceil(Math.log2(payload + HEADER_ROOM)) + SEGMENT_FIELDS
  const segments = Math.max(FIRST_FLIGHT, c.cwnd, c.reordering + 1)
  const times = c.congestion.sendBufferExpand?.(c) ?? 2
  const wanted = times * segments * perSegment
  if (c.sndBuf < wanted) c.sndBuf = Math.max(c.sndBuf, Math.min(wanted, c.tcp.settings.wmem[2]))
}

/** Room came free: the buffer grows, unless the user set it, memory is short or the congestion window is the limit. */
export function sendSpaceFreed(c: Connection): void {
  const { memory, settings } = c.tcp
  if (c.sndBufLocked || underPressure(c) || memory >= settings.mem[0] * PAGE) return
  if (c.packetsOut - c.sackedOut - c.lostOut + c.retransOut >= c.cwnd) return
  expandSendBuffer(c)
  c.cwndStamp = c.tcp.now
}
