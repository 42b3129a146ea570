import { seqGt, seqLt } from '../sequence.js'

/** RFC 9293 3.10.7.4, table 6: whether a segment is in the window `[start, end)`, or empty at its end. */
export function inSequenceWindow(seq: number, endSeq: number, start: number, end: number): boolean {
  if (seq === start) return true
  if (seqGt(endSeq, start) && seqLt(seq, end)) return true
  return seq === end && seq === endSeq
}
