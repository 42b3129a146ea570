import type { Connection } from '../connection.js'

/** Whether the window is below the threshold (RFC 5681 3.1). */
export function inSlowStart(c: Connection): boolean {
  return c.cwnd < c.ssthresh
}

/** Whether the window is what holds the sender back: only then it may grow (RFC 7661, as Linux has it). */
export function isCwndLimited(c: Connection): boolean {
  if (c.cwndLimited) return true
  return inSlowStart(c) && c.cwnd < 2 * c.maxPacketsOut
}

/** Slow start (RFC 5681 3.1): a packet for each acknowledged, up to the threshold. Returns those left over. */
export function slowStart(c: Connection, acked: number): number {
  const grown = Math.min(c.cwnd + acked, c.ssthresh)
  const left = acked - (grown - c.cwnd)
  c.cwnd = Math.min(grown, c.cwndClamp)
  return left
}

/** A packet more for every `per` acknowledged. */
export function additiveIncrease(c: Connection, per: number, acked: number): void {
  if (c.cwndCount >= per) {
    c.cwndCount = 0
    c.cwnd++
  }
  c.cwndCount += acked
  if (c.cwndCount >= per) {
    const more = Math.floor(c.cwndCount / per)
    c.cwndCount -= more * per
    c.cwnd += more
  }
  c.cwnd = Math.min(c.cwnd, c.cwndClamp)
}

/** Where a spurious recovery found the window, or where it is by now. */
export function priorWindow(c: Connection): number {
  return Math.max(c.cwnd, c.priorCwnd)
}
