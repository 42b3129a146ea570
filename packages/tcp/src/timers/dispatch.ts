import type { TimerActions } from '../actions.js'
import type { Connection } from '../connection.js'
import {
  PENDING_LOSS_PROBE,
  PENDING_NONE,
  PENDING_PROBE,
  PENDING_REORDER,
  PENDING_RETRANSMIT,
} from '../connection-state.js'
import { fastOpenTimeout } from '../listener/fast-open-child.js'
import { requestTimeout } from '../listener/request-timeout.js'
import { reorderTimeout } from '../recovery/rack.js'
import { sendLossProbe } from '../send/loss-probe.js'
import { resume } from '../send/resume.js'
import { ackTimeout } from './ack-timeout.js'
import { keepAliveTimeout } from './keep-alive.js'
import { probeTimeout } from './probe-timeout.js'
import { retransmitTimeout } from './retransmit-timeout.js'

/** What each timer of a connection sets off. */
export const timerActions: TimerActions = {
  retransmitTimer,
  ackTimer: ackTimeout,
  keepAliveTimer: keepAliveTimeout,
  paceTimer: resume,
  requestTimer: (r) => (r.child === null ? requestTimeout(r) : fastOpenTimeout(r, r.child)),
}

function retransmitTimer(c: Connection): void {
  switch (c.pending) {
    case PENDING_REORDER:
      reorderTimeout(c)
      break
    case PENDING_LOSS_PROBE:
      sendLossProbe(c)
      break
    case PENDING_RETRANSMIT:
      c.pending = PENDING_NONE
      retransmitTimeout(c)
      break
    case PENDING_PROBE:
      c.pending = PENDING_NONE
      probeTimeout(c)
      break
    default:
  }
}
