import type { Connection } from '../connection.js'
import { seqGt } from '../sequence.js'
import { PAGE } from '../settings.js'
import type { OutOfOrderSegment } from './out-of-order.js'
import { receiveCharge, underPressure } from './space.js'

/** Whether the receive buffer takes another packet: as in Linux the last one may go over it. */
function takesMore(c: Connection): boolean {
  return receiveCharge(c) <= c.rcvBuf
}

/** Whether the memory of all connections has room for `size` bytes; the least of `tcp_rmem` is everyone's. */
function memoryFor(c: Connection, size: number): boolean {
  const { settings, memory } = c.tcp
  return memory + size <= settings.mem[2] * PAGE || receiveCharge(c) < settings.rmem[0]
}

/**
 * Makes sure of room for a segment that begins at `seq` and pins `size` bytes (Linux's `tcp_try_rmem_schedule`): first by
 * copying small packets together, then by dropping what is out of order and after it, which the peer sends again.
 * @returns false: it must be dropped
 */
export function makeRoom(c: Connection, seq: number, size: number): boolean {
  if (takesMore(c) && memoryFor(c, size)) return true
  if (!prune(c, seq)) return false
  while (!memoryFor(c, size)) if (!pruneOutOfOrder(c, seq)) return false
  return true
}

function prune(c: Connection, seq: number): boolean {
  if (receiveCharge(c) === 0) return false
  const { counters } = c.tcp
  counters.TcpExtPruneCalled++
  if (!takesMore(c)) clampWindow(c)
  else if (underPressure(c)) limitThreshold(c)
  if (takesMore(c)) return true
  counters.TcpExtTCPRcvCollapsed += c.outOfOrder.collapse() + c.inOrder.collapse()
  if (takesMore(c)) return true
  pruneOutOfOrder(c, seq)
  if (takesMore(c)) return true
  counters.TcpExtRcvPruned++
  return false
}

/** The peer sends more than was offered, or in pieces too small: the buffer grows to what it holds, within `tcp_rmem`. */
function clampWindow(c: Connection): void {
  const { settings, memory } = c.tcp
  const most = settings.rmem[2]
  c.ackQuick = 0
  if (c.rcvBuf < most && !c.rcvBufLocked && !underPressure(c) && memory < settings.mem[0] * PAGE) {
    c.rcvBuf = Math.min(receiveCharge(c), most)
  }
  if (receiveCharge(c) > c.rcvBuf) c.rcvSsthresh = Math.min(c.windowClamp, 2 * c.advertisedMss)
}

/** Memory is short: the window comes down to four segments. */
export function limitThreshold(c: Connection): void {
  c.rcvSsthresh = Math.min(c.rcvSsthresh, 4 * c.advertisedMss)
}

/** Drops what is out of order, the last first, in steps of an eighth of the buffer; never what comes before `seq`. */
function pruneOutOfOrder(c: Connection, seq: number): boolean {
  const { outOfOrder } = c
  let entry = outOfOrder.last
  if (entry === null) return false
  let goal = c.rcvBuf >> 3
  let pruned = false
  while (entry !== null && !seqGt(seq, entry.seq)) {
    const previous: OutOfOrderSegment | null = entry.previous
    const before = outOfOrder.charged
    outOfOrder.discard(entry)
    pruned = true
    goal -= before - outOfOrder.charged
    if (previous === null || goal <= 0) {
      if (takesMore(c) && !underPressure(c)) break
      goal = c.rcvBuf >> 3
    }
    entry = previous
  }
  if (pruned) {
    c.tcp.counters.TcpExtOfoPruned++
    // RFC 2018 8: what was told by SACK is not here any more.
    if (c.sackOk) c.sackCount = 0
  }
  return pruned
}
