import {
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  CHECKSUM_VERIFIED,
  foldSum,
  type Packet,
  SEGMENT_NONE,
  SEGMENT_TCP,
  sumBytes,
  sumWord,
} from '@jackfield/packet'
import {
  checkTcpHeader,
  FLAG_CWR,
  FLAG_FIN,
  FLAG_PSH,
  FLAG_RST,
  FLAG_SYN,
  FLAG_URG,
  readTcpAcknowledgment,
  readTcpSequence,
  readTcpWindow,
  TCP_CHECKSUM,
  TCP_HEADER_LENGTH,
  TCP_OFFSET_AND_FLAGS,
} from '../wire/segment.js'
import { copyBetween } from './copy-between.js'
import { exchangeWord } from './partial-sum.js'

/** The most that a length field of IP can say. */
const MAX_LENGTH = 65_535

/** Segments with these are delivered alone. */
const NEVER = FLAG_SYN | FLAG_RST | FLAG_URG

/**
 * Whether the packet's payload may be put behind that of `head`, but for their checksums.
 * @returns the length of the TCP header that both have, in bytes; -1: it may not
 */
export function canAppend(head: Packet, packet: Packet): number {
  const a = head.view
  const b = packet.view
  const i = head.transportHeader
  const j = packet.transportHeader
  if (packet.segmentType !== SEGMENT_NONE) return -1
  const headerLength = checkTcpHeader(b, j, packet.end)
  if (headerLength < 0 || checkTcpHeader(a, i, head.end) !== headerLength) return -1
  const words = a.getUint16(i + TCP_OFFSET_AND_FLAGS)
  const flags = b.getUint16(j + TCP_OFFSET_AND_FLAGS)
  // A head with PSH or FIN is complete. CWR marks the first segment of several, and is met nowhere else.
  if (((words ^ flags) & ~(FLAG_CWR | FLAG_FIN | FLAG_PSH)) !== 0 || (flags & (NEVER | FLAG_CWR)) !== 0) return -1
  if ((words & (FLAG_FIN | FLAG_PSH)) !== 0) return -1
  const held = head.end - i - headerLength
  const added = packet.end - j - headerLength
  if (held <= 0 || added <= 0) return -1
  const size = head.segmentType === SEGMENT_TCP ? head.segmentSize : held
  const count = head.segmentType === SEGMENT_TCP ? head.segmentCount : 1
  // Nothing comes after a segment that was shorter than the others.
  if (added > size || held !== size * count) return -1
  if (head.end - head.start + added > MAX_LENGTH) return -1
  if (((readTcpSequence(a, i) + held) | 0) !== readTcpSequence(b, j)) return -1
  if (readTcpAcknowledgment(a, i) !== readTcpAcknowledgment(b, j)) return -1
  // Unlike Linux, which forgets the later window.
  if (readTcpWindow(a, i) !== readTcpWindow(b, j)) return -1
  return sameOptions(a, i, b, j, headerLength) ? headerLength : -1
}

function sameOptions(a: DataView, i: number, b: DataView, j: number, headerLength: number): boolean {
  for (let at = TCP_HEADER_LENGTH; at < headerLength; at += 4) {
    if (a.getInt32(i + at) !== b.getInt32(j + at)) return false
  }
  return true
}

/** Whether the checksum is good, which the packet then says. @param pseudo the folded sum of its pseudo-header */
export function sumIsGood(packet: Packet, pseudo: number): boolean {
  if (packet.checksum !== CHECKSUM_NONE) return true
  if (foldSum(sumBytes(packet.view, packet.transportHeader, packet.end, sumWord(pseudo))) !== 0xffff) return false
  packet.checksum = CHECKSUM_VERIFIED
  return true
}

/** Makes a packet the head of a merged one, of one segment so far. @param pseudo the folded sum of its pseudo-header */
export function makeHead(head: Packet, headerLength: number, pseudo: number): void {
  // The bytes must be nobody else's before the header is written to.
  head.makeTailroom(0)
  const at = head.transportHeader
  head.view.setUint16(at + TCP_CHECKSUM, pseudo)
  head.checksum = CHECKSUM_PARTIAL
  head.checksumStart = at
  head.checksumOffset = TCP_CHECKSUM
  head.segmentType = SEGMENT_TCP
  head.segmentSize = head.end - at - headerLength
  head.segmentCount = 1
}

/** Puts the packet's payload behind that of a merged one. The buffer grows by the pool's sizes, to 64 KB at the most. */
export function appendSegment(head: Packet, packet: Packet, headerLength: number): void {
  const at = head.transportHeader
  const length = head.end - at
  const payload = packet.transportHeader + headerLength
  const added = packet.end - payload
  head.makeTailroom(added)
  const to = head.append(added)
  copyBetween(packet, payload, added, head, to)
  const { view } = head
  const flags = packet.view.getUint16(packet.transportHeader + TCP_OFFSET_AND_FLAGS) & (FLAG_FIN | FLAG_PSH)
  if (flags !== 0) view.setUint16(at + TCP_OFFSET_AND_FLAGS, view.getUint16(at + TCP_OFFSET_AND_FLAGS) | flags)
  view.setUint16(at + TCP_CHECKSUM, exchangeWord(view.getUint16(at + TCP_CHECKSUM), length, length + added))
  head.segmentCount++
}
