import type { Configuration } from './configuration.js'

/** When something is due, in microseconds since the script began. */
export interface DueTime {
  readonly any: boolean
  readonly range: boolean
  readonly start: number
  readonly end: number
}

/**
 * What is wrong with the time at which something happened, or null.
 * @param since when the event before it was done: what `--tolerance_percent` counts from
 * @param lateness how much later than it happened it may be seen, for the time since then
 */
export function verifyTime(
  due: DueTime,
  actual: number,
  since: number,
  what: string,
  configuration: Configuration,
  lateness: (duration: number) => number,
): string | null {
  if (due.any) return null
  const duration = Math.max(0, due.end - since)
  const percent = (duration * configuration.tolerancePercent) / 100
  const tolerance = Math.max(configuration.toleranceUsecs, percent)
  if (actual >= due.start - tolerance && actual <= due.end + tolerance + lateness(duration)) return null
  const happened = `happened at ${seconds(actual)} sec; tolerance ${seconds(tolerance)} sec`
  if (!due.range) return `timing error: expected ${what} at ${seconds(due.start)} sec but ${happened}`
  return `timing error: expected ${what} in time range ${seconds(due.start)}~${seconds(due.end)} sec but ${happened}`
}

/** Microseconds as seconds with six digits behind the point. */
export function seconds(microseconds: number): string {
  return (microseconds / 1e6).toFixed(6)
}
