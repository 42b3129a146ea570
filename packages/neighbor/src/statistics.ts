import type { CounterGroup } from '@jackfield/interfaces'

/** What a cache counts: `/proc/net/stat/arp_cache` of Linux, and what its own limits drop. */
export class NeighborStatistics {
  /** Entries made. */
  allocs = 0
  /** Entries removed. */
  destroys = 0
  /** Neighbours that did not answer. */
  resFailed = 0
  /** Packets given back because the neighbour did not answer. */
  unreachable = 0
  /** Packets dropped because too many waited, or because the entry went. */
  unresolvedDiscards = 0
  /** Packets dropped, or entries not made, because the table was full of entries in use. */
  tableFulls = 0
  /** Entries that made room for others that strangers caused. */
  strangersEvicted = 0
  periodicGcRuns = 0
  forcedGcRuns = 0
}

/** The counts under names of a protocol (`prefix` is `ArpCache` or `NdiscCache`): read through, always of now. */
export function neighborCounters(statistics: NeighborStatistics, prefix: string): CounterGroup {
  const group: CounterGroup = {}
  for (const name of Object.keys(statistics) as (keyof NeighborStatistics)[]) {
    Object.defineProperty(group, prefix + name.charAt(0).toUpperCase() + name.slice(1), {
      enumerable: true,
      get: () => statistics[name],
    })
  }
  return group
}
