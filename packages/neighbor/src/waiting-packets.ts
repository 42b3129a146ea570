import type { Packet } from '@jackfield/packet'
import type { Neighbor } from './neighbor.js'
import type { NeighborProtocol } from './protocol.js'
import type { NeighborSettings } from './settings.js'
import type { NeighborStatistics } from './statistics.js'

/** Bytes that may wait in all queues together, so that a scan through a router does not pile them up. */
export const MAX_QUEUED_BYTES: number = 4 * 1024 * 1024

/** The packets that wait for answers: a queue at each neighbour, bounded each and together. */
export class WaitingPackets {
  /** What all of them pin in memory, in bytes. */
  bytes = 0
  private readonly protocol: NeighborProtocol
  private readonly settings: NeighborSettings
  private readonly statistics: NeighborStatistics

  constructor(protocol: NeighborProtocol, settings: NeighborSettings, statistics: NeighborStatistics) {
    this.protocol = protocol
    this.settings = settings
    this.statistics = statistics
  }

  /** Lets a packet wait. RFC 1122 2.3.2.2: at least the latest is kept, so the oldest goes. */
  add(neighbor: Neighbor, packet: Packet): void {
    const { unres_qlen, unres_qlen_bytes } = this.settings
    const size = packet.truesize
    while (
      neighbor.queueLength > 0 &&
      (neighbor.queueLength >= unres_qlen || neighbor.queueBytes + size > unres_qlen_bytes)
    ) {
      this.dropOldest(neighbor)
    }
    if (this.bytes + size > MAX_QUEUED_BYTES) {
      this.statistics.unresolvedDiscards++
      packet.release()
      return
    }
    this.bytes += size
    neighbor.enqueue(packet)
  }

  /** Drops what waits for a neighbour that is being forgotten. */
  drop(neighbor: Neighbor): void {
    while (neighbor.queueHead !== null) this.dropOldest(neighbor)
  }

  /** Sends what waited, now that the link address is known. */
  send(neighbor: Neighbor): void {
    let packet = this.take(neighbor)
    while (packet !== null) {
      const following: Packet | null = packet.next
      packet.next = null
      this.protocol.transmit(packet, neighbor)
      packet = following
    }
  }

  /** Gives back what waited for a neighbour that did not answer. */
  giveBack(neighbor: Neighbor): void {
    let packet = this.take(neighbor)
    while (packet !== null) {
      const following: Packet | null = packet.next
      packet.next = null
      this.statistics.unreachable++
      this.protocol.unreachable(packet, neighbor)
      packet = following
    }
  }

  /** Empties the queue first, because the protocol may send to the same neighbour again. */
  private take(neighbor: Neighbor): Packet | null {
    this.bytes -= neighbor.queueBytes
    return neighbor.takeQueue()
  }

  private dropOldest(neighbor: Neighbor): void {
    const before = neighbor.queueBytes
    const packet = neighbor.dequeue()
    this.bytes -= before - neighbor.queueBytes
    if (packet === null) return
    this.statistics.unresolvedDiscards++
    packet.release()
  }
}
