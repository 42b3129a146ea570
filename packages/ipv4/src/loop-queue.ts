import type { Task } from '@jackfield/clock'
import type { NetworkInterface } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import type { Ipv4Context } from './context.js'

/** Linux's `net.core.netdev_max_backlog`. */
const LIMIT = 1000

/**
 * Own multicasts and broadcasts on their way back to this host's members (RFC 1112 6.1): delivered by the run loop, as if
 * they had come in by the interface by which they left, so that no send enters a receiver.
 */
export class LoopQueue implements Task {
  queued = false
  private readonly context: Ipv4Context
  private readonly deliver: (packet: Packet, networkInterface: NetworkInterface) => void
  private packets: Packet[] = []
  private interfaces: NetworkInterface[] = []

  constructor(context: Ipv4Context, deliver: (packet: Packet, networkInterface: NetworkInterface) => void) {
    this.context = context
    this.deliver = deliver
  }

  /** Takes a packet, its network header at `packet.start`. */
  add(packet: Packet, networkInterface: NetworkInterface): void {
    if (this.packets.length >= LIMIT) {
      this.context.counters.IpExtLoopbackDrops++
      packet.release()
      return
    }
    this.packets.push(packet)
    this.interfaces.push(networkInterface)
    if (!this.queued) this.context.clock.loop.defer(this)
  }

  run(): void {
    const { packets, interfaces } = this
    this.packets = []
    this.interfaces = []
    for (let i = 0; i < packets.length; i++) this.deliver(packets[i] as Packet, interfaces[i] as NetworkInterface)
    this.context.host.needBurstEnd()
  }

  close(): void {
    for (const packet of this.packets) packet.release()
    this.packets = []
    this.interfaces = []
  }
}
