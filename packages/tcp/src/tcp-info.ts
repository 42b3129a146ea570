import type { Connection } from './connection.js'
import { ECN_OK, ECN_SEEN } from './connection-state.js'
import { LIMIT_BUFFER, LIMIT_BUSY, LIMIT_WINDOW, timeUnder } from './limit-times.js'
import { LISTEN } from './state.js'
import { ackDelayBound } from './timer-bounds.js'

// Bits of `tcpi_options`.
export const TCPI_OPT_TIMESTAMPS = 1
export const TCPI_OPT_SACK = 2
export const TCPI_OPT_WSCALE = 4
export const TCPI_OPT_ECN = 8
export const TCPI_OPT_ECN_SEEN = 16
export const TCPI_OPT_SYN_DATA = 32

/** What Linux gives for a rate without a bound: all 64 bits set, as near as a double comes. */
const NO_BOUND = 2 ** 64

/** `struct tcp_info` of Linux, its names and units: times in microseconds but for the `last` ones in milliseconds, rates in bytes per second. */
export type TcpInfo = {
  /** The state, by Linux's number: 1 is ESTABLISHED. */
  tcpi_state: number
  /** 0 open, 1 disorder, 2 CWR, 3 recovery, 4 loss. */
  tcpi_ca_state: number
  tcpi_retransmits: number
  tcpi_probes: number
  tcpi_backoff: number
  /** `TCPI_OPT_*`. */
  tcpi_options: number
  tcpi_snd_wscale: number
  tcpi_rcv_wscale: number
  tcpi_delivery_rate_app_limited: number
  tcpi_rto: number
  tcpi_ato: number
  tcpi_snd_mss: number
  tcpi_rcv_mss: number
  /** Packets; of a listener: connections that wait for `accept`. */
  tcpi_unacked: number
  /** Packets; of a listener: its backlog. */
  tcpi_sacked: number
  tcpi_lost: number
  tcpi_retrans: number
  /** Always 0, as in Linux. */
  tcpi_fackets: number
  tcpi_last_data_sent: number
  /** Always 0, as in Linux. */
  tcpi_last_ack_sent: number
  tcpi_last_data_recv: number
  tcpi_last_ack_recv: number
  tcpi_pmtu: number
  tcpi_rcv_ssthresh: number
  tcpi_rtt: number
  tcpi_rttvar: number
  tcpi_snd_ssthresh: number
  tcpi_snd_cwnd: number
  tcpi_advmss: number
  tcpi_reordering: number
  tcpi_rcv_rtt: number
  tcpi_rcv_space: number
  tcpi_total_retrans: number
  tcpi_pacing_rate: number
  tcpi_max_pacing_rate: number
  tcpi_bytes_acked: number
  tcpi_bytes_received: number
  tcpi_segs_out: number
  tcpi_segs_in: number
  tcpi_notsent_bytes: number
  /** 4,294,967,295 before the first sample. */
  tcpi_min_rtt: number
  tcpi_data_segs_in: number
  tcpi_data_segs_out: number
  tcpi_delivery_rate: number
  tcpi_busy_time: number
  tcpi_rwnd_limited: number
  tcpi_sndbuf_limited: number
  tcpi_delivered: number
  tcpi_delivered_ce: number
  tcpi_bytes_sent: number
  tcpi_bytes_retrans: number
  tcpi_dsack_dups: number
  tcpi_reord_seen: number
  tcpi_rcv_ooopack: number
  tcpi_snd_wnd: number
  tcpi_rcv_wnd: number
}

/** What `getsockopt(TCP_INFO)` gives. */
export function tcpInfo(c: Connection): TcpInfo {
  const { now } = c.tcp
  const info = emptyInfo()
  info.tcpi_state = c.state
  info.tcpi_pacing_rate = rate(c.pacingRate)
  info.tcpi_max_pacing_rate = rate(c.maxPacingRate)
  info.tcpi_reordering = c.reordering
  info.tcpi_snd_cwnd = c.cwnd
  if (c.state === LISTEN) {
    info.tcpi_unacked = c.listener?.waiting ?? 0
    info.tcpi_sacked = c.listener?.backlog ?? 0
    return info
  }
  info.tcpi_ca_state = c.caState
  info.tcpi_retransmits = c.retransmits
  info.tcpi_probes = c.probesOut
  info.tcpi_backoff = c.backoff
  info.tcpi_options =
    (c.timestampsOk ? TCPI_OPT_TIMESTAMPS : 0) |
    (c.sackOk ? TCPI_OPT_SACK : 0) |
    (c.windowScaleOk ? TCPI_OPT_WSCALE : 0) |
    ((c.ecn & ECN_OK) !== 0 ? TCPI_OPT_ECN : 0) |
    ((c.ecn & ECN_SEEN) !== 0 ? TCPI_OPT_ECN_SEEN : 0) |
    (c.synDataAcked ? TCPI_OPT_SYN_DATA : 0)
  if (c.windowScaleOk) {
    info.tcpi_snd_wscale = c.sndScale
    info.tcpi_rcv_wscale = c.rcvScale
  }
  info.tcpi_rto = Math.round(c.rto)
  info.tcpi_ato = Math.min(c.ackTimeout, ackDelayBound(c))
  info.tcpi_snd_mss = c.mss
  info.tcpi_rcv_mss = c.ackRcvMss
  info.tcpi_unacked = c.packetsOut
  info.tcpi_sacked = c.sackedOut
  info.tcpi_lost = c.lostOut
  info.tcpi_retrans = c.retransOut
  info.tcpi_last_data_sent = sinceMs(now, c.lastSent)
  info.tcpi_last_data_recv = sinceMs(now, c.ackLastReceived)
  info.tcpi_last_ack_recv = sinceMs(now, c.lastReceived)
  info.tcpi_pmtu = c.pathMtu
  info.tcpi_rcv_ssthresh = c.rcvSsthresh
  info.tcpi_rtt = c.srtt8 >>> 3
  info.tcpi_rttvar = c.mdev4 >>> 2
  info.tcpi_snd_ssthresh = c.ssthresh
  info.tcpi_advmss = c.advertisedMss
  info.tcpi_rcv_rtt = Math.floor(c.rcvRtt8 / 8)
  info.tcpi_rcv_space = c.spaceSize
  info.tcpi_total_retrans = c.totalRetrans
  counts(c, info)
  return info
}

