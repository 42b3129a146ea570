import type { Clock, RandomSource, Task, Timer } from '@jackfield/clock'
import type { LinkMedium } from '@jackfield/interfaces'
import { CHECKSUM_NONE, CHECKSUM_VERIFIED, completeChecksum, type Packet } from '@jackfield/packet'
import { Bottleneck } from './bottleneck.js'
import { DelayLine } from './delay-line.js'
import { BURST } from './device-basics.js'
import { type ImpairmentPlan, type ImpairmentStatistics, type Impairments, planImpairments } from './impairments.js'

/** Where packets go on to. */
export interface ImpairmentSink {
  /** Takes a packet; false if it had to be dropped for want of room. Called from inside `offer`, or from a timer. */
  pass(packet: Packet): boolean
  /** A group of packets from a timer is over, and there is room for more. Not called after `offer`. */
  passed(): void
}

/** Statistics at zero. */
export function emptyImpairmentStatistics(): ImpairmentStatistics {
  return { lost: 0, corrupted: 0, duplicated: 0, reordered: 0, queueDropped: 0 }
}

/** One direction of an impaired link: decides what becomes of each packet and holds those that are under way. */
export class Impairer implements Task {
  queued = false
  readonly statistics: ImpairmentStatistics
  private plan: ImpairmentPlan | null = null
  private bottleneck: Bottleneck | null = null
  private bad = false
  /** Packets that may be under way. */
  private limit = 0
  /** Arrival of the last packet that may not be overtaken. */
  private lastArrival = 0
  private readonly line = new DelayLine()
  private readonly timer: Timer
  private readonly clock: Clock
  private readonly medium: LinkMedium
  private readonly random: RandomSource | undefined
  private readonly sink: ImpairmentSink

  constructor(
    clock: Clock,
    medium: LinkMedium,
    random: RandomSource | undefined,
    sink: ImpairmentSink,
    statistics: ImpairmentStatistics,
  ) {
    this.clock = clock
    this.medium = medium
    this.random = random
    this.sink = sink
    this.statistics = statistics
    this.timer = clock.createTimer(() => this.run())
  }

  /** Sets what happens to the packets that follow; null is nothing. Those under way arrive as they would have. */
  configure(impairments: Impairments | null): void {
    const plan = impairments === null ? null : planImpairments(impairments, this.medium, this.random)
    this.plan = plan
    this.bottleneck = plan !== null && plan.byteTime > 0 ? new Bottleneck(plan) : null
    this.bad = false
    // Without a plan, what follows may still have to wait for packets under way.
    if (plan !== null) this.limit = plan.inFlightPackets
  }

  /** Whether packets may pass by without being offered. */
  get idle(): boolean {
    return this.plan === null && this.line.length === 0
  }

  /** Whether no more packets may be under way. */
  get full(): boolean {
    return this.line.length >= this.limit && this.limit > 0
  }

  /** Whether it is worth telling a sender that was refused. */
  get roomy(): boolean {
    return this.line.length <= this.limit >> 1
  }

  /** Takes a packet. Answers false only where it went to the sink at once and the sink had no room. */
  offer(packet: Packet): boolean {
    const { plan, random, statistics } = this
    if (plan === null || random === undefined) return this.send(packet, plan)
    if (this.isLost(plan, random)) {
      statistics.lost++
      packet.release()
      return true
    }
    if (plan.corrupt > 0 && random.fraction() < plan.corrupt) this.corrupt(packet, random)
    if (plan.duplicate > 0 && random.fraction() < plan.duplicate) {
      statistics.duplicated++
      this.send(packet.share(), plan)
    }
    return this.send(packet, plan)
  }

  /** Passes on what has arrived, and waits for the rest. */
  run(): void {
    const { line, sink } = this
    const now = this.clock.now()
    try {
      for (let i = 0; i < BURST && line.nextTime <= now; i++) sink.pass(line.shift() as Packet)
    } finally {
      if (line.length > 0) {
        if (line.nextTime <= now) this.clock.loop.defer(this)
        else this.timer.set(line.nextTime)
      }
      sink.passed()
    }
  }

  /** Loses everything that is under way; returns how many packets that were. */
  clear(): number {
    this.timer.cancel()
    this.lastArrival = 0
    if (this.bottleneck !== null && this.plan !== null) this.bottleneck = new Bottleneck(this.plan)
    return this.line.clear()
  }

  private isLost(plan: ImpairmentPlan, random: RandomSource): boolean {
    const { burstLoss } = plan
    if (burstLoss !== null) {
      if (random.fraction() < (this.bad ? burstLoss.leave : burstLoss.enter)) this.bad = !this.bad
      const loss = this.bad ? burstLoss.lossBad : burstLoss.lossGood
      if (loss > 0 && random.fraction() < loss) return true
    }
    return plan.loss > 0 && random.fraction() < plan.loss
  }

  /** Flips one bit. Others may hold the bytes too, and a checksum that nobody computed would hide the damage. */
  private corrupt(packet: Packet, random: RandomSource): void {
    const length = packet.end - packet.start
    if (length === 0) return
    packet.unshare()
    completeChecksum(packet)
    if (packet.checksum === CHECKSUM_VERIFIED) packet.checksum = CHECKSUM_NONE
    const bit = random.below(length * 8)
    const at = packet.start + (bit >>> 3)
    packet.view.setUint8(at, packet.view.getUint8(at) ^ (1 << (bit & 7)))
    this.statistics.corrupted++
  }

  /** Works out when the packet arrives, and sends it on its way. */
  private send(packet: Packet, plan: ImpairmentPlan | null): boolean {
    const { line } = this
    const now = this.clock.now()
    let arrival = now
    if (plan !== null) {
      if (this.bottleneck !== null) {
        const segments = Math.max(1, packet.segmentCount)
        arrival = this.bottleneck.enqueue(packet.end - packet.start, segments, now)
        if (arrival < 0) {
          this.statistics.queueDropped++
          packet.release()
          return true
        }
      }
      arrival += this.delayOf(plan)
      if (plan.reorder > 0 && this.random !== undefined && this.random.fraction() < plan.reorder) {
        this.statistics.reordered++
        return this.hold(packet, arrival + plan.reorderDelay)
      }
      if (plan.jitterReorders) return this.hold(packet, arrival)
    }
    if (arrival < this.lastArrival) arrival = this.lastArrival
    this.lastArrival = arrival
    // Not past packets that arrive at this very moment.
    if (arrival <= now && line.nextTime > now) return this.sink.pass(packet)
    return this.hold(packet, arrival)
  }

  private hold(packet: Packet, arrival: number): boolean {
    const { line } = this
    const first = line.nextTime
    packet.orphan()
    line.push(packet, arrival)
    if (arrival < first) this.timer.set(arrival)
    return true
  }

  private delayOf(plan: ImpairmentPlan): number {
    const { random } = this
    if (plan.jitter === 0 || random === undefined) return plan.delay
    let deviation = 0
    if (plan.normal) {
      // Twelve uniform numbers sum to a normal one of variance 1 (Irwin and Hall), the same to the bit on every engine.
      for (let i = 0; i < 12; i++) deviation += random.fraction()
      deviation -= 6
    } else {
      deviation = 2 * random.fraction() - 1
    }
    return Math.max(0, plan.delay + deviation * plan.jitter)
  }
}
