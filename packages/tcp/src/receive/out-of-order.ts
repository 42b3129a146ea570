import type { Timer } from '@jackfield/clock'
import type { Packet, PacketPool } from '@jackfield/packet'
import { copyBetween } from '../offload/copy-between.js'
import { seqGe, seqGt, seqLe, seqLt } from '../sequence.js'
import { COLLAPSED_SIZE, joinPacket, type MemoryTotal } from './keep.js'

/** Levels of the skip list; each holds one in eight of the one below: enough for a quarter of a million segments. */
const LEVELS = 6

/** Unused entries that a queue keeps. */
const MOST_SPARE = 64

/** A segment that waits for what comes before it. */
export class OutOfOrderSegment {
  seq = 0
  /** One past the last sequence number; a FIN counts. */
  endSeq = 0
  fin = false
  /** Its payload. Null in entries that are not queued. */
  packet: Packet | null = null
  previous: OutOfOrderSegment | null = null
  /** @internal The next on each level that it is on. */
  readonly nextOn: (OutOfOrderSegment | null)[] = new Array<OutOfOrderSegment | null>(LEVELS).fill(null)
  /** @internal Levels that it is on, 1 and up. */
  height = 1

  get next(): OutOfOrderSegment | null {
    return this.nextOn[0] ?? null
  }
}

/**
 * Segments that came out of order, by their first sequence number: a skip list, so that a peer that sends thousands of
 * pieces in a bad order costs no more than their logarithm. Overlaps stay until the segments are moved; none lies
 * wholly within another. Accounted by what the packets pin.
 */
export class OutOfOrderQueue {
  /** Bytes that the packets pin. */
  charged = 0
  last: OutOfOrderSegment | null = null
  /** Acknowledgements held back while something is missing (compressed): armed only while the queue is in use. */
  ackTimer: Timer | null = null
  private readonly pool: PacketPool
  private readonly total: MemoryTotal
  private readonly head: OutOfOrderSegment = new OutOfOrderSegment()
  /** The last entry before the place of the latest search, on each level. */
  private readonly path: OutOfOrderSegment[] = []
  private spare: OutOfOrderSegment | null = null
  private spares = 0
  private count = 0
  private fresh = 0
  private chance = 0x2545_f491

  /** @param total what all connections pin: kept up to date */
  constructor(pool: PacketPool, total: MemoryTotal = { memory: 0 }) {
    this.pool = pool
    this.total = total
    for (let i = 0; i < LEVELS; i++) this.path.push(this.head)
  }

  get first(): OutOfOrderSegment | null {
    return this.head.next
  }

  /** Segments queued. */
  get length(): number {
    return this.count
  }

  /** The last segment that begins at or before `seq`; null for none. */
  before(seq: number): OutOfOrderSegment | null {
    const { last } = this
    if (last !== null && seqGe(seq, last.seq)) return last
    const found = this.search((seq + 1) | 0)
    return found === this.head ? null : found
  }

  /** Takes a packet (see `keepPacket`) and puts it in its place. No entry may begin at the same number. */
  insert(packet: Packet, seq: number, endSeq: number, fin: boolean): OutOfOrderSegment {
    const entry = this.take()
    entry.packet = packet
    entry.seq = seq
    entry.endSeq = endSeq
    entry.fin = fin
    const previous = this.search(seq)
    for (let level = 0; level < entry.height; level++) {
      const from = this.path[level] as OutOfOrderSegment
      entry.nextOn[level] = from.nextOn[level] ?? null
      from.nextOn[level] = entry
    }
    entry.previous = previous === this.head ? null : previous
    if (entry.next === null) this.last = entry
    else entry.next.previous = entry
    this.count++
    this.fresh++
    this.charge(packet.truesize)
    return entry
  }

  /** Copies a segment that follows `entry` at once into its packet, where there is room: it then takes the packet. */
  join(entry: OutOfOrderSegment, packet: Packet, endSeq: number, fin: boolean): boolean {
    const { packet: to, next } = entry
    if (to === null || entry.fin || (next !== null && seqLt(next.seq, endSeq)) || !joinPacket(to, packet)) return false
    entry.endSeq = endSeq
    entry.fin = fin
    packet.release()
    return true
  }

