import { MAX_OPTION_LENGTH, OPT_END } from './pcapng.js'
import { encodeUtf8 } from './utf8.js'

/** Takes the bytes of a file as they are made. Each chunk is the sink's to keep. */
export type PcapSink = (bytes: Uint8Array) => void

const TWO_32 = 0x1_0000_0000

/** Collects blocks in one buffer and gives them to a sink in chunks. Little-endian on any host, so that a run is the same everywhere. */
export class BlockWriter {
  private readonly sink: PcapSink
  private bytes: Uint8Array
  private view: DataView
  private at = 0
  private blockStart = 0
  /** What the sink threw; nothing is written after that. */
  fault: unknown = undefined
  failed = false

  constructor(sink: PcapSink, chunkSize: number) {
    this.sink = sink
    this.bytes = new Uint8Array(chunkSize)
    this.view = new DataView(this.bytes.buffer)
  }

  /** Begins a block that will not be longer than `most` bytes. */
  begin(type: number, most: number): void {
    if (this.at + most > this.bytes.length) this.flush()
    if (most > this.bytes.length) {
      this.bytes = new Uint8Array(most)
      this.view = new DataView(this.bytes.buffer)
    }
    this.blockStart = this.at
    this.u32(type)
    this.u32(0)
  }

  /** Ends the block: writes its length at both ends. */
  end(): void {
    const length = this.at + 4 - this.blockStart
    this.view.setUint32(this.blockStart + 4, length, true)
    this.u32(length)
  }

  u16(value: number): void {
    this.view.setUint16(this.at, value, true)
    this.at += 2
  }

  u32(value: number): void {
    this.view.setUint32(this.at, value, true)
    this.at += 4
  }

  /** An integer from 0 to 2^53 - 1 in 64 bits. */
  u64(value: number): void {
    this.u32(value % TWO_32)
    this.u32(Math.floor(value / TWO_32))
  }

  /** A time in microseconds as nanoseconds in two words, the high one first. Its fraction counts; below 0 becomes 0. */
  time(microseconds: number): void {
    const time = microseconds > 0 && microseconds < 0x40_0000_0000_0000 ? microseconds : 0
    const whole = Math.floor(time)
    // The product would not be exact in a double: multiply the halves.
    const low = (whole % TWO_32) * 1000 + Math.round((time - whole) * 1000)
    this.u32(Math.floor(whole / TWO_32) * 1000 + Math.floor(low / TWO_32))
    this.u32(low % TWO_32)
  }

  /** Copies bytes and pads them to a multiple of 4. Returns the offset of the copy, for `patch16`. */
  data(source: Uint8Array, from: number, to: number): number {
    const at = this.at
    this.bytes.set(from === 0 && to === source.length ? source : source.subarray(from, to), at)
    this.at += to - from
    while ((this.at & 3) !== 0) this.bytes[this.at++] = 0
    return at
  }

  /** Overwrites a word of copied data, in network order. */
  patch16(at: number, value: number): void {
    this.view.setUint16(at, value)
  }

  option(code: number, value: Uint8Array): void {
    this.u16(code)
    this.u16(value.length)
    this.data(value, 0, value.length)
  }

  option32(code: number, value: number): void {
    this.u16(code)
    this.u16(4)
    this.u32(value)
  }

  option64(code: number, value: number): void {
    this.u16(code)
    this.u16(8)
    this.u64(value)
  }

  optionTime(code: number, microseconds: number): void {
    this.u16(code)
    this.u16(8)
    this.time(microseconds)
  }

  endOptions(): void {
    this.u32(OPT_END)
  }

  /** Gives the sink what was collected. */
  flush(): void {
    if (this.at === 0) return
    const chunk = this.bytes.slice(0, this.at)
    this.at = 0
    if (this.failed) return
    try {
      this.sink(chunk)
    } catch (error) {
      this.failed = true
      this.fault = error
    }
  }
}

/** The bytes of a text option, checked for length. */
export function textOption(what: string, text: string): Uint8Array {
  const bytes = encodeUtf8(text)
  if (bytes.length > MAX_OPTION_LENGTH) {
    throw new RangeError(`the ${what} takes at most ${MAX_OPTION_LENGTH} bytes of UTF-8, not ${bytes.length}`)
  }
  return bytes
}

/** What an option takes in a block. */
export function optionSize(value: Uint8Array | null): number {
  return value === null ? 0 : 4 + ((value.length + 3) & ~3)
}
