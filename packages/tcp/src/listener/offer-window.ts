import type { Connection } from '../connection.js'
import { InitialWindow, requestWindow } from '../receive/window.js'
import type { Request } from './request.js'

/** Bytes of timestamps with their fillers. */
const TIMESTAMPS_LENGTH = 12

const window = new InitialWindow()

/** The window that a SYN-ACK offers, and its scale: by the listener's buffer. */
export function offerWindow(c: Connection, r: Request): void {
  requestWindow(c, r.advertisedMss - (r.timestampsOk ? TIMESTAMPS_LENGTH : 0), r.windowScaleOk, window)
  r.window = window.window
  r.windowClamp = window.clamp
  r.rcvScale = window.scale
}
