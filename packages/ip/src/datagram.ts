import { createAddressSlot, type IpAddressSlot } from '@jackfield/addr'
import type { Packet } from '@jackfield/packet'

/** @internal What a fragment did to its datagram. */
export const FRAGMENT_NEW = 0
export const FRAGMENT_DUPLICATE = 1
export const FRAGMENT_OVERLAP = 2
/** It says that the datagram ends elsewhere than was known. */
export const FRAGMENT_CONFLICT = 3

/** @internal What a datagram without fragments costs, in bytes: its bitmap, arrays and fields. */
export const DATAGRAM_OVERHEAD = 2048

/** Offsets are in units of 8 bytes (RFC 791 3.1), of which the largest datagram has 8192. */
const WORDS = 8192 / 32

/** @internal A datagram of which fragments came in: one bit for each 8 bytes, so that a fragment costs no more than its length. */
export class Datagram {
  readonly source: IpAddressSlot = createAddressSlot()
  readonly destination: IpAddressSlot = createAddressSlot()
  id = 0
  /** Protocol (IPv4) or interface (link-local IPv6): what the key has besides. */
  selector = 0
  hash = 0
  /** When its first fragment came in, in microseconds. */
  created = 0
  /** Count of the source's fragments when this datagram last got one. */
  distance = 0
  interfaceIndex = 0
  /** What it pins, in bytes. */
  memory: number = DATAGRAM_OVERHEAD
  /** The fragment at offset 0, and how much of it is header; `fragments` has it too. */
  first: Packet | null = null
  headerLength = 0
  tos = 0
  /** What follows the header, by the first fragment. */
  protocol = 0
  /** Bit n: a fragment had the ECN codepoint n. */
  ecn = 0
  /** Length of the largest fragment, with its header. */
  largest = 0
  readonly fragments: Packet[] = []
  readonly offsets: number[] = []
  /** Where the payload ends as far as is known, and whether that is certain. */
  end = 0
  private ended = false
  private received = 0
  private readonly units = new Int32Array(WORDS)
  chain: Datagram | null = null
  older: Datagram | null = null
  newer: Datagram | null = null

  /** Whether all bytes are there. */
  get complete(): boolean {
    return this.ended && this.received === this.end && this.first !== null
  }

  /** Marks `[offset, end)` as received, unless it answers that something is wrong with it. */
  cover(offset: number, end: number, more: boolean): number {
    if (more ? this.ended && end > this.end : end < this.end || (this.ended && end !== this.end))
      return FRAGMENT_CONFLICT
    const from = offset >>> 3
    const to = (end + 7) >>> 3
    const set = this.countSet(from, to)
    if (set === to - from) return FRAGMENT_DUPLICATE
    if (set !== 0) return FRAGMENT_OVERLAP
    const { units } = this
    for (let word = from >>> 5; word <= (to - 1) >>> 5; word++)
      units[word] = (units[word] as number) | mask(word, from, to)
    if (!more) this.ended = true
    if (end > this.end) this.end = end
    this.received += end - offset
    return FRAGMENT_NEW
  }

  /** Releases the fragments and makes it as new. */
  reset(): void {
    for (let i = 0; i < this.fragments.length; i++) (this.fragments[i] as Packet).release()
    this.fragments.length = 0
    this.offsets.length = 0
    this.units.fill(0, 0, (this.end + 255) >>> 8)
    this.memory = DATAGRAM_OVERHEAD
    this.first = null
    this.headerLength = 0
    this.tos = 0
    this.protocol = 0
    this.ecn = 0
    this.largest = 0
    this.end = 0
    this.ended = false
    this.received = 0
    this.chain = null
    this.older = null
    this.newer = null
  }

  private countSet(from: number, to: number): number {
    const { units } = this
    let count = 0
    for (let word = from >>> 5; word <= (to - 1) >>> 5; word++) {
      let bits = (units[word] as number) & mask(word, from, to)
      bits -= (bits >>> 1) & 0x5555_5555
      bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333)
      count += Math.imul((bits + (bits >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24
    }
    return count
  }
}

/** The bits of a word that belong to the units `[from, to)`. */
function mask(word: number, from: number, to: number): number {
  const first = word << 5
  let bits = -1
  if (from > first) bits = -1 << (from - first)
  if (to < first + 32) bits &= (1 << (to - first)) - 1
  return bits
}
