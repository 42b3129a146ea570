import { releasedTwice } from './checks.js'
import type { PacketBuffer } from './packet-buffer.js'

/** How the link layer addressed the packet: Linux's `PACKET_*` of `sockaddr_ll`. */
export const PACKET_HOST = 0
export const PACKET_BROADCAST = 1
export const PACKET_MULTICAST = 2
export const PACKET_OTHERHOST = 3
export const PACKET_OUTGOING = 4

/** The transport checksum has to be computed by software, or checked by the receiver. */
export const CHECKSUM_NONE = 0
/** The checksum field holds the folded pseudo-header sum; whoever sends the packet completes it. */
export const CHECKSUM_PARTIAL = 1
/** The transport checksum is known to be good. */
export const CHECKSUM_VERIFIED = 2

/** A plain packet. */
export const SEGMENT_NONE = 0
/** One large TCP segment, to be cut (or already merged), of `segmentSize` payload bytes each. */
export const SEGMENT_TCP = 1
/** Several UDP datagrams of `segmentSize` payload bytes each behind one header (the last may be shorter). */
export const SEGMENT_UDP = 2

const NOTHING = new Uint8Array(0)
const NO_VIEW = new DataView(NOTHING.buffer)

/** Told when the last holder of a buffer releases it. */
export interface PacketOwner {
  /** `charge` is what `Packet.setOwner` was given, in bytes. */
  packetReleased(charge: number): void
}

/**
 * A packet: a window `[start, end)` on a counted buffer, the offsets of its headers and what the layers know of it.
 *
 * Whoever holds a `Packet` owns it. To pass it on is to give it away; the last holder calls `release`.
 * Layers move the window, they do not copy to do so. All offsets count from the start of `bytes`; -1 is "not known".
 */
export class Packet {
  /** The whole buffer. Empty once released. */
  bytes: Uint8Array
  /** A view of the whole buffer. */
  view: DataView
  /** First byte of the window. */
  start = 0
  /** One past the last byte of the window. */
  end = 0
  linkHeader = -1
  networkHeader = -1
  transportHeader = -1
  /** Index of the interface that it came in by or goes out by; 0 is none. */
  interfaceIndex = 0
  /** `PACKET_HOST` and the like. */
  packetType: number = PACKET_HOST
  /** The EtherType of the payload, 0 if not known. */
  etherType = 0
  /** The 802.1Q tag control information (16 bits), -1 for untagged. */
  vlan = -1
  mark = 0
  priority = 0
  /** Microseconds since the Unix epoch at which it was received or sent; 0 is not stamped. */
  timestamp = 0
  /** `CHECKSUM_NONE`, `CHECKSUM_PARTIAL` or `CHECKSUM_VERIFIED`. */
  checksum: number = CHECKSUM_NONE
  /** For a partial checksum: offset of the first byte summed. */
  checksumStart = 0
  /** For a partial checksum: where the field is, counted from `checksumStart`. */
  checksumOffset = 0
  /** `SEGMENT_NONE`, `SEGMENT_TCP` or `SEGMENT_UDP`. */
  segmentType: number = SEGMENT_NONE
  /** Payload bytes in each segment but the last. */
  segmentSize = 0
  /** How many segments it holds; 0 for a plain packet. */
  segmentCount = 0
  /** Reassembled: bytes of the largest fragment with its network header; else 0. */
  fragmentSize = 0
  /** Next packet of whatever list its holder keeps it in. */
  next: Packet | null = null
  /** @internal The counted buffer; null once released. */
  buffer: PacketBuffer | null

  /** @internal Use `PacketPool.allocate`. */
  constructor(buffer: PacketBuffer) {
    this.bytes = buffer.bytes
    this.view = buffer.view
    this.buffer = buffer
  }

  /** @internal Takes a fresh buffer, as new but for the window. */
  reset(buffer: PacketBuffer, start: number, end: number): void {
    this.bytes = buffer.bytes
    this.view = buffer.view
    this.start = start
    this.end = end
    this.linkHeader = -1
    this.networkHeader = -1
    this.transportHeader = -1
    this.interfaceIndex = 0
    this.packetType = PACKET_HOST
    this.etherType = 0
    this.vlan = -1
    this.mark = 0
    this.priority = 0
    this.timestamp = 0
    this.checksum = CHECKSUM_NONE
    this.checksumStart = 0
    this.checksumOffset = 0
    this.segmentType = SEGMENT_NONE
    this.segmentSize = 0
    this.segmentCount = 0
    this.fragmentSize = 0
    this.next = null
    this.buffer = buffer
  }

  /** Bytes in the window. */
  get length(): number {
    return this.end - this.start
  }

  /** Bytes before the window. */
  get headroom(): number {
    return this.start
  }

  /** Bytes after the window. */
  get tailroom(): number {
    return this.bytes.length - this.end
  }

  /** What the packet pins in memory, in bytes: its buffer and its own fields. Receive queues account by this. */
  get truesize(): number {
    return this.bytes.length + PACKET_OVERHEAD
  }

  /** Whether another packet shows the same bytes; then they must not be written before `unshare`. */
  get shared(): boolean {
    return this.buffer !== null && this.buffer.references > 1
  }

  /**
   * Moves the start of the window back over `length` bytes, for a header to be written there.
   * @returns the new start
   * @throws RangeError where the headroom is too small: see `PacketPool.reserve`
   */
  prepend(length: number): number {
    const start = this.start - length
    if (start < 0) throw new RangeError(`no headroom: ${length} bytes wanted, ${this.start} there`)
    this.start = start
    return start
  }

