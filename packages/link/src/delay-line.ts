import type { Packet } from '@jackfield/packet'

/** Packets under way, the earliest first; those of one time in the order they were put in. A binary heap. */
export class DelayLine {
  length = 0
  private times = new Float64Array(64)
  private orders = new Float64Array(64)
  private packets: (Packet | null)[] = Array.from({ length: 64 }, () => null)
  private order = 0

  /** When the first packet arrives, Infinity if there is none. */
  get nextTime(): number {
    return this.length === 0 ? Infinity : (this.times[0] as number)
  }

  push(packet: Packet, time: number): void {
    if (this.length === this.packets.length) this.grow()
    const { times } = this
    const order = this.order++
    let at = this.length++
    while (at > 0) {
      const parent = (at - 1) >> 1
      // The new packet is the youngest: it only passes those of a later time.
      if ((times[parent] as number) <= time) break
      this.move(parent, at)
      at = parent
    }
    this.place(at, packet, time, order)
  }

  /** Takes the first packet out, or null. */
  shift(): Packet | null {
    if (this.length === 0) return null
    const first = this.packets[0] as Packet
    const last = --this.length
    const packet = this.packets[last] as Packet
    this.packets[last] = null
    if (last > 0) this.sink(packet, this.times[last] as number, this.orders[last] as number)
    return first
  }

  /** Releases everything; returns how many packets that were. */
  clear(): number {
    const count = this.length
    for (let i = 0; i < count; i++) {
      const packet = this.packets[i] as Packet
      this.packets[i] = null
      packet.release()
    }
    this.length = 0
    return count
  }

  private sink(packet: Packet, time: number, order: number): void {
    const { length } = this
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= length) break
      if (child + 1 < length && this.isBefore(child + 1, this.times[child] as number, this.orders[child] as number))
        child++
      if (!this.isBefore(child, time, order)) break
      this.move(child, at)
      at = child
    }
    this.place(at, packet, time, order)
  }

  private isBefore(at: number, time: number, order: number): boolean {
    const own = this.times[at] as number
    return own < time || (own === time && (this.orders[at] as number) < order)
  }

  private move(from: number, to: number): void {
    this.place(to, this.packets[from] as Packet, this.times[from] as number, this.orders[from] as number)
  }

  private place(at: number, packet: Packet, time: number, order: number): void {
    this.packets[at] = packet
    this.times[at] = time
    this.orders[at] = order
  }

  private grow(): void {
    const capacity = this.packets.length * 2
    const times = new Float64Array(capacity)
    const orders = new Float64Array(capacity)
    times.set(this.times)
    orders.set(this.orders)
    this.times = times
    this.orders = orders
    while (this.packets.length < capacity) this.packets.push(null)
  }
}
