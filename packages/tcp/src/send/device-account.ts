import type { Connection } from '../connection.js'

/** Lower layers let go of a connection's packet: those that waited for that may then be sent (small queues). */
export function devicePacketReleased(c: Connection, charge: number): void {
  c.deviceQueued -= charge
  if (!c.throttled || c.dead) return
  c.throttled = false
  c.tcp.unblocked(c)
}
