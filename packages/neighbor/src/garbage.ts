import type { Neighbor } from './neighbor.js'
import { NUD_FAILED, NUD_FIXED, NUD_STALE } from './state.js'

/** Microseconds for which a new state protects an entry from forced collection (Linux: 5 s). */
const FRESH = 5_000_000

const KEEP = 4

/** Which go first: those that failed, those only strangers caused, those not in use, those with an old state. */
function rank(neighbor: Neighbor, stranger: boolean, now: number): number {
  if ((neighbor.state & NUD_FIXED) !== 0) return KEEP
  if (neighbor.state === NUD_FAILED) return 0
  if (stranger) return 1
  if (neighbor.state === NUD_STALE) return 2
  return now - neighbor.updated > FRESH ? 3 : KEEP
}

/**
 * Up to `most` entries to remove when the table is full, the least worth keeping first: FAILED, then STALE by when they
 * were last used. Never one that a person entered.
 */
export function leastUseful(
  neighbors: readonly Neighbor[],
  isStranger: (neighbor: Neighbor) => boolean,
  now: number,
  most: number,
): Neighbor[] {
  const candidates: { readonly neighbor: Neighbor; readonly rank: number; readonly time: number }[] = []
  for (const neighbor of neighbors) {
    const place = rank(neighbor, isStranger(neighbor), now)
    if (place < KEEP) {
      const time = neighbor.state === NUD_STALE ? neighbor.used : neighbor.updated
      candidates.push({ neighbor, rank: place, time })
    }
  }
  candidates.sort((a, b) => a.rank - b.rank || a.time - b.time)
  return candidates.slice(0, most).map((candidate) => candidate.neighbor)
}

/** Whether the periodic collection removes an entry: it failed, or nobody used it for `staleTime` microseconds. */
export function isGarbage(neighbor: Neighbor, now: number, staleTime: number): boolean {
  if (neighbor.state === NUD_FAILED) return true
  return neighbor.state === NUD_STALE && now - neighbor.used > staleTime
}
