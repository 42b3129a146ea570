import type { MacAddress } from '@jackfield/addr'
import { BlockWriter, optionSize, type PcapSink, textOption } from './format/block-writer.js'
import * as ng from './format/pcapng.js'

/** How a file is written. */
export interface PcapngWriterOptions {
  /** The program that writes it. Default `'jackfield'`. */
  application?: string
  /** The hardware and the operating system that it runs on. Left out by default, so that a file is the same everywhere. */
  hardware?: string
  os?: string
  comment?: string
  /** Bytes collected before the sink gets them: 4096 to 16 MiB. Default 65,536. */
  chunkSize?: number
  /** Gives the sink each block at once, for those who read along (tcpdump's `-U`). Default false. */
  unbuffered?: boolean
}

/** What an interface counted in all, for its statistics block. */
export interface CaptureStatistics {
  /** Packets that the interface received and sent. */
  received: number
  /** Packets that it dropped. */
  dropped: number
  /** When this was counted: microseconds since the Unix epoch. Default: when its last packet was written. */
  timestamp?: number
}

/** An interface to be described. */
export interface CaptureInterfaceOptions {
  name?: string
  description?: string
  comment?: string
  /** `LINKTYPE_ETHERNET` and the like, 0 to 65,535. */
  linkType: number
  /** Bytes kept of each packet: 1 to 262,144. Default 262,144. */
  snapLength?: number
  hardwareAddress?: MacAddress
  /** Asked once, when the interface or the file ends. */
  statistics?: () => CaptureStatistics
}

/** What may be said of a packet. */
export interface PacketDetails {
  /** `DIRECTION_INBOUND`, `DIRECTION_OUTBOUND` or `DIRECTION_UNKNOWN`, the default. */
  direction?: number
  /** Its length on the wire in bytes, where the bytes given are fewer. */
  originalLength?: number
  comment?: string
  /** Packets lost since the one before. */
  dropCount?: number
  /** A 16-bit word (an offset from the packet's first byte, and its value) to be written differently. */
  patchOffset?: number
  patchValue?: number
}

interface InterfaceState {
  readonly snapLength: number
  readonly statistics: (() => CaptureStatistics) | undefined
  packets: number
  first: number
  last: number
  ended: boolean
}

const MAX_INTERFACES = 65_536
const NO_DETAILS: PacketDetails = {}

/**
 * Writes one section of pcapng, little-endian, with times in nanoseconds. It reads no clock. Memory is
 * bounded by the chunk size and one packet. Files made by several writers may be joined: each is a section.
 *
 * Where the sink throws, the writer ends, later packets are counted in `dropped`, and `close` throws what the sink threw.
 */
export class PcapngWriter {
  private readonly out: BlockWriter
  private readonly unbuffered: boolean
  private readonly interfaces: InterfaceState[] = []
  private isClosed = false
  private lost = 0

  constructor(sink: PcapSink, options: PcapngWriterOptions = {}) {
    const chunkSize = options.chunkSize ?? 65_536
    inRange('chunk size', chunkSize, 4096, 16_777_216)
    this.out = new BlockWriter(sink, chunkSize)
    this.unbuffered = options.unbuffered ?? false
    const comment = text('comment', options.comment)
    const hardware = text('hardware', options.hardware)
    const os = text('os', options.os)
    const application = text('application', options.application ?? 'jackfield')
    const extra = optionSize(comment) + optionSize(hardware) + optionSize(os) + optionSize(application)
    const out = this.out
    out.begin(ng.BLOCK_SECTION, 32 + extra)
    out.u32(ng.BYTE_ORDER_MAGIC)
    out.u16(1)
    out.u16(0)
    // The section's length is not known before its end.
    out.u32(0xffff_ffff)
    out.u32(0xffff_ffff)
    if (comment !== null) out.option(ng.OPT_COMMENT, comment)
    if (hardware !== null) out.option(ng.SHB_HARDWARE, hardware)
    if (os !== null) out.option(ng.SHB_OS, os)
    if (application !== null) out.option(ng.SHB_USERAPPL, application)
    out.endOptions()
    this.endBlock()
  }

  /** Whether it takes no more: it was closed, or its sink failed. */
  get closed(): boolean {
    return this.isClosed || this.out.failed
  }

  /** Packets offered after the end. */
  get dropped(): number {
    return this.lost
  }

