import type { ArrivingSegment } from '../arriving-segment.js'
import { TIMESTAMP_LIFETIME } from '../recovery/ts-recent.js'
import { FLAG_RST } from '../wire/segment.js'

/** Seconds after which a reset is taken whatever its timestamp. */
const MSL = 60

/**
 * Whether a segment with timestamps is older than one that was seen (RFC 7323 5.3), for what is not yet or no longer a connection.
 * @param recent the newest timestamp seen; 0 is none: some hosts begin with it
 * @param stamp when it was seen, seconds of the clock
 * @param now seconds of the clock
 */
export function pawsRejects(s: ArrivingSegment, recent: number, stamp: number, now: number): boolean {
  if (recent === 0 || ((recent - s.options.tsval) | 0) <= 0) return false
  const age = now - stamp
  if (age >= TIMESTAMP_LIFETIME) return false
  return (s.flags & FLAG_RST) === 0 || age < MSL
}
