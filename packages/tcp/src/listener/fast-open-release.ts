import type { Connection } from '../connection.js'

/** The handshake is over, well or not: the request is done with. */
export function releaseFastOpen(c: Connection, wasReset: boolean): void {
  const r = c.passiveFastOpen
  if (r === null) return
  const { listener } = r
  c.passiveFastOpen = null
  listener.fastOpenSettled(wasReset && !listener.holds(c))
  listener.release(r)
}
