import { ConnectionSmall } from './connection-small.js'
import type { SendSegment } from './send-segment.js'
import { CLOSED } from './state.js'

// Bits of `shut`.
export const SHUT_RECEIVE = 1
export const SHUT_SEND = 2

// Bits of `nonagle`.
export const NAGLE_OFF = 1
export const NAGLE_CORK = 2
export const NAGLE_PUSH = 4

// Bits of `ackPending`.
export const ACK_SCHEDULED = 1
export const ACK_TIMER = 2
export const ACK_PUSHED = 4
export const ACK_PUSHED2 = 8
export const ACK_NOW = 16
/** Data was dropped for want of memory: the window is to be told as closed. */
export const ACK_NO_MEMORY = 32

// Bits of `ecn`.
export const ECN_OK = 1
export const ECN_QUEUE_CWR = 2
export const ECN_DEMAND_CWR = 4
export const ECN_SEEN = 8

// What the retransmission timer is armed for (`pending`).
export const PENDING_NONE = 0
export const PENDING_RETRANSMIT = 1
export const PENDING_PROBE = 3
export const PENDING_LOSS_PROBE = 5
export const PENDING_REORDER = 6

/** Window that stands for "no threshold yet". */
export const INFINITE_SSTHRESH = 0x7fff_ffff

/**
 * The transmission control block (RFC 9293 3.3.1), flat: what every segment touches lies in one object. Sequence numbers and
 * times in microseconds are int32, to be compared by `(a - b) | 0`; windows of the network in bytes, congestion
 * windows in packets. Names are the RFC's; where Linux has more, the comment tells what it is.
 */
export class ConnectionState extends ConnectionSmall {
  state: number = CLOSED

  // --- send sequence space (RFC 9293 3.3.1)
  /** Initial send sequence number. */
  iss = 0
  sndUna = 0
  sndNxt = 0
  /** In bytes, scaled. */
  sndWnd = 0
  /** Sequence number of the segment that last updated the window. */
  sndWl1 = 0
  /** Urgent pointer sent, while `urgentMode`. */
  sndUp = 0
  /** One past the last byte that was written. */
  writeSeq = 0
  /** `writeSeq` up to which PSH was asked. */
  pushedSeq = 0
  /** One past the last small segment sent (Minshall). */
  sndSml = 0
  /** Largest window that the peer ever offered. */
  maxWindow = 0

  // --- receive sequence space
  irs = 0
  rcvNxt = 0
  /** Window last advertised, in bytes, counted from `rcvWup`. */
  rcvWnd = 0
  /** `rcvNxt` at the last window advertised. */
  rcvWup = 0
  /** First byte that the user has not read. */
  copiedSeq = 0

  // --- options agreed (RFC 7323, 2018)
  /** Peer's timestamp to be echoed, and when it was taken (int32 seconds). */
  tsRecent = 0
  tsRecentStamp = 0
  /** Added to the clock in milliseconds for our timestamps. */
  tsOffset = 0
  rcvTsval = 0
  rcvTsecr = 0

  // --- segment sizes, in bytes
  /** What we advertise. */
  advertisedMss = 536
  /** What the peer advertised, at most. */
  mssClamp = 536
  /** Payload of a full segment at present, options taken off. */
  mss = 536
  /** Path MTU that `mss` was computed from. */
  pathMtu = 0

  // --- SACK to be sent (RFC 2018, 2883)
  /** Blocks held: `sackStart` and `sackEnd` have as many, the newest first. */
  sackCount = 0

  // --- round trips (RFC 6298), microseconds
  /** Eight times the smoothed round trip; 0 before the first sample. */
  srtt8 = 0
  /** Four times the mean deviation, and its largest of the present window. */
  mdev4 = 0
  mdevMax4 = 0
  rttvar4 = 0
  rttSeq = 0
  rto = 1_000_000
  /** Smallest round trip of the window `tcp_min_rtt_wlen`: three samples with their times (Linux's win_minmax). */
  minRtt0 = -1
  minRttTime0 = 0
  minRtt1 = -1
  minRttTime1 = 0
  minRtt2 = -1
  minRttTime2 = 0

  // --- congestion window, in packets
  cwnd = 10
  cwndCount = 0
  cwndClamp = 0x7fff_ffff
  ssthresh: number = INFINITE_SSTHRESH
  cwndUsed = 0
  cwndStamp = 0
  maxPacketsOut = 0
  cwndUsageSeq = 0
  /** Bytes per second; Infinity: not paced. */
  pacingRate: number = Number.POSITIVE_INFINITY
  /** When the next packet may leave, microseconds of the clock. */
  paceAt = 0

  // --- the scoreboard, in packets (RFC 6675, 8985)
  packetsOut = 0
  retransOut = 0
  sackedOut = 0
  lostOut = 0
  reordering = 3
  /** Where retransmission goes on; null: at the head of the queue. */
  retransmitHint: SendSegment | null = null
  /** `sndNxt` at the beginning of recovery. */
  highSeq = 0
  /** Highest sequence SACKed. */
  highestSack = 0
  /** When the first retransmission of the present recovery was tried, or the first SYN sent; int32 microseconds, 0 none. */
  retransStamp = 0
  totalRetrans = 0
  rackTime = 0
  rackRtt = 0
  rackEndSeq = 0
  rackLastDelivered = 0

  // --- delivery rate
  delivered = 0
  deliveredCe = 0
  /** `delivered` at which the present lack of data ends; 0: not limited by the application. */
  appLimited = 0
  firstTxTime = 0
  deliveredTime = 0
  rateDelivered = 0
  rateInterval = 0

  // --- the retransmission timer
  probesStart = 0
  lastReceived = 0
  lastSent = 0

  // --- acknowledgements owed (RFC 5681 4.2, as Linux does)
  /** Microseconds. */
  ackTimeout = 0
  ackLastReceived = 0
  ackLastSize = 0
  /** Estimate of the peer's segment size. */
  ackRcvMss = 536

  // --- buffers, in bytes
  /** `SO_SNDBUF` as accounted, and what is charged to it. */
  sndBuf = 0
  writeQueued = 0
  /** `SO_RCVBUF` as accounted. */
  rcvBuf = 0
  windowClamp = 0
  rcvSsthresh = 0
  /** Payload per charged byte, in 1/256. */
  scalingRatio = 128
  spaceSize = 0
  spaceSeq = 0
  spaceTime = 0
  rcvRtt8 = 0
  rcvRttSeq = 0
  rcvRttTime = 0
  /** Echoed timestamp that gave the last sample. */
  rcvRttEcho = 0

  /** Sequence number of the first byte in the send buffer. */
  bufferSeq = 0
  /** Bytes that lower layers hold (Linux's `sk_wmem_alloc`). */
  deviceQueued = 0

  // --- counted for tcp_info
  /** Since when `limit` holds, and microseconds spent busy before (see limit-times.ts). */
  limitSince = 0
  busyTime = 0
  bytesAcked = 0
  bytesReceived = 0
  bytesSent = 0
  segsIn = 0
  segsOut = 0
  dataSegsIn = 0
  dataSegsOut = 0
}
