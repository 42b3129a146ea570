import { MacAddress } from '@jackfield/addr'
import { PcapError } from '../pcap-error.js'
import { BlockOptions } from './block-options.js'
import * as ng from './pcapng.js'
import type { CapturedPacket, CaptureInterface, CaptureRecord } from './record.js'
import { NO_TIME, timeOfTicks } from './time.js'

interface InterfaceState {
  readonly record: CaptureInterface
  readonly resolution: number
  readonly timeOffset: number
}

/** Microseconds: the resolution of an interface that tells none. */
const DEFAULT_RESOLUTION = 6

/** Reads the blocks of a pcapng file, one record after the other. */
export class PcapngReader {
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private littleEndian = true
  private section = -1
  private interfaces: InterfaceState[] = []

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  *records(): Generator<CaptureRecord, void, undefined> {
    const view = this.view
    const size = this.bytes.length
    let at = 0
    while (at < size) {
      if (size - at < 12) throw new PcapError('the file ends inside a block header', at)
      const isSection = view.getUint32(at) === ng.BLOCK_SECTION
      if (isSection) this.readByteOrder(at)
      const length = view.getUint32(at + 4, this.littleEndian)
      if (length < 12 || length % 4 !== 0) {
        throw new PcapError(`a block's length is a multiple of 4 from 12, not ${length}`, at + 4)
      }
      if (length > size - at) throw new PcapError(`the file ends inside a block of ${length} bytes`, at)
      const trailer = view.getUint32(at + length - 4, this.littleEndian)
      if (trailer !== length) {
        throw new PcapError(`a block of ${length} bytes ends with the length ${trailer}`, at + length - 4)
      }
      const record = this.readBlock(
        isSection ? ng.BLOCK_SECTION : view.getUint32(at, this.littleEndian),
        at,
        length - 4,
      )
      if (record !== null) yield record
      at += length
    }
  }

  private readByteOrder(at: number): void {
    if (this.view.getUint32(at + 8, true) === ng.BYTE_ORDER_MAGIC) this.littleEndian = true
    else if (this.view.getUint32(at + 8) === ng.BYTE_ORDER_MAGIC) this.littleEndian = false
    else throw new PcapError('a section header without the byte-order magic', at + 8)
  }

  /** The record in the block at `at`, whose options end at `at + length`; null for one that is not known. */
  private readBlock(type: number, at: number, length: number): CaptureRecord | null {
    const end = at + length
    switch (type) {
      case ng.BLOCK_SECTION:
        return this.readSection(at, end)
      case ng.BLOCK_INTERFACE:
        return this.readInterface(at, end)
      case ng.BLOCK_ENHANCED_PACKET:
        return this.readEnhanced(at, end)
      case ng.BLOCK_SIMPLE_PACKET:
        return this.readSimple(at, end)
      case ng.BLOCK_PACKET:
        return this.readObsolete(at, end)
      case ng.BLOCK_STATISTICS:
        return this.readStatistics(at, end)
      default:
        return null
    }
  }

  private readSection(at: number, end: number): CaptureRecord {
    const options = this.body('section header', at, end, 24)
    const version = this.u16(at + 12)
    // Minor versions may add, and 2 is the same as 0.
    if (version !== 1) throw new PcapError(`pcapng version ${version} is not known: this reads version 1`, at + 12)
    this.section++
    this.interfaces = []
    return {
      kind: 'section',
      offset: at,
      index: this.section,
      littleEndian: this.littleEndian,
      ...optional('hardware', options.texts(ng.SHB_HARDWARE)[0]),
      ...optional('os', options.texts(ng.SHB_OS)[0]),
      ...optional('application', options.texts(ng.SHB_USERAPPL)[0]),
      comments: options.comments,
    }
  }

  private readInterface(at: number, end: number): CaptureRecord {
    const options = this.body('interface', at, end, 16)
    const mac = options.find(ng.IF_MACADDR, 6)
    const resolution = options.find(ng.IF_TSRESOL, 1)
    const offset = options.find(ng.IF_TSOFFSET, 8)
    const record: CaptureInterface = {
      section: this.section,
      index: this.interfaces.length,
      linkType: this.u16(at + 8),
      snapLength: this.u32(at + 12),
      ...optional('name', options.texts(ng.IF_NAME)[0]),
      ...optional('description', options.texts(ng.IF_DESCRIPTION)[0]),
      ...optional('hardwareAddress', mac < 0 ? undefined : MacAddress.fromBytes(this.bytes, mac)),
      comments: options.comments,
    }
    this.interfaces.push({
      record,
      resolution: resolution < 0 ? DEFAULT_RESOLUTION : (this.bytes[resolution] as number),
      timeOffset: offset < 0 ? 0 : Number(this.view.getBigInt64(offset, this.littleEndian)),
    })
    return { kind: 'interface', offset: at, interface: record }
  }

