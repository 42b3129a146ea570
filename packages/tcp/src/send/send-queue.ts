import { SendSegment } from '../send-segment.js'

/** Unused entries kept for reuse, over all queues of a module instance. */
const MAX_FREE = 65_536
let free: SendSegment | null = null
let freeCount = 0

/**
 * The segments of a connection from the oldest that is not acknowledged to the last that was written, in order of their
 * sequence numbers; those that were sent and are not SACKed also in order of the time of sending.
 */
export class SendQueue {
  head: SendSegment | null = null
  tail: SendSegment | null = null
  /** The first that was never sent. */
  sendHead: SendSegment | null = null
  /** Oldest and newest by time of sending. */
  timeHead: SendSegment | null = null
  timeTail: SendSegment | null = null

  get empty(): boolean {
    return this.head === null
  }

  /** The last that was sent; null where none was. */
  get lastSent(): SendSegment | null {
    return this.sendHead === null ? this.tail : this.sendHead.previous
  }

  /** An entry that is in no queue yet. */
  create(seq: number, endSeq: number, flags: number): SendSegment {
    const segment = free ?? new SendSegment()
    if (free !== null) {
      free = segment.next
      freeCount--
    }
    segment.seq = seq
    segment.endSeq = endSeq
    segment.flags = flags
    segment.marks = 0
    segment.packets = 0
    segment.segmentSize = 0
    segment.truesize = 0
    segment.sentAt = 0
    segment.sent = false
    segment.endOfRecord = false
    segment.retransmissions = 0
    segment.stamps = 0
    segment.txInFlight = 0
    segment.txAppLimited = false
    segment.next = null
    segment.previous = null
    segment.nextByTime = null
    segment.previousByTime = null
    segment.timed = false
    return segment
  }

  /** Puts an unsent entry at the end. */
  append(segment: SendSegment): void {
    segment.previous = this.tail
    segment.next = null
    if (this.tail === null) this.head = segment
    else this.tail.next = segment
    this.tail = segment
    if (this.sendHead === null) this.sendHead = segment
  }

  /** Puts an entry behind another, of which it is the second part: it is sent if that is. */
  insertAfter(segment: SendSegment, added: SendSegment): void {
    added.previous = segment
    added.next = segment.next
    if (segment.next === null) this.tail = added
    else segment.next.previous = added
    segment.next = added
    if (segment.timed) {
      added.timed = true
      added.previousByTime = segment
      added.nextByTime = segment.nextByTime
      if (segment.nextByTime === null) this.timeTail = added
      else segment.nextByTime.previousByTime = added
      segment.nextByTime = added
    }
  }

  /** `sendHead` was sent: the next one is the first that was not. */
  advance(): void {
    const segment = this.sendHead
    if (segment === null) return
    this.sendHead = segment.next
    this.touch(segment)
  }

  /** Takes an entry out and gives it back. */
  remove(segment: SendSegment): void {
    if (segment.previous === null) this.head = segment.next
    else segment.previous.next = segment.next
    if (segment.next === null) this.tail = segment.previous
    else segment.next.previous = segment.previous
    if (this.sendHead === segment) this.sendHead = segment.next
    this.untime(segment)
    recycle(segment)
  }

  /** It was sent just now: last by time. */
  touch(segment: SendSegment): void {
    if (segment.timed && segment.nextByTime === null) return
    this.untime(segment)
    segment.timed = true
    segment.previousByTime = this.timeTail
    segment.nextByTime = null
    if (this.timeTail === null) this.timeHead = segment
    else this.timeTail.nextByTime = segment
    this.timeTail = segment
  }

  /** Out of the order by time: SACKed, or gone. */
  untime(segment: SendSegment): void {
    if (!segment.timed) return
    segment.timed = false
    if (segment.previousByTime === null) this.timeHead = segment.nextByTime
    else segment.previousByTime.nextByTime = segment.nextByTime
    if (segment.nextByTime === null) this.timeTail = segment.previousByTime
    else segment.nextByTime.previousByTime = segment.previousByTime
    segment.nextByTime = null
    segment.previousByTime = null
  }

  /** Gives every entry back. */
  clear(): void {
    let segment = this.head
    this.head = null
    this.tail = null
    this.sendHead = null
    this.timeHead = null
    this.timeTail = null
    while (segment !== null) {
      const next: SendSegment | null = segment.next
      recycle(segment)
      segment = next
    }
  }
}

function recycle(segment: SendSegment): void {
  segment.previous = null
  segment.nextByTime = null
  segment.previousByTime = null
  segment.timed = false
  if (freeCount >= MAX_FREE) {
    segment.next = null
    return
  }
  segment.next = free
  free = segment
  freeCount++
}
