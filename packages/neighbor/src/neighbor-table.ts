import { hashAddress, type IpAddress } from '@jackfield/addr'
import { Neighbor } from './neighbor.js'

const SMALLEST = 16

/** Neighbours by address and interface: chained hashing, keyed with the host's secret so that nobody can aim at a bucket. */
export class NeighborTable {
  private buckets: (Neighbor | null)[]
  private mask: number
  private readonly secret0: number
  private readonly secret1: number
  size = 0
  /** Found last: traffic goes to the same neighbour many times in a row, most often a gateway. */
  private latest: Neighbor | null = null

  constructor(secret0: number, secret1: number) {
    this.secret0 = secret0 | 0
    this.secret1 = secret1 | 0
    this.buckets = new Array<Neighbor | null>(SMALLEST).fill(null)
    this.mask = SMALLEST - 1
  }

  find(address: IpAddress, interfaceIndex: number): Neighbor | null {
    const latest = this.latest
    if (latest !== null && latest.interfaceIndex === interfaceIndex && latest.address.equals(address)) return latest
    let neighbor = this.buckets[this.hash(address, interfaceIndex) & this.mask] as Neighbor | null
    while (neighbor !== null) {
      if (neighbor.interfaceIndex === interfaceIndex && neighbor.address.equals(address)) {
        this.latest = neighbor
        return neighbor
      }
      neighbor = neighbor.next
    }
    return null
  }

  /** Adds a neighbour that is not there yet. The address is copied. */
  add(address: IpAddress, interfaceIndex: number): Neighbor {
    if (this.size > this.mask) this.grow()
    const neighbor = new Neighbor(address.copy(), interfaceIndex, this.hash(address, interfaceIndex))
    this.link(neighbor)
    this.size++
    return neighbor
  }

  delete(neighbor: Neighbor): void {
    if (this.latest === neighbor) this.latest = null
    const at = neighbor.hash & this.mask
    let other = this.buckets[at] as Neighbor | null
    if (other === neighbor) this.buckets[at] = neighbor.next
    else {
      while (other !== null && other.next !== neighbor) other = other.next
      if (other === null) return
      other.next = neighbor.next
    }
    neighbor.next = null
    this.size--
  }

  /** All neighbours, in a new array: safe to delete from the table while going through it. */
  all(): Neighbor[] {
    const list: Neighbor[] = []
    for (const head of this.buckets) {
      for (let neighbor = head; neighbor !== null; neighbor = neighbor.next) list.push(neighbor)
    }
    return list
  }

  private hash(address: IpAddress, interfaceIndex: number): number {
    return hashAddress(this.secret0, this.secret1, address) ^ Math.imul(interfaceIndex, 0x9e3779b1)
  }

  private link(neighbor: Neighbor): void {
    const at = neighbor.hash & this.mask
    neighbor.next = this.buckets[at] as Neighbor | null
    this.buckets[at] = neighbor
  }

  private grow(): void {
    const all = this.all()
    const length = this.buckets.length * 2
    this.buckets = new Array<Neighbor | null>(length).fill(null)
    this.mask = length - 1
    for (const neighbor of all) this.link(neighbor)
  }
}