function counts(c: Connection, info: TcpInfo): void {
  info.tcpi_bytes_acked = c.bytesAcked
  info.tcpi_bytes_received = c.bytesReceived
  info.tcpi_segs_out = c.segsOut >>> 0
  info.tcpi_segs_in = c.segsIn >>> 0
  info.tcpi_notsent_bytes = Math.max(0, (c.writeSeq - c.sndNxt) | 0)
  info.tcpi_min_rtt = c.minRtt0 < 0 ? 0xffff_ffff : c.minRtt0
  info.tcpi_data_segs_in = c.dataSegsIn >>> 0
  info.tcpi_data_segs_out = c.dataSegsOut >>> 0
  info.tcpi_delivery_rate_app_limited = c.rateAppLimited ? 1 : 0
  info.tcpi_delivery_rate = deliveryRate(c)
  const windowLimited = timeUnder(c, LIMIT_WINDOW)
  const bufferLimited = timeUnder(c, LIMIT_BUFFER)
  info.tcpi_rwnd_limited = windowLimited
  info.tcpi_sndbuf_limited = bufferLimited
  info.tcpi_busy_time = timeUnder(c, LIMIT_BUSY) + windowLimited + bufferLimited
  info.tcpi_delivered = c.delivered >>> 0
  info.tcpi_delivered_ce = c.deliveredCe >>> 0
  info.tcpi_bytes_sent = c.bytesSent
  info.tcpi_bytes_retrans = c.bytesRetrans
  info.tcpi_dsack_dups = c.dsackDups
  info.tcpi_reord_seen = c.reorderSeen
  info.tcpi_rcv_ooopack = c.rcvOutOfOrder >>> 0
  info.tcpi_snd_wnd = c.sndWnd
  info.tcpi_rcv_wnd = c.rcvWnd
}

/** The last rate sample, in bytes per second; 0 where there is none. */
export function deliveryRate(c: Connection): number {
  if (c.rateDelivered <= 0 || c.rateInterval <= 0) return 0
  return Math.floor((c.rateDelivered * c.mss * 1_000_000) / c.rateInterval)
}

function emptyInfo(): TcpInfo {
  return {
    tcpi_state: 0,
    tcpi_ca_state: 0,
    tcpi_retransmits: 0,
    tcpi_probes: 0,
    tcpi_backoff: 0,
    tcpi_options: 0,
    tcpi_snd_wscale: 0,
    tcpi_rcv_wscale: 0,
    tcpi_delivery_rate_app_limited: 0,
    tcpi_rto: 0,
    tcpi_ato: 0,
    tcpi_snd_mss: 0,
    tcpi_rcv_mss: 0,
    tcpi_unacked: 0,
    tcpi_sacked: 0,
    tcpi_lost: 0,
    tcpi_retrans: 0,
    tcpi_fackets: 0,
    tcpi_last_data_sent: 0,
    tcpi_last_ack_sent: 0,
    tcpi_last_data_recv: 0,
    tcpi_last_ack_recv: 0,
    tcpi_pmtu: 0,
    tcpi_rcv_ssthresh: 0,
    tcpi_rtt: 0,
    tcpi_rttvar: 0,
    tcpi_snd_ssthresh: 0,
    tcpi_snd_cwnd: 0,
    tcpi_advmss: 0,
    tcpi_reordering: 0,
    tcpi_rcv_rtt: 0,
    tcpi_rcv_space: 0,
    tcpi_total_retrans: 0,
    tcpi_pacing_rate: 0,
    tcpi_max_pacing_rate: 0,
    tcpi_bytes_acked: 0,
    tcpi_bytes_received: 0,
    tcpi_segs_out: 0,
    tcpi_segs_in: 0,
    tcpi_notsent_bytes: 0,
    tcpi_min_rtt: 0,
    tcpi_data_segs_in: 0,
    tcpi_data_segs_out: 0,
    tcpi_delivery_rate: 0,
    tcpi_busy_time: 0,
    tcpi_rwnd_limited: 0,
    tcpi_sndbuf_limited: 0,
    tcpi_delivered: 0,
    tcpi_delivered_ce: 0,
    tcpi_bytes_sent: 0,
    tcpi_bytes_retrans: 0,
    tcpi_dsack_dups: 0,
    tcpi_reord_seen: 0,
    tcpi_rcv_ooopack: 0,
    tcpi_snd_wnd: 0,
    tcpi_rcv_wnd: 0,
  }
}

/** Whole bytes per second. */
function rate(bytesPerSecond: number): number {
  return Number.isFinite(bytesPerSecond) ? Math.floor(bytesPerSecond) : NO_BOUND
}

function sinceMs(now: number, then: number): number {
  return Math.floor(((now - then) >>> 0) / 1000)
}
