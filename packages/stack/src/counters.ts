import type { CounterGroup } from '@jackfield/interfaces'

/** What the stack itself drops, by name. */
export interface StackCounters extends CounterGroup {
  /** First nibble of a packet from an IP medium neither 4 nor 6. */
  LinkInUnknownVersion: number
  /** No network layer for the EtherType. */
  LinkInUnknownProtocol: number
  /** Received while the interface was down. */
  LinkInDown: number
  /** Sent while the interface was down. */
  LinkOutDown: number
  /** A large packet that no transport could cut. */
  LinkOutUncuttable: number
}

export function createStackCounters(): StackCounters {
  return {
    LinkInUnknownVersion: 0,
    LinkInUnknownProtocol: 0,
    LinkInDown: 0,
    LinkOutDown: 0,
    LinkOutUncuttable: 0,
  }
}

/** Sums several groups into one record, sorted by name. */
export function mergeCounters(groups: readonly CounterGroup[]): Record<string, number> {
  const sums = new Map<string, number>()
  for (const group of groups) {
    for (const [name, value] of Object.entries(group)) sums.set(name, (sums.get(name) ?? 0) + value)
  }
  const merged: Record<string, number> = {}
  for (const name of [...sums.keys()].sort()) merged[name] = sums.get(name) ?? 0
  return merged
}
