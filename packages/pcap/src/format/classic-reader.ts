import { PcapError } from '../pcap-error.js'
import type { CaptureInterface, CaptureRecord } from './record.js'
import { timeOf } from './time.js'

/** First word of a file in the older format: times in microseconds, or in nanoseconds. */
const MAGIC_MICRO = 0xa1b2c3d4
const MAGIC_NANO = 0xa1b23c4d

const FILE_HEADER = 24
const RECORD_HEADER = 16

/** Whether the bytes begin as a file in the older format does. */
export function isClassic(view: DataView): boolean {
  if (view.byteLength < 4) return false
  return isMagic(view.getUint32(0)) || isMagic(view.getUint32(0, true))
}

function isMagic(word: number): boolean {
  return word === MAGIC_MICRO || word === MAGIC_NANO
}

/** Reads a file in the older format, of either byte order. */
export function* classicRecords(bytes: Uint8Array): Generator<CaptureRecord, void, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length < FILE_HEADER) throw new PcapError('the file ends inside its header', 0)
  const littleEndian = isMagic(view.getUint32(0, true))
  const unit = view.getUint32(0, littleEndian) === MAGIC_NANO ? 1 : 1000
  const version = view.getUint16(4, littleEndian)
  if (version !== 2) throw new PcapError(`pcap version ${version} is not known: this reads version 2`, 4)
  // The upper bits of the last word tell of frame check sequences.
  const source: CaptureInterface = {
    section: 0,
    index: 0,
    linkType: view.getUint32(20, littleEndian) & 0xffff,
    snapLength: view.getUint32(16, littleEndian),
    comments: [],
  }
  yield { kind: 'section', offset: 0, index: 0, littleEndian, comments: [] }
  yield { kind: 'interface', offset: 0, interface: source }
  let at = FILE_HEADER
  while (at < bytes.length) {
    if (bytes.length - at < RECORD_HEADER) throw new PcapError('the file ends inside a packet header', at)
    const captured = view.getUint32(at + 8, littleEndian)
    const start = at + RECORD_HEADER
    if (captured > bytes.length - start) throw new PcapError(`the file ends inside a packet of ${captured} bytes`, at)
    const time = timeOf(view.getUint32(at, littleEndian), view.getUint32(at + 4, littleEndian) * unit)
    yield {
      kind: 'packet',
      offset: at,
      interface: source,
      timestamp: time.timestamp,
      seconds: time.seconds,
      nanoseconds: time.nanoseconds,
      bytes: bytes.subarray(start, start + captured),
      originalLength: view.getUint32(at + 12, littleEndian),
      direction: 0,
      dropCount: 0,
      comments: [],
    }
    at = start + captured
  }
}
