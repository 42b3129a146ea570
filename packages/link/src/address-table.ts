import type { RandomSource } from '@jackfield/clock'

/** What `learn` did. */
export const KNOWN = 0
export const LEARNED = 1
export const MOVED = 2
export const TABLE_FULL = 3

const NONE = -1

/** Where stations are: hardware addresses to port numbers, hashed with a secret, bounded, forgotten after a time. */
export class AddressTable {
  size = 0
  readonly capacity: number
  private readonly ageing: number
  private readonly secret0: number
  private readonly secret1: number
  private readonly mask: number
  private readonly buckets: Int32Array
  private readonly highs: Int32Array
  private readonly lows: Int32Array
  private readonly ports: Int32Array
  private readonly seen: Float64Array
  /** Next entry of a bucket, or of the free ones. */
  private readonly chain: Int32Array
  private readonly older: Int32Array
  private readonly newer: Int32Array
  private oldest = NONE
  private newest = NONE
  private free = 0

  /** @param ageing microseconds after which a station that was not heard of is forgotten */
  constructor(capacity: number, ageing: number, random: RandomSource) {
    this.capacity = capacity
    this.ageing = ageing
    this.secret0 = random.uint32() | 0
    this.secret1 = random.uint32() | 0
    const buckets = 2 ** Math.ceil(Math.log2(2 * capacity))
    this.mask = buckets - 1
    this.buckets = new Int32Array(buckets).fill(NONE)
    this.highs = new Int32Array(capacity)
    this.lows = new Int32Array(capacity)
    this.ports = new Int32Array(capacity)
    this.seen = new Float64Array(capacity)
    this.chain = Int32Array.from({ length: capacity }, (_, i) => (i + 1 < capacity ? i + 1 : NONE))
    this.older = new Int32Array(capacity)
    this.newer = new Int32Array(capacity)
  }

  /** The port of a station, or -1. */
  lookup(high: number, low: number, now: number): number {
    const entry = this.find(high, low)
    if (entry === NONE || (this.seen[entry] as number) + this.ageing <= now) return NONE
    return this.ports[entry] as number
  }

  /** A station was heard at a port. */
  learn(high: number, low: number, port: number, now: number): number {
    let entry = this.find(high, low)
    if (entry !== NONE) {
      const moved = this.ports[entry] !== port
      this.ports[entry] = port
      this.seen[entry] = now
      this.unlinkAge(entry)
      this.linkNewest(entry)
      return moved ? MOVED : KNOWN
    }
    if (this.size === this.capacity) {
      this.expire(now)
      if (this.size === this.capacity) return TABLE_FULL
    }
    entry = this.free
    this.free = this.chain[entry] as number
    const bucket = this.bucketOf(high, low)
    this.highs[entry] = high
    this.lows[entry] = low
    this.ports[entry] = port
    this.seen[entry] = now
    this.chain[entry] = this.buckets[bucket] as number
    this.buckets[bucket] = entry
    this.linkNewest(entry)
    this.size++
    return LEARNED
  }

  /** Forgets every station that was not heard of for too long. */
  expire(now: number): void {
    while (this.oldest !== NONE && (this.seen[this.oldest] as number) + this.ageing <= now) this.remove(this.oldest)
  }

  /** Forgets every station at a port. */
  forgetPort(port: number): void {
    for (let entry = this.oldest; entry !== NONE; ) {
      const next = this.newer[entry] as number
      if (this.ports[entry] === port) this.remove(entry)
      entry = next
    }
  }

  /** Every station, the one heard of longest ago first. */
  forEach(callback: (high: number, low: number, port: number, seen: number) => void): void {
    for (let entry = this.oldest; entry !== NONE; entry = this.newer[entry] as number) {
      callback(
        this.highs[entry] as number,
        this.lows[entry] as number,
        this.ports[entry] as number,
        this.seen[entry] as number,
      )
    }
  }

  private bucketOf(high: number, low: number): number {
    let hash = Math.imul(low ^ this.secret0, 0x85ebca6b)
    hash = Math.imul(hash ^ (hash >>> 15) ^ (high + this.secret1), 0xc2b2ae35)
    return (hash ^ (hash >>> 16)) & this.mask
  }

  private find(high: number, low: number): number {
    let entry = this.buckets[this.bucketOf(high, low)] as number
    while (entry !== NONE && (this.lows[entry] !== low || this.highs[entry] !== high))
      entry = this.chain[entry] as number
    return entry
  }

  private remove(entry: number): void {
    this.unlinkAge(entry)
    const bucket = this.bucketOf(this.highs[entry] as number, this.lows[entry] as number)
    const next = this.chain[entry] as number
    let before = this.buckets[bucket] as number
    if (before === entry) this.buckets[bucket] = next
    else {
      while (this.chain[before] !== entry) before = this.chain[before] as number
      this.chain[before] = next
    }
    this.chain[entry] = this.free
    this.free = entry
    this.size--
  }

  private linkNewest(entry: number): void {
    this.older[entry] = this.newest
    this.newer[entry] = NONE
    if (this.newest === NONE) this.oldest = entry
    else this.newer[this.newest] = entry
    this.newest = entry
  }

  private unlinkAge(entry: number): void {
    const older = this.older[entry] as number
    const newer = this.newer[entry] as number
    if (older === NONE) this.oldest = newer
    else this.newer[older] = newer
    if (newer === NONE) this.newest = older
    else this.older[newer] = older
  }
}
