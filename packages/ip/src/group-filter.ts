import type { IpAddress } from '@jackfield/addr'

/** Whether the sources of a filter are the ones wanted, or the ones not wanted. */
export type FilterMode = 'include' | 'exclude'

/** What a socket or an interface wants of a group (RFC 3376 3, RFC 3810 4). `include` of no sources: not a member. */
export interface GroupFilter {
  readonly mode: FilterMode
  readonly sources: readonly IpAddress[]
}

/** The filter of a group that was not joined. */
export const NO_MEMBERSHIP: GroupFilter = { mode: 'include', sources: [] }

// Types of group record, the same for IGMPv3 (RFC 3376 4.2.12) and MLDv2 (RFC 3810 5.2.12).
export const MODE_IS_INCLUDE = 1
export const MODE_IS_EXCLUDE = 2
export const CHANGE_TO_INCLUDE_MODE = 3
export const CHANGE_TO_EXCLUDE_MODE = 4
export const ALLOW_NEW_SOURCES = 5
export const BLOCK_OLD_SOURCES = 6

/** Whether a source is in a list. */
export function hasSource(sources: readonly IpAddress[], source: IpAddress): boolean {
  for (let i = 0; i < sources.length; i++) if ((sources[i] as IpAddress).equals(source)) return true
  return false
}

/** Whether the filter lets a source through. */
export function filterAccepts(filter: GroupFilter, source: IpAddress): boolean {
  return hasSource(filter.sources, source) === (filter.mode === 'include')
}

/** Whether two filters let the same sources through. */
export function filtersEqual(a: GroupFilter, b: GroupFilter): boolean {
  return (
    a.mode === b.mode &&
    a.sources.length === b.sources.length &&
    a.sources.every((source) => hasSource(b.sources, source))
  )
}

/**
 * What an interface wants of a group, from what each socket wants (RFC 3376 3.2, RFC 3810 4.2): with an EXCLUDE among them, what all of
 * these exclude but for what an INCLUDE wants; else all that is included.
 */
export function mergeFilters(filters: Iterable<GroupFilter>): GroupFilter {
  const included: IpAddress[] = []
  let excluded: IpAddress[] | null = null
  for (const { mode, sources } of filters) {
    if (mode === 'include') {
      for (const source of sources) if (!hasSource(included, source)) included.push(source)
    } else excluded = excluded === null ? [...sources] : excluded.filter((source) => hasSource(sources, source))
  }
  if (excluded === null) return included.length === 0 ? NO_MEMBERSHIP : { mode: 'include', sources: included }
  return { mode: 'exclude', sources: excluded.filter((source) => !hasSource(included, source)) }
}
