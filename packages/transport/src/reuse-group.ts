import type { PortEntry } from './port-entry.js'

/** Sockets with SO_REUSEPORT on one address, port and interface: each flow goes to one of them, by its hash. */
export class ReuseGroup {
  private readonly members: PortEntry[] = []

  /** Members. */
  get size(): number {
    return this.members.length
  }

  /** Whose a flow is, by its int32 hash (`reciprocal_scale`). */
  choose(hash: number): PortEntry {
    return this.members[Math.floor(((hash >>> 0) * this.members.length) / 0x1_0000_0000)] as PortEntry
  }

  /** Whether an entry belongs here. */
  admits(entry: PortEntry): boolean {
    const first = this.members[0]
    return (
      first !== undefined &&
      first.family === entry.family &&
      first.v6only === entry.v6only &&
      first.boundInterface === entry.boundInterface &&
      first.local3 === entry.local3 &&
      first.local2 === entry.local2 &&
      first.local1 === entry.local1 &&
      first.local0 === entry.local0
    )
  }

  add(entry: PortEntry): void {
    this.members.push(entry)
    entry.reuseGroup = this
  }

  /** The last member takes the place of the one that goes, as in Linux. */
  remove(entry: PortEntry): void {
    entry.reuseGroup = null
    const at = this.members.indexOf(entry)
    const last = this.members.pop()
    if (last !== undefined && last !== entry) this.members[at] = last
  }
}
