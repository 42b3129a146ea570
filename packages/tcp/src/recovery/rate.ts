import type { Connection } from '../connection.js'
import { inFlight } from '../send/in-flight.js'
import { MARK_EVER_RETRANSMITTED, MARK_RETRANSMITTED, MARK_SACKED, type SendSegment } from '../send-segment.js'
import { seqGt } from '../sequence.js'
import type { AckSample } from './ack-sample.js'
import { sentAfter } from './congestion-state.js'
import { minRtt } from './min-rtt.js'

/*
 * The delivery rate (draft-cheng-iccrg-delivery-rate-estimation): between the sending of a packet and its acknowledgement
 * so many others were delivered. Each segment takes along what had been delivered when it left.
 */

/** A segment left just now: it takes along what was delivered so far. To be called before it is counted in `packetsOut`. */
export function rateSent(c: Connection, segment: SendSegment): void {
  if (c.packetsOut === 0) {
    // The network is empty: the interval begins with this packet, and no older transmission is compared with it.
    const time = someTime(segment.sentAt)
    c.firstTxTime = time
    c.deliveredTime = time
    c.rackTime = segment.sentAt
    c.rackEndSeq = segment.seq
  }
  segment.txFirstTime = c.firstTxTime
  segment.txDeliveredTime = c.deliveredTime
  segment.txDelivered = c.delivered
  segment.txDeliveredCe = c.deliveredCe
  segment.txInFlight = inFlight(c)
  segment.txAppLimited = c.appLimited !== 0
}

/** A segment was acknowledged or SACKed: the one that was sent last is what the sample is taken from. */
export function rateDelivered(c: Connection, segment: SendSegment, sample: AckSample): void {
  if (segment.txDeliveredTime === 0) return
  const { sentAt } = segment
  if (sample.priorDelivered === 0 || sentAfter(sentAt, c.firstTxTime, segment.endSeq, sample.lastEndSeq)) {
    sample.priorDeliveredCe = segment.txDeliveredCe
    sample.priorDelivered = segment.txDelivered
    sample.priorTime = segment.txDeliveredTime
    sample.timed = true
    sample.appLimited = segment.txAppLimited
    sample.retransmitted = (segment.marks & (MARK_RETRANSMITTED | MARK_EVER_RETRANSMITTED)) !== 0
    sample.lastEndSeq = segment.endSeq
    c.firstTxTime = someTime(sentAt)
    // How long the packets of the sample took to be sent.
    sample.interval = (sentAt - segment.txFirstTime) | 0
  }
  // Once is enough: when it is acknowledged later it says nothing new.
  if ((segment.marks & MARK_SACKED) !== 0) segment.txDeliveredTime = 0
}

/** Finishes the sample of an acknowledgement that told of `delivered` packets and found `lost` ones. */
export function rateGenerate(
  c: Connection,
  delivered: number,
  lost: number,
  wasReneging: boolean,
  sample: AckSample,
): void {
  if (c.appLimited !== 0 && seqGt(c.delivered, c.appLimited)) c.appLimited = 0
  if (delivered > 0) c.deliveredTime = someTime(c.tcp.now)
  sample.ackedSacked = delivered
  sample.losses = lost
  // What was SACKed before the receiver took it back would count twice.
  if (!sample.timed || wasReneging) {
    sample.delivered = -1
    sample.interval = -1
    return
  }
  sample.delivered = (c.delivered - sample.priorDelivered) | 0
  sample.deliveredCe = (c.deliveredCe - sample.priorDeliveredCe) | 0
  // Acknowledgements may be compressed on their way, so the longer of sending and acknowledging counts.
  const ackPhase = (c.tcp.now - sample.priorTime) | 0
  sample.interval = Math.max(sample.interval, ackPhase)
  if (sample.interval < minRtt(c)) {
    sample.interval = -1
    return
  }
  // The last sample, but of those that the application held back only the best.
  if (!sample.appLimited || sample.delivered * c.rateInterval >= c.rateDelivered * sample.interval) {
    c.rateDelivered = sample.delivered
    c.rateInterval = sample.interval
    c.rateAppLimited = sample.appLimited
  }
}

/** The writer pauses: where the network could take more, the samples to come are marked as held back by it. */
export function checkAppLimited(c: Connection): void {
  if (((c.writeSeq - c.sndNxt) | 0) >= c.mss || c.deviceQueued > 0) return
  const flying = inFlight(c)
  if (flying >= c.cwnd || c.lostOut > c.retransOut) return
  c.appLimited = (c.delivered + flying) | 0 || 1
}

/** A time that is not 0, which stands for none. */
function someTime(time: number): number {
  return time === 0 ? 1 : time
}
