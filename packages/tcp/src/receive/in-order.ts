import type { Packet, PacketPool } from '@jackfield/packet'
import { copyFromPacket } from '@jackfield/transport'
import { copyBetween } from '../offload/copy-between.js'
import { COLLAPSED_SIZE, joinPacket, type MemoryTotal } from './keep.js'

/**
 * Bytes received in order and not read, in the packets that they came in: one stretch of sequence space that begins at
 * `copiedSeq`. Accounted by what the packets pin.
 */
export class InOrderQueue {
  /** Bytes that can be read. */
  bytes = 0
  /** Bytes that the packets pin. */
  charged = 0
  private readonly pool: PacketPool
  private readonly total: MemoryTotal
  private first: Packet | null = null
  private last: Packet | null = null
  private count = 0
  /** Packets that came since `collapse`. */
  private fresh = 0

  /** @param total what all connections pin: kept up to date */
  constructor(pool: PacketPool, total: MemoryTotal = { memory: 0 }) {
    this.pool = pool
    this.total = total
  }

  /** Packets queued. */
  get length(): number {
    return this.count
  }

  /** Bytes of the first packet. */
  get firstLength(): number {
    return this.first === null ? 0 : this.first.end - this.first.start
  }

  /**
   * Takes a packet whose window is the payload that comes next (see `keepPacket`).
   * @returns true where it was copied into the last one
   */
  append(packet: Packet): boolean {
    const length = packet.end - packet.start
    const { last } = this
    this.bytes += length
    if (length === 0 || (last !== null && joinPacket(last, packet))) {
      packet.release()
      return true
    }
    packet.next = null
    if (last === null) this.first = packet
    else last.next = packet
    this.last = packet
    this.count++
    this.fresh++
    this.charge(packet.truesize)
    return false
  }

  /** Copies `length` bytes, `from` bytes on from the first, to `target[at..)`. They must be there. */
  copy(from: number, length: number, target: Uint8Array, at: number): void {
    let packet = this.first
    let skip = from
    let done = 0
    while (packet !== null && done < length) {
      const here = packet.end - packet.start
      if (skip < here) {
        const part = Math.min(here - skip, length - done)
        copyFromPacket(packet, packet.start + skip, part, target, at + done)
        done += part
        skip = 0
      } else skip -= here
      packet = packet.next
    }
  }

  /** When the last of the first `length` bytes came, microseconds since 1970; 0: not noted. */
  arrivalOf(length: number): number {
    let packet = this.first
    let left = length
    while (packet !== null && left > packet.end - packet.start) {
      left -= packet.end - packet.start
      packet = packet.next
    }
    return packet?.timestamp ?? 0
  }

  /** Lets go of the first `length` bytes. */
  drop(length: number): void {
    let left = length
    while (left > 0) {
      const packet = this.first
      if (packet === null) return
      const here = packet.end - packet.start
      if (left < here) {
        packet.start += left
        this.bytes -= left
        return
      }
      left -= here
      this.bytes -= here
      this.first = packet.next
      if (this.first === null) this.last = null
      this.count--
      this.charge(-packet.truesize)
      packet.release()
    }
  }

  /** Releases all. */
  clear(): void {
    this.drop(this.bytes)
  }

  /**
   * Copies small packets together, so that the same bytes pin less memory. Not before half of the queue is new: a peer
   * must not make it happen with each packet.
   * @returns packets saved
   */
  collapse(): number {
    if (this.fresh * 2 < this.count) return 0
    this.fresh = 0
    const before = this.count
    let previous: Packet | null = null
    let packet = this.first
    while (packet !== null) {
      const joined = this.joinRun(packet)
      if (previous === null) this.first = joined
      else previous.next = joined
      previous = joined
      packet = joined.next
    }
    this.last = previous
    return before - this.count
  }

  /** One packet for those from `from` on that fit into it together; `from` itself where that saves nothing. */
  private joinRun(from: Packet): Packet {
    let bytes = 0
    let pinned = 0
    let packets = 0
    let end: Packet | null = from
    while (end !== null && bytes + end.length <= COLLAPSED_SIZE) {
      bytes += end.length
      pinned += end.truesize
      packets++
      end = end.next
    }
    if (packets < 2) return from
    const joined = this.pool.allocate(bytes, 0)
    if (joined.truesize >= pinned) {
      joined.release()
      return from
    }
    let at = joined.start
    let each: Packet | null = from
    while (each !== null && each !== end) {
      const next: Packet | null = each.next
      copyBetween(each, each.start, each.length, joined, at)
      at += each.length
      each.release()
      each = next
    }
    joined.next = end
    this.count -= packets - 1
    this.charge(joined.truesize - pinned)
    return joined
  }

  private charge(bytes: number): void {
    this.charged += bytes
    this.total.memory += bytes
  }
}
