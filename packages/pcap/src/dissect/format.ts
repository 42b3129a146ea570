import type { Layer } from './layer.js'
import { padded } from './number-format.js'

/** tcpdump's ways to print the time: none (`-t`), UTC time of day, seconds since the epoch (`-tt`), the time since `reference` (`-ttt`), date and time (`-tttt`). */
export type TimeStyle = 'none' | 'time' | 'seconds' | 'delta' | 'date'

/** How a line is printed. */
export interface LineOptions {
  /** Microseconds since the Unix epoch. Without one no time is printed. */
  timestamp?: number
  /** Default `'time'`. */
  time?: TimeStyle
  /** For `'delta'`: the time of the packet before, or of the first. Default: the packet's own. */
  reference?: number
  /** Nanoseconds instead of microseconds (`--nano`), as far as a double holds them. */
  nanoseconds?: boolean
  /** Prints the link header (`-e`). */
  link?: boolean
}

/** A packet in one line, as `tcpdump -n` prints it in UTC. */
export function formatLine(frame: Layer, options: LineOptions = {}): string {
  let layer = frame
  let header = ''
  while (layer.linkHeader !== null && layer.payload !== null) {
    header += layer.linkHeader
    layer = layer.payload
  }
  const text = options.link === true ? header + layer.line : layer.label + layer.line
  const { timestamp } = options
  if (timestamp === undefined || options.time === 'none') return text
  const time = formatTime(
    timestamp,
    options.time ?? 'time',
    options.reference ?? timestamp,
    options.nanoseconds === true,
  )
  return `${time} ${text}`
}

/** Days, from the epoch, that a `Date` can tell. */
const MAX_SECONDS = 8_640_000_000_000

function formatTime(timestamp: number, style: TimeStyle, reference: number, nanoseconds: boolean): string {
  const before = style === 'delta' && timestamp < reference
  const time = style !== 'delta' ? timestamp : before ? reference - timestamp : timestamp - reference
  const microseconds = Math.floor(time)
  const seconds = Math.floor(microseconds / 1e6)
  let fraction = `.${padded(microseconds - seconds * 1e6, 6)}`
  if (nanoseconds) fraction += padded(Math.min(999, Math.floor((time - microseconds) * 1000)), 3)
  if (style === 'seconds') return seconds + fraction
  const clock = `${padded(Math.floor(seconds / 3600) % 24, 2)}:${padded(Math.floor(seconds / 60) % 60, 2)}:${padded(seconds % 60, 2)}${fraction}`
  if (style === 'delta') {
    const hours = padded(Math.floor(seconds / 3600), 2)
    return (before ? '-' : ' ') + hours + clock.slice(2)
  }
  if (style !== 'date' || !(seconds >= 0 && seconds < MAX_SECONDS)) return clock
  return `${new Date(seconds * 1000).toISOString().slice(0, -14)} ${clock}`
}

/** A packet as a tree of layers and fields over several lines, as `tshark -V` prints it, with checksums marked. */
export function formatTree(frame: Layer): string {
  const lines: string[] = []
  addLayer(lines, frame, '')
  return lines.join('\n')
}

function addLayer(lines: string[], from: Layer, indent: string): void {
  for (let layer: Layer | null = from; layer !== null; layer = layer.payload) {
    lines.push(`${indent}${layer.title}${layer.fault === null ? '' : ` [${layer.fault}]`}`)
    for (const field of layer.fields) {
      // Its title tells the frame's own.
      if (field.name.startsWith('frame.')) continue
      const status = field.status === undefined ? '' : ` [${field.status}]`
      lines.push(`${indent}    ${field.label}: ${field.text}${status}`)
    }
    if (layer.quoted !== null) addLayer(lines, layer.quoted, `${indent}    `)
  }
}
