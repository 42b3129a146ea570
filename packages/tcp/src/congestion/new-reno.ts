import type { Connection } from '../connection.js'
import type { CongestionControl } from './congestion-control.js'
import { additiveIncrease, inSlowStart, isCwndLimited, priorWindow, slowStart } from './growth.js'

const STATE: object = {}

/** RFC 5681 and 6582: a packet more each round trip, half as many after a loss. `TCP_CONGESTION` names it `reno`. */
export const newReno: CongestionControl = {
  name: 'reno',
  init: () => STATE,
  slowStartThreshold: (c: Connection) => Math.max(c.cwnd >>> 1, 2),
  avoid(c: Connection, _ack: number, acked: number) {
    if (!isCwndLimited(c)) return
    const left = inSlowStart(c) ? slowStart(c, acked) : acked
    if (left > 0) additiveIncrease(c, c.cwnd, left)
  },
  undoWindow: priorWindow,
}
