import type { Connection } from '../connection.js'
import { PENDING_REORDER, PENDING_RETRANSMIT } from '../connection-state.js'
import { inFlight } from '../send/in-flight.js'
import { retransmitQueue } from '../send/retransmit.js'
import { MARK_EVER_RETRANSMITTED, MARK_LOST, MARK_RETRANSMITTED, type SendSegment } from '../send-segment.js'
import { seqLt } from '../sequence.js'
import { CA_RECOVERY } from '../state.js'
import { armRetransmit, setTimer } from '../timers.js'
import type { AckSample } from './ack-sample.js'
import { sentAfter } from './congestion-state.js'
import { enterRecovery } from './loss-episode.js'
import { markLost, RECOVERY_NO_THRESHOLD, RECOVERY_STATIC_WINDOW, rackRemaining } from './lost.js'
import { minRtt } from './min-rtt.js'
import { reduceCwnd } from './prr.js'

/** Recoveries for which a widened reordering window lasts (RFC 8985 6.2, step 4). */
const PERSISTENCE = 16
const MOST_STEPS = 255
/** Added to the reordering timer, in microseconds, so that it does not run ahead of an acknowledgement. */
const TIMER_SLACK = 2000

/**
 * RFC 8985 6.2, step 2: a segment that was sent at `sentAt` and ends at `endSeq` has arrived. The round trip of a
 * retransmission that is shorter than any was that of the original.
 */
export function rackAdvance(c: Connection, marks: number, endSeq: number, sentAt: number): void {
  const rtt = (c.tcp.now - sentAt) | 0
  if (rtt < minRtt(c) && (marks & (MARK_RETRANSMITTED | MARK_EVER_RETRANSMITTED)) !== 0) return
  c.rackAdvanced = true
  c.rackRtt = rtt
  if (sentAfter(sentAt, c.rackTime, endSeq, c.rackEndSeq)) {
    c.rackTime = sentAt
    c.rackEndSeq = endSeq
  }
}

/** RFC 8985 6.2, step 4: how long a packet may be overtaken before it counts as lost, in microseconds. */
function reorderingWindow(c: Connection): number {
  if (c.reorderSeen === 0) {
    // No reordering was ever seen: none is waited for in recovery, or when the classic threshold is reached.
    if (c.caState >= CA_RECOVERY) return 0
    if (c.sackedOut >= c.reordering && (c.tcp.settings.recovery & RECOVERY_NO_THRESHOLD) === 0) return 0
  }
  return Math.min((minRtt(c) >>> 2) * c.rackSteps, c.srtt8 >>> 3)
}

/**
 * RFC 8985 6.2, step 5: what was sent before something that has arrived, and long enough ago, is lost.
 * @returns microseconds until the last of the others would be, 0 where there is none
 */
function rackDetect(c: Connection): number {
  const window = reorderingWindow(c)
  const { sendQueue } = c
  let wait = 0
  let next: SendSegment | null
  for (let segment = sendQueue.timeHead; segment !== null; segment = next) {
    next = segment.nextByTime
    // Lost and not retransmitted yet.
    if ((segment.marks & MARK_LOST) !== 0 && (segment.marks & MARK_RETRANSMITTED) === 0) continue
    if (!sentAfter(c.rackTime, segment.sentAt, c.rackEndSeq, segment.endSeq)) break
    const remaining = rackRemaining(c, segment, window)
    if (remaining <= 0) {
      markLost(c, segment)
      sendQueue.untime(segment)
    } else if (remaining > wait) wait = remaining
  }
  return wait
}

/** After an acknowledgement: marks what is lost. True: the reordering timer was armed for the rest. */
export function rackMarkLost(c: Connection): boolean {
  if (!c.rackAdvanced) return false
  c.rackAdvanced = false
  const wait = rackDetect(c)
  if (wait === 0) return false
  setTimer(c, PENDING_REORDER, wait + TIMER_SLACK)
  return true
}

/** The reordering timer: what was waited for is lost now (RFC 8985 6.3). */
export function reorderTimeout(c: Connection): void {
  const before = inFlight(c)
  const lost = c.lost
  rackDetect(c)
  if (inFlight(c) !== before) {
    if (c.caState !== CA_RECOVERY) {
      enterRecovery(c, false)
      if (c.congestion.control === undefined) reduceCwnd(c, 1, (c.lost - lost) | 0, 0)
    }
    retransmitQueue(c)
  }
  if (c.pending !== PENDING_RETRANSMIT) armRetransmit(c)
}

/** RFC 8985 6.2, step 4: D-SACKs of a round trip in which recovery was spurious widen the reordering window by a step. */
export function rackUpdateWindow(c: Connection, sample: AckSample): void {
  if ((c.tcp.settings.recovery & RECOVERY_STATIC_WINDOW) !== 0 || sample.priorDelivered === 0) return
  // Once a round trip is enough.
  if (seqLt(sample.priorDelivered, c.rackLastDelivered)) c.rackDsackSeen = false
  if (c.rackDsackSeen) {
    c.rackSteps = Math.min(MOST_STEPS, c.rackSteps + 1)
    c.rackDsackSeen = false
    c.rackLastDelivered = c.delivered
    c.rackPersist = PERSISTENCE
  } else if (c.rackPersist === 0) c.rackSteps = 1
}

/** A recovery was undone by D-SACKs: the window is kept a while longer; one that was not brings its end nearer. */
export function rackRecovered(c: Connection, spurious: boolean): void {
  if (spurious) c.rackPersist = Math.min(PERSISTENCE, c.rackPersist + 1)
  else if (c.rackPersist > 0) c.rackPersist--
}
