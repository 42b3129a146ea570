/** What is wrong with a capture file, and where. */
export class PcapError extends Error {
  /** Bytes from the start of the file to what is wrong. */
  readonly offset: number

  constructor(message: string, offset: number) {
    super(`${message} (at byte ${offset})`)
    this.name = 'PcapError'
    this.offset = offset
  }
}
