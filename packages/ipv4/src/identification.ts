import type { Clock, RandomSource } from '@jackfield/clock'

const SLOTS = 2048

/**
 * Identification of packets that may be fragmented (RFC 6864 4.3): a counter for each bucket of a keyed hash of source,
 * destination and protocol, so that no stranger learns from his own packets what others get; an idle counter moves on
 * by a random step, so that a pause does not show how little was sent (as Linux's `ip_idents_reserve`).
 */
export class Identification {
  private readonly clock: Clock
  private readonly random: RandomSource
  private readonly secret0: number
  private readonly secret1: number
  private readonly counters = new Uint16Array(SLOTS)
  /** Millisecond of the last use, modulo 2^32. */
  private readonly used = new Int32Array(SLOTS)

  constructor(clock: Clock, random: RandomSource, secret0: number, secret1: number) {
    this.clock = clock
    this.random = random
    this.secret0 = secret0
    this.secret1 = secret1
    random.fill(new Uint8Array(this.counters.buffer))
  }

  /**
   * The first of `count` identifications for packets between two addresses, given as 32-bit values.
   * @returns 0 to 65535
   */
  next(source: number, destination: number, protocol: number, count: number): number {
    let hash = Math.imul(source ^ this.secret0, 0x9e3779b1)
    hash = Math.imul((hash ^ (hash >>> 15)) + destination, 0x85ebca77)
    hash = Math.imul((hash ^ (hash >>> 13)) + protocol + this.secret1, 0xc2b2ae3d)
    const slot = (hash ^ (hash >>> 16)) & (SLOTS - 1)
    const now = Math.floor(this.clock.now() / 1000) | 0
    const idle = (now - (this.used[slot] as number)) >>> 0
    let id = this.counters[slot] as number
    if (idle !== 0) {
      this.used[slot] = now
      id += this.random.below(Math.min(idle, 0x8000))
    }
    this.counters[slot] = id + count
    return id & 0xffff
  }
}
