import type { Connection } from '../connection.js'
import { makeTimer } from '../timers.js'

/** Share of a second that one large packet may take at the pacing rate: 2^-10, about a millisecond. */
export const PACING_SHIFT = 10

/** The rate that a window per round trip gives, with Linux's headroom: twice in slow start, 1.2 times after. */
export function updatePacingRate(c: Connection): void {
  const { settings } = c.tcp
  const ratio = c.cwnd < c.ssthresh / 2 ? settings.pacingSsRatio : settings.pacingCaRatio
  const packets = Math.max(c.cwnd, c.packetsOut)
  const rate = (c.mss * packets * (ratio / 100) * 8_000_000) / Math.max(c.srtt8, 1)
  c.pacingRate = Math.min(rate, c.maxPacingRate)
}

/** Whether packets of the connection leave paced: its control wants it, or a rate was set. */
export function isPaced(c: Connection): boolean {
  return c.congestion.paced === true || c.maxPacingRate !== Number.POSITIVE_INFINITY
}

/** Whether the next packet has to wait; the timer then sends it. */
export function paceCheck(c: Connection): boolean {
  if (!isPaced(c)) return false
  const timer = c.paceTimer
  if (timer?.armed) return true
  if (c.paceAt <= c.tcp.clockNow) return false
  c.paceTimer = timer ?? makeTimer(c, c.tcp.actions.paceTimer, false)
  c.paceTimer.set(c.paceAt)
  return true
}

/** Notes that a packet of `bytes` left: when the next one may. */
export function packetPaced(c: Connection, bytes: number): void {
  if (!isPaced(c) || c.dataSegsOut < 10) return
  if (!Number.isFinite(c.pacingRate) || c.pacingRate <= 0) return
  const now = c.tcp.clockNow
  const length = (bytes * 1_000_000) / c.pacingRate
  // What was not used before may be used now, up to half of it.
  const credit = now - c.paceAt
  c.paceAt = now + length - Math.min(length / 2, Math.max(credit, 0))
}
