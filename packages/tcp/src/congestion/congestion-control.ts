import type { Connection } from '../connection.js'

/** What acknowledged data told of the path (the delivery rate of draft-cheng-iccrg-delivery-rate-estimation). */
export interface RateSample {
  /** Packets delivered over the interval; -1: no sample. */
  delivered: number
  /** Microseconds over which they were; 0 or less: no sample. */
  interval: number
  /** `Connection.delivered` when the last packet acknowledged was sent. */
  priorDelivered: number
  /** Microseconds, int32 time at which the interval began. */
  priorTime: number
  /** Packets acknowledged or newly SACKed by this acknowledgement. */
  ackedSacked: number
  /** Packets newly marked lost by it. */
  losses: number
  /** Packets in flight before it. */
  priorInFlight: number
  /** The round trip of the last packet that it newly acknowledged, in microseconds; -1: none. */
  rtt: number
  /** Whether the sample is of a sender that had nothing more to send. */
  appLimited: boolean
  /** Whether the last packet acknowledged had been retransmitted. */
  retransmitted: boolean
  /** Whether the acknowledgement may be for only one packet, delayed by the peer. */
  ackDelayed: boolean
  /** Packets delivered with CE over the interval. */
  deliveredCe: number
}

/** Why the congestion window is touched. */
export const EVENT_TX_START = 0
export const EVENT_CWND_RESTART = 1
export const EVENT_COMPLETE_CWR = 2
export const EVENT_LOSS = 3

/**
 * A congestion control: one object for all connections, its state in `Connection.congestionState`. Windows are in packets of the
 * connection's MSS, as in Linux; times in microseconds.
 */
export interface CongestionControl<State extends object = object> {
  /** As `TCP_CONGESTION` names it: 1 to 15 characters. */
  readonly name: string
  /** Whether packets leave paced even without `SO_MAX_PACING_RATE`. */
  readonly paced?: boolean
  /** Whether it wants ECN on its connections. */
  readonly needsEcn?: boolean
  /** State of a new connection, or of one that changes to this control; `connection.congestionState` is set to it. */
  init(connection: Connection): State
  /** The connection closes or changes to another control. */
  release?(connection: Connection): void
  /** The slow start threshold after a loss or mark, in packets, at least 2. */
  slowStartThreshold(connection: Connection): number
  /**
   * Lets the window grow for `acked` newly acknowledged packets, outside of recovery. `ackTime`: int32 microseconds.
   * Not called where `control` is there.
   */
  avoid(connection: Connection, ack: number, acked: number): void
  /** Has all of window, threshold and pacing in hand, after each acknowledgement (BBR). */
  control?(connection: Connection, sample: RateSample): void
  /** `tcpi_ca_state` is about to change. */
  setState?(connection: Connection, state: number): void
  /** `EVENT_*`. */
  event?(connection: Connection, event: number): void
  /** An acknowledgement with a round-trip sample (`rtt` in microseconds, -1 none) for `acked` packets. */
  packetsAcked?(connection: Connection, acked: number, rtt: number): void
  /** The window to go back to when a recovery proves spurious. */
  undoWindow(connection: Connection): number
  /** How many times the window may be allocated in the send buffer; default 2. */
  sendBufferExpand?(connection: Connection): number
  /** What `TCP_CC_INFO` gives. */
  info?(connection: Connection): Readonly<Record<string, number>>
  /** Fewest segments of a large packet; default the host's `tcp_min_tso_segs`. */
  minTsoSegments?(connection: Connection): number
}
