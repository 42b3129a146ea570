import type { NetworkHeader } from '@jackfield/interfaces'
import { CHECKSUM_PARTIAL, CHECKSUM_VERIFIED, type Packet } from '@jackfield/packet'
import { verifyChecksum } from '@jackfield/transport'
import type { ArrivingSegment } from './arriving-segment.js'
import type { TcpCounters } from './counters.js'
import { parseTcpOptions } from './wire/options.js'
import { checkTcpHeader, FLAG_FIN, FLAG_SYN } from './wire/segment.js'

/** Whether a packet is a sound segment: header length and checksum (RFC 9293 3.1). Faults are counted. */
export function checkSegment(packet: Packet, header: NetworkHeader, counters: TcpCounters): boolean {
  if (checkTcpHeader(packet.view, packet.start, packet.end) < 0) {
    counters.TcpInErrs++
    return false
  }
  if (packet.checksum === CHECKSUM_VERIFIED || packet.checksum === CHECKSUM_PARTIAL) return true
  if (verifyChecksum(packet, header, header.protocol)) return true
  counters.TcpInCsumErrors++
  counters.TcpInErrs++
  return false
}

/** Reads a sound segment; the packet's window is then its payload. */
export function readSegment(packet: Packet, header: NetworkHeader, segment: ArrivingSegment): void {
  const { view } = packet
  const at = packet.start
  const headerEnd = at + (view.getUint8(at + 12) >>> 4) * 4
  const flags = view.getUint16(at + 12) & 0x1ff
  const length = packet.end - headerEnd
  segment.packet = packet
  segment.sourcePort = view.getUint16(at)
  segment.destinationPort = view.getUint16(at + 2)
  segment.seq = view.getInt32(at + 4)
  segment.ack = view.getInt32(at + 8)
  segment.flags = flags
  segment.window = view.getUint16(at + 14)
  segment.urgentPointer = view.getUint16(at + 18)
  segment.length = length
  segment.endSeq = (segment.seq + length + ((flags & FLAG_SYN) !== 0 ? 1 : 0) + ((flags & FLAG_FIN) !== 0 ? 1 : 0)) | 0
  segment.ecn = header.tos & 3
  segment.packets = Math.max(packet.segmentCount, 1)
  parseTcpOptions(view, at + 20, headerEnd, segment.options)
  packet.transportHeader = at
  packet.start = headerEnd
}
