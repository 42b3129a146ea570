import { EAGAIN, EBADF, EBADFD, EINTR, EIO, ENETDOWN, type LinkStatistics } from '@jackfield/interfaces'
import { CHECKSUM_PARTIAL, completeChecksum, type Packet, SEGMENT_NONE } from '@jackfield/packet'
import type { KernelCalls } from './kernel-calls.js'
import { encodeVnetHeader, VNET_HEADER_LENGTH } from './wire/vnet-header.js'

/** Packets that wait at most, in each queue, while the kernel takes no more. */
const LONGEST_QUEUE = 256
/** A header that the kernel is not given at all. */
const REFUSED = -1_000_000

/**
 * Writes packets to one queue of a device, each at once by one call: the kernel takes one packet a call, so that to
 * collect them until the burst ends would save nothing and make the first ones wait (it delivers within the call).
 */
export class QueueWriter {
  private readonly calls: KernelCalls
  private readonly fd: number
  private readonly statistics: LinkStatistics
  private readonly ethernet: boolean
  private readonly offload: boolean
  /** Packets that the kernel would not take yet, in order. */
  private first: Packet | null = null
  private last: Packet | null = null
  private count = 0
  /** For packets whose own bytes may not be written: a header, and `struct iovec` of it and of the packet. */
  private readonly header = new Uint8Array(128)
  private readonly headerView = new DataView(this.header.buffer)
  private readonly vector: DataView
  private readonly vectorAddress: number

  constructor(
    calls: KernelCalls,
    fd: number,
    statistics: LinkStatistics,
    format: { readonly ethernet: boolean; readonly offload: boolean },
  ) {
    this.calls = calls
    this.fd = fd
    this.statistics = statistics
    this.ethernet = format.ethernet
    this.offload = format.offload
    const vector = new Uint8Array(4 * calls.pointerSize)
    this.vector = new DataView(vector.buffer)
    this.vectorAddress = calls.addressOf(vector)
    this.vectorBytes = vector
    this.setVector(0, calls.addressOf(this.header), VNET_HEADER_LENGTH)
  }

  /** Kept so that the memory behind `vectorAddress` stays. */
  readonly vectorBytes: Uint8Array

  /** Packets that wait. */
  get waiting(): number {
    return this.count
  }

  /**
   * Sends a packet, or queues it while the kernel takes no more. Takes it.
   * @returns false where the queue is full and the packet was dropped
   */
  transmit(packet: Packet): boolean {
    if (this.first === null) {
      const result = this.write(packet)
      if (result !== -EAGAIN) {
        this.account(packet, result)
        return true
      }
    }
    if (this.count >= LONGEST_QUEUE) {
      this.statistics.txDropped++
      packet.release()
      return false
    }
    packet.next = null
    if (this.last === null) this.first = packet
    else this.last.next = packet
    this.last = packet
    this.count++
    return true
  }

  /** Sends what waits, as far as the kernel takes it. */
  drain(): void {
    for (let packet = this.first; packet !== null; packet = this.first) {
      const result = this.write(packet)
      if (result === -EAGAIN) return
      this.first = packet.next
      if (this.first === null) this.last = null
      packet.next = null
      this.count--
      this.account(packet, result)
    }
  }

  /** Drops what waits. */
  close(): void {
    for (let packet = this.first; packet !== null; packet = this.first) {
      this.first = packet.next
      this.statistics.txDropped++
      packet.release()
    }
    this.last = null
    this.count = 0
  }

  private account(packet: Packet, result: number): void {
    const statistics = this.statistics
    if (result >= 0) {
      statistics.txPackets++
      statistics.txBytes += packet.end - packet.start
    } else if (result === -EIO || result === -ENETDOWN || result === -EBADFD || result === -EBADF) {
      // The other side is down or gone, as an unplugged cable: nothing is wrong with the packet.
      statistics.txDropped++
    } else {
      statistics.txErrors++
    }
    packet.release()
  }

  /** Bytes written, or the negative error number. */
  private write(packet: Packet): number {
    const { calls, fd } = this
    // A buffer whose memory went to another thread would have the kernel read what is not ours.
    if (packet.end > packet.bytes.length || packet.start >= packet.end) return REFUSED
    let written: number
    if (!this.offload) {
      if (packet.segmentType !== SEGMENT_NONE && packet.segmentCount !== 1) return REFUSED
      if (packet.checksum === CHECKSUM_PARTIAL) {
        packet.unshare()
        completeChecksum(packet)
      }
      written = calls.write(fd, calls.addressOf(packet.bytes) + packet.start, packet.end - packet.start)
    } else if (packet.start >= VNET_HEADER_LENGTH && !packet.shared) {
      const at = packet.start - VNET_HEADER_LENGTH
      if (!encodeVnetHeader(packet.view, at, packet, this.ethernet)) return REFUSED
      written = calls.write(fd, calls.addressOf(packet.bytes) + at, packet.end - at)
    } else {
      // Others read these bytes too, or there is no room: the header goes from where it is (0.05 µs more than one piece, no copy).
      if (!encodeVnetHeader(this.headerView, 0, packet, this.ethernet)) return REFUSED
      this.setVector(1, calls.addressOf(packet.bytes) + packet.start, packet.end - packet.start)
      written = calls.writev(fd, this.vectorAddress, 2)
    }
    if (written >= 0) return written
    const errno = calls.errno()
    return errno === EINTR ? -EAGAIN : -errno
  }

  private setVector(index: number, address: number, length: number): void {
    const size = this.calls.pointerSize
    const at = index * 2 * size
    this.vector.setUint32(at, address >>> 0, true)
    if (size === 8) this.vector.setUint32(at + 4, Math.floor(address / 0x1_0000_0000), true)
    this.vector.setUint32(at + size, length, true)
  }
}
