import type { NetworkLayer, OffloadProtocol, SegmentEmitter } from '@jackfield/interfaces'
import {
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  CHECKSUM_VERIFIED,
  foldSum,
  type Packet,
  SEGMENT_NONE,
  SEGMENT_UDP,
  sumWord,
} from '@jackfield/packet'
import { copyFromPacket, copyToPacket, pseudoHeaderSum, SendAccount, verifyChecksum } from '@jackfield/transport'
import type { UdpProtocol } from './udp-protocol.js'
import { UDP_HEADER_LENGTH } from './wire/udp.js'

/** Datagrams that one merged packet holds at most, as Linux's `UDP_GRO_CNT_MAX`. */
const MAX_MERGED = 64
/** The most that a UDP length field can say. */
const MAX_LENGTH = 65_535

/** How a large UDP packet is cut (`UDP_SEGMENT`) and small ones merged (`UDP_GRO`). */
export class UdpOffload implements OffloadProtocol {
  readonly segmentType: number = SEGMENT_UDP
  private readonly udp: UdpProtocol

  constructor(udp: UdpProtocol) {
    this.udp = udp
  }

  get mergeWanted(): boolean {
    return this.udp.groSockets > 0
  }

  segment(packet: Packet, size: number, emit: SegmentEmitter): void {
    const { start, end, bytes, transportHeader, owner } = packet
    const headers = transportHeader + UDP_HEADER_LENGTH - start
    if (transportHeader < start || start + headers > end) {
      packet.release()
      return
    }
    const partial = packet.checksum === CHECKSUM_PARTIAL
    // A device's merged packet was checked as a whole; its segments carry no checksum of their own to look at.
    const pseudo = partial ? packet.view.getUint16(transportHeader + 6) : 0
    const whole = end - transportHeader
    // What a device says is not believed: without a size it stays whole.
    const step = size > 0 ? size : whole
    let index = 0
    let from = start + headers
    do {
      const length = Math.min(step, end - from)
      const segment = this.udp.host.packets.allocate(headers + length)
      const at = segment.start
      copyToPacket(bytes, start, headers, segment, at)
      copyToPacket(bytes, from, length, segment, at + headers)
      segment.copyFieldsFrom(packet)
      const shift = at - start
      segment.networkHeader = at
      segment.linkHeader = -1
      segment.transportHeader = transportHeader + shift
      segment.segmentType = SEGMENT_NONE
      segment.segmentSize = 0
      segment.segmentCount = 0
      const udpLength = UDP_HEADER_LENGTH + length
      segment.view.setUint16(segment.transportHeader + 4, udpLength)
      if (partial) {
        segment.checksumStart = segment.transportHeader
        segment.checksumOffset = 6
        segment.view.setUint16(segment.transportHeader + 6, exchange(pseudo, whole, udpLength))
      } else segment.checksum = CHECKSUM_VERIFIED
      if (owner instanceof SendAccount) owner.charge(segment)
      emit.emit(segment, index++)
      from += length
    } while (from < end)
    packet.release()
  }

  sameFlow(head: Packet, packet: Packet): boolean {
    // What ends inside its ports is of no flow; it may lie at the very end of its buffer.
    if (!hasPorts(head) || !hasPorts(packet)) return false
    return head.view.getUint32(head.transportHeader) === packet.view.getUint32(packet.transportHeader)
  }

  merge(head: Packet, packet: Packet): boolean {
    const added = payloadLength(packet)
    const held = payloadLength(head)
    if (added <= 0 || held <= 0 || packet.segmentType !== SEGMENT_NONE) return false
    const merged = head.segmentType === SEGMENT_UDP
    const size = merged ? head.segmentSize : held
    const count = merged ? head.segmentCount : 1
    // Nothing comes after a segment that was shorter than the others.
    if (added > size || held !== size * count || count >= MAX_MERGED) return false
    if (held + added + UDP_HEADER_LENGTH + (head.transportHeader - head.start) > MAX_LENGTH) return false
    if (!this.checked(packet) || (!merged && !this.prepare(head))) return false
    copyInto(head, packet, added)
    const view = head.view
    const at = head.transportHeader
    const length = UDP_HEADER_LENGTH + held
    view.setUint16(at + 6, exchange(view.getUint16(at + 6), length, length + added))
    view.setUint16(at + 4, length + added)
    head.segmentSize = size
    head.segmentCount = count + 1
    packet.release()
    return true
  }

  /** Whether the datagram has a checksum and it is good. Without one it must not be merged: Linux does not either. */
  private checked(packet: Packet): boolean {
    const { view, transportHeader, start } = packet
    if (view.getUint16(transportHeader + 6) === 0) return false
    if (packet.checksum !== CHECKSUM_NONE) return true
    const network = this.networkOf(packet)
    if (network === undefined) return false
    const { header, protocol } = this.udp
    network.readHeader(packet, header)
    packet.start = transportHeader
    const good = verifyChecksum(packet, header, protocol)
    packet.start = start
    return good
  }

  /** Makes the first datagram the head of a merged packet, with a partial checksum over the whole. */
  private prepare(head: Packet): boolean {
    if (!this.checked(head)) return false
    const network = this.networkOf(head)
    if (network === undefined) return false
    const { header, protocol } = this.udp
    network.readHeader(head, header)
    head.makeTailroom(0)
    const at = head.transportHeader
    const sum = pseudoHeaderSum(header.source, header.destination, protocol, head.end - at)
    head.view.setUint16(at + 6, foldSum(sum))
    head.checksum = CHECKSUM_PARTIAL
    head.checksumStart = at
    head.checksumOffset = 6
    head.segmentType = SEGMENT_UDP
    head.segmentSize = head.end - at - UDP_HEADER_LENGTH
    head.segmentCount = 1
    return true
  }

  private networkOf(packet: Packet): NetworkLayer | undefined {
    return this.udp.host.networks.find((network) => network.etherType === packet.etherType)
  }
}

function hasPorts(packet: Packet): boolean {
  return packet.end - packet.transportHeader >= 4
}

/** Bytes of payload, -1 where the lengths do not agree. */
function payloadLength(packet: Packet): number {
  const { transportHeader, end, view } = packet
  const length = end - transportHeader
  if (length < UDP_HEADER_LENGTH || view.getUint16(transportHeader + 4) !== length) return -1
  return length - UDP_HEADER_LENGTH
}

function copyInto(head: Packet, packet: Packet, length: number): void {
  head.makeTailroom(length)
  const at = head.append(length)
  copyFromPacket(packet, packet.transportHeader + UDP_HEADER_LENGTH, length, head.bytes, at)
}

/** A folded sum (not complemented) in which one word was exchanged for another. */
function exchange(sum: number, from: number, to: number): number {
  return foldSum(sumWord(sum) + sumWord(~from & 0xffff) + sumWord(to))
}
