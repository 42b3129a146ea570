import { POLLIN } from '@jackfield/interfaces'
import type { ArrivingSegment } from '../arriving-segment.js'
import { peerFinished } from '../close.js'
import type { Connection } from '../connection.js'
import { ACK_NO_MEMORY, ACK_NOW, ACK_SCHEDULED } from '../connection-state.js'
import { sendAck } from '../send/transmit.js'
import { seqGt, seqLe, seqLt } from '../sequence.js'
import { FIN_WAIT_1, FIN_WAIT_2 } from '../state.js'
import { FLAG_FIN } from '../wire/segment.js'
import { wantsStamps } from './arrival-stamps.js'
import { dataArrived, enterQuickAck, MOST_QUICK_ACKS } from './delayed-ack.js'
import { keepPacket } from './keep.js'
import { queueOutOfOrder } from './out-of-order-data.js'
import { isReadable } from './read.js'
import { makeRoom } from './room.js'
import { extendDsack, pruneSackBlocks, setDsack } from './sack-blocks.js'
import { receiveWindow } from './window.js'

/**
 * Seventh of RFC 9293 3.10.7.4: the text of a segment that is acceptable, and its FIN. Takes `s.packet` where it is
 * queued.
 */
export function receiveData(c: Connection, s: ArrivingSegment): void {
  if (s.seq === s.endSeq) return
  c.dsackWaiting = false
  const { counters } = c.tcp
  if (s.packet !== null && s.packet.timestamp === 0 && wantsStamps(c)) {
    s.packet.timestamp = c.tcp.host.clock.wallTime()
  }
  const window = receiveWindow(c)
  if (s.seq === c.rcvNxt) {
    // A FIN takes no room: a peer that only wants to close is let.
    if (window > 0 || s.length === 0 || onlyHoards(c)) {
      queueInOrder(c, s)
      return
    }
    counters.TcpExtTCPZeroWindowDrop++
  } else if (seqLe(s.endSeq, c.rcvNxt)) {
    counters.TcpExtDelayedACKLost++
    setDsack(c, s.seq, s.endSeq)
  } else if (seqLt(s.seq, c.rcvNxt)) {
    setDsack(c, s.seq, c.rcvNxt)
    if (window > 0 || onlyHoards(c)) {
      queueInOrder(c, s)
      return
    }
    counters.TcpExtTCPZeroWindowDrop++
  } else if (seqLt(s.seq, (c.rcvNxt + window) | 0)) {
    queueOutOfOrder(c, s)
    return
  }
  // Old, or outside of the window: the peer is told at once where we are (RFC 9293 3.10.7.4, first).
  enterQuickAck(c, MOST_QUICK_ACKS)
  c.ackPending |= ACK_SCHEDULED
}

/**
 * Whether what closes the window is all out of order (it can with `tcp_shrink_window`): nobody can read that away, so the
 * segment that it waits for is taken, and makes what room it needs.
 */
function onlyHoards(c: Connection): boolean {
  return c.inOrder.bytes === 0 && c.outOfOrder.first !== null
}

/** A segment with the next byte: queued, and with it what was waiting for it. */
function queueInOrder(c: Connection, s: ArrivingSegment): void {
  const { packet } = s
  if (packet === null) return
  s.packet = null
  const headerLength = packet.start - packet.transportHeader
  const size = packet.segmentCount > 1 ? packet.segmentSize : s.length
  // What is old of it is passed over; the rest may be the FIN alone.
  packet.start += Math.min(s.length, (c.rcvNxt - s.seq) | 0)
  const kept = keepPacket(c.tcp.host.packets, packet)
  const { truesize } = kept
  if (!makeRoom(c, s.seq, truesize)) {
    c.ackPending |= ACK_NO_MEMORY | ACK_NOW | ACK_SCHEDULED
    c.wake.changed(POLLIN)
    if (c.inOrder.bytes > 0 && s.length > 0) {
      c.tcp.counters.TcpExtTCPRcvQDrop++
      kept.release()
      return
    }
    // One packet always has room, or nothing would ever move.
  }
  if (c.tcp.queues.inOrderOf(c).append(kept)) c.tcp.counters.TcpExtTCPRcvCoalesce += s.length > 0 ? 1 : 0
  advance(c, s.endSeq)
  if (s.length > 0) dataArrived(c, s, size, truesize, headerLength)
  if ((s.flags & FLAG_FIN) !== 0) {
    receiveFin(c)
    if (c.dead) return
  }
  if (c.outOfOrder.first !== null) {
    moveOutOfOrder(c)
    if (c.dead) return
    // RFC 5681 4.2: at once when a gap is filled.
    if (c.outOfOrder.first === null) c.ackPending |= ACK_NOW
  }
  if (c.sackCount > 0) pruneSackBlocks(c)
  if (c.finReceived || isReadable(c)) c.wake.changed(POLLIN)
}

function advance(c: Connection, endSeq: number): void {
  c.bytesReceived += (endSeq - c.rcvNxt) | 0
  c.rcvNxt = endSeq
}

/** The peer's FIN is next: nothing comes after it (RFC 9293 3.10.7.4, eighth). */
function receiveFin(c: Connection): void {
  c.ackPending |= ACK_SCHEDULED
  c.finReceived = true
  // What stands after a FIN in sequence space cannot be.
  c.outOfOrder.clear()
  if (c.sackOk) {
    c.sackCount = 0
    c.dsackWaiting = false
  }
  if (c.state === FIN_WAIT_1 || c.state === FIN_WAIT_2) sendAck(c)
  peerFinished(c)
}

/** Moves what follows now out of the out-of-order queue; what overlaps is told as D-SACK. */
function moveOutOfOrder(c: Connection): void {
  const { outOfOrder } = c
  const inOrder = c.tcp.queues.inOrderOf(c)
  const { counters } = c.tcp
  const arrivedEnd = c.rcvNxt
  for (let entry = outOfOrder.first; entry !== null; entry = outOfOrder.first) {
    const { seq, endSeq, fin } = entry
    if (seqGt(seq, c.rcvNxt)) return
    if (seqLt(seq, arrivedEnd)) extendDsack(c, seq, seqLt(endSeq, arrivedEnd) ? endSeq : arrivedEnd)
    const packet = outOfOrder.remove(entry)
    if (seqLe(endSeq, c.rcvNxt)) {
      counters.TcpExtTCPOFODrop++
      packet.release()
      continue
    }
    packet.start += Math.min(packet.length, (c.rcvNxt - seq) | 0)
    if (packet.length > 0 && inOrder.append(packet)) counters.TcpExtTCPRcvCoalesce++
    else if (packet.length === 0) packet.release()
    advance(c, endSeq)
    if (fin) {
      receiveFin(c)
      return
    }
  }
}
