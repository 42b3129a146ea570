import { type Packet, SEGMENT_TCP } from '@jackfield/packet'
import { clockMilliseconds } from '../clock-units.js'
import type { Connection } from '../connection.js'
import { ECN_DEMAND_CWR, ECN_OK } from '../connection-state.js'
import { selectWindow } from '../receive/window.js'
import { FLAG_ACK, FLAG_ECE, FLAG_SYN, TCP_HEADER_LENGTH, writeTcpHeader } from '../wire/segment.js'
import { EstablishedOptions, establishedOptionsLength, writeEstablishedOptions } from '../wire/write-options.js'
import { sealSegment } from './seal.js'

const options = new EstablishedOptions()

/** Our timestamp now: milliseconds of the clock and the connection's offset (RFC 7323 5.4). */
export function timestampNow(c: Connection): number {
  return (clockMilliseconds(c.tcp) + c.tsOffset) | 0
}

/** Bytes of options that a segment without SYN will carry now. */
export function optionsLength(c: Connection): number {
  const blocks = c.sackOk ? c.sackCount + (c.dsackWaiting ? 1 : 0) : 0
  return establishedOptionsLength(c.timestampsOk, blocks, c.md5Key !== null)
}

/**
 * Writes header and options of a segment without SYN, of which the window begins at the header: the acknowledgement is what
 * we have now, the window is chosen now. The checksum is left partial.
 */
export function writeHeader(c: Connection, packet: Packet, seq: number, flags: number, urgent: number): void {
  const { view } = packet
  const at = packet.start
  fillOptions(c)
  const end = writeEstablishedOptions(view, at + TCP_HEADER_LENGTH, options)
  const ece = (c.ecn & (ECN_OK | ECN_DEMAND_CWR)) === (ECN_OK | ECN_DEMAND_CWR) ? FLAG_ECE : 0
  finishHeader(c, packet, seq, flags | ece, end - at, selectWindow(c), urgent)
}

/** Writes the fixed part and the partial checksum; the options are there. */
export function finishHeader(
  c: Connection,
  packet: Packet,
  seq: number,
  flags: number,
  headerLength: number,
  window: number,
  urgent: number,
): void {
  const { view } = packet
  const at = packet.start
  const ack = (flags & (FLAG_SYN | FLAG_ACK)) === FLAG_SYN ? 0 : c.rcvNxt
  writeTcpHeader(view, at, c.localPort, c.remotePort, seq, ack, headerLength, flags, window, urgent)
  sealSegment(packet, c.flow.source, c.flow.destination, c.md5Key)
}

/** Marks a packet with more than one segment's payload as one to be cut. */
export function markLarge(packet: Packet, payload: number, segmentSize: number): void {
  if (payload <= segmentSize) return
  packet.segmentType = SEGMENT_TCP
  packet.segmentSize = segmentSize
  packet.segmentCount = Math.ceil(payload / segmentSize)
}

function fillOptions(c: Connection): void {
  options.md5 = c.md5Key !== null
  options.timestamps = c.timestampsOk
  if (c.timestampsOk) {
    options.tsval = timestampNow(c)
    options.tsecr = c.tsRecent
  }
  let count = 0
  if (c.sackOk && (c.sackCount > 0 || c.dsackWaiting)) {
    if (c.dsackWaiting) {
      options.sackStart[0] = c.dsackStart
      options.sackEnd[0] = c.dsackEnd
      count = 1
      c.dsackWaiting = false
    }
    for (let i = 0; i < c.sackCount && count < 4; i++, count++) {
      options.sackStart[count] = c.sackStart[i] as number
      options.sackEnd[count] = c.sackEnd[i] as number
    }
  }
  options.sackCount = count
}
