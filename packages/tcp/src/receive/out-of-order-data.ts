import { POLLIN } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import type { ArrivingSegment } from '../arriving-segment.js'
import type { Connection } from '../connection.js'
import { ACK_SCHEDULED } from '../connection-state.js'
import { seqGt, seqLt } from '../sequence.js'
import { FLAG_FIN } from '../wire/segment.js'
import { growReceiveBuffer, growWindow, measureReceiveMss } from './autotune.js'
import { noteEcn } from './delayed-ack.js'
import { keepPacket } from './keep.js'
import { covers, OutOfOrderQueue } from './out-of-order.js'
import { makeRoom } from './room.js'
import { extendDsack, newOutOfOrderBlock, setDsack } from './sack-blocks.js'

/**
 * A segment of the window that does not come next (Linux's `tcp_data_queue_ofo`): it waits, and the peer is told of it by
 * SACK. What comes twice is told by D-SACK. Takes `s.packet`.
 */
export function queueOutOfOrder(c: Connection, s: ArrivingSegment): void {
  const { packet, seq, endSeq } = s
  if (packet === null) return
  s.packet = null
  const { counters } = c.tcp
  noteEcn(c, s)
  const headerLength = packet.start - packet.transportHeader
  const size = packet.segmentCount > 1 ? packet.segmentSize : s.length
  const kept = keepPacket(c.tcp.host.packets, packet)
  const { truesize } = kept
  if (!makeRoom(c, seq, truesize)) {
    counters.TcpExtTCPOFODrop++
    c.wake.changed(POLLIN)
    kept.release()
    return
  }
  measureReceiveMss(c, s, size, truesize, headerLength)
  c.ackPending |= ACK_SCHEDULED
  c.rcvOutOfOrder = (c.rcvOutOfOrder + s.packets) | 0
  counters.TcpExtTCPOFOQueue++
  const isKept = place(c, kept, seq, endSeq, (s.flags & FLAG_FIN) !== 0)
  if (c.sackOk) {
    newOutOfOrderBlock(c, seq, endSeq)
    // Without SACK the window must not move, or the acknowledgements would not count as duplicates (RFC 5681 2).
    if (isKept) growWindow(c, s.length, truesize)
  }
  if (!c.orphaned) growReceiveBuffer(c, c.spaceSize)
}

/** The connection's own queue, made where it has none: most never need one. */
function ownOutOfOrder(c: Connection): OutOfOrderQueue {
  if (c.outOfOrder === c.tcp.nothingOutOfOrder) c.outOfOrder = new OutOfOrderQueue(c.tcp.host.packets, c.tcp)
  return c.outOfOrder
}

/** Puts a packet in its place, or drops it where all of it is there. Whether its bytes are kept. */
function place(c: Connection, packet: Packet, seq: number, endSeq: number, fin: boolean): boolean {
  const outOfOrder = ownOutOfOrder(c)
  const { counters } = c.tcp
  const before = outOfOrder.before(seq)
  if (before !== null && seqLt(seq, before.endSeq)) {
    if (covers(before, seq, endSeq)) {
      counters.TcpExtTCPOFOMerge++
      setDsack(c, seq, endSeq)
      packet.release()
      return false
    }
    if (before.seq === seq) {
      extendDsack(c, before.seq, before.endSeq)
      counters.TcpExtTCPOFOMerge++
      outOfOrder.discard(before)
    } else setDsack(c, seq, before.endSeq)
  } else if (before !== null && before.endSeq === seq && outOfOrder.join(before, packet, endSeq, fin)) {
    counters.TcpExtTCPRcvCoalesce++
    return true
  }
  const entry = outOfOrder.insert(packet, seq, endSeq, fin)
  for (let next = entry.next; next !== null && seqGt(endSeq, next.seq); next = entry.next) {
    if (seqLt(endSeq, next.endSeq)) {
      extendDsack(c, next.seq, endSeq)
      break
    }
    extendDsack(c, next.seq, next.endSeq)
    counters.TcpExtTCPOFOMerge++
    outOfOrder.discard(next)
  }
  return true
}
