import type { IpAddress, MacAddress } from '@jackfield/addr'
import type { Timer } from '@jackfield/clock'
import type { NeighborEntry } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import { NUD_STALE, stateName } from './state.js'

/** One neighbour on one interface. The cache writes it, protocols read it. */
export class Neighbor {
  readonly address: IpAddress
  readonly interfaceIndex: number
  /** @internal Of the address and the interface. */
  readonly hash: number
  /** `NUD_*`. */
  state: number = NUD_STALE
  /** Null while it is not known. */
  hardwareAddress: MacAddress | null = null
  /** RFC 4861 5.1: whether it is a router. */
  isRouter = false
  /** Questions asked since it began to be asked for. */
  probes = 0
  /** When it was last known to answer, in microseconds of the clock. */
  confirmed = 0
  /** When its state or link address last changed. */
  updated = 0
  /** @internal When it was last asked for: questions keep their distance. */
  solicited: number = Number.NEGATIVE_INFINITY
  /** @internal When it became stale or was last heard of, for the order of eviction. */
  used = 0
  /** @internal While packets wait for it. */
  waitTimer: Timer | null = null
  /** @internal While it is only kept up to date. */
  ageTimer: Timer | null = null
  /** @internal Next in the table's bucket. */
  next: Neighbor | null = null
  /** @internal Place among those that strangers caused; itself while it is not among them. */
  older: Neighbor
  newer: Neighbor

  /** Packets that wait, oldest first, linked by `next`. */
  queueHead: Packet | null = null
  private queueTail: Packet | null = null
  queueLength = 0
  /** What they pin in memory, in bytes. */
  queueBytes = 0

  constructor(address: IpAddress, interfaceIndex: number, hash: number) {
    this.address = address
    this.interfaceIndex = interfaceIndex
    this.hash = hash
    this.older = this
    this.newer = this
  }

  /** @internal Puts a packet last. */
  enqueue(packet: Packet): void {
    packet.next = null
    if (this.queueTail === null) this.queueHead = packet
    else this.queueTail.next = packet
    this.queueTail = packet
    this.queueLength++
    this.queueBytes += packet.truesize
  }

  /** @internal Takes the oldest packet out. */
  dequeue(): Packet | null {
    const packet = this.queueHead
    if (packet === null) return null
    this.queueHead = packet.next
    if (packet.next === null) this.queueTail = null
    packet.next = null
    this.queueLength--
    this.queueBytes -= packet.truesize
    return packet
  }

  /** @internal Takes all packets out, linked by `next`, oldest first. */
  takeQueue(): Packet | null {
    const packet = this.queueHead
    this.queueHead = null
    this.queueTail = null
    this.queueLength = 0
    this.queueBytes = 0
    return packet
  }

  /** As people see it. */
  toEntry(): NeighborEntry {
    return {
      address: this.address,
      interfaceIndex: this.interfaceIndex,
      hardwareAddress: this.hardwareAddress ?? undefined,
      state: stateName(this.state),
      router: this.isRouter,
    }
  }
}
