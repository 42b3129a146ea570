import type { PcapSink } from './format/block-writer.js'

/** A file in memory. */
export interface PcapBuffer {
  /** Give this to a writer. */
  readonly sink: PcapSink
  /** Bytes so far. */
  readonly length: number
  /** A copy of all bytes so far. Close or flush the writer first. */
  toBytes(): Uint8Array
}

/** A sink that keeps what it gets, up to `maxLength` bytes (default 256 MiB): beyond that it throws a RangeError, which ends the writer. */
export function createPcapBuffer(maxLength = 268_435_456): PcapBuffer {
  if (!(maxLength > 0)) throw new RangeError(`the maximum length is a number of bytes above 0, not ${maxLength}`)
  const chunks: Uint8Array[] = []
  let length = 0
  return {
    sink(bytes) {
      if (length + bytes.length > maxLength) throw new RangeError(`the capture is longer than ${maxLength} bytes`)
      chunks.push(bytes)
      length += bytes.length
    },
    get length() {
      return length
    },
    toBytes() {
      const all = new Uint8Array(length)
      let at = 0
      for (const chunk of chunks) {
        all.set(chunk, at)
        at += chunk.length
      }
      return all
    },
  }
}
