import type { SegmentEmitter } from '@jackfield/interfaces'
import { CHECKSUM_PARTIAL, type Packet, type PacketPool, SEGMENT_NONE } from '@jackfield/packet'
import { SendAccount } from '@jackfield/transport'
import {
  FLAG_CWR,
  FLAG_FIN,
  FLAG_PSH,
  readTcpSequence,
  TCP_CHECKSUM,
  TCP_OFFSET_AND_FLAGS,
  TCP_SEQUENCE,
} from '../wire/segment.js'
import { copyBetween } from './copy-between.js'
import { exchangeWord } from './partial-sum.js'

/**
 * Cuts a packet into segments of `size` payload bytes, of which the last may be shorter. Takes the packet.
 * @param at where its TCP header of `headerLength` bytes begins
 * @param sum the pseudo-header's folded sum for the whole length
 */
export function cutSegments(
  pool: PacketPool,
  packet: Packet,
  at: number,
  headerLength: number,
  size: number,
  sum: number,
  emit: SegmentEmitter,
): void {
  const { start, end, owner, view } = packet
  const payload = at + headerLength
  const headers = payload - start
  const whole = end - at
  const sequence = readTcpSequence(view, at)
  const word = view.getUint16(at + TCP_OFFSET_AND_FLAGS)
  const full = exchangeWord(sum, whole, headerLength + size)
  let from = payload
  let index = 0
  do {
    const length = Math.min(size, end - from)
    const segment = pool.allocate(headers + length)
    const to = segment.start
    const target = segment.view
    copyBetween(packet, start, headers, segment, to)
    copyBetween(packet, from, length, segment, to + headers)
    segment.copyFieldsFrom(packet)
    const header = to + at - start
    segment.networkHeader = to
    segment.linkHeader = -1
    segment.transportHeader = header
    segment.segmentType = SEGMENT_NONE
    segment.segmentSize = 0
    segment.segmentCount = 0
    segment.checksum = CHECKSUM_PARTIAL
    segment.checksumStart = header
    segment.checksumOffset = TCP_CHECKSUM
    target.setInt32(header + TCP_SEQUENCE, sequence + (from - payload))
    let flags = word
    if (from + length < end) flags &= ~(FLAG_FIN | FLAG_PSH)
    if (index > 0) flags &= ~FLAG_CWR
    target.setUint16(header + TCP_OFFSET_AND_FLAGS, flags)
    target.setUint16(header + TCP_CHECKSUM, length === size ? full : exchangeWord(sum, whole, headerLength + length))
    if (owner instanceof SendAccount) owner.charge(segment)
    from += length
    emit.emit(segment, index++)
  } while (from < end)
  packet.release()
}
