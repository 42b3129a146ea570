import {
  type ControlMessage,
  SO_TIMESTAMP,
  SO_TIMESTAMPING,
  SO_TIMESTAMPNS,
  SOF_TIMESTAMPING_RX_SOFTWARE,
  SOF_TIMESTAMPING_SOFTWARE,
  SOL_SOCKET,
} from '@jackfield/interfaces'
import { WANT_TIMESTAMP, WANT_TIMESTAMPNS } from '@jackfield/transport'
import type { Connection } from '../connection.js'

/** Both make `SO_TIMESTAMPING` tell when data came. */
const RECEIVED = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE

/** Whether reads tell when their last byte came (`SO_TIMESTAMP`, `SO_TIMESTAMPNS`, `SO_TIMESTAMPING`). */
export function wantsStamps(c: Connection): boolean {
  return (c.stampFlags & RECEIVED) === RECEIVED || (c.options.wantedControl & (WANT_TIMESTAMP | WANT_TIMESTAMPNS)) !== 0
}

/** Adds the control messages for a time in microseconds since 1970; none for 0, as it was not noted. */
export function addStamps(c: Connection, time: number, control: ControlMessage[]): void {
  if (time === 0) return
  const { wantedControl } = c.options
  if ((wantedControl & WANT_TIMESTAMPNS) !== 0) {
    control.push({ level: SOL_SOCKET, type: SO_TIMESTAMPNS, data: Math.round(time * 1000) })
  } else if ((wantedControl & WANT_TIMESTAMP) !== 0) {
    control.push({ level: SOL_SOCKET, type: SO_TIMESTAMP, data: Math.floor(time) })
  }
  if ((c.stampFlags & RECEIVED) !== RECEIVED) return
  control.push({ level: SOL_SOCKET, type: SO_TIMESTAMPING, data: { software: time, hardware: 0 } })
}
