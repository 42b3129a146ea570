import type { CounterGroup } from '@jackfield/interfaces'

/** What neighbour discovery refuses, and finds amiss. */
export interface NdpCounters extends CounterGroup {
  /** Well-formed messages that this host does not listen to: advertisements while it is a router, redirects while it believes none ... */
  NdpInIgnored: number
  /** Another node advertised an address that is in use here. */
  NdpInConflicts: number
  /** Addresses that another node was found to have (RFC 4862 5.4.5). */
  NdpDadFailures: number
  /** Routers, prefixes, routes, addresses and DNS servers beyond what one interface keeps. */
  NdpRoutersRefused: number
  NdpPrefixesRefused: number
  NdpAddressesRefused: number
  NdpServersRefused: number
}

export function createNdpCounters(): NdpCounters {
  return {
    NdpInIgnored: 0,
    NdpInConflicts: 0,
    NdpDadFailures: 0,
    NdpRoutersRefused: 0,
    NdpPrefixesRefused: 0,
    NdpAddressesRefused: 0,
    NdpServersRefused: 0,
  }
}
