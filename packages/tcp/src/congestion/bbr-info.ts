import type { Connection } from '../connection.js'
import { type BbrState, BW_UNIT, bandwidthOf, NO_RTT } from './bbr-state.js'

/** `struct tcp_bbr_info` of Linux, as `TCP_CC_INFO` gives it. */
export function bbrInfo(c: Connection, state: BbrState): Readonly<Record<string, number>> {
  const bandwidth = Math.floor((bandwidthOf(state) * c.mss * 1_000_000) / BW_UNIT)
  return {
    bbr_bw_lo: bandwidth >>> 0,
    bbr_bw_hi: Math.floor(bandwidth / 2 ** 32),
    bbr_min_rtt: state.minRtt === NO_RTT ? 0xffff_ffff : state.minRtt,
    bbr_pacing_gain: state.pacingGain,
    bbr_cwnd_gain: state.cwndGain,
  }
}
