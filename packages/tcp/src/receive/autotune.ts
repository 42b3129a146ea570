import type { ArrivingSegment } from '../arriving-segment.js'
import { clockMilliseconds } from '../clock-units.js'
import type { Connection } from '../connection.js'
import { ACK_PUSHED, ACK_PUSHED2 } from '../connection-state.js'
import { DEFAULT_MSS } from '../send/mss.js'
import { seqLt } from '../sequence.js'
import { FLAG_FIN, FLAG_PSH, FLAG_SYN, FLAG_URG, TCP_HEADER_LENGTH } from '../wire/segment.js'
import { limitThreshold } from './room.js'
import { bufferFor, freeSpace, payloadIn, underPressure } from './space.js'

/** The least segment size that Linux works with, in bytes of payload. */
export const LEAST_MSS = 88

/** Flags of a segment that may be short for its own reasons. */
const SHORT_FLAGS = FLAG_FIN | FLAG_URG | FLAG_SYN | FLAG_PSH

/**
 * Estimates the peer's segment size, by which acknowledgements and windows go, and how much of a buffer is payload
 * (Linux's `tcp_measure_rcv_mss`).
 * @param size payload of one packet, where several were merged
 * @param truesize bytes that the packet pins
 * @param headerLength of its TCP header
 */
export function measureReceiveMss(
  c: Connection,
  s: ArrivingSegment,
  size: number,
  truesize: number,
  headerLength: number,
): void {
  const lastSize = c.ackLastSize
  c.ackLastSize = 0
  if (size >= c.ackRcvMss) {
    if (size !== c.ackRcvMss) measureRatio(c, s.length, truesize)
    c.ackRcvMss = Math.min(size, c.advertisedMss)
    if ((s.flags & FLAG_PSH) !== 0) c.ackPending |= ACK_PUSHED
    return
  }
  // A shorter one counts where it cannot be the end of a write: twice the same size, SACK options left out.
  const length = size + headerLength
  const full = length >= LEAST_MSS + TCP_HEADER_LENGTH && (s.flags & SHORT_FLAGS) === 0
  if (length >= DEFAULT_MSS + TCP_HEADER_LENGTH || full) {
    const payload = length - TCP_HEADER_LENGTH - c.headerOptions
    c.ackLastSize = payload
    if (payload === lastSize) {
      c.ackRcvMss = payload
      return
    }
  }
  if ((c.ackPending & ACK_PUSHED) !== 0) c.ackPending |= ACK_PUSHED2
  c.ackPending |= ACK_PUSHED
}

/** What a packet pins, as a share: windows are offered by it, so that the buffer holds what was offered. */
function measureRatio(c: Connection, length: number, truesize: number): void {
  const ratio = Math.min(255, Math.max(1, Math.floor((length * 256) / truesize)))
  if (ratio === c.scalingRatio) return
  c.scalingRatio = ratio
  setWindowClamp(c, payloadIn(c, c.rcvBuf))
  if (c.windowClamp < c.spaceSize) c.spaceSize = c.windowClamp
}

/** Linux's `SOCK_MIN_RCVBUF / 2`, in bytes. */
const LEAST_CLAMP = 1152

/** Bounds the window from now on (`TCP_WINDOW_CLAMP`). */
export function setWindowClamp(c: Connection, wanted: number): void {
  const former = c.windowClamp
  const clamp = Math.max(LEAST_CLAMP, wanted)
  if (clamp === former) return
  c.windowClamp = clamp
  if (clamp < former) c.rcvSsthresh = Math.min(c.rcvSsthresh, clamp)
  else c.rcvSsthresh = Math.max(Math.min(c.rcvWnd, clamp), c.rcvSsthresh)
}

/**
 * Data came: the part of the buffer that is offered grows, as slow start does, as long as packets carry enough for
 * what they pin (Linux's `tcp_grow_window`).
 */
export function growWindow(c: Connection, length: number, truesize: number): void {
  const room = Math.min(c.windowClamp, freeSpace(c)) - c.rcvSsthresh
  if (room <= 0) return
  if (underPressure(c)) {
    limitThreshold(c)
    return
  }
  let growth = payloadIn(c, truesize) <= length ? 2 * c.advertisedMss : smallGrowth(c, length, truesize)
  if (growth === 0) return
  growth = Math.max(growth, 2 * length)
  c.rcvSsthresh += Math.min(room, growth)
  c.ackQuick |= 1
}

