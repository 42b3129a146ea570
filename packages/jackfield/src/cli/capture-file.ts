import { closeSync, openSync, writeSync } from 'node:fs'

/** Bytes gathered before they are written. */
const GATHER = 64 * 1024

/** A file that a capture is written to: gathers small blocks, and loses none when the program ends in order. */
export class CaptureFile {
  private readonly descriptor: number
  private waiting: Uint8Array[] = []
  private length = 0
  private closed = false

  /** Makes or empties the file; throws as `fs.openSync` does. */
  constructor(path: string) {
    this.descriptor = openSync(path, 'w')
  }

  readonly sink = (bytes: Uint8Array): void => {
    if (this.closed) return
    this.waiting.push(bytes)
    this.length += bytes.length
    if (this.length >= GATHER) this.flush()
  }

  flush(): void {
    const waiting = this.waiting
    this.waiting = []
    this.length = 0
    for (const bytes of waiting) {
      let at = 0
      while (at < bytes.length) at += writeSync(this.descriptor, bytes, at)
    }
  }

  close(): void {
    if (this.closed) return
    this.flush()
    this.closed = true
    closeSync(this.descriptor)
  }
}
