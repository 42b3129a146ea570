import { MacAddress } from '@jackfield/addr'
import { createVirtualClock, type VirtualClock } from '@jackfield/clock'
import {
  type LinkDevice,
  type LinkMedium,
  type LinkReceiver,
  type LinkStatistics,
  NO_OFFLOAD,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'

/** A device that gives back what it is given, in the next turn of its loop, and takes 100 packets at most. */
export class FakeDevice<Medium extends LinkMedium = LinkMedium> implements LinkDevice<Medium> {
  readonly name: string = 'fake0'
  readonly medium: Medium
  readonly mtu: number = 1500
  readonly loopback: boolean = true
  readonly hardwareAddress?: MacAddress
  readonly offload: typeof NO_OFFLOAD = NO_OFFLOAD
  readonly statistics: LinkStatistics = {
    rxPackets: 0,
    rxBytes: 0,
    rxDropped: 0,
    rxErrors: 0,
    txPackets: 0,
    txBytes: 0,
    txDropped: 0,
    txErrors: 0,
  }
  readonly clock: VirtualClock
  flushes = 0
  receiver: LinkReceiver | null = null
  private opened = false
  private closed = false
  private blocked = false
  private readonly queue: Packet[] = []
  private readonly task: { queued: boolean; run(): void }

  constructor(medium: Medium, clock: VirtualClock = createVirtualClock()) {
    this.medium = medium
    this.clock = clock
    if (medium === 'ethernet') this.hardwareAddress = MacAddress.parse('02:00:00:00:00:01')
    this.task = { queued: false, run: () => this.deliver() }
  }

  open(receiver: LinkReceiver): void {
    if (this.opened) throw new Error('fake0 is open already')
    this.opened = true
    this.receiver = receiver
  }

  transmit(packet: Packet): boolean {
    if (this.closed || this.queue.length >= 100) {
      this.statistics.txDropped++
      this.blocked = !this.closed
      packet.release()
      return false
    }
    this.statistics.txPackets++
    this.statistics.txBytes += packet.length
    packet.orphan()
    this.queue.push(packet)
    this.clock.loop.defer(this.task)
    return true
  }

  flush(): void {
    this.flushes++
  }

  close(): void {
    this.closed = true
    this.receiver = null
    for (const packet of this.queue.splice(0)) packet.release()
  }

  private deliver(): void {
    for (const packet of this.queue.splice(0)) {
      this.statistics.rxPackets++
      this.statistics.rxBytes += packet.length
      if (this.receiver === null) packet.release()
      else this.receiver.receive(packet)
    }
    this.receiver?.burstEnd()
    if (this.blocked) this.receiver?.writable()
    this.blocked = false
  }
}
