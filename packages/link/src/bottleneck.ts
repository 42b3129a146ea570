import type { ImpairmentPlan } from './impairments.js'

/** The queue before a link of limited rate, as a record of when each packet in it will have been sent. */
export class Bottleneck {
  private readonly plan: ImpairmentPlan
  private readonly ends: Float64Array
  private readonly sizes: Int32Array
  private head = 0
  private count = 0
  private bytes = 0
  private busyUntil = 0

  constructor(plan: ImpairmentPlan) {
    this.plan = plan
    this.ends = new Float64Array(plan.queuePackets)
    this.sizes = new Int32Array(plan.queuePackets)
  }

  /**
   * Queues a packet.
   * @param segments how many packets it stands for on the wire, 1 and up
   * @returns when its last bit is sent, in microseconds; -1 if there is no room for it
   */
  enqueue(length: number, segments: number, now: number): number {
    const { plan, ends, sizes } = this
    while (this.count > 0 && (ends[this.head] as number) <= now) {
      this.bytes -= sizes[this.head] as number
      this.head = this.head + 1 === ends.length ? 0 : this.head + 1
      this.count--
    }
    if (this.count === ends.length || this.bytes + length > plan.queueBytes) return -1
    const onWire = Math.max(length, plan.minimumLength * segments) + plan.overhead * segments
    const end = Math.max(now, this.busyUntil) + onWire * plan.byteTime
    this.busyUntil = end
    let tail = this.head + this.count
    if (tail >= ends.length) tail -= ends.length
    ends[tail] = end
    sizes[tail] = length
    this.bytes += length
    this.count++
    return end
  }
}
