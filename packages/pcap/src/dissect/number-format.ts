/** `0x` and at least `digits` digits. */
export function hex(value: number, digits: number): string {
  return `0x${(value >>> 0).toString(16).padStart(digits, '0')}`
}

/** A number of at least `digits` decimal digits. */
export function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}

/** A time of milliseconds since midnight, as `12:34:56.789`. */
export function timeOfDay(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  const clock = `${padded(Math.floor(seconds / 3600), 2)}:${padded(Math.floor(seconds / 60) % 60, 2)}`
  return `${clock}:${padded(seconds % 60, 2)}.${padded(milliseconds % 1000, 3)}`
}

/** Seconds as `1w2d3h4m5s`, without what is 0. */
export function relativeTime(seconds: number): string {
  if (seconds === 0) return '0s'
  let rest = seconds
  let text = ''
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text
}

const UNITS: readonly (readonly [string, number])[] = [
  ['w', 604_800],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
]
