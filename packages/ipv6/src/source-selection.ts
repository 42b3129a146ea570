import { commonPrefixLength, type IpAddress } from '@jackfield/addr'
import { IPV6_PREFER_SRC_TMP, type NetworkInterface } from '@jackfield/interfaces'
import type { Ipv6Address } from './address.js'
import type { PolicyTable } from './policy-table.js'
import { needsZone, scopeOf } from './scope.js'

/** What the selection asks besides the addresses. */
export interface SourceSelectionOptions {
  readonly policy: PolicyTable
  list(): readonly Ipv6Address[]
  /** Whether temporary addresses of an interface come before its others (`use_tempaddr` 2). */
  prefersTemporary(interfaceIndex: number): boolean
}

/** Chooses source addresses (RFC 6724 5). */
export class SourceSelection {
  private readonly options: SourceSelectionOptions

  constructor(options: SourceSelectionOptions) {
    this.options = options
  }

  /**
   * The source for packets to a destination that leave by an interface; null where there is none.
   * RFC 6724 4: candidates are all of the host's addresses, but for groups and destinations that mean nothing outside their zone only
   * those of the interface.
   * @param own whether only addresses of the interface count in any case
   * @param preference `IPV6_PREFER_SRC_TMP` or `IPV6_PREFER_SRC_PUBLIC` in place of what the interface prefers (RFC 5014)
   */
  select(destination: IpAddress, networkInterface: NetworkInterface, own = false, preference = 0): IpAddress | null {
    const bound = own || destination.isMulticast || needsZone(destination)
    let best: Ipv6Address | null = null
    for (const candidate of this.options.list()) {
      if (!candidate.usable || (bound && candidate.interface !== networkInterface)) continue
      // A link-local address of another link is no source here (RFC 4007 9).
      if (candidate.interface !== networkInterface && needsZone(candidate.address)) continue
      if (best === null || this.compare(candidate, best, destination, networkInterface, preference) < 0)
        best = candidate
    }
    return best === null ? null : best.address
  }

  /** Below 0 where `a` is the better source. The rules are RFC 6724 5's, in its order; 4 (home addresses) has no meaning here. */
  private compare(
    a: Ipv6Address,
    b: Ipv6Address,
    destination: IpAddress,
    out: NetworkInterface,
    preference: number,
  ): number {
    const { policy } = this.options
    // Rule 1: the destination itself.
    const same = prefer(a.address.equals(destination), b.address.equals(destination))
    if (same !== 0) return same
    // Rule 2: the smallest scope that reaches the destination's, else the largest.
    if (a.scope !== b.scope) {
      const wanted = scopeOf(destination)
      if (a.scope < b.scope) return a.scope < wanted ? 1 : -1
      return b.scope < wanted ? -1 : 1
    }
    // Rule 3: not a deprecated one.
    const preferred = prefer(a.state === 'preferred', b.state === 'preferred')
    if (preferred !== 0) return preferred
    // Rule 5: of the interface that the packets leave by.
    const near = prefer(a.interface === out, b.interface === out)
    if (near !== 0) return near
    // Rule 6: of the destination's label.
    const label = policy.label(destination)
    const labelled = prefer(policy.label(a.address) === label, policy.label(b.address) === label)
    if (labelled !== 0) return labelled
    // Rule 7: temporary or not, as the socket or else the interface has it.
    if (a.temporary !== b.temporary) {
      const temporary = preference === 0 ? this.options.prefersTemporary(out.index) : preference === IPV6_PREFER_SRC_TMP
      return a.temporary === temporary ? -1 : 1
    }
    // Rule 8: the longest matching prefix, as far as the source's own goes.
    return matching(b, destination) - matching(a, destination)
  }
}

/** Bits that source and destination have in common, no more than the source's prefix has. */
function matching(source: Ipv6Address, destination: IpAddress): number {
  return Math.min(commonPrefixLength(source.address, destination), source.prefix.length)
}

function prefer(a: boolean, b: boolean): number {
  return a === b ? 0 : a ? -1 : 1
}
