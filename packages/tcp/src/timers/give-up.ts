import { ETIMEDOUT } from '@jackfield/interfaces'
import { fail } from '../close.js'
import type { Connection } from '../connection.js'
import { INITIAL_RTO } from '../recovery/rtt.js'
import { SYN_RECEIVED, SYN_SENT, stateIn, stateSet } from '../state.js'
import { longestRto } from '../timer-bounds.js'

const OPENING = stateSet(SYN_SENT, SYN_RECEIVED)

/** The time that `tries` retransmissions take, each twice as long after the one before, up to the longest. Microseconds. */
function backoffLength(tries: number, first: number, longest: number): number {
  const doublings = Math.floor(Math.log2(longest / first))
  if (tries <= doublings) return (2 ** (tries + 1) - 1) * first
  return (2 ** (doublings + 1) - 1) * first + (tries - doublings) * longest
}

/**
 * Whether retransmissions have gone on as long as `tries` of them would take (RFC 1122 4.2.3.5 counts by time), or
 * longer than `userTimeout` milliseconds where that is set.
 */
export function retransmitsExceed(c: Connection, tries: number, userTimeout: number): boolean {
  if (c.retransmits === 0) return false
  const { settings, now } = c.tcp
  const first = stateIn(c.state, OPENING) ? INITIAL_RTO : settings.rtoMin
  const limit = userTimeout > 0 ? userTimeout * 1000 : backoffLength(tries, first, longestRto(c))
  return (now - c.retransStamp) >>> 0 >= limit
}

/** How often an orphan tries again; more often while it may still be answered soon. */
export function orphanRetries(c: Connection, alive: boolean): number {
  const { orphanRetries } = c.tcp.settings
  if (c.softError !== 0 && !alive) return 0
  return orphanRetries === 0 && alive ? 8 : orphanRetries
}

/** The connection is given up: the error is what ICMP told of the path, if anything, else a timeout. */
export function giveUp(c: Connection): void {
  c.tcp.counters.TcpExtTCPAbortOnTimeout++
  fail(c, c.softError !== 0 ? c.softError : ETIMEDOUT)
}