  /** Describes an interface and returns its number, for `writePacket`. -1 where the writer is closed. */
  addInterface(options: CaptureInterfaceOptions): number {
    if (this.closed) return -1
    const snapLength = options.snapLength ?? ng.MAX_SNAP_LENGTH
    inRange('snap length', snapLength, 1, ng.MAX_SNAP_LENGTH)
    inRange('link type', options.linkType, 0, 0xffff)
    if (this.interfaces.length >= MAX_INTERFACES) throw new RangeError(`one file holds ${MAX_INTERFACES} interfaces`)
    const name = text('interface name', options.name)
    const description = text('description', options.description)
    const comment = text('comment', options.comment)
    const out = this.out
    out.begin(ng.BLOCK_INTERFACE, 48 + optionSize(name) + optionSize(description) + optionSize(comment))
    out.u16(options.linkType)
    out.u16(0)
    // 0 stands for no limit.
    out.u32(snapLength === ng.MAX_SNAP_LENGTH ? 0 : snapLength)
    if (comment !== null) out.option(ng.OPT_COMMENT, comment)
    if (name !== null) out.option(ng.IF_NAME, name)
    if (description !== null) out.option(ng.IF_DESCRIPTION, description)
    if (options.hardwareAddress !== undefined) out.option(ng.IF_MACADDR, options.hardwareAddress.toBytes())
    out.option(ng.IF_TSRESOL, Uint8Array.of(9))
    out.endOptions()
    this.endBlock()
    this.interfaces.push({ snapLength, statistics: options.statistics, packets: 0, first: 0, last: 0, ended: false })
    return this.interfaces.length - 1
  }

  /**
   * Writes a packet, the first bytes of it where it is longer than the snap length.
   * @param timestamp microseconds since the Unix epoch, fraction welcome
   * @returns false where the writer or the interface has ended: the packet was counted in `dropped`
   */
  writePacket(
    interfaceId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    timestamp: number,
    details: PacketDetails = NO_DETAILS,
  ): boolean {
    if (this.closed) {
      this.lost++
      return false
    }
    const state = this.interfaces[interfaceId]
    if (state === undefined) throw new RangeError(`no interface ${interfaceId}: addInterface gives the numbers`)
    if (state.ended) {
      this.lost++
      return false
    }
    inRange('end of the packet', end, 0, bytes.length)
    inRange('start of the packet', start, 0, end)
    const original = details.originalLength ?? end - start
    inRange('original length', original, end - start, 0xffff_ffff)
    const length = Math.min(end - start, state.snapLength)
    const comment = text('comment', details.comment)
    const dropCount = details.dropCount ?? 0
    inRange('drop count', dropCount, 0, Number.MAX_SAFE_INTEGER)
    const direction = details.direction ?? 0
    inRange('direction', direction, 0, 2)
    const out = this.out
    out.begin(ng.BLOCK_ENHANCED_PACKET, 64 + length + optionSize(comment))
    out.u32(interfaceId)
    out.time(timestamp)
    out.u32(length)
    out.u32(original)
    const at = out.data(bytes, start, start + length)
    const patch = details.patchOffset ?? -1
    if (patch >= 0 && patch + 2 <= length) out.patch16(at + patch, details.patchValue ?? 0)
    if (comment !== null) out.option(ng.OPT_COMMENT, comment)
    if (direction !== 0) out.option32(ng.EPB_FLAGS, direction)
    if (dropCount > 0) out.option64(ng.EPB_DROPCOUNT, dropCount)
    if (comment !== null || direction !== 0 || dropCount > 0) out.endOptions()
    this.endBlock()
    if (state.packets === 0) state.first = timestamp
    state.packets++
    state.last = timestamp
    return true
  }

  /** Writes the statistics of an interface, which takes no more packets. Doing it twice, or after the end, has no effect. */
  endInterface(interfaceId: number): void {
    const state = this.interfaces[interfaceId]
    if (this.closed || state === undefined || state.ended) return
    state.ended = true
    const counted = state.statistics?.()
    const time = counted?.timestamp ?? state.last
    const out = this.out
    out.begin(ng.BLOCK_STATISTICS, 96)
    out.u32(interfaceId)
    out.time(time)
    if (state.packets > 0) {
      out.optionTime(ng.ISB_STARTTIME, state.first)
      out.optionTime(ng.ISB_ENDTIME, time)
    }
    if (counted !== undefined) {
      out.option64(ng.ISB_IFRECV, counted.received)
      out.option64(ng.ISB_IFDROP, counted.dropped)
    }
    out.option64(ng.ISB_FILTERACCEPT, state.packets)
    out.endOptions()
    this.endBlock()
  }

  /** Gives the sink what was collected so far. */
  flush(): void {
    this.out.flush()
  }

  /** Writes the statistics of every interface and gives the sink the rest. Throws what the sink threw, once. */
  close(): void {
    if (this.isClosed) return
    for (let i = 0; i < this.interfaces.length; i++) this.endInterface(i)
    this.out.flush()
    this.isClosed = true
    if (this.out.failed) throw this.out.fault
  }

  private endBlock(): void {
    this.out.end()
    if (this.unbuffered) this.out.flush()
  }
}

function text(what: string, value: string | undefined): Uint8Array | null {
  return value === undefined ? null : textOption(what, value)
}

function inRange(what: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new RangeError(`the ${what} is an integer from ${low} to ${high}, not ${value}`)
  }
}
