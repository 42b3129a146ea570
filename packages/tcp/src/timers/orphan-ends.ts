import { destroy } from '../close.js'
import type { Connection } from '../connection.js'
import { orphanIsTooMuch } from '../orphans.js'
import { sendReset } from '../send/transmit.js'

/** An orphan whose peer was heard of within this many microseconds is told that it ends. */
const LATELY = 60_000_000

/**
 * At a timeout of an orphan: where resources lack it ends, the sooner the longer its peer has been silent (Linux's
 * `tcp_out_of_resources`). True: it is gone.
 * @param tell whether the peer is to hear of it in any case
 */
export function orphanEnds(c: Connection, tell: boolean): boolean {
  const { counters, now, settings } = c.tcp
  const silent = (now - c.lastSent) >>> 0
  const penalty = Number(silent > 2 * settings.rtoMax || !tell) + Number(c.softError !== 0)
  if (!orphanIsTooMuch(c, penalty)) return false
  if (tell || silent <= LATELY || (c.sndWnd === 0 && c.packetsOut === 0)) sendReset(c)
  counters.TcpExtTCPAbortOnMemory++
  destroy(c)
  return true
}
