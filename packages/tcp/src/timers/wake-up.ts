import type { Connection } from '../connection.js'
import { windowEnd } from '../send/in-flight.js'
import { currentMss } from '../send/mss.js'
import { setPackets, splitSegment } from '../send/split.js'
import { sendProbe, transmitSegment } from '../send/transmit.js'
import { seqBetween, seqLt } from '../sequence.js'
import { CLOSED } from '../state.js'
import { armRetransmit } from '../timers.js'
import { FLAG_PSH } from '../wire/segment.js'

/**
 * Makes the peer answer: with data where its window takes some, else with an old sequence number (Linux's
 * `tcp_write_wakeup`). 0, or the positive error number.
 */
export function wakeUp(c: Connection): number {
  if (c.state === CLOSED) return -1
  const segment = c.sendQueue.sendHead
  if (segment !== null && seqLt(segment.seq, windowEnd(c))) {
    const mss = currentMss(c)
    const room = (windowEnd(c) - segment.seq) | 0
    if (seqLt(c.pushedSeq, segment.endSeq)) c.pushedSeq = segment.endSeq
    if (room < segment.length || segment.length > mss)
      splitSegment(c, segment, Math.min(room, mss, segment.length - 1), mss)
    else setPackets(segment, mss)
    segment.flags |= FLAG_PSH
    const error = transmitSegment(c, segment)
    if (error !== 0) return error
    c.sendQueue.advance()
    c.sndNxt = segment.endSeq
    c.packetsOut += segment.packets
    armRetransmit(c)
    return 0
  }
  if (c.urgentMode && seqBetween(c.sndUp, (c.sndUna + 1) | 0, (c.sndUna + 0xffff) | 0)) sendProbe(c, true)
  return sendProbe(c, false)
}
