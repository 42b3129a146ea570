/** A length of time: microseconds, or text such as `'10ms'`, `'1.5s'`, `'20us'`, `'2min'`. */
export type Duration = number | string

/** A rate: bits per second, or text such as `'10Mbit'`, `'1.5Gbit'`, `'64kbit'`. */
export type Rate = number | string

const MICROSECONDS: ReadonlyMap<string, number> = new Map([
  ['us', 1],
  ['µs', 1],
  ['ms', 1000],
  ['s', 1_000_000],
  ['min', 60_000_000],
  ['h', 3_600_000_000],
])

const BITS: ReadonlyMap<string, number> = new Map([
  ['bit', 1],
  ['kbit', 1000],
  ['mbit', 1_000_000],
  ['gbit', 1_000_000_000],
])

/** In microseconds; RangeError for what is not a length of time. */
export function toMicroseconds(duration: Duration, what: string): number {
  const value = typeof duration === 'number' ? duration : quantity(duration, MICROSECONDS)
  if (Number.isFinite(value) && value >= 0) return value
  throw new RangeError(
    `${what} is a number of microseconds or text such as '10ms' (us, ms, s, min, h), not ${JSON.stringify(duration)}`,
  )
}

/** In bits per second; RangeError for what is not a rate. */
export function toBitsPerSecond(rate: Rate): number {
  const value = typeof rate === 'number' ? rate : quantity(rate, BITS)
  if (Number.isFinite(value) && value > 0) return value
  throw new RangeError(
    `a rate is a number of bits per second or text such as '10Mbit' (bit, kbit, Mbit, Gbit), not ${JSON.stringify(rate)}`,
  )
}

function quantity(text: string, units: ReadonlyMap<string, number>): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-zµ]+)$/i.exec(text.trim())
  const unit = units.get(match?.[2]?.toLowerCase() ?? '')
  return match === null || unit === undefined ? Number.NaN : Number(match[1]) * unit
}
