import type { Connection } from './connection.js'
import { ConnectionOptions } from './connection-options.js'
import { ConnectionState } from './connection-state.js'

/**
 * Makes the control block of a connection that is over as new. What stays: what the user set, the place among the ports, what is
 * still to be told of sends, what lower layers hold, and what the next SYN is to carry.
 */
export function renew(c: Connection): void {
  const { nonagle, sndBuf, rcvBuf, scalingRatio, deviceQueued, notices, zeroCopies, fastOpenRequest } = c
  const { reordering } = c.tcp.settings
  const fresh = new ConnectionState(c.family)
  // Down to here it is the port table's and the user's.
  for (const key of Object.keys(new ConnectionOptions(c.family))) Reflect.deleteProperty(fresh, key)
  Object.assign(c, fresh)
  Object.assign(c, {
    nonagle,
    sndBuf,
    rcvBuf,
    scalingRatio,
    deviceQueued,
    reordering,
    notices,
    zeroCopies,
    fastOpenRequest,
  })
}
