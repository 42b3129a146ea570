import type { Connection } from '../connection.js'
import { seqLe } from '../sequence.js'

/** Seconds after which a timestamp says nothing any more (RFC 7323 5.5): 24 days. */
const PAWS_LIFETIME = 24 * 24 * 60 * 60

/** RFC 7323 4.3: remembers the timestamp to echo, if the segment reaches what was acknowledged last. */
export function replaceTsRecent(c: Connection, seq: number): void {
  if (!c.sawTimestamp || !seqLe(seq, c.rcvWup)) return
  const seconds = Math.floor(c.tcp.clockNow / 1_000_000) | 0
  const isOlder = ((c.tsRecent - c.rcvTsval) | 0) > 0
  // A bare acknowledgement that was overtaken gets this far.
  if (isOlder && c.tsRecent !== 0 && ((seconds - c.tsRecentStamp) | 0) < PAWS_LIFETIME) return
  c.tsRecent = c.rcvTsval
  c.tsRecentStamp = seconds
}
