/** A time of a file. */
export interface FileTime {
  readonly seconds: number
  readonly nanoseconds: number
  /** Both as microseconds, rounded to a double. */
  readonly timestamp: number
}

/** No time. */
export const NO_TIME: FileTime = { seconds: 0, nanoseconds: 0, timestamp: 0 }

/** Seconds and nanoseconds (any number of them) as a time. */
export function timeOf(seconds: number, nanoseconds: number): FileTime {
  const more = Math.floor(nanoseconds / 1e9)
  const whole = seconds + more
  const rest = nanoseconds - more * 1e9
  return { seconds: whole, nanoseconds: rest, timestamp: whole * 1e6 + rest / 1000 }
}

/**
 * A 64-bit count of ticks as a time.
 * @param resolution `if_tsresol`: a power of ten, or of two where its highest bit is set, that divides the second
 * @param offset `if_tsoffset`: seconds to be added
 */
export function timeOfTicks(high: number, low: number, resolution: number, offset: number): FileTime {
  const ticks = (BigInt(high) << 32n) | BigInt(low)
  const exponent = BigInt(resolution & 0x7f)
  const perSecond = (resolution & 0x80) === 0 ? 10n ** exponent : 1n << exponent
  const seconds = ticks / perSecond
  const nanoseconds = ((ticks - seconds * perSecond) * 1_000_000_000n) / perSecond
  return timeOf(Number(seconds) + offset, Number(nanoseconds))
}
