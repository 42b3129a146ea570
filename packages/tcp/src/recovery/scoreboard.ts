import type { Connection } from '../connection.js'
import { INFINITE_SSTHRESH } from '../connection-state.js'
import { CA_OPEN } from '../state.js'
import { INITIAL_CWND } from './congestion-state.js'
import { initialRto } from './rtt.js'

export { cleanRetransmitQueue } from './acknowledged.js'
export { addReno, removeReno } from './reno.js'
export { applySack } from './sack.js'

/**
 * Everything that loss recovery, round-trip and rate measurement know, as for a new connection: the send queue was emptied, or the
 * socket connects anew.
 */
export function clearRecovery(c: Connection): void {
  initialRto(c)
  c.minRtt0 = -1
  c.cwnd = INITIAL_CWND
  c.cwndCount = 0
  c.ssthresh = INFINITE_SSTHRESH
  c.priorSsthresh = 0
  c.priorCwnd = 0
  c.prrDelivered = 0
  c.prrOut = 0
  c.cwndUsed = 0
  c.cwndLimited = false
  c.maxPacketsOut = 0
  c.caState = CA_OPEN
  c.packetsOut = 0
  c.retransOut = 0
  c.sackedOut = 0
  c.lostOut = 0
  c.reordering = c.tcp.settings.reordering
  c.reorderSeen = 0
  c.retransmitHint = null
  c.sackHint = null
  c.undoMarker = 0
  c.undoRetrans = 0
  c.retransStamp = 0
  c.retransmits = 0
  c.totalRetrans = 0
  c.dsackDups = 0
  c.frto = false
  c.rackTime = 0
  c.rackRtt = 0
  c.rackLastDelivered = 0
  c.rackSteps = 1
  c.rackPersist = 0
  c.rackDsackSeen = false
  c.rackAdvanced = false
  c.lossProbeSent = false
  c.sackReneging = false
  c.delivered = 0
  c.deliveredCe = 0
  c.lost = 0
  c.appLimited = 0
  c.firstTxTime = 0
  c.deliveredTime = 0
  c.rateDelivered = 0
  c.rateInterval = 0
  c.mtuProbeSize = 0
}
