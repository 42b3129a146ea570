import type { Task } from '@jackfield/clock'
import type { CounterGroup, Host, NetworkInterface } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'

/** Linux's `net.core.netdev_max_backlog`. */
const LIMIT = 1000

/** What a queue back to the host stands on. */
export interface LoopQueueOptions {
  readonly host: Pick<Host, 'clock' | 'needBurstEnd'>
  readonly counters: CounterGroup
  /** The counter of packets that had no room. */
  readonly drops: string
  /** Takes a packet as if it had come in by the interface. */
  deliver(packet: Packet, networkInterface: NetworkInterface): void
}

/**
 * Own multicasts and broadcasts on their way back to this host's members (RFC 1112 6.1, RFC 3493 5.2): delivered by the run loop,
 * as if they had come in by the interface by which they left, so that no send enters a receiver.
 */
export class LoopQueue implements Task {
  queued = false
  private readonly options: LoopQueueOptions
  private packets: Packet[] = []
  private interfaces: NetworkInterface[] = []

  constructor(options: LoopQueueOptions) {
    this.options = options
    options.counters[options.drops] ??= 0
  }

  /** Takes a packet, its network header at `packet.start`. */
  add(packet: Packet, networkInterface: NetworkInterface): void {
    const { counters, drops, host } = this.options
    if (this.packets.length >= LIMIT) {
      counters[drops] = (counters[drops] as number) + 1
      packet.release()
      return
    }
    this.packets.push(packet)
    this.interfaces.push(networkInterface)
    if (!this.queued) host.clock.loop.defer(this)
  }

  run(): void {
    const { packets, interfaces, options } = this
    this.packets = []
    this.interfaces = []
    for (let i = 0; i < packets.length; i++) {
      options.deliver(packets[i] as Packet, interfaces[i] as NetworkInterface)
    }
    options.host.needBurstEnd()
  }

  /** Releases what waits. */
  close(): void {
    for (const packet of this.packets) packet.release()
    this.packets = []
    this.interfaces = []
  }
}
