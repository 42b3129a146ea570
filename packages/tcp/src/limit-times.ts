import type { Connection } from './connection.js'

// What holds sending back: the higher one is told where several do (`ConnectionState.limit`).
export const LIMIT_NONE = 0
/** Data is queued or under way. */
export const LIMIT_BUSY = 1
/** The peer's window is full. */
export const LIMIT_WINDOW = 2
/** The writer waits for room in the send buffer. */
export const LIMIT_BUFFER = 3

/** A condition begins (Linux's `tcp_chrono_start`): `tcpi_busy_time` and its kin count by it. */
export function limitBegins(c: Connection, limit: number): void {
  if (limit > c.limit) change(c, limit)
}

/** A condition ends (Linux's `tcp_chrono_stop`); the connection is still busy while it has data. */
export function limitEnds(c: Connection, limit: number): void {
  if (c.sendQueue.head === null) {
    if (c.limit !== LIMIT_NONE) change(c, LIMIT_NONE)
  } else if (c.limit === limit) change(c, LIMIT_BUSY)
}

function change(c: Connection, limit: number): void {
  const { now } = c.tcp
  const spent = (now - c.limitSince) >>> 0
  if (c.limit === LIMIT_BUSY) c.busyTime += spent
  else if (c.limit === LIMIT_WINDOW) c.windowLimitedTime += spent
  else if (c.limit === LIMIT_BUFFER) c.bufferLimitedTime += spent
  c.limitSince = now
  c.limit = limit
}

/** Microseconds spent under a condition until now; each counts by itself. */
export function timeUnder(c: Connection, limit: number): number {
  const before = limit === LIMIT_BUSY ? c.busyTime : limit === LIMIT_WINDOW ? c.windowLimitedTime : c.bufferLimitedTime
  return c.limit === limit ? before + ((c.tcp.now - c.limitSince) >>> 0) : before
}
