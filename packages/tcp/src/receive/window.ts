import { expandSendBuffer } from '../buffer-sizes.js'
import type { Connection } from '../connection.js'
import { ACK_NO_MEMORY } from '../connection-state.js'
import { DEFAULT_MSS } from '../send/mss.js'
import { LEAST_MSS } from './autotune.js'
import { limitThreshold } from './room.js'
import { freeSpace, fullSpace, initReceiveBuffer, underPressure } from './space.js'

/** Largest shift (RFC 7323 2.3), and largest window that a peer without understanding of scaling takes as positive. */
const MOST_SCALE = 14
const LARGEST_SIGNED = 32_767

/** Packets of the first flight (RFC 6928). */
const FIRST_FLIGHT = 10

/** What a SYN or SYN-ACK offers. One reused object. */
export class InitialWindow {
  /** Bytes. */
  window = 0
  /** Bytes that the window will never pass. */
  clamp = 0
  scale = 0
}

/**
 * The first window and its scale (Linux's `tcp_select_initial_window`): the free buffer in whole segments; the scale so
 * that the largest buffer there may ever be can be told.
 * @param c whose settings and limits count
 * @param space payload for which there is buffer
 * @param mss payload of a full segment of the peer
 * @param clamp bound of the window, 0 for none
 */
function selectInitialWindow(
  c: Connection,
  space: number,
  mss: number,
  clamp: number,
  scaling: boolean,
  into: InitialWindow,
): void {
  const { settings } = c.tcp
  const bound = clamp === 0 ? 65_535 * 2 ** MOST_SCALE : clamp
  let bytes = Math.min(bound, Math.max(0, space))
  if (bytes > mss) bytes -= bytes % mss
  into.window = settings.workaroundSignedWindows !== 0 ? Math.min(bytes, LARGEST_SIGNED) : bytes
  into.scale = 0
  if (scaling) {
    const largest = Math.min(Math.max(bytes, settings.rmem[2], c.options.settings.rmemMax), bound)
    into.scale = Math.min(MOST_SCALE, Math.max(0, 31 - Math.clz32(largest) - 15))
  }
  into.clamp = Math.min(65_535 << into.scale, bound)
}

const selected = new InitialWindow()

/** The window of an active open's SYN. `advertisedMss` is known. */
export function initialWindow(c: Connection, scaling: boolean): void {
  if (c.rcvBuf === 0) initReceiveBuffer(c)
  if (c.rcvBufLocked && (c.windowClamp === 0 || c.windowClamp > fullSpace(c))) c.windowClamp = fullSpace(c)
  selectInitialWindow(c, fullSpace(c), c.advertisedMss, c.windowClamp, scaling, selected)
  c.rcvWnd = selected.window
  c.windowClamp = selected.clamp
  c.rcvScale = selected.scale
  c.rcvSsthresh = c.rcvWnd
}

/**
 * The window that a listener offers in a SYN-ACK.
 * @param mss payload of a full segment with its options taken off
 */
export function requestWindow(listener: Connection, mss: number, scaling: boolean, into: InitialWindow): void {
  if (listener.rcvBuf === 0) initReceiveBuffer(listener)
  const space = fullSpace(listener)
  let clamp = listener.windowClamp
  if (listener.rcvBufLocked && (clamp === 0 || clamp > space)) clamp = space
  selectInitialWindow(listener, space, mss, clamp, scaling, into)
}

/** First guess of the peer's segment size, before it has sent one (Linux's `tcp_initialize_rcv_mss`). */
export function initReceiveMss(c: Connection): void {
  const guess = Math.min(c.advertisedMss, c.mss, Math.floor(c.rcvWnd / 2), DEFAULT_MSS)
  c.ackRcvMss = Math.max(guess, LEAST_MSS)
}

