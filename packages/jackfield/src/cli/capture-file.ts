import { closeSync, openSync, writeSync } from 'node:fs'

/** A file that a capture is written to. The writer gathers; this writes what it is given, whole. */
export class CaptureFile {
  private readonly descriptor: number
  private closed = false

  /** Makes or empties the file; throws as `fs.openSync` does. */
  constructor(path: string) {
    this.descriptor = openSync(path, 'w')
  }

  readonly sink = (bytes: Uint8Array): void => {
    let at = 0
    while (at < bytes.length) at += writeSync(this.descriptor, bytes, at)
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    closeSync(this.descriptor)
  }
}
