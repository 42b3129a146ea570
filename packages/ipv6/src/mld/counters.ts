import type { CounterGroup } from '@jackfield/interfaces'

/** What multicast listener discovery does not listen to. What it sends and gets, ICMPv6 counts. */
export interface MldCounters extends CounterGroup {
  /** Queries and reports whose sender RFC 3810 6.2 does not let be heard. */
  MldInIgnored: number
}

export function createMldCounters(): MldCounters {
  return { MldInIgnored: 0 }
}
