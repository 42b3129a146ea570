import type { Clock, RandomSource, RunLoop, Task } from '@jackfield/clock'
import type { LinkMedium, LinkReceiver, LinkStatistics } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import { BURST, leaveHost } from './device-basics.js'
import { emptyImpairmentStatistics, Impairer, type ImpairmentSink } from './impairer.js'
import type { ImpairmentStatistics, Impairments } from './impairments.js'
import { PacketQueue } from './packet-queue.js'

/** What happened to packets on one direction of a cable. */
export interface LaneStatistics extends ImpairmentStatistics {
  /** Packets that met no open device at the other end, or were under way when the cable was unplugged. */
  undelivered: number
}

/** An end of a cable, as the lanes see it. */
export interface LaneEnd {
  readonly receiver: LinkReceiver | null
  readonly statistics: LinkStatistics
}

/** One direction of a cable. Packets wait for the run loop, or for a timer where the lane is impaired. */
export class CableLane implements Task, ImpairmentSink {
  queued = false
  plugged = true
  readonly statistics: LaneStatistics = { ...emptyImpairmentStatistics(), undelivered: 0 }
  private readonly from: LaneEnd
  private readonly to: LaneEnd
  private readonly loop: RunLoop
  private readonly limit: number
  private readonly queue = new PacketQueue()
  private readonly impairer: Impairer
  /** Whether the sender was refused and waits to be told. */
  private blocked = false

  constructor(
    clock: Clock,
    medium: LinkMedium,
    random: RandomSource | undefined,
    from: LaneEnd,
    to: LaneEnd,
    limit: number,
  ) {
    this.loop = clock.loop
    this.from = from
    this.to = to
    this.limit = limit
    this.impairer = new Impairer(clock, medium, random, this, this.statistics)
  }

  configure(impairments: Impairments | null): void {
    this.impairer.configure(impairments)
  }

  /** Whether a packet can be taken; if not, the sender is told when one can. */
  accepts(): boolean {
    if (this.queue.length < this.limit && !this.impairer.full) return true
    this.blocked = true
    return false
  }

  /** Takes a packet that `accepts` allowed. */
  carry(packet: Packet): void {
    leaveHost(packet)
    if (!this.plugged || this.to.receiver === null) {
      this.statistics.undelivered++
      packet.release()
      return
    }
    if (this.impairer.idle) this.pass(packet)
    else this.impairer.offer(packet)
  }

  pass(packet: Packet): boolean {
    this.queue.push(packet)
    if (!this.queued) this.loop.defer(this)
    return true
  }

  passed(): void {
    this.wake()
  }

  /** Delivers a burst. */
  run(): void {
    const { queue, to } = this
    if (queue.length > 0) {
      const { statistics } = to
      try {
        for (let i = 0; i < BURST && to.receiver !== null; i++) {
          const packet = queue.shift()
          if (packet === null) break
          statistics.rxPackets++
          statistics.rxBytes += packet.end - packet.start
          to.receiver.receive(packet)
        }
      } finally {
        if (queue.length > 0) this.loop.defer(this)
        to.receiver?.burstEnd()
      }
    }
    this.wake()
  }

  /** Loses all that is under way. */
  clear(): void {
    this.statistics.undelivered += this.queue.clear() + this.impairer.clear()
    if (this.blocked && !this.queued) this.loop.defer(this)
  }

  private wake(): void {
    if (!this.blocked || this.queue.length > this.limit >> 1 || !this.impairer.roomy) return
    this.blocked = false
    this.from.receiver?.writable()
  }
}
