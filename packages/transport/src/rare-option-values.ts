import type { IpAddress } from '@jackfield/addr'

/** What is set apart for each IP version: by `SOL_IP` for packets of IPv4, by `SOL_IPV6` for those of IPv6. */
export interface VersionOptionValues {
  readonly ttl: number
  readonly tos: number
  readonly multicastTtl: number
  readonly multicastLoop: boolean
  readonly multicastInterface: number
  readonly multicastSource: IpAddress | null
  readonly multicastAll: boolean
  readonly mtuDiscover: number
  readonly recvErr: boolean
  readonly minTtl: number
}

/** Those that hardly any socket sets, most of IPv6 alone: one object, replaced whole where one of them changes. */
export interface RareOptionValues {
  /** `IP_UNICAST_IF`, `IPV6_UNICAST_IF`: interface that unicast of the version leaves by, 0: by the route. */
  readonly unicastInterface4: number
  readonly unicastInterface6: number
  /** `IPV6_PKTINFO`: the interface of what is sent nowhere else. */
  readonly packetInterface: number
  /** `IPV6_ADDR_PREFERENCES` as it is read. */
  readonly sourcePreferences: number
  /** `IPV6_MTU`, 0 for none. */
  readonly fragmentSize: number
  /** `IPV6_HOPOPTS`, `IPV6_DSTOPTS`: whole headers, or null. */
  readonly hopByHop: Uint8Array | null
  readonly destinationOptions: Uint8Array | null
  /** `IPV6_RECVPATHMTU`. */
  readonly receivePathMtu: boolean
  /** What `SOL_IP` set of an `AF_INET6` socket: its own fields are IPv6's. */
  readonly mapped: VersionOptionValues
}

/** The values where none of them was set. */
export const RARE_DEFAULTS: RareOptionValues = {
  unicastInterface4: 0,
  unicastInterface6: 0,
  packetInterface: 0,
  sourcePreferences: 0,
  fragmentSize: 0,
  hopByHop: null,
  destinationOptions: null,
  receivePathMtu: false,
  mapped: {
    ttl: -1,
    tos: 0,
    multicastTtl: 1,
    multicastLoop: true,
    multicastInterface: 0,
    multicastSource: null,
    // As Linux: a socket of both hears of groups of IPv4 only what it joined.
    multicastAll: false,
    mtuDiscover: 1,
    recvErr: false,
    minTtl: 0,
  },
}
