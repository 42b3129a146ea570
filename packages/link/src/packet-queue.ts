import type { Packet } from '@jackfield/packet'

/** Packets in order, linked through themselves: putting one in or taking one out allocates nothing. */
export class PacketQueue {
  length = 0
  private first: Packet | null = null
  private last: Packet | null = null

  push(packet: Packet): void {
    packet.next = null
    if (this.last === null) this.first = packet
    else this.last.next = packet
    this.last = packet
    this.length++
  }

  /** The packet that is longest in the queue, or null. */
  shift(): Packet | null {
    const packet = this.first
    if (packet === null) return null
    this.first = packet.next
    packet.next = null
    if (this.first === null) this.last = null
    this.length--
    return packet
  }

  /** Releases everything; returns how many packets that were. */
  clear(): number {
    const count = this.length
    for (let packet = this.shift(); packet !== null; packet = this.shift()) packet.release()
    return count
  }
}
