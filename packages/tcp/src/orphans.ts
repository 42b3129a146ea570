import { destroy } from './close.js'
import type { Connection } from './connection.js'
import { sendReset } from './send/transmit.js'
import { PAGE } from './settings.js'

/** Bytes in a send queue from which on it is worth ending a connection for its memory (Linux's `SOCK_MIN_SNDBUF`). */
const LEAST_QUEUE = 4608

/** An orphan whose peer was heard of within this many microseconds is told that it ends. */
const LATELY = 60_000_000

/**
 * Whether there are too many connections that nobody holds (`net.ipv4.tcp_max_orphans`), or memory is out (`net.ipv4.tcp_mem`).
 * @param penalty how often the count is doubled for a connection that is worth less than others
 */
export function orphanIsTooMuch(c: Connection, penalty: number): boolean {
  const { memory, orphans, settings } = c.tcp
  if (orphans * 2 ** penalty > settings.maxOrphans) return true
  return c.writeQueued > LEAST_QUEUE && memory > settings.mem[2] * PAGE
}

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
