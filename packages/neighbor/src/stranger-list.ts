import { IpAddress, type MacAddress } from '@jackfield/addr'
import { Neighbor } from './neighbor.js'

/** Entries that one link address may cause. */
export const MAX_STRANGERS_PER_SOURCE = 16

const NOWHERE: IpAddress = /* @__PURE__ */ IpAddress.v4(0)

/**
 * Entries that exist only because somebody spoke to us: nothing was sent to them yet. Ordered by when they were last
 * heard. They are few, so that whoever makes up addresses pushes out others of the kind and never a neighbour in use.
 */
export class StrangerList {
  private readonly ring = new Neighbor(NOWHERE, 0, 0)
  size = 0

  /** Adds an entry as the latest heard, or makes it that. */
  touch(neighbor: Neighbor): void {
    if (neighbor.older !== neighbor) this.remove(neighbor)
    const last = this.ring.older
    neighbor.older = last
    neighbor.newer = this.ring
    last.newer = neighbor
    this.ring.older = neighbor
    this.size++
  }

  /** Takes an entry out: it is in use, or gone. Does nothing for one that is not in it. */
  remove(neighbor: Neighbor): void {
    if (neighbor.older === neighbor) return
    neighbor.older.newer = neighbor.newer
    neighbor.newer.older = neighbor.older
    neighbor.older = neighbor
    neighbor.newer = neighbor
    this.size--
  }

  has(neighbor: Neighbor): boolean {
    return neighbor.older !== neighbor
  }

  /**
   * Who has to go before one more may come: the oldest of the same source where that has its share, the oldest of all
   * where there are `most`, else null.
   */
  victim(source: MacAddress, interfaceIndex: number, most: number): Neighbor | null {
    let count = 0
    let oldest: Neighbor | null = null
    for (let neighbor = this.ring.newer; neighbor !== this.ring; neighbor = neighbor.newer) {
      const known = neighbor.hardwareAddress
      if (neighbor.interfaceIndex === interfaceIndex && known !== null && known.equals(source)) {
        oldest ??= neighbor
        count++
      }
    }
    if (count >= MAX_STRANGERS_PER_SOURCE) return oldest
    return this.size >= most && this.size > 0 ? this.ring.newer : null
  }
}
