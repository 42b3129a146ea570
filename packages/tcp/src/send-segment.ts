import { FLAG_FIN, FLAG_SYN } from './wire/segment.js'

// Bits of `SendSegment.marks`: the scoreboard (Linux's `TCPCB_*`).
export const MARK_SACKED = 0x01
export const MARK_RETRANSMITTED = 0x02
export const MARK_LOST = 0x04
/** Was retransmitted at least once (never cleared). */
export const MARK_EVER_RETRANSMITTED = 0x80

/**
 * One entry of the send queue: a range of sequence space that leaves as one packet (or one large one to be cut). The bytes are
 * in the connection's `SendBuffer`; here is what is known of their sending. Entries are pooled by `SendQueue`.
 */
export class SendSegment {
  /** First sequence number (int32). */
  seq = 0
  /** One past the last; SYN and FIN count one each. */
  endSeq = 0
  /** TCP flags besides ACK: SYN, FIN, PSH, URG, and CWR where it is to be set. */
  flags = 0
  /** `MARK_*`. */
  marks = 0
  /** Packets of the present MSS in it, 1 and up once it was sent or prepared. */
  packets = 0
  /** Payload bytes of each packet but the last. */
  segmentSize = 0
  /** What it counts against the send buffer: payload and overhead, in bytes. */
  truesize = 0
  /** Int32 microseconds at which it was last sent. */
  sentAt = 0
  /** Whether it was sent at all. */
  sent = false
  /** Whether more may be put behind its last byte (no PSH boundary asked by `MSG_EOR`). */
  endOfRecord = false
  /** Transmissions after the first. */
  retransmissions = 0
  /** `SOF_TIMESTAMPING_TX_*` wanted of the byte `stampSeq`, which lies in it. */
  stamps = 0
  stampSeq = 0
  // The connection's delivery state when it was sent, for rate samples.
  txDelivered = 0
  txDeliveredCe = 0
  txDeliveredTime = 0
  txFirstTime = 0
  txInFlight = 0
  txAppLimited = false
  next: SendSegment | null = null
  previous: SendSegment | null = null
  /** In order of the time of sending (RACK), the sent ones that are not SACKed. */
  nextByTime: SendSegment | null = null
  previousByTime: SendSegment | null = null
  /** Whether it is in the list by time. */
  timed = false

  /** Sequence space, SYN and FIN included. */
  get length(): number {
    return (this.endSeq - this.seq) | 0
  }
}

/** Bytes of payload: SYN and FIN take no room. */
export function payloadOf(segment: SendSegment): number {
  const { flags } = segment
  return segment.length - ((flags & FLAG_SYN) !== 0 ? 1 : 0) - ((flags & FLAG_FIN) !== 0 ? 1 : 0)
}

/** What a rate sample will need of the time of sending is the same for two entries that left together. */
export function copyDeliveryState(from: SendSegment, to: SendSegment): void {
  to.txDelivered = from.txDelivered
  to.txDeliveredCe = from.txDeliveredCe
  to.txDeliveredTime = from.txDeliveredTime
  to.txFirstTime = from.txFirstTime
  to.txInFlight = from.txInFlight
  to.txAppLimited = from.txAppLimited
}