/** What the buffers are to be at the beginning, when data may flow (Linux's `tcp_init_buffer_space`). */
export function initReceiveSpace(c: Connection): void {
  const { now, settings } = c.tcp
  const mss = c.advertisedMss
  if (!c.sndBufLocked) expandSendBuffer(c)
  c.ackLastReceived = now
  c.spaceTime = now
  c.spaceSeq = c.copiedSeq
  const most = fullSpace(c)
  const forApplication = settings.appWin
  if (c.windowClamp >= most) {
    c.windowClamp = most
    if (forApplication > 0 && most > 4 * mss) {
      c.windowClamp = Math.max(most - Math.floor(most / 2 ** forApplication), 4 * mss)
    }
  }
  // Room for one segment is held back.
  if (forApplication > 0 && c.windowClamp > 2 * mss && c.windowClamp + mss > most) {
    c.windowClamp = Math.max(2 * mss, most - mss)
  }
  c.rcvSsthresh = Math.min(c.rcvSsthresh, c.windowClamp)
  c.spaceSize = Math.min(c.rcvSsthresh, c.rcvWnd, FIRST_FLIGHT * mss)
}

/** Bytes of the window last offered that are still open. */
export function receiveWindow(c: Connection): number {
  return Math.max(0, (c.rcvWup + c.rcvWnd - c.rcvNxt) | 0)
}

/** Up to a whole number of the units in which a window is told. */
function roundUp(window: number, scale: number): number {
  return ((window + (1 << scale) - 1) >> scale) << scale
}

/**
 * The window that could be offered now, in bytes (Linux's `__tcp_select_window`). Silly windows are avoided (RFC 9293
 * 3.8.6.2.2): below a segment, or a sixteenth of the buffer, it is 0.
 */
export function windowToOffer(c: Connection): number {
  const scale = c.rcvScale
  const unit = 1 << scale
  const allowed = fullSpace(c)
  const full = Math.min(c.windowClamp, allowed)
  const mss = Math.min(c.ackRcvMss, full)
  if (mss <= 0) return 0
  const shrinks = c.tcp.settings.shrinkWindow !== 0 && c.rcvScale > 0
  let free = freeSpace(c)
  if (shrinks) free = (free >> scale) << scale
  if (free < full >> 1) {
    c.ackQuick = 0
    if (underPressure(c)) limitThreshold(c)
    // What is rounded up for its scale must not make the window larger.
    free = (free >> scale) << scale
    if (free < allowed >> 4 || free < mss || (shrinks && free < unit)) return 0
  }
  if (free > c.rcvSsthresh) free = shrinks ? roundUp(c.rcvSsthresh, scale) : c.rcvSsthresh
  if (shrinks) return free
  // Rounded up, so that a small window is not scaled to nothing.
  if (scale > 0) return roundUp(free, scale)
  const offered = c.rcvWnd
  if (offered <= free - mss || offered > free) return free - (free % mss)
  if (mss === full && free > offered + (full >> 1)) return free
  return offered
}

/**
 * The window field of a segment that leaves now, and what it promises is noted. What was offered is never taken back
 * (RFC 9293 3.8.6.2.1), unless `tcp_shrink_window` says so.
 */
export function selectWindow(c: Connection): number {
  const { counters, settings } = c.tcp
  const former = c.rcvWnd
  if ((c.ackPending & ACK_NO_MEMORY) !== 0) {
    c.rcvWnd = 0
    c.rcvWup = c.rcvNxt
    return 0
  }
  const open = receiveWindow(c)
  let window = windowToOffer(c)
  if (window < open && (settings.shrinkWindow === 0 || c.rcvScale === 0)) {
    if (window === 0) counters.TcpExtTCPWantZeroWindowAdv++
    window = roundUp(open, c.rcvScale)
  }
  c.rcvWnd = window
  c.rcvWup = c.rcvNxt
  const signed = c.rcvScale === 0 && settings.workaroundSignedWindows !== 0
  const field = Math.min(window, signed ? LARGEST_SIGNED : 65_535 << c.rcvScale) >>> c.rcvScale
  if (field === 0) {
    if (former !== 0) counters.TcpExtTCPToZeroWindowAdv++
  } else if (former === 0) counters.TcpExtTCPFromZeroWindowAdv++
  return field
}
