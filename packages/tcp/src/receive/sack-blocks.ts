import type { Connection } from '../connection.js'
import { seqGe, seqGt, seqLe, seqLt } from '../sequence.js'
import { flushCompressedAck } from './compressed-ack.js'

/** Blocks that are remembered (RFC 2018 3: as many as fit into a header). */
const MOST_BLOCKS = 4

/** Blocks from which on the older ones may not fit beside timestamps and a D-SACK: acknowledgements are not held back then. */
const BLOCKS_EXPECTED = 2

/** The next acknowledgement tells that `[seq, endSeq)` came twice (RFC 2883 4). */
export function setDsack(c: Connection, seq: number, endSeq: number): void {
  const { counters, settings } = c.tcp
  if (!c.sackOk || settings.dsack === 0) return
  if (seqLt(seq, c.rcvNxt)) counters.TcpExtTCPDSACKOldSent++
  else counters.TcpExtTCPDSACKOfoSent++
  c.dsackWaiting = true
  c.dsackStart = seq
  c.dsackEnd = endSeq
}

/** As `setDsack`, or lets the range that waits grow where the two touch. */
export function extendDsack(c: Connection, seq: number, endSeq: number): void {
  if (!c.dsackWaiting) setDsack(c, seq, endSeq)
  else if (seqLe(seq, c.dsackEnd) && seqLe(c.dsackStart, endSeq)) {
    if (seqLt(seq, c.dsackStart)) c.dsackStart = seq
    if (seqGt(endSeq, c.dsackEnd)) c.dsackEnd = endSeq
  }
}

/** Out-of-order data came: the block that has it goes first (RFC 2018 4). */
export function newOutOfOrderBlock(c: Connection, seq: number, endSeq: number): void {
  c.holdSackBlocks()
  const { sackStart, sackEnd, sackCount } = c
  for (let i = 0; i < sackCount; i++) {
    if (extendBlock(c, i, seq, endSeq)) {
      if (i >= BLOCKS_EXPECTED) flushCompressedAck(c)
      moveToFront(c, i)
      if (sackCount > 1) mergeBlocks(c)
      return
    }
  }
  if (sackCount >= BLOCKS_EXPECTED) flushCompressedAck(c)
  const count = Math.min(sackCount, MOST_BLOCKS - 1)
  for (let i = count; i > 0; i--) {
    sackStart[i] = sackStart[i - 1] as number
    sackEnd[i] = sackEnd[i - 1] as number
  }
  sackStart[0] = seq
  sackEnd[0] = endSeq
  c.sackCount = count + 1
}

/** Drops the blocks that `rcvNxt` has reached, or all where nothing is out of order any more. */
export function pruneSackBlocks(c: Connection): void {
  const { sackStart, sackEnd } = c
  if (c.outOfOrder.first === null) {
    c.sackCount = 0
    return
  }
  let kept = 0
  for (let i = 0; i < c.sackCount; i++) {
    const start = sackStart[i] as number
    if (seqGe(c.rcvNxt, start)) continue
    sackStart[kept] = start
    sackEnd[kept] = sackEnd[i] as number
    kept++
  }
  c.sackCount = kept
}

/** Lets a block grow over a range that touches it. */
function extendBlock(c: Connection, at: number, seq: number, endSeq: number): boolean {
  const start = c.sackStart[at] as number
  const end = c.sackEnd[at] as number
  if (seqGt(seq, end) || seqGt(start, endSeq)) return false
  if (seqLt(seq, start)) c.sackStart[at] = seq
  if (seqGt(endSeq, end)) c.sackEnd[at] = endSeq
  return true
}

function moveToFront(c: Connection, at: number): void {
  const { sackStart, sackEnd } = c
  const start = sackStart[at] as number
  const end = sackEnd[at] as number
  for (let i = at; i > 0; i--) {
    sackStart[i] = sackStart[i - 1] as number
    sackEnd[i] = sackEnd[i - 1] as number
  }
  sackStart[0] = start
  sackEnd[0] = end
}

/** The first block has grown: others that it touches now are part of it. */
function mergeBlocks(c: Connection): void {
  const { sackStart, sackEnd } = c
  let i = 1
  while (i < c.sackCount) {
    if (extendBlock(c, 0, sackStart[i] as number, sackEnd[i] as number)) {
      c.sackCount--
      for (let j = i; j < c.sackCount; j++) {
        sackStart[j] = sackStart[j + 1] as number
        sackEnd[j] = sackEnd[j + 1] as number
      }
    } else i++
  }
}
