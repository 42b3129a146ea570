import type { Connection } from '../connection.js'
import { updatePacingRate } from '../send/pacing.js'
import { ACK_DATA_ACKED, ACK_PROGRESS } from './ack-flags.js'
import type { AckSample } from './ack-sample.js'
import { inReduction } from './congestion-state.js'
import { reduceCwnd } from './prr.js'

/**
 * Window and pacing after an acknowledgement, when it is known what it delivered (Linux's `tcp_cong_control`): a congestion control
 * that has everything in hand is asked; else PRR brings the window down, or the control lets it grow.
 */
export function controlCongestion(
  c: Connection,
  ack: number,
  delivered: number,
  flags: number,
  sample: AckSample,
): void {
  if (c.congestion.control !== undefined) {
    c.congestion.control(c, sample)
    return
  }
  if (inReduction(c)) reduceCwnd(c, delivered, sample.losses, flags)
  else if (mayGrow(c, flags)) {
    c.congestion.avoid(c, ack, delivered)
    c.cwndStamp = c.tcp.now
  }
  updatePacingRate(c)
}

/** In order only (RFC 5681), unless the path is known to reorder: there whatever arrives counts. */
function mayGrow(c: Connection, flags: number): boolean {
  const counted = c.reordering > c.tcp.settings.reordering ? ACK_PROGRESS : ACK_DATA_ACKED
  return (flags & counted) !== 0
}
