import { EMFILE } from '@jackfield/interfaces'
import type { OpenFile } from './open-file.js'

/** The descriptors of one table: small integers, the lowest free one first (POSIX `open`). */
export class DescriptorTable {
  private readonly files: (OpenFile | null)[] = []
  private readonly limit: number
  /** No descriptor below it is free. */
  private lowest = 0
  private used = 0

  constructor(limit: number) {
    this.limit = limit
  }

  /** How many are open. */
  get size(): number {
    return this.used
  }

  get full(): boolean {
    return this.used >= this.limit
  }

  /** The file of a descriptor, or null for a number that is not open. */
  get(descriptor: number): OpenFile | null {
    return this.files[descriptor] ?? null
  }

  /** The lowest free descriptor, now the file's; `-EMFILE` where the table is full. */
  add(file: OpenFile): number {
    let at = this.lowest
    while (at < this.files.length && this.files[at] !== null) at++
    if (at >= this.limit) return -EMFILE
    this.files[at] = file
    this.lowest = at + 1
    this.used++
    return at
  }

  /** Frees a descriptor. */
  remove(descriptor: number): void {
    this.files[descriptor] = null
    this.used--
    if (descriptor < this.lowest) this.lowest = descriptor
    if (this.used === 0) this.files.length = 0
  }

  /** All open descriptors, in order. */
  numbers(): number[] {
    const numbers: number[] = []
    this.files.forEach((file, number) => {
      if (file !== null) numbers.push(number)
    })
    return numbers
  }
}
