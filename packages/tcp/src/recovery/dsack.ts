import type { ArrivingSegment } from '../arriving-segment.js'
import type { Connection } from '../connection.js'
import { seqGe, seqGt, seqLe, seqLt } from '../sequence.js'
import { ACK_DSACK, ACK_DSACK_OF_PROBE } from './ack-flags.js'
import type { AckSample } from './ack-sample.js'

/** Whether the first SACK block is a D-SACK (RFC 2883 4): it tells of data that came twice. Counts what it undoes. */
export function checkDsack(c: Connection, s: ArrivingSegment, priorUna: number, sample: AckSample): boolean {
  const { sackStart, sackEnd, sackCount } = s.options
  const { counters } = c.tcp
  const start = sackStart[0] as number
  const end = sackEnd[0] as number
  if (seqLt(start, s.ack)) counters.TcpExtTCPDSACKRecv++
  else {
    // Within the second block: data that was out of order came twice.
    if (sackCount < 2 || seqGt(end, sackEnd[1] as number) || seqLt(start, sackStart[1] as number)) return false
    counters.TcpExtTCPDSACKOfoRecv++
  }
  const packets = dsackPackets(c, start, end, sample)
  if (packets === 0) {
    counters.TcpExtTCPDSACKIgnoredDubious++
    return false
  }
  counters.TcpExtTCPDSACKRecvSegs += packets
  // Its segments are forgotten; those that are still there are counted one by one.
  if (c.undoMarker !== 0 && c.undoRetrans > 0 && seqLe(end, priorUna) && seqGt(end, c.undoMarker)) {
    c.undoRetrans = Math.max(0, c.undoRetrans - packets)
  }
  return true
}

/** Packets that a D-SACK tells of; 0: it tells of more than was ever retransmitted, or of nonsense. */
function dsackPackets(c: Connection, start: number, end: number, sample: AckSample): number {
  const length = (end - start) | 0
  if (length <= 0 || length > c.maxWindow) return 0
  let packets = 1
  if (length > c.mss) packets = Math.ceil(length / c.mss)
  else if (c.lossProbeSent && c.lossProbeHigh === end) sample.flags |= ACK_DSACK_OF_PROBE
  c.dsackDups += packets
  // The network duplicates too: that says nothing of our retransmissions.
  if (c.dsackDups > c.totalRetrans) return 0
  // RFC 8985 6.2, step 4; a loss probe is sent by the clock, whatever the reordering.
  if (c.reorderSeen > 0 && (sample.flags & ACK_DSACK_OF_PROBE) === 0) c.rackDsackSeen = true
  sample.flags |= ACK_DSACK
  sample.sackDelivered += packets
  return packets
}

/**
 * Whether a SACK block can be true: within what is out; a D-SACK also below `sndUna`, as far back as undoing cares.
 */
export function isSackBlockValid(c: Connection, isDsack: boolean, start: number, end: number): boolean {
  // Beyond what was sent, or reversed.
  if (seqGt(end, c.sndNxt) || seqGe(start, end) || seqGe(start, c.sndNxt)) return false
  // A block that begins at `sndUna` would have been acknowledged.
  if (seqGt(start, c.sndUna)) return true
  if (!isDsack || c.undoMarker === 0) return false
  if (seqGt(end, c.sndUna)) return false
  if (seqGe(start, c.undoMarker)) return true
  if (seqLe(end, c.undoMarker)) return false
  // It reaches over the marker: a window's length is believed.
  return seqGe(start, (end - c.maxWindow) | 0)
}
