import type { Connection } from '../connection.js'
import { InitialWindow, requestWindow } from '../receive/window.js'
import { TIMESTAMP_ALIGNED } from '../wire/write-options.js'
import type { Request } from './request.js'

const window = new InitialWindow()

/**
 * The window that a SYN-ACK offers, and its scale: by the listener's buffer.
 * @param mss by whose multiples it goes; a cookie has only that of the peer left, and Linux takes that
 */
export function offerWindow(
  c: Connection,
  r: Request,
  mss: number = r.advertisedMss - (r.timestampsOk ? TIMESTAMP_ALIGNED : 0),
): void {
  requestWindow(c, mss, r.windowScaleOk, window)
  r.window = window.window
  r.windowClamp = window.clamp
  r.rcvScale = window.scale
}
