import { ENOBUFS } from '@jackfield/interfaces'
import type { Connection } from '../connection.js'
import { PENDING_RETRANSMIT } from '../connection-state.js'
import { detectBlackHole } from '../listener/fast-open-client.js'
import { enterLoss } from '../recovery/loss-episode.js'
import { updateRto } from '../recovery/rtt.js'
import { suspectMtuBlackHole } from '../send/mtu-search.js'
import { retransmitSegment } from '../send/retransmit.js'
import { sendReset } from '../send/transmit.js'
import { CA_DISORDER, CA_LOSS, CA_RECOVERY, ESTABLISHED, SYN_RECEIVED, SYN_SENT, stateIn, stateSet } from '../state.js'
import { longestRto } from '../timer-bounds.js'
import { RESOURCE_PROBE_INTERVAL, setTimer } from '../timers.js'
import { giveUp, orphanRetries, retransmitsExceed } from './give-up.js'
import { orphanEnds } from './orphan-ends.js'

const OPENING = stateSet(SYN_SENT, SYN_RECEIVED)

/** RFC 6298 5.4 to 5.7: the oldest segment is sent again, the wait doubles, the window begins anew. */
export function retransmitTimeout(c: Connection): void {
  const { head } = c.sendQueue
  if (c.packetsOut === 0 || head === null) return
  const { counters } = c.tcp
  if (c.sndWnd === 0 && !c.orphaned && !stateIn(c.state, OPENING)) {
    // The peer took its window back: it is alive as long as it answers.
    if (isSilent(c, head.sentAt)) {
      giveUp(c)
      return
    }
    enterLoss(c)
    retransmitSegment(c, head, 1)
    backOff(c)
    return
  }
  counters.TcpExtTCPTimeouts++
  if (isOver(c)) return
  countFailure(c)
  enterLoss(c)
  c.totalTimeouts++
  const oldest = c.sendQueue.head
  if (oldest !== null && retransmitSegment(c, oldest, 1) === ENOBUFS) {
    // This host had no room for it: the path has nothing to do with that.
    setTimer(c, PENDING_RETRANSMIT, Math.min(c.rto, RESOURCE_PROBE_INTERVAL))
    return
  }
  c.retransmits++
  backOff(c)
}

/** What a timeout shows to have been of no use. */
function countFailure(c: Connection): void {
  const { counters } = c.tcp
  if (c.retransmits > 0) return
  if (c.caState === CA_RECOVERY) {
    if (c.sackOk) counters.TcpExtTCPSackRecoveryFail++
    else counters.TcpExtTCPRenoRecoveryFail++
  } else if (c.caState === CA_LOSS) counters.TcpExtTCPLossFailures++
  else if (c.caState === CA_DISORDER || c.sackedOut > 0) {
    if (c.sackOk) counters.TcpExtTCPSackFailures++
    else counters.TcpExtTCPRenoFailures++
  }
}

/**
 * Whether a peer that took its window back has neither answered nor taken anything for too long (Linux's
 * `tcp_rtx_probe0_timed_out`): twice the longest RTO, or what the user allows; with that set, answers alone do not do.
 */
function isSilent(c: Connection, sentAt: number): boolean {
  const { now } = c.tcp
  const stuck = (now - (c.retransStamp !== 0 ? c.retransStamp : sentAt)) >>> 0
  const patience = c.userTimeout * 1000
  // Reached, not passed: the last wait is cut to end just then.
  if (patience > 0 && stuck >= patience) return true
  const longest = patience > 0 ? Math.min(longestRto(c) * 2, patience) : longestRto(c) * 2
  return (now - c.lastReceived) >>> 0 > longest && stuck > longest
}

/** Doubles the wait; a SYN's first ones stay as they are (`tcp_syn_linear_timeouts`), a thin stream's too if it asked for it. */
function backOff(c: Connection): void {
  const { settings } = c.tcp
  const thin =
    c.state === ESTABLISHED &&
    (c.thinLinear || settings.thinLinearTimeouts !== 0) &&
    c.packetsOut < 4 &&
    c.cwnd !== 0 &&
    c.retransmits <= 6
  if (thin) {
    c.backoff = 0
    updateRto(c)
  } else if (c.state !== SYN_SENT || c.totalTimeouts > settings.synLinearTimeouts) {
    c.backoff++
    c.rto = Math.min(c.rto * 2, longestRto(c))
  }
  setTimer(c, PENDING_RETRANSMIT, clampToUserTimeout(c))
}

/** The last wait ends when the user's patience does. */
function clampToUserTimeout(c: Connection): number {
  if (c.userTimeout === 0 || c.retransStamp === 0) return c.rto
  const left = c.userTimeout * 1000 - ((c.tcp.now - c.retransStamp) >>> 0)
  return left <= 0 ? 1 : Math.min(c.rto, left)
}

/** RFC 9293 3.8.3: whether the connection is to be given up; if so it is. */
function isOver(c: Connection): boolean {
  const { settings } = c.tcp
  if (stateIn(c.state, OPENING)) {
    const linear = Math.min(c.totalTimeouts, settings.synLinearTimeouts)
    const most = (c.synRetries > 0 ? c.synRetries : settings.synRetries) + (c.state === SYN_SENT ? linear : 0)
    const given = c.retransmits >= most || (c.userTimeout > 0 && retransmitsExceed(c, most, c.userTimeout))
    detectBlackHole(c, given)
    if (!given) return false
    giveUp(c)
    return true
  }
  // RFC 1122 4.2.3.5: after R1 retransmissions the path is in doubt.
  if (retransmitsExceed(c, settings.retries1, 0)) {
    suspectMtuBlackHole(c)
    // RFC 1122 4.2.3.5 (R1): the way there is doubted, and looked for anew.
    c.flow.route = null
  }
  let tries = settings.retries2
  if (c.orphaned) {
    const alive = c.rto < longestRto(c)
    tries = orphanRetries(c, alive)
    const lasts = alive || !retransmitsExceed(c, tries, 0)
    if (orphanEnds(c, lasts)) return true
    if (!lasts) {
      sendReset(c)
      giveUp(c)
      return true
    }
  }
  const given = retransmitsExceed(c, tries, c.userTimeout)
  detectBlackHole(c, given)
  if (!given) return false
  giveUp(c)
  return true
}
