import {
  commonPrefixLength,
  type IpAddress,
  isLinkLocal,
  isLoopback,
  SCOPE_GLOBAL,
  SCOPE_LINK_LOCAL,
} from '@jackfield/addr'
import { createRouteQuery, type NetworkLayer } from '@jackfield/interfaces'
import { PolicyTable } from './policy-table.js'
import { needsZone, scopeOf } from './scope.js'

/** The source that packets to a destination would have. */
export interface DestinationSource {
  readonly address: IpAddress
  /** Length of its prefix, in bits; default 64 (IPv6) or 32 (IPv4). */
  readonly prefixLength?: number
  readonly deprecated?: boolean
  /** Whether the way leads through a tunnel (RFC 6724 6, rule 7). */
  readonly encapsulated?: boolean
}

interface Candidate {
  readonly destination: IpAddress
  readonly source: DestinationSource | null
  readonly place: number
}

/**
 * Puts destinations in the order in which to try them (RFC 6724 6), IPv4 and IPv6 ones together: what a resolver does
 * with the addresses of a name. Equal ones stay in the order they had.
 * @param sourceOf the source that packets to a destination would have; null where it cannot be reached
 */
export function orderDestinations(
  destinations: readonly IpAddress[],
  sourceOf: (destination: IpAddress) => DestinationSource | null,
  policy: PolicyTable = new PolicyTable(),
): IpAddress[] {
  return destinations
    .map((destination, place): Candidate => ({ destination, source: sourceOf(destination), place }))
    .sort((a, b) => compare(a, b, policy) || a.place - b.place)
    .map(({ destination }) => destination)
}

/** What `orderDestinations` asks, answered by the routes of a stack's network layers. */
export function routedSources(host: {
  network(version: 4 | 6): NetworkLayer | undefined
}): (destination: IpAddress) => DestinationSource | null {
  return (destination) => {
    const network = host.network(destination.version)
    // Without a zone it cannot be connected to.
    if (destination.version === 6 && !destination.isMulticast && needsZone(destination)) return null
    const route = network?.route(createRouteQuery(destination))
    if (network === undefined || route === undefined || typeof route === 'number') return null
    const entry = network.addresses().find((each) => each.prefix.address.equals(route.source))
    return {
      address: route.source,
      deprecated: entry?.state === 'deprecated',
      ...(entry === undefined ? {} : { prefixLength: entry.prefix.length }),
    }
  }
}

/** The rules of RFC 6724 6, in its order; 4 (home addresses) has no meaning here. Below 0: `a` comes first. */
function compare(a: Candidate, b: Candidate, policy: PolicyTable): number {
  const [from, other] = [a.source, b.source]
  // Rule 1: avoid what cannot be reached.
  if (from === null || other === null) return from === other ? 0 : from === null ? 1 : -1
  const rules = [
    // Rule 2: destination and source of one scope.
    matchesScope(a.destination, from.address) - matchesScope(b.destination, other.address),
    // Rule 3: not from a deprecated address.
    Number(!from.deprecated) - Number(!other.deprecated),
    // Rule 5: of one label.
    matchesLabel(a.destination, from.address, policy) - matchesLabel(b.destination, other.address, policy),
    // Rule 6: higher precedence.
    policy.precedence(a.destination) - policy.precedence(b.destination),
    // Rule 7: no tunnel.
    Number(!from.encapsulated) - Number(!other.encapsulated),
    // Rule 8: smaller scope.
    scope(b.destination) - scope(a.destination),
  ]
  const decided = rules.find((difference) => difference !== 0)
  if (decided !== undefined) return -decided
  // Rule 9: the longest matching prefix, which for IPv4 says little and is left out as in other hosts.
  if (a.destination.version !== 6 || b.destination.version !== 6) return 0
  return matching(b.destination, other) - matching(a.destination, from)
}

function matchesScope(destination: IpAddress, source: IpAddress): number {
  return Number(scope(destination) === scope(source))
}

function matchesLabel(destination: IpAddress, source: IpAddress, policy: PolicyTable): number {
  return Number(policy.label(destination) === policy.label(source))
}

function matching(destination: IpAddress, source: DestinationSource): number {
  return Math.min(commonPrefixLength(destination, source.address), source.prefixLength ?? 64)
}

/** RFC 6724 3.2: of IPv4 addresses 169.254/16 and 127/8 are link-local, all others global. */
function scope(address: IpAddress): number {
  if (address.version === 6) return scopeOf(address)
  return isLinkLocal(address) || isLoopback(address) ? SCOPE_LINK_LOCAL : SCOPE_GLOBAL
}
