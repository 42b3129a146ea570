import { SO_EE_CODE_ZEROCOPY_COPIED, SO_EE_ORIGIN_ZEROCOPY } from '@jackfield/interfaces'
import type { Connection } from '../connection.js'
import { seqGt } from '../sequence.js'
import { noticesOf } from './error-queue.js'

/** Bytes and sends that one completion stands for at most (Linux's `msg_zerocopy_realloc`). */
const MOST_BYTES = 1 << 19
const MOST_SENDS = 0xfffe

/** Sends with `MSG_ZEROCOPY` that complete together. */
class Pending {
  /** Numbers of the first and the last of them. */
  readonly low: number
  high: number
  bytes: number
  /** One past their last byte. */
  endSeq: number
  /** The call is not over: more may come. */
  open = false

  constructor(low: number, bytes: number, endSeq: number) {
    this.low = low
    this.high = low
    this.bytes = bytes
    this.endSeq = endSeq
  }
}

/**
 * The sends with `MSG_ZEROCOPY` of a connection, which are numbered: when the peer has acknowledged the bytes of one, its number is
 * told by the error queue. This stack copies what it is given, and says so (`SO_EE_CODE_ZEROCOPY_COPIED`).
 */
export class ZeroCopySends {
  private next = 0
  private pending: Pending[] = []

  /**
   * A send was taken, up to `writeSeq`.
   * @param before `writeSeq` before it
   * @param resumed it goes on with the one before, which was taken in part: both are one
   * @param open the rest of it comes later
   * @param joins whether its first bytes lie in the segment that the one before ends in
   */
  taken(c: Connection, before: number, resumed: boolean, open: boolean, joins: boolean): void {
    const bytes = (c.writeSeq - before) | 0
    let last = this.pending[this.pending.length - 1]
    if (last?.open) {
      last.open = resumed && open
      if (resumed) {
        last.bytes += bytes
        last.endSeq = c.writeSeq
        return
      }
      // It was given up after a part.
      this.acknowledged(c)
      last = this.pending[this.pending.length - 1]
    }
    if (joins && last !== undefined && this.takes(last, before, bytes)) {
      last.high = this.next
      last.bytes += bytes
      last.endSeq = c.writeSeq
      last.open = open
    } else {
      const added = new Pending(this.next, bytes, c.writeSeq)
      added.open = open
      this.pending.push(added)
    }
    this.next = (this.next + 1) >>> 0
  }

  /** Whether a send may complete together with the one before it. */
  private takes(last: Pending, before: number, bytes: number): boolean {
    if (last.bytes + bytes > MOST_BYTES || this.next - last.low >= MOST_SENDS) return false
    return last.endSeq === before && (last.high + 1) >>> 0 === this.next
  }

  /** Everything below `sndUna` was acknowledged. */
  acknowledged(c: Connection): void {
    for (let first = this.pending[0]; first !== undefined && !first.open; first = this.pending[0]) {
      if (seqGt(first.endSeq, c.sndUna)) return
      this.pending.shift()
      complete(c, first)
    }
  }

  /** The connection is over: nothing of it is used any more. */
  finish(c: Connection): void {
    const { pending } = this
    this.pending = []
    for (const each of pending) complete(c, each)
  }
}

function complete(c: Connection, { low, high }: Pending): void {
  if (c.orphaned) return
  const notices = noticesOf(c)
  if (notices.extendZeroCopy(c, low, high)) return
  const origin = SO_EE_ORIGIN_ZEROCOPY
  const code = SO_EE_CODE_ZEROCOPY_COPIED
  notices.push(c, { errno: 0, origin, type: 0, code, info: low, data: high, offender: null })
}
