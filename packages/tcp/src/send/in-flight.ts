import type { Connection } from '../connection.js'

/** Packets that are in the network, as far as is known (RFC 6675's pipe). */
export function inFlight(c: Connection): number {
  return c.packetsOut - (c.sackedOut + c.lostOut) + c.retransOut
}

/** One past the last byte that the peer's window takes. */
export function windowEnd(c: Connection): number {
  return (c.sndUna + c.sndWnd) | 0
}
