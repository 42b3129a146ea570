import { clockMilliseconds } from '../clock-units.js'
import { INFINITE_SSTHRESH } from '../connection-state.js'
import { CA_LOSS } from '../state.js'
import { bbrInfo } from './bbr-info.js'
import { resetLongTerm, sampleLongTerm } from './bbr-long-term.js'
import { checkProbeRttDone, updateModel } from './bbr-model.js'
import { BbrState, bandwidthOf, NO_RTT, PROBE_BW, PROBE_RTT, UNIT } from './bbr-state.js'
import { leastSegments, saveCwnd, setCwnd, setFirstPacingRate, setPacingRate } from './bbr-window.js'
import { type CongestionControl, EVENT_TX_START } from './congestion-control.js'

/**
 * BBR, first version (draft-cardwell-iccrg-bbr-congestion-control-00, as Linux's `tcp_bbr`): paces at the bandwidth that
 * was measured, with about two bandwidth-delay products in flight; loss alone does not slow it.
 */
export const bbr: CongestionControl<BbrState> = {
  name: 'bbr',
  paced: true,

  init(c) {
    const state = new BbrState()
    c.ssthresh = INFINITE_SSTHRESH
    state.nextRoundDelivered = c.delivered
    state.minRtt = c.minRtt0 >= 0 ? c.minRtt0 : NO_RTT
    state.minRttStamp = clockMilliseconds(c.tcp)
    state.ackEpochStamp = c.tcp.now
    setFirstPacingRate(c, state)
    resetLongTerm(c, state)
    return state
  },

  control(c, sample) {
    const state = c.congestionState as BbrState
    updateModel(c, state, sample)
    const bandwidth = bandwidthOf(state)
    setPacingRate(c, state, bandwidth, state.pacingGain)
    setCwnd(c, state, sample, bandwidth, state.cwndGain)
  },

  /** Has no say: the window is set by `control`. */
  avoid() {},

  slowStartThreshold(c) {
    saveCwnd(c, c.congestionState as BbrState)
    return c.ssthresh
  },

  setState(c, next) {
    if (next !== CA_LOSS) return
    const state = c.congestionState as BbrState
    state.previousState = CA_LOSS
    state.fullBandwidth = 0
    // A timeout is the end of a round.
    state.roundStart = true
    sampleLongTerm(c, state, 1, null)
  },

  event(c, event) {
    if (event !== EVENT_TX_START || c.appLimited === 0) return
    const state = c.congestionState as BbrState
    state.idleRestart = true
    state.ackEpochStamp = c.tcp.now
    state.ackEpochAcked = 0
    // After a pause no more speed is needed than the path is known to give.
    if (state.mode === PROBE_BW) setPacingRate(c, state, bandwidthOf(state), UNIT)
    else if (state.mode === PROBE_RTT) checkProbeRttDone(c, state)
  },

  undoWindow(c) {
    const state = c.congestionState as BbrState
    state.fullBandwidth = 0
    state.fullRounds = 0
    resetLongTerm(c, state)
    return c.cwnd
  },

  info: (c) => bbrInfo(c, c.congestionState as BbrState),
  sendBufferExpand: () => 3,
  minTsoSegments: leastSegments,
}
