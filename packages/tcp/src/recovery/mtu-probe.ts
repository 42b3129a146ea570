import type { Connection } from '../connection.js'
import { mssToMtu, syncMss } from '../send/mss.js'
import { simpleRetransmit } from '../send/retransmit.js'
import { currentSsthresh } from './congestion-state.js'

/** RFC 4821 7.6.1: the probe of the path MTU arrived. The window keeps its bytes: fewer packets, as they become larger. */
export function mtuProbeSucceeded(c: Connection): void {
  c.priorSsthresh = currentSsthresh(c)
  c.cwnd = Math.max(1, Math.floor((c.cwnd * mssToMtu(c, c.mss)) / c.mtuProbeSize))
  c.cwndCount = 0
  c.cwndStamp = c.tcp.now
  c.ssthresh = currentSsthresh(c)
  c.probeLow = c.mtuProbeSize
  c.mtuProbeSize = 0
  syncMss(c, c.pathMtu)
  c.tcp.counters.TcpExtTCPMTUPSuccess++
}

/** RFC 4821 7.6.2: the probe alone was lost, which says nothing of congestion: the window stays, what it carried is sent again. */
export function mtuProbeFailed(c: Connection): void {
  c.probeHigh = c.mtuProbeSize - 1
  c.mtuProbeSize = 0
  c.tcp.counters.TcpExtTCPMTUPFail++
  // The probe was taken out of the window.
  c.cwnd++
  simpleRetransmit(c)
}
