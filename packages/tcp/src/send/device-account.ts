import type { PacketOwner } from '@jackfield/packet'
import type { Connection } from '../connection.js'

/** Told when lower layers let go of a connection's packets: those that waited for that may then be sent (small queues). */
export class DeviceAccount implements PacketOwner {
  private readonly connection: Connection

  constructor(connection: Connection) {
    this.connection = connection
  }

  packetReleased(charge: number): void {
    const c = this.connection
    c.deviceQueued -= charge
    if (!c.throttled || c.dead) return
    c.throttled = false
    c.tcp.unblocked(c)
  }
}
