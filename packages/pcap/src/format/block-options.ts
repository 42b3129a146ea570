import { PcapError } from '../pcap-error.js'
import { OPT_COMMENT, OPT_END } from './pcapng.js'
import { decodeUtf8 } from './utf8.js'

/** Where the options of one block are. */
export class BlockOptions {
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private readonly littleEndian: boolean
  /** Code, start and end of each, one after the other. */
  private readonly places: number[] = []

  /** Reads the options in `[at, end)`; PcapError where one does not fit. */
  constructor(bytes: Uint8Array, view: DataView, littleEndian: boolean, at: number, end: number) {
    this.bytes = bytes
    this.view = view
    this.littleEndian = littleEndian
    let next = at
    while (next < end) {
      if (end - next < 4) throw new PcapError('an option is cut short', next)
      const code = view.getUint16(next, littleEndian)
      if (code === OPT_END) return
      const length = view.getUint16(next + 2, littleEndian)
      if (next + 4 + length > end) throw new PcapError(`option ${code} of ${length} bytes does not fit its block`, next)
      this.places.push(code, next + 4, next + 4 + length)
      next += 4 + ((length + 3) & ~3)
    }
  }

  /** Where an option's value begins, if it has the length it must have; -1 else. */
  find(code: number, length: number): number {
    for (let i = 0; i < this.places.length; i += 3) {
      const start = this.places[i + 1] as number
      if (this.places[i] === code && (this.places[i + 2] as number) - start === length) return start
    }
    return -1
  }

  /** All texts under a code. */
  texts(code: number): string[] {
    const found: string[] = []
    for (let i = 0; i < this.places.length; i += 3) {
      if (this.places[i] !== code) continue
      const text = decodeUtf8(this.bytes, this.places[i + 1] as number, this.places[i + 2] as number)
      // Some writers put the terminating zero of C into it.
      found.push(text.endsWith('\0') ? text.slice(0, text.indexOf('\0')) : text)
    }
    return found
  }

  get comments(): string[] {
    return this.texts(OPT_COMMENT)
  }

  /** A 64-bit integer under a code, rounded to a double; undefined if it is not there. */
  uint64(code: number): number | undefined {
    const at = this.find(code, 8)
    if (at < 0) return undefined
    const first = this.view.getUint32(at, this.littleEndian)
    const second = this.view.getUint32(at + 4, this.littleEndian)
    return this.littleEndian ? second * 0x1_0000_0000 + first : first * 0x1_0000_0000 + second
  }
}
