import { packetChecks } from './checks.js'
import { Packet } from './packet.js'
import { PacketBuffer } from './packet-buffer.js'

/** How a pool allocates. */
export interface PacketPoolOptions {
  /** Bytes kept free before a new packet's window, for the headers of lower layers. Default 128. */
  headroom?: number
  /** Bytes of unused buffers kept for reuse, over all sizes. Default 16 MiB. */
  maxFreeBytes?: number
}

/**
 * Buffer sizes, in bytes: a small control packet, an Ethernet frame, a jumbo frame, the largest IP packet with room; and those
 * between by which Linux allocates, as what a packet pins decides how much window TCP offers for it.
 */
const SIZES = [512, 1024, 2048, 4096, 8192, 10_240, 16_384, 32_768, 67_584] as const

/** Unused packet objects kept for reuse. */
const MAX_FREE_SHELLS = 8192

/**
 * Where packets come from and go back to. Buffers are reused and not cleared:
 * whoever allocates a packet writes every byte of its window.
 */
export class PacketPool {
  readonly headroom: number
  private readonly maxFreeBytes: number
  private freeBytes = 0
  private readonly free: PacketBuffer[][] = SIZES.map(() => [])
  private readonly shells: Packet[] = []
  private taken = 0
  private given = 0

  constructor(options: PacketPoolOptions = {}) {
    this.headroom = options.headroom ?? 128
    this.maxFreeBytes = options.maxFreeBytes ?? 16 * 1024 * 1024
    if (!Number.isInteger(this.headroom) || this.headroom < 0 || this.headroom > 4096) {
      throw new RangeError(`headroom must be an integer from 0 to 4096, not ${this.headroom}`)
    }
    if (!(this.maxFreeBytes >= 0)) throw new RangeError('maxFreeBytes must be 0 or more')
  }

  /** Packets handed out and not released yet (shares count one each). */
  get outstanding(): number {
    return this.taken - this.given
  }

  /**
   * A packet whose window is `length` bytes (contents undefined) behind `headroom` free bytes.
   * @param tailroom bytes that `append` must still be able to take
   * @throws RangeError for a negative length or room
   */
  allocate(length: number, headroom: number = this.headroom, tailroom = 0): Packet {
    if (!(length >= 0 && headroom >= 0 && tailroom >= 0)) {
      throw new RangeError(`a packet's length and rooms are 0 or more, not ${length}, ${headroom}, ${tailroom}`)
    }
    const buffer = this.takeBuffer(headroom + length + tailroom)
    return this.shell(buffer, headroom, headroom + length)
  }

  /** A packet that holds a copy of `source[from..to)`. */
  copyOf(source: Uint8Array, from = 0, to: number = source.length): Packet {
    const packet = this.allocate(to - from)
    packet.bytes.set(from === 0 && to === source.length ? source : source.subarray(from, to), packet.start)
    return packet
  }

  /**
   * A packet of its own with the same fields, window and headers, in a buffer of this pool no larger than needed
   * and with this pool's headroom. The original stays the caller's. The offsets of the copy are its own.
   */
  clone(packet: Packet, headroom: number = this.headroom): Packet {
    let from = packet.start
    if (packet.linkHeader >= 0 && packet.linkHeader < from) from = packet.linkHeader
    if (packet.networkHeader >= 0 && packet.networkHeader < from) from = packet.networkHeader
    if (packet.transportHeader >= 0 && packet.transportHeader < from) from = packet.transportHeader
    const copy = this.allocate(packet.end - from, headroom)
    const shift = copy.start - from
    const bytes = packet.bytes
    const target = copy.bytes
    if (packet.end - from <= 64) for (let i = from; i < packet.end; i++) target[i + shift] = bytes[i] as number
    else target.set(bytes.subarray(from, packet.end), copy.start)
    copy.copyFieldsFrom(packet)
    copy.start = packet.start + shift
    if (copy.linkHeader >= 0) copy.linkHeader += shift
    if (copy.networkHeader >= 0) copy.networkHeader += shift
    if (copy.transportHeader >= 0) copy.transportHeader += shift
    copy.checksumStart += shift
    return copy
  }

  /**
   * Makes sure of `length` bytes of headroom that may be written: gives the packet back as it is where it has them and
   * shares its bytes with nobody, else a copy with room (the original is then released). The owner's charge goes over
   * to the copy, unless others still hold the original bytes.
   */
  reserve(packet: Packet, length: number): Packet {
    if (packet.start >= length && !packet.shared) return packet
    const copy = this.clone(packet, this.headroom + length)
    const from = packet.buffer
    const to = copy.buffer
    if (from !== null && to !== null && from.references === 1) {
      to.owner = from.owner
      to.charge = from.charge
      from.owner = null
    }
    packet.release()
    return copy
  }

  /** @internal A buffer of at least `length` bytes. */
  takeBuffer(length: number): PacketBuffer {
    for (let i = 0; i < SIZES.length; i++) {
      const size = SIZES[i] as number
      if (length <= size) {
        const buffer = (this.free[i] as PacketBuffer[]).pop()
        if (buffer === undefined) return new PacketBuffer(this, size)
        this.freeBytes -= size
        buffer.references = 1
        return buffer
      }
    }
    return new PacketBuffer(this, length)
  }

  /** @internal A packet object for a buffer. */
  shell(buffer: PacketBuffer, start: number, end: number): Packet {
    this.taken++
    const packet = this.shells.pop() ?? new Packet(buffer)
    packet.reset(buffer, start, end)
    return packet
  }

  /** @internal One holder less. */
  giveBack(packet: Packet, buffer: PacketBuffer): void {
    this.given++
    packet.next = null
    packet.forget()
    // Under checks an object is never used again, so that a second release or a late use shows.
    if (!packetChecks() && this.shells.length < MAX_FREE_SHELLS) this.shells.push(packet)
    this.dropBuffer(buffer)
  }

  /** @internal A packet does not show this buffer any more. */
  dropBuffer(buffer: PacketBuffer): void {
    if (--buffer.references > 0) return
    const owner = buffer.owner
    if (owner !== null) {
      buffer.owner = null
      owner.packetReleased(buffer.charge)
    }
    const length = buffer.bytes.length
    if (this.freeBytes + length > this.maxFreeBytes) return
    for (let i = 0; i < SIZES.length; i++) {
      if (length === SIZES[i]) {
        this.freeBytes += length
        ;(this.free[i] as PacketBuffer[]).push(buffer)
        return
      }
    }
  }
}
