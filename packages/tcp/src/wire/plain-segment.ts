import { fieldValue } from './field-value.js'
import { formatSegmentOptions, parseSegmentOptions, type TcpOption } from './plain-options.js'
import {
  checkTcpHeader,
  readTcpAcknowledgment,
  readTcpChecksum,
  readTcpDestinationPort,
  readTcpFlags,
  readTcpSequence,
  readTcpSourcePort,
  readTcpUrgentPointer,
  readTcpWindow,
  TCP_CHECKSUM,
  TCP_HEADER_LENGTH,
  TCP_MAX_OPTIONS_LENGTH,
  writeTcpHeader,
} from './segment.js'

/** A segment as people and tests see it: a plain object, not for the packet path. Numbers are unsigned. */
export interface TcpSegment {
  sourcePort: number
  destinationPort: number
  sequence: number
  acknowledgment: number
  /** `FLAG_SYN` and the like: 12 bits. */
  flags: number
  /** As sent, not scaled. */
  window: number
  checksum: number
  urgentPointer: number
  options: TcpOption[]
  payload: Uint8Array
}

/** Reads a segment; null where the bytes do not hold the header that they tell of. Copies what it keeps. */
export function parseTcpSegment(bytes: Uint8Array): TcpSegment | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const headerLength = checkTcpHeader(view, 0, bytes.length)
  if (headerLength < 0) return null
  return {
    sourcePort: readTcpSourcePort(view, 0),
    destinationPort: readTcpDestinationPort(view, 0),
    sequence: readTcpSequence(view, 0) >>> 0,
    acknowledgment: readTcpAcknowledgment(view, 0) >>> 0,
    flags: readTcpFlags(view, 0),
    window: readTcpWindow(view, 0),
    checksum: readTcpChecksum(view, 0),
    urgentPointer: readTcpUrgentPointer(view, 0),
    options: parseSegmentOptions(bytes.slice(TCP_HEADER_LENGTH, headerLength)),
    payload: bytes.slice(headerLength),
  }
}

/**
 * The bytes of a segment; what is not given is 0 or empty. Options that do not end at a word are filled up with zeros
 * (RFC 9293 3.1). The checksum is written as it is given.
 * @throws RangeError for a field out of its range or more than 40 bytes of options
 */
export function formatTcpSegment(segment: Partial<TcpSegment>): Uint8Array {
  const options = formatSegmentOptions(segment.options ?? [])
  if (options.length > TCP_MAX_OPTIONS_LENGTH) {
    throw new RangeError(`a header holds ${TCP_MAX_OPTIONS_LENGTH} bytes of options, not ${options.length}`)
  }
  const headerLength = TCP_HEADER_LENGTH + ((options.length + 3) & ~3)
  const payload = segment.payload ?? new Uint8Array(0)
  const bytes = new Uint8Array(headerLength + payload.length)
  const view = new DataView(bytes.buffer)
  writeTcpHeader(
    view,
    0,
    fieldValue(segment.sourcePort ?? 0, 16, 'a port'),
    fieldValue(segment.destinationPort ?? 0, 16, 'a port'),
    fieldValue(segment.sequence ?? 0, 32, 'a sequence number'),
    fieldValue(segment.acknowledgment ?? 0, 32, 'an acknowledgment number'),
    headerLength,
    fieldValue(segment.flags ?? 0, 12, 'a set of flags'),
    fieldValue(segment.window ?? 0, 16, 'a window'),
    fieldValue(segment.urgentPointer ?? 0, 16, 'an urgent pointer'),
  )
  view.setUint16(TCP_CHECKSUM, fieldValue(segment.checksum ?? 0, 16, 'a checksum'))
  bytes.set(options, TCP_HEADER_LENGTH)
  bytes.set(payload, headerLength)
  return bytes
}
