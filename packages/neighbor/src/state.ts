import type { NeighborEntry } from '@jackfield/interfaces'

// Linux's NUD_* (linux/neighbour.h): the states of RFC 4861 7.3.2, and those that a person or the link fixes.
/** Being asked for; packets wait. */
export const NUD_INCOMPLETE = 0x01
/** Known to answer, not longer than the reachable time ago. */
export const NUD_REACHABLE = 0x02
/** Its link address is known; whether it still answers is not, and nobody wants to know. */
export const NUD_STALE = 0x04
/** In use again; waits for upper layers to confirm it before it is asked. */
export const NUD_DELAY = 0x08
/** Being asked at its known link address. */
export const NUD_PROBE = 0x10
/** Did not answer. */
export const NUD_FAILED = 0x20
/** Needs no resolution on this link. */
export const NUD_NOARP = 0x40
/** Entered by a person; never changes or expires. */
export const NUD_PERMANENT = 0x80

/** A packet may go to its link address and nothing has to be done about it. */
export const NUD_READY: number = NUD_REACHABLE | NUD_DELAY | NUD_PROBE | NUD_NOARP | NUD_PERMANENT
/** Its link address is known. */
export const NUD_VALID: number = NUD_READY | NUD_STALE
/** Only a person may change it. */
export const NUD_FIXED: number = NUD_NOARP | NUD_PERMANENT

/** The name of a state, as `ip neigh` prints it. */
export function stateName(state: number): NeighborEntry['state'] {
  switch (state) {
    case NUD_INCOMPLETE:
      return 'INCOMPLETE'
    case NUD_REACHABLE:
      return 'REACHABLE'
    case NUD_STALE:
      return 'STALE'
    case NUD_DELAY:
      return 'DELAY'
    case NUD_PROBE:
      return 'PROBE'
    case NUD_NOARP:
      return 'NOARP'
    case NUD_PERMANENT:
      return 'PERMANENT'
    default:
      return 'FAILED'
  }
}
