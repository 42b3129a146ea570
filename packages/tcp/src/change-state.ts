import type { Connection } from './connection.js'
import { CLOSE_WAIT, CLOSED, ESTABLISHED } from './state.js'

/** Takes a connection to a state, and counts (RFC 2012): those that are open, and those that end without having been closed. */
export function changeState(c: Connection, state: number): void {
  const { counters } = c.tcp
  const was = c.state === ESTABLISHED || c.state === CLOSE_WAIT
  const is = state === ESTABLISHED || state === CLOSE_WAIT
  c.state = state
  if (was === is) return
  counters.TcpCurrEstab += is ? 1 : -1
  if (was && state === CLOSED) counters.TcpEstabResets++
}
