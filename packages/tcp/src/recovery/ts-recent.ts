import type { ArrivingSegment } from '../arriving-segment.js'
import { clockSeconds } from '../clock-units.js'
import type { Connection } from '../connection.js'
import { seqLe } from '../sequence.js'
import { SYN_SENT } from '../state.js'

/** Seconds after which a timestamp says nothing any more (RFC 7323 5.5): 24 days. */
export const TIMESTAMP_LIFETIME: number = 24 * 24 * 60 * 60

/** Notes what timestamps the segment at hand has; the echo as we count, without our offset. */
export function takeTimestamps(c: Connection, s: ArrivingSegment): void {
  const { options } = s
  c.sawTimestamp = options.timestamp && (c.timestampsOk || c.state === SYN_SENT)
  if (!c.sawTimestamp) return
  c.rcvTsval = options.tsval
  c.rcvTsecr = options.tsecr === 0 ? 0 : (options.tsecr - c.tsOffset) | 0
}

/** This is the peer's timestamp to echo from now on. */
export function setTsRecent(c: Connection, tsval: number): void {
  c.tsRecent = tsval
  c.tsRecentStamp = clockSeconds(c.tcp)
}

/** RFC 7323 4.3: remembers the timestamp to echo, if the segment reaches what was acknowledged last. */
export function replaceTsRecent(c: Connection, seq: number): void {
  if (!c.sawTimestamp || !seqLe(seq, c.rcvWup)) return
  const isOlder = ((c.tsRecent - c.rcvTsval) | 0) > 0
  // A bare acknowledgement that was overtaken gets this far.
  if (isOlder && c.tsRecent !== 0 && ((clockSeconds(c.tcp) - c.tsRecentStamp) | 0) < TIMESTAMP_LIFETIME) return
  setTsRecent(c, c.rcvTsval)
}
