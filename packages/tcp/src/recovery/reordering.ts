import type { Connection } from '../connection.js'
import { seqLt } from '../sequence.js'
import { highestSackSeq } from './congestion-state.js'

/**
 * Data arrived that should have been lost by now: `lowSeq` is the first of it. The reordering degree (in packets, at most
 * `tcp_max_reordering`) grows to the distance from it to the highest that was SACKed (RFC 4653's concern, Linux's metric).
 * @param byTimestamp whether an echoed timestamp told it
 */
export function checkReordering(c: Connection, lowSeq: number, byTimestamp: boolean): void {
  const highest = highestSackSeq(c)
  if (!seqLt(lowSeq, highest)) return
  const { counters, settings } = c.tcp
  const distance = (highest - lowSeq) | 0
  if (distance > c.reordering * c.mss && c.mss > 0) {
    c.reordering = Math.min(Math.ceil(distance / c.mss), settings.maxReordering)
  }
  c.reorderSeen++
  if (byTimestamp) counters.TcpExtTCPTSReorder++
  else counters.TcpExtTCPSACKReorder++
}
