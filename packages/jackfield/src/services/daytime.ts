const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

/**
 * The time of day as one line, in the first form that RFC 867 suggests: `Tuesday, February 22, 1982 17:37:43-UTC`.
 * @param wallTime microseconds since the Unix epoch
 */
export function daytime(wallTime: number): Uint8Array {
  const date = new Date(wallTime / 1000)
  const day = `${DAYS[date.getUTCDay()]}, ${MONTHS[date.getUTCMonth()]} ${date.getUTCDate()}, ${date.getUTCFullYear()}`
  const line = `${day} ${date.toISOString().slice(11, 19)}-UTC\r\n`
  return Uint8Array.from(line, (character) => character.charCodeAt(0))
}