  /** Moves the end of the window by `length` bytes and returns where they begin; RangeError past the buffer. */
  append(length: number): number {
    const at = this.end
    if (at + length > this.bytes.length) {
      throw new RangeError(`no tailroom: ${length} bytes wanted, ${this.bytes.length - at} there`)
    }
    this.end = at + length
    return at
  }

  /**
   * A view of `length` bytes from `from` on, for copies of whole runs. The same object as long as the same part of the
   * buffer is asked for: use it at once, do not keep it. RangeError outside of the buffer.
   */
  part(from: number, length: number): Uint8Array {
    const { buffer, bytes } = this
    if (from < 0 || length < 0 || from + length > bytes.length) {
      throw new RangeError(`${length} bytes from ${from} on are not within the buffer of ${bytes.length} bytes`)
    }
    const known = buffer === null ? null : buffer.part
    if (known !== null && known.byteOffset === bytes.byteOffset + from && known.length === length) return known
    const part = bytes.subarray(from, from + length)
    if (buffer !== null) buffer.part = part
    return part
  }

  /** A copy of the window: for tests and people, not for the packet path. */
  toBytes(): Uint8Array {
    return this.bytes.slice(this.start, this.end)
  }

  /**
   * Charges the buffer to an owner, who is told when the last holder lets go. One owner at a time:
   * a former owner is told at once.
   */
  setOwner(owner: PacketOwner | null, charge: number): void {
    const buffer = this.buffer
    if (buffer === null) return
    const former = buffer.owner
    if (former !== null) {
      buffer.owner = null
      former.packetReleased(buffer.charge)
    }
    buffer.owner = owner
    buffer.charge = charge
  }

  /** Who is told on the last release, or null. */
  get owner(): PacketOwner | null {
    return this.buffer === null ? null : this.buffer.owner
  }

  /** Ends the owner's charge: the packet has left the host that sent it. */
  orphan(): void {
    const buffer = this.buffer
    if (buffer === null || buffer.owner === null) return
    const owner = buffer.owner
    buffer.owner = null
    owner.packetReleased(buffer.charge)
  }

  /** Another packet with the same window and fields on the same bytes. Both must be released; neither may write. */
  share(): Packet {
    const buffer = this.buffer
    if (buffer === null) throw new Error('a released packet was shared')
    const twin = buffer.pool.shell(buffer, this.start, this.end)
    buffer.references++
    twin.copyFieldsFrom(this)
    return twin
  }

  /**
   * Makes the bytes this packet's alone, by a copy where they are shared. Offsets stay valid. An owner's charge stays
   * with the shared bytes.
   */
  unshare(): void {
    const buffer = this.buffer
    if (buffer === null) throw new Error('a released packet was unshared')
    if (buffer.references === 1) return
    const own = buffer.pool.takeBuffer(buffer.bytes.length)
    const from = this.lowestOffset()
    own.bytes.set(buffer.bytes.subarray(from, this.end), from)
    buffer.references--
    this.buffer = own
    this.bytes = own.bytes
    this.view = own.view
  }

  /**
   * Makes sure that `append(length)` will do and that the bytes may be written: where they are shared or the tailroom is
   * too small, copies to a larger buffer. Offsets stay valid. An owner's charge stays with the former bytes.
   */
  makeTailroom(length: number): void {
    const buffer = this.buffer
    if (buffer === null) throw new Error('a released packet was written to')
    if (buffer.references === 1 && this.end + length <= this.bytes.length) return
    const own = buffer.pool.takeBuffer(this.end + length)
    const from = this.lowestOffset()
    own.bytes.set(buffer.bytes.subarray(from, this.end), from)
    this.buffer = own
    this.bytes = own.bytes
    this.view = own.view
    buffer.pool.dropBuffer(buffer)
  }

  /** Gives the packet up. Doing it twice throws where `setPacketChecks(true)` was called, and is counted elsewhere. */
  release(): void {
    const buffer = this.buffer
    if (buffer === null) {
      releasedTwice()
      return
    }
    this.buffer = null
    buffer.pool.giveBack(this, buffer)
  }

  /** @internal Lets go of the bytes: a free object must not pin a buffer, and a use after the release shows. */
  forget(): void {
    this.bytes = NOTHING
    this.view = NO_VIEW
  }

  /** Takes over every field but the window and the buffer. */
  copyFieldsFrom(other: Packet): void {
    this.linkHeader = other.linkHeader
    this.networkHeader = other.networkHeader
    this.transportHeader = other.transportHeader
    this.interfaceIndex = other.interfaceIndex
    this.packetType = other.packetType
    this.etherType = other.etherType
    this.vlan = other.vlan
    this.mark = other.mark
    this.priority = other.priority
    this.timestamp = other.timestamp
    this.checksum = other.checksum
    this.checksumStart = other.checksumStart
    this.checksumOffset = other.checksumOffset
    this.segmentType = other.segmentType
    this.segmentSize = other.segmentSize
    this.segmentCount = other.segmentCount
    this.fragmentSize = other.fragmentSize
  }

  private lowestOffset(): number {
    let lowest = this.start
    if (this.linkHeader >= 0 && this.linkHeader < lowest) lowest = this.linkHeader
    if (this.networkHeader >= 0 && this.networkHeader < lowest) lowest = this.networkHeader
    if (this.transportHeader >= 0 && this.transportHeader < lowest) lowest = this.transportHeader
    return lowest
  }
}

/** What a packet's own fields are taken to cost, in bytes, as Linux adds `sizeof(struct sk_buff)`. */
export const PACKET_OVERHEAD = 256
