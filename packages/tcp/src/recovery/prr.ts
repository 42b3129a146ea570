import { EVENT_COMPLETE_CWR } from '../congestion/congestion-control.js'
import type { Connection } from '../connection.js'
import { ECN_OK, ECN_QUEUE_CWR, INFINITE_SSTHRESH } from '../connection-state.js'
import { inFlight } from '../send/in-flight.js'
import { CA_CWR } from '../state.js'
import { ACK_UNA_ADVANCED } from './ack-flags.js'
import { inReduction, setCongestionState } from './congestion-state.js'

/*
 * Proportional rate reduction (RFC 6937): from loss to the end of recovery the window comes down to `ssthresh` by sending
 * in proportion to what is delivered.
 */

/** The reduction begins: the threshold is the congestion control's, the window follows as acknowledgements come. */
export function initReduction(c: Connection): void {
  c.highSeq = c.sndNxt
  c.lossProbeSent = false
  c.cwndCount = 0
  c.priorCwnd = c.cwnd
  c.prrDelivered = 0
  c.prrOut = 0
  c.ssthresh = c.congestion.slowStartThreshold(c)
  queueCwr(c)
}

/**
 * The window after an acknowledgement, in recovery or CWR: `delivered` packets newly known to have arrived, `lost` newly found
 * lost. Below the threshold the slow start reduction bound holds while the recovery makes headway without further loss, the
 * conservative bound otherwise (RFC 6937 3.1, the choice being that of its revision).
 */
export function reduceCwnd(c: Connection, delivered: number, lost: number, flags: number): void {
  if (delivered <= 0 || c.priorCwnd === 0) return
  const flying = inFlight(c)
  const room = c.ssthresh - flying
  c.prrDelivered += delivered
  let send: number
  if (room < 0) {
    // ceil(prr_delivered * ssthresh / RecoverFS) - prr_out
    send = Math.floor((c.ssthresh * c.prrDelivered + c.priorCwnd - 1) / c.priorCwnd) - c.prrOut
  } else {
    send = Math.max(c.prrDelivered - c.prrOut, delivered)
    if ((flags & ACK_UNA_ADVANCED) !== 0 && lost === 0) send++
    send = Math.min(room, send)
  }
  // The first packet of a recovery is sent whatever the window.
  send = Math.max(send, c.prrOut > 0 ? 0 : 1)
  c.cwnd = flying + send
}

/** Packets left while the window is being reduced. */
export function prrSent(c: Connection, packets: number): void {
  if (inReduction(c)) c.prrOut += packets
}

/** The reduction is over: the window is the threshold (RFC 6937 3, end of recovery), unless it was undone. */
export function endCwr(c: Connection): void {
  if (c.congestion.control !== undefined) return
  if (c.ssthresh < INFINITE_SSTHRESH && (c.caState === CA_CWR || c.undoMarker !== 0)) {
    c.cwnd = c.ssthresh
    c.cwndStamp = c.tcp.now
  }
  c.congestion.event?.(c, EVENT_COMPLETE_CWR)
}

/** Congestion without loss: an ECN echo (RFC 3168 6.1.2), or a full queue of our own. Once a window. */
export function enterCwr(c: Connection): void {
  c.priorSsthresh = 0
  if (c.caState >= CA_CWR) return
  c.undoMarker = 0
  initReduction(c)
  setCongestionState(c, CA_CWR)
}

/** The next new data says that the window was reduced (RFC 3168 6.1.2). */
export function queueCwr(c: Connection): void {
  if ((c.ecn & ECN_OK) !== 0) c.ecn |= ECN_QUEUE_CWR
}