  /** Takes an entry out and gives its packet, which is the caller's. The entry must not be used any more. */
  remove(entry: OutOfOrderSegment): Packet {
    const { packet, next, previous } = entry
    if (packet === null) throw new Error('this segment is not queued')
    this.search(entry.seq)
    for (let level = 0; level < entry.height; level++) {
      const from = this.path[level] as OutOfOrderSegment
      from.nextOn[level] = entry.nextOn[level] ?? null
      entry.nextOn[level] = null
    }
    if (next === null) this.last = previous
    else next.previous = previous
    this.count--
    this.charge(-packet.truesize)
    entry.packet = null
    entry.previous = null
    this.recycle(entry)
    return packet
  }

  /** Takes an entry out and releases its packet. */
  discard(entry: OutOfOrderSegment): void {
    this.remove(entry).release()
  }

  /** Releases all, and stops the timer. */
  clear(): void {
    this.ackTimer?.cancel()
    for (let entry = this.first; entry !== null; entry = this.first) this.discard(entry)
  }

  /**
   * Copies small segments that touch each other together, so that the same bytes pin less memory. Not before half of
   * the queue is new: a peer must not make it happen with each packet.
   * @returns packets saved
   */
  collapse(): number {
    if (this.fresh * 2 < this.count) return 0
    this.fresh = 0
    const before = this.count
    for (let entry = this.first; entry !== null; entry = entry.next) this.joinRun(entry)
    return before - this.count
  }

  /** Makes one entry of those from `entry` on that touch and fit into one packet, where that saves memory. */
  private joinRun(entry: OutOfOrderSegment): void {
    let bytes = 0
    let pinned = 0
    let packets = 0
    let endSeq = entry.seq
    for (let each: OutOfOrderSegment | null = entry; each !== null; each = each.next) {
      const grown = (each.endSeq - entry.seq) | 0
      if (each.fin || each.packet === null || seqGt(each.seq, endSeq) || grown > COLLAPSED_SIZE) break
      if (grown > bytes) {
        bytes = grown
        endSeq = each.endSeq
      }
      pinned += each.packet.truesize
      packets++
    }
    if (packets < 2) return
    const joined = this.pool.allocate(bytes, 0)
    if (joined.truesize >= pinned) {
      joined.release()
      return
    }
    const base = entry.seq
    let from: OutOfOrderSegment | null = entry
    for (let i = 0; i < packets && from !== null; i++) {
      const { packet, seq } = from
      const next: OutOfOrderSegment | null = from.next
      if (packet !== null) copyBetween(packet, packet.start, packet.length, joined, joined.start + ((seq - base) | 0))
      if (from !== entry) this.discard(from)
      from = next
    }
    this.charge(joined.truesize - (entry.packet?.truesize ?? 0))
    entry.packet?.release()
    entry.packet = joined
    entry.endSeq = endSeq
  }

  /** Fills `path` for a sequence number and gives the last entry before it, or the head. */
  private search(seq: number): OutOfOrderSegment {
    let at = this.head
    for (let level = LEVELS - 1; level >= 0; level--) {
      let next: OutOfOrderSegment | null = at.nextOn[level] ?? null
      while (next !== null && seqLt(next.seq, seq)) {
        at = next
        next = at.nextOn[level] ?? null
      }
      this.path[level] = at
    }
    return at
  }

  private take(): OutOfOrderSegment {
    const entry = this.spare ?? new OutOfOrderSegment()
    if (entry === this.spare) {
      this.spare = entry.previous
      this.spares--
      entry.previous = null
    }
    // Xorshift: the shape of the list has no secrets, it only must not follow the traffic.
    let x = this.chance
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.chance = x
    let height = 1
    for (let bits = x >>> 8; height < LEVELS && (bits & 7) === 0; bits >>>= 3) height++
    entry.height = height
    return entry
  }

  private recycle(entry: OutOfOrderSegment): void {
    if (this.spares >= MOST_SPARE) return
    entry.previous = this.spare
    this.spare = entry
    this.spares++
  }

  private charge(bytes: number): void {
    this.charged += bytes
    this.total.memory += bytes
  }
}

/** Whether `[seq, endSeq)` lies wholly within a segment. */
export function covers(entry: OutOfOrderSegment, seq: number, endSeq: number): boolean {
  return seqLe(entry.seq, seq) && seqGe(entry.endSeq, endSeq)
}
