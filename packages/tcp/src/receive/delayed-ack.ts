import type { ArrivingSegment } from '../arriving-segment.js'
import type { Connection } from '../connection.js'
import { ACK_NOW, ACK_PUSHED, ACK_SCHEDULED, ACK_TIMER, ECN_DEMAND_CWR, ECN_OK, ECN_SEEN } from '../connection-state.js'
import { sendAck } from '../send/transmit.js'
import { longestAckDelay } from '../timer-bounds.js'
import { startAckTimer } from '../timers.js'
import { growWindow, measureReceiveMss, measureReceiveRtt } from './autotune.js'
import { sendsCompressed } from './compressed-ack.js'
import { windowToOffer } from './window.js'

/** Most acknowledgements in a row that are sent without delay (Linux's `TCP_MAX_QUICKACKS`). */
export const MOST_QUICK_ACKS = 16

/** Half a second: the longest that RFC 1122 4.2.3.2 lets an acknowledgement wait. */
const LONGEST_DELAY = 500_000

const ECN_NOT_ECT = 0
const ECN_CE = 3

/** Whether data goes both ways in turn, so that an acknowledgement may wait to ride on the answer. */
export function inPingPong(c: Connection): boolean {
  return c.pingPong >= c.tcp.settings.pingpongThresh
}

/** From now on acknowledgements wait for an answer to ride on. */
export function enterPingPong(c: Connection): void {
  c.pingPong = c.tcp.settings.pingpongThresh
}

/** The next acknowledgements leave at once: as many as half a window of segments, at most `most`. */
function addQuickAcks(c: Connection, most: number): void {
  const halfWindow = Math.floor(c.rcvWnd / (2 * c.ackRcvMss))
  const wanted = Math.min(halfWindow === 0 ? 2 : halfWindow, most)
  if (wanted > c.ackQuick) c.ackQuick = wanted
}

/** As `addQuickAcks`, and the exchange counts as one-sided again (Linux's `tcp_enter_quickack_mode`). */
export function enterQuickAck(c: Connection, most: number): void {
  addQuickAcks(c, most)
  c.pingPong = 0
  c.ackTimeout = c.tcp.settings.delackMin
}

/**
 * Data came in order: an acknowledgement is owed, and what the segment tells of the peer is noted
 * (Linux's `tcp_event_data_recv`).
 * @param size payload of one packet, where several were merged
 * @param truesize bytes that the packet pins
 * @param headerLength of its TCP header
 */
export function dataArrived(
  c: Connection,
  s: ArrivingSegment,
  size: number,
  truesize: number,
  headerLength: number,
): void {
  const { now, settings } = c.tcp
  const { delackMin } = settings
  c.ackPending |= ACK_SCHEDULED
  measureReceiveMss(c, s, size, truesize, headerLength)
  measureReceiveRtt(c)
  if (c.ackTimeout === 0) {
    // The first data: the peer is in slow start, and wants every acknowledgement.
    addQuickAcks(c, MOST_QUICK_ACKS)
    c.ackTimeout = delackMin
  } else {
    const gap = (now - c.ackLastReceived) >>> 0
    if (gap <= delackMin / 2) c.ackTimeout = (c.ackTimeout >>> 1) + (delackMin >>> 1)
    else if (gap < c.ackTimeout) c.ackTimeout = Math.min((c.ackTimeout >>> 1) + gap, c.rto)
    // Silent for longer than its timeout: it may have begun slow start again (RFC 5681 4.1).
    else if (gap > c.rto) addQuickAcks(c, MOST_QUICK_ACKS)
  }
  c.ackLastReceived = now
  noteEcn(c, s)
  if (s.length >= 128) growWindow(c, s.length, truesize)
}

/** RFC 3168 6.1.3: a mark is echoed until the peer says that it has reduced its window. */
export function noteEcn(c: Connection, s: ArrivingSegment): void {
  if ((c.ecn & ECN_OK) === 0) return
  if (s.ecn === ECN_NOT_ECT) {
    // Not marked among marked ones: sent again (RFC 3168 6.1.5), so acknowledgements were lost.
    if ((c.ecn & ECN_SEEN) !== 0) enterQuickAck(c, 2)
    return
  }
  if (s.ecn === ECN_CE && (c.ecn & ECN_DEMAND_CWR) === 0) {
    enterQuickAck(c, 2)
    c.ecn |= ECN_DEMAND_CWR
  }
  c.ecn |= ECN_SEEN
}

/**
 * Whether and when what was received is acknowledged (RFC 9293 3.8.6.3, RFC 5681 4.2; Linux's `tcp_ack_snd_check`):
 * at the second full segment, at once in quick-ack mode or where the state wants it, else after a delay.
 */
export function checkAck(c: Connection): void {
  const { ackPending } = c
  if ((ackPending & (ACK_SCHEDULED | ACK_NOW)) === 0) return
  const unacknowledged = (c.rcvNxt - c.rcvWup) | 0
  if (
    (unacknowledged > c.ackRcvMss &&
      // Where the window does not move on the reader will send it.
      (((c.rcvNxt - c.copiedSeq) | 0) < c.options.receiveLowWater || windowToOffer(c) >= c.rcvWnd)) ||
    (c.ackQuick > 0 && !inPingPong(c)) ||
    (ackPending & ACK_NOW) !== 0
  ) {
    sendAck(c)
    return
  }
  if (c.outOfOrder.first === null) delayAck(c)
  else if (sendsCompressed(c)) sendAck(c)
}

/** Arms the delayed acknowledgement: 40 to 200 ms, by how fast segments follow each other (Linux's `tcp_send_delayed_ack`). */
function delayAck(c: Connection): void {
  const { clockNow, settings } = c.tcp
  const { delackMin } = settings
  const longest = longestAckDelay(c)
  let delay = c.ackTimeout
  if (delay > delackMin) {
    let most = inPingPong(c) || (c.ackPending & ACK_PUSHED) !== 0 ? settings.delackMax : LONGEST_DELAY
    if (c.srtt8 > 0) most = Math.min(most, Math.max(c.srtt8 >>> 3, delackMin))
    delay = Math.min(delay, most)
  }
  // Never as long as a peer of the same kind waits before it sends again.
  delay = Math.min(delay, longest)
  const { ackTimer } = c
  if ((c.ackPending & ACK_TIMER) !== 0 && ackTimer !== null) {
    const left = ackTimer.deadline - clockNow
    if (left <= delay / 4) {
      sendAck(c)
      return
    }
    // An older promise holds.
    c.ackPending |= ACK_SCHEDULED
    if (delay >= left) return
  }
  c.ackPending |= ACK_SCHEDULED | ACK_TIMER
  startAckTimer(c, delay)
}

/** The acknowledgement that ends the handshake waits: data will follow soon, or the peer wants none before. */
export function delayAckOfHandshake(c: Connection): void {
  enterQuickAck(c, MOST_QUICK_ACKS)
  c.ackPending |= ACK_SCHEDULED | ACK_TIMER
  startAckTimer(c, c.delackMax > 0 ? longestAckDelay(c) : c.tcp.settings.delackMax)
}