  private readEnhanced(at: number, end: number): CaptureRecord {
    if (end - at < 28) throw new PcapError('a packet block is cut short', at)
    const captured = this.u32(at + 20)
    const dataEnd = this.dataEnd(at + 28, captured, end)
    const options = new BlockOptions(this.bytes, this.view, this.littleEndian, dataEnd, end)
    const flags = options.find(ng.EPB_FLAGS, 4)
    const direction = flags < 0 ? 0 : this.u32(flags) & 3
    const drops = options.uint64(ng.EPB_DROPCOUNT) ?? 0
    return this.packet(at, this.u32(at + 8), at + 12, at + 28, captured, this.u32(at + 24), direction, drops, options)
  }

  private readObsolete(at: number, end: number): CaptureRecord {
    if (end - at < 28) throw new PcapError('a packet block is cut short', at)
    const captured = this.u32(at + 20)
    const dataEnd = this.dataEnd(at + 28, captured, end)
    const options = new BlockOptions(this.bytes, this.view, this.littleEndian, dataEnd, end)
    const flags = options.find(ng.EPB_FLAGS, 4)
    const direction = flags < 0 ? 0 : this.u32(flags) & 3
    // 0xffff stands for "not known".
    const drops = this.u16(at + 10) === 0xffff ? 0 : this.u16(at + 10)
    return this.packet(at, this.u16(at + 8), at + 12, at + 28, captured, this.u32(at + 24), direction, drops, options)
  }

  private readSimple(at: number, end: number): CaptureRecord {
    if (end - at < 12) throw new PcapError('a packet block is cut short', at)
    const original = this.u32(at + 8)
    const snapLength = this.interface(0, at).record.snapLength
    const captured = snapLength > 0 && snapLength < original ? snapLength : original
    this.dataEnd(at + 12, captured, end)
    return this.packet(at, 0, -1, at + 12, captured, original, 0, 0, null)
  }

  private readStatistics(at: number, end: number): CaptureRecord {
    const options = this.body('statistics', at, end, 20)
    const from = this.interface(this.u32(at + 8), at + 8)
    return {
      kind: 'statistics',
      offset: at,
      interface: from.record,
      timestamp: timeOfTicks(this.u32(at + 12), this.u32(at + 16), from.resolution, from.timeOffset).timestamp,
      ...optional('received', options.uint64(ng.ISB_IFRECV)),
      ...optional('dropped', options.uint64(ng.ISB_IFDROP)),
      ...optional('accepted', options.uint64(ng.ISB_FILTERACCEPT)),
      comments: options.comments,
    }
  }

  private packet(
    at: number,
    interfaceId: number,
    timeAt: number,
    dataAt: number,
    captured: number,
    originalLength: number,
    direction: number,
    dropCount: number,
    options: BlockOptions | null,
  ): CapturedPacket {
    const from = this.interface(interfaceId, at + 8)
    const time =
      timeAt < 0 ? NO_TIME : timeOfTicks(this.u32(timeAt), this.u32(timeAt + 4), from.resolution, from.timeOffset)
    return {
      kind: 'packet',
      offset: at,
      interface: from.record,
      timestamp: time.timestamp,
      seconds: time.seconds,
      nanoseconds: time.nanoseconds,
      bytes: this.bytes.subarray(dataAt, dataAt + captured),
      originalLength,
      direction: direction === 3 ? ng.DIRECTION_UNKNOWN : direction,
      dropCount,
      comments: options === null ? [] : options.comments,
    }
  }

  /** The options of a block whose fixed part takes `fixed` bytes with its header. */
  private body(what: string, at: number, end: number, fixed: number): BlockOptions {
    if (end - at < fixed) throw new PcapError(`a ${what} block is cut short`, at)
    return new BlockOptions(this.bytes, this.view, this.littleEndian, at + fixed, end)
  }

  /** Where options begin behind packet bytes, which must fit. */
  private dataEnd(at: number, captured: number, end: number): number {
    const padded = captured + ((4 - (captured % 4)) % 4)
    if (padded > end - at) throw new PcapError(`a packet of ${captured} bytes does not fit its block`, at)
    return at + padded
  }

  private interface(index: number, at: number): InterfaceState {
    const found = this.interfaces[index]
    if (found === undefined) throw new PcapError(`interface ${index} was not described`, at)
    return found
  }

  private u16(at: number): number {
    return this.view.getUint16(at, this.littleEndian)
  }

  private u32(at: number): number {
    return this.view.getUint32(at, this.littleEndian)
  }
}

/** An object with the member, or none where the value is undefined. */
function optional<K extends string, V>(name: K, value: V | undefined): { [P in K]?: V } {
  const object: { [P in K]?: V } = {}
  if (value !== undefined) object[name] = value
  return object
}
