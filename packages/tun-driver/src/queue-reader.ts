import type { LinkReceiver, LinkStatistics } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import type { KernelCalls } from './kernel-calls.js'
import { decodeVnetHeader, VNET_HEADER_LENGTH } from './wire/vnet-header.js'

/** The longest that a device gives: an IP packet of 65,535 bytes, its Ethernet header and a VLAN tag. */
const LONGEST = 65_535 + 14 + 4
/** Room for the headers of a lower layer, should the packet be sent on: at least this, whatever the pool says. */
const LEAST_HEADROOM = 64
/**
 * Buffers of up to this size are filled by a copy, so that a packet pins no more memory than its own size class. To copy 10 KB takes
 * 0.3 µs, less than what a new large buffer costs in cache misses.
 */
const LARGEST_COPY = 10_240
/**
 * A burst ends when it has come to this: what it delivered is then read by the program while it still lies in the processor's cache,
 * and its memory is used again by the next one.
 */
const BURST_BYTES = 512 * 1024
/** Below this a loop is quicker than `TypedArray.set`, which needs a view object of its own for the part to be copied. */
const SHORTEST_SET = 96

/** Reads the packets of one queue of a device and delivers them. */
export class QueueReader {
  private readonly calls: KernelCalls
  private readonly fd: number
  private readonly receiver: LinkReceiver
  private readonly statistics: LinkStatistics
  private readonly ethernet: boolean
  private readonly headerLength: number
  private readonly headroom: number
  /** Read into directly: a large packet is delivered in it without a copy. */
  private large: Packet | null = null
  private closed = false

  constructor(
    calls: KernelCalls,
    fd: number,
    receiver: LinkReceiver,
    statistics: LinkStatistics,
    format: { readonly ethernet: boolean; readonly offload: boolean },
  ) {
    this.calls = calls
    this.fd = fd
    this.receiver = receiver
    this.statistics = statistics
    this.ethernet = format.ethernet
    this.headerLength = format.offload ? VNET_HEADER_LENGTH : 0
    this.headroom = Math.max(receiver.pool.headroom, LEAST_HEADROOM)
  }

  /**
   * Reads and delivers until the queue is empty, or `most` packets or half a megabyte were read; returns how many. An error ends it as if
   * the queue were empty: the event loop sees it too, and tells.
   */
  readBurst(most: number): number {
    const { calls, fd, headerLength } = this
    let bytes = 0
    for (let count = 0; count < most; count++) {
      if (bytes >= BURST_BYTES) return count
      if (this.closed) return count
      this.large ??= this.receiver.pool.allocate(LONGEST + 1, this.headroom)
      const packet = this.large
      const at = packet.start - headerLength
      const length = calls.read(fd, calls.addressOf(packet.bytes) + at, headerLength + LONGEST + 1)
      if (length <= 0) return count
      bytes += length
      this.deliverLarge(packet, at, length)
    }
    return most
  }

  /** Delivers a packet that the event loop read: its header and bytes are at the start of `buffer`. */
  deliverFrom(buffer: Uint8Array, view: DataView, length: number): void {
    if (this.fits(length)) this.deliverCopy(buffer, view, 0, length)
  }

  /** Gives back what it holds; nothing is delivered any more. */
  close(): void {
    this.closed = true
    this.large?.release()
    this.large = null
  }

  private deliverLarge(packet: Packet, at: number, length: number): void {
    if (!this.fits(length)) return
    const size = length - this.headerLength
    if (this.headroom + size <= LARGEST_COPY) {
      this.deliverCopy(packet.bytes, packet.view, at, length)
      return
    }
    this.large = null
    packet.end = packet.start + size
    this.deliver(packet, packet.view, at)
  }

  private deliverCopy(source: Uint8Array, view: DataView, at: number, length: number): void {
    const from = at + this.headerLength
    const size = length - this.headerLength
    const packet = this.receiver.pool.allocate(size, this.headroom)
    if (size < SHORTEST_SET) {
      const target = packet.bytes
      for (let i = 0, to = packet.start; i < size; i++) target[to + i] = source[from + i] as number
    } else {
      packet.bytes.set(source.subarray(from, from + size), packet.start)
    }
    this.deliver(packet, view, at)
  }

  private deliver(packet: Packet, view: DataView, at: number): void {
    const statistics = this.statistics
    if (this.headerLength > 0 && !decodeVnetHeader(view, at, packet, this.ethernet)) {
      statistics.rxErrors++
      packet.release()
      return
    }
    statistics.rxPackets++
    statistics.rxBytes += packet.end - packet.start
    this.receiver.receive(packet)
  }

  /** Whether the device gave a whole packet, not more than one can hold. */
  private fits(length: number): boolean {
    if (length > this.headerLength && length <= this.headerLength + LONGEST) return true
    this.statistics.rxErrors++
    return false
  }
}
