import type { Connection } from '../connection.js'
import { payloadOf, type SendSegment } from '../send-segment.js'
import { seqGt } from '../sequence.js'
import { CA_OPEN } from '../state.js'
import { inFlight, windowEnd } from './in-flight.js'
import { currentMss, mssToMtu, mtuToMss } from './mss.js'
import { searchMtuAgain } from './mtu-search.js'
import { mergeNext, splitSegment } from './split.js'

/** What `prepareMtuProbe` found: nothing to probe with; a probe soon, for which the rest waits; the head of the queue is one. */
export const MTU_PROBE_NONE = 0
export const MTU_PROBE_WAIT = 1
export const MTU_PROBE_READY = 2

/** Congestion window below which no probe is sent: its loss must not be a timeout. */
const LEAST_CWND = 11

/**
 * Makes a probe of the path MTU of the first bytes that were never sent, where one may go now (RFC 4821 7.4, Linux's
 * `tcp_mtu_probe`): a segment midway between what is known to pass and what may. Enough is sent behind it that its loss is
 * noticed by SACK or duplicates. To be called only while `c.mtuProbing`.
 * @returns `MTU_PROBE_*`
 */
export function prepareMtuProbe(c: Connection): number {
  if (c.mtuProbeSize > 0 || c.caState !== CA_OPEN || c.cwnd < LEAST_CWND) return MTU_PROBE_NONE
  // Blocks of SACK would make the header of another size than the search counts with.
  if (c.sackCount > 0 || c.dsackWaiting) return MTU_PROBE_NONE
  const { sendHead } = c.sendQueue
  if (sendHead === null) return MTU_PROBE_NONE
  const mss = currentMss(c)
  const size = mtuToMss(c, (c.probeHigh + c.probeLow) >> 1)
  const needed = size + (c.reordering + 1) * c.mss
  if (size > mtuToMss(c, c.probeHigh) || c.probeHigh - c.probeLow < c.tcp.settings.probeThreshold) {
    searchMtuAgain(c)
    return MTU_PROBE_NONE
  }
  if (((c.writeSeq - c.sndNxt) | 0) < needed || c.sndWnd < needed) return MTU_PROBE_NONE
  if (seqGt((c.sndNxt + needed) | 0, windowEnd(c))) return MTU_PROBE_WAIT
  const flying = inFlight(c)
  // A probe counts as two packets.
  if (flying + 2 > c.cwnd) return flying === 0 ? MTU_PROBE_NONE : MTU_PROBE_WAIT
  return gather(c, sendHead, size, mss) ? MTU_PROBE_READY : MTU_PROBE_NONE
}

/** The probe left: half of what it counts for in the window is taken out of the window itself. */
export function mtuProbeSent(c: Connection, probe: SendSegment): void {
  c.cwnd--
  c.mtuProbeSize = mssToMtu(c, payloadOf(probe))
  c.mtuProbeSeq = probe.seq
  c.mtuProbeEnd = probe.endSeq
}

/** Makes the entry exactly `size` bytes long, from its successors where it is shorter. False where a record or a time stamp is to end before that. */
function gather(c: Connection, probe: SendSegment, size: number, mss: number): boolean {
  let length = 0
  for (let segment: SendSegment | null = probe; ; segment = segment.next) {
    if (segment === null) return false
    length += payloadOf(segment)
    if (length >= size) break
    if (segment.endOfRecord || segment.stamps !== 0) return false
  }
  if (probe.length > size) splitSegment(c, probe, size, mss)
  while (probe.length < size) {
    const { next } = probe
    if (next === null) return false
    const missing = size - probe.length
    if (next.length > missing) splitSegment(c, next, missing, mss)
    mergeNext(c, probe, next)
  }
  probe.packets = 1
  probe.segmentSize = size
  return true
}
