import type { RateSample } from '../congestion/congestion-control.js'

/** Nothing is to be retransmitted after the acknowledgement. */
export const RETRANSMIT_NOTHING = 0
/** What is marked lost goes out, as far as the window lets it. */
export const RETRANSMIT_LOST = 1
/** New data first: F-RTO wants to see whether it is acknowledged (RFC 5682 2.1, step 2b). */
export const RETRANSMIT_NEW = 2

/** What is gathered while one acknowledgement is processed. One object is used for all, one after the other. */
export class AckSample implements RateSample {
  delivered = -1
  interval = -1
  priorDelivered = 0
  priorDeliveredCe = 0
  priorTime = 0
  /** Whether `priorTime` says anything. */
  timed = false
  /** End of the segment that the rate is taken from. */
  lastEndSeq = 0
  ackedSacked = 0
  losses = 0
  priorInFlight = 0
  rtt = -1
  appLimited = false
  retransmitted = false
  ackDelayed = false
  deliveredCe = 0

  /** `ACK_*` as they are gathered. */
  flags = 0
  /** Lowest sequence number that was SACKed after higher ones; `sndNxt`: none. */
  reorderSeq = 0
  /** Round trips of the first and the last never retransmitted segment that was SACKed now; -1: none. */
  firstSackRtt = -1
  lastSackRtt = -1
  /** Packets that SACK blocks, D-SACK included, told to have arrived. */
  sackDelivered = 0
  /** `RETRANSMIT_*`: what is to follow. */
  retransmit: number = RETRANSMIT_NOTHING

  /** Makes it ready for the next acknowledgement. */
  reset(): void {
    this.delivered = -1
    this.interval = -1
    this.priorDelivered = 0
    this.priorDeliveredCe = 0
    this.priorTime = 0
    this.timed = false
    this.lastEndSeq = 0
    this.ackedSacked = 0
    this.losses = 0
    this.priorInFlight = 0
    this.rtt = -1
    this.appLimited = false
    this.retransmitted = false
    this.ackDelayed = false
    this.deliveredCe = 0
    this.flags = 0
    this.reorderSeq = 0
    this.firstSackRtt = -1
    this.lastSackRtt = -1
    this.sackDelivered = 0
    this.retransmit = RETRANSMIT_NOTHING
  }
}
