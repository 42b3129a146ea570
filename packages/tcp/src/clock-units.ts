/** What knows the present time, in microseconds of the clock. */
interface Timed {
  readonly clockNow: number
}

/** The present time in whole milliseconds: what timestamps count in (RFC 7323 5.4). */
export function clockMilliseconds(tcp: Timed): number {
  return Math.floor(tcp.clockNow / 1000)
}

/** The present time in whole seconds, as int32. */
export function clockSeconds(tcp: Timed): number {
  return Math.floor(tcp.clockNow / 1_000_000) | 0
}
