import type { PortEntry } from './port-entry.js'

/**
 * Entries by a keyed hash, newest first in each chain: a hash table that grows. An entry is in one at a time. There are twice as many
 * chains as entries or more: to pass by a stranger in a chain costs a cache miss, a chain eight bytes.
 */
export class EntryChains {
  private heads: (PortEntry | null)[] = new Array<PortEntry | null>(16).fill(null)
  private held = 0

  /** Entries in it. */
  get count(): number {
    return this.held
  }

  /** The first entry whose hash falls into the same chain; follow `nextHashed`, compare the addresses. */
  first(hash: number): PortEntry | null {
    const heads = this.heads
    return heads[hash & (heads.length - 1)] as PortEntry | null
  }

  add(entry: PortEntry, hash: number): void {
    entry.hash = hash
    if (++this.held * 2 > this.heads.length) this.grow()
    this.link(entry)
  }

  remove(entry: PortEntry): void {
    const { nextHashed, previousHashed } = entry
    if (previousHashed === null) this.heads[entry.hash & (this.heads.length - 1)] = nextHashed
    else previousHashed.nextHashed = nextHashed
    if (nextHashed !== null) nextHashed.previousHashed = previousHashed
    entry.nextHashed = null
    entry.previousHashed = null
    this.held--
  }

  private link(entry: PortEntry): void {
    const at = entry.hash & (this.heads.length - 1)
    const head = this.heads[at] as PortEntry | null
    entry.previousHashed = null
    entry.nextHashed = head
    if (head !== null) head.previousHashed = entry
    this.heads[at] = entry
  }

  private grow(): void {
    const old = this.heads
    this.heads = new Array<PortEntry | null>(old.length * 2).fill(null)
    for (const head of old) {
      // Oldest first, so that each chain keeps its order.
      let each = head
      while (each !== null && each.nextHashed !== null) each = each.nextHashed
      while (each !== null) {
        const previous: PortEntry | null = each.previousHashed
        this.link(each)
        each = previous
      }
    }
  }
}