/** A packet that carries little: the window may still grow as far as a buffer full of such would go. */
function smallGrowth(c: Connection, length: number, truesize: number): number {
  let pinned = payloadIn(c, truesize) >> 1
  let window = payloadIn(c, c.tcp.settings.rmem[2]) >> 1
  while (c.rcvSsthresh <= window) {
    if (pinned <= length) return 2 * c.ackRcvMss
    pinned >>= 1
    window >>= 1
  }
  return 0
}

/** Round trip as the receiver sees it without timestamps: a window's worth of data takes at least one. */
export function measureReceiveRtt(c: Connection): void {
  const { now } = c.tcp
  if (c.rcvRttTime !== 0) {
    if (seqLt(c.rcvNxt, c.rcvRttSeq)) return
    updateReceiveRtt(c, Math.max(1, (now - c.rcvRttTime) >>> 0), true)
  }
  c.rcvRttSeq = (c.rcvNxt + c.rcvWnd) | 0
  c.rcvRttTime = now
}

/** Round trip by timestamps (RFC 7323 4): from our segment to the data that echoes it. */
export function measureTimestampRtt(c: Connection, s: ArrivingSegment): void {
  if (!c.sawTimestamp || c.rcvTsecr === c.rcvRttEcho) return
  c.rcvRttEcho = c.rcvTsecr
  if (((s.endSeq - s.seq) | 0) < c.ackRcvMss) return
  const milliseconds = ((clockMilliseconds(c.tcp) | 0) - c.rcvTsecr) | 0
  if (milliseconds > 0 && milliseconds < 0x7fff_ffff / 1000) updateReceiveRtt(c, milliseconds * 1000, false)
}

/** Smooths a larger sample, takes a smaller one as it is. Without timestamps only the smallest counts. */
function updateReceiveRtt(c: Connection, sample: number, byWindow: boolean): void {
  const former = c.rcvRtt8
  if (former === 0 || sample * 8 < former) c.rcvRtt8 = sample * 8
  // A reader that lags behind makes round trips seem long.
  else if (!byWindow && c.rcvNxt === c.copiedSeq) c.rcvRtt8 = former - Math.floor(former / 8) + sample
}

/** Round trips below this pass while a kernel copies one read; microseconds. */
const PASSES_WHILE_COPYING = 1000

/**
 * The user has read: the buffer is made large enough for twice what is read in a round trip (Linux's
 * `tcp_rcv_space_adjust`, dynamic right-sizing). Linux looks after each packet that it copied, so that once a round trip is over
 * the first of a read decides, and what waits behind it says that the reader is slow.
 * @param copied bytes read
 * @param first those of them that were of the first packet
 */
export function adjustReceiveSpace(c: Connection, copied: number, first: number): void {
  if (c.rcvRtt8 === 0) return
  const { now } = c.tcp
  const roundTrip = Math.floor(c.rcvRtt8 / 8)
  if ((now - c.spaceTime) >>> 0 < roundTrip) return
  const at = roundTrip < PASSES_WHILE_COPYING ? c.copiedSeq : (c.copiedSeq - copied + first) | 0
  const waiting = (c.rcvNxt - at) | 0
  const perRoundTrip = ((at - c.spaceSeq) | 0) - waiting
  if (perRoundTrip > c.spaceSize) growReceiveBuffer(c, perRoundTrip)
  c.spaceSeq = at
  c.spaceTime = now
}

/** Sizes the receive buffer for `perRoundTrip` bytes, within `tcp_rmem`; one that the user set stays. */
export function growReceiveBuffer(c: Connection, perRoundTrip: number): void {
  const { settings } = c.tcp
  const former = c.spaceSize
  c.spaceSize = perRoundTrip
  if (settings.moderateRcvbuf === 0 || c.rcvBufLocked) return
  // One round trip late, so twice; and the peer may be in slow start, where each is twice the last.
  let window = perRoundTrip * 2
  if (former > 0) window += 2 * Math.floor((window * (perRoundTrip - former)) / former)
  const { last } = c.outOfOrder
  if (last !== null) window += (last.endSeq - c.rcvNxt) | 0
  const wanted = Math.min(bufferFor(c, window), settings.rmem[2])
  if (wanted <= c.rcvBuf) return
  c.rcvBuf = wanted
  c.windowClamp = payloadIn(c, wanted)
}
