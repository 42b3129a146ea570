import type { IpAddress } from '@jackfield/addr'
import type { Clock, RandomSource } from '@jackfield/clock'
import type {
  CounterGroup,
  NetworkHeader,
  NetworkInterface,
  Route,
  RouteEntry,
  RouteQuery,
} from '@jackfield/interfaces'
import type { Packet, PacketPool } from '@jackfield/packet'

// --- routes

/** What a route table stands on. */
export interface RouteTableOptions {
  readonly version: 4 | 6
  readonly secret0: number
  readonly secret1: number
  readonly destinations: DestinationCache
  interfaceByIndex(index: number): NetworkInterface | undefined
  /** The interface by which packets to this host's own addresses go, if there is one. */
  loopback(): NetworkInterface | undefined
  /** The source for a destination (or the gateway to it) where the route names none; null where there is none. */
  selectSource(target: IpAddress, networkInterface: NetworkInterface): IpAddress | null
  /** Route objects kept for reuse, 16 to 65536. Default 4096. */
  readonly maxCached?: number
}

/** The contract's `Route`, with what IPv4 needs besides. */
export interface TableRoute extends Route {
  /** The path's MTU is below the host's floor: packets leave without DF (Linux's `RTAX_MTU` lock). */
  readonly mtuLocked: boolean
  /** The entry it came from; null for a destination on the link of the interface that was asked for. */
  readonly entry: RouteEntry | null
}

export declare class RouteTable {
  constructor(options: RouteTableOptions)
  readonly size: number
  /** Throws a SocketError: EEXIST, ENODEV, ENETUNREACH (gateway), EINVAL. */
  add(entry: RouteEntry): void
  /** Takes out the entry with the same destination, type, gateway, interface and metric (those that are given); ESRCH-like ENOENT. */
  remove(entry: RouteEntry): void
  /** Takes out all, or those of one interface. */
  flush(interfaceIndex?: number): void
  list(): readonly RouteEntry[]
  /** Makes every `Route` handed out stale: an address or an interface changed. */
  invalidate(): void
  /** A route for a packet that this host sends. Allocation-free where it was asked before. */
  lookup(query: RouteQuery): TableRoute | number
  /** A route for a packet that this host forwards: `source` is not checked and `local` entries do not hide others. */
  lookupForward(destination: IpAddress, source: IpAddress, flowHash: number): TableRoute | number
  /** For input: the most specific `local` or `broadcast` entry that holds the address (interface 0: of any); null: not this host. */
  localEntry(address: IpAddress, interfaceIndex: number): RouteEntry | null
  /** The interface index by which packets to this address would leave (reverse path filter), 0 for none. */
  reversePath(address: IpAddress): number
  /** RFC 1122 3.2.2.2: takes a redirect, if it came from the present next hop and names a neighbour. Whether it was taken. */
  redirect(destination: IpAddress, gateway: IpAddress, from: IpAddress, interfaceIndex: number): boolean
}

export interface DestinationCacheOptions {
  readonly clock: Clock
  readonly secret0: number
  readonly secret1: number
  /** Lowest MTU that the host goes to, bytes: 552 (IPv4, `net.ipv4.route.min_pmtu`), 1280 (IPv6). */
  readonly minPmtu: number
  /** Microseconds after which a learnt MTU is forgotten. Default 600 s (`net.ipv4.route.mtu_expires`). */
  readonly mtuExpires?: number
  /** Destinations kept. Default 2048. */
  readonly maxEntries?: number
}

/** Path MTUs and redirects, for each destination. */
export declare class DestinationCache {
  constructor(options: DestinationCacheOptions)
  minPmtu: number
  mtuExpires: number
  readonly size: number
  /** Lowers the MTU; `current` is the MTU in use. Whether it changed anything. */
  updateMtu(destination: IpAddress, mtu: number, current: number): boolean
  setGateway(destination: IpAddress, gateway: IpAddress, interfaceIndex: number): void
  /** Learnt MTU, or 0. */
  mtu(destination: IpAddress): number
  flush(): void
}

// --- reassembly

export interface ReassemblyCounters {
  /** Names in the group: `IpReasmReqds` and so on. */
  readonly requests: string
  readonly oks: string
  readonly fails: string
  readonly timeouts: string
  readonly overlaps: string
}

export interface ReassemblerOptions {
  readonly clock: Clock
  readonly pool: PacketPool
  readonly secret0: number
  readonly secret1: number
  readonly counters: CounterGroup
  readonly names: ReassemblyCounters
  /** Microseconds: 30 s (IPv4), 60 s (IPv6). */
  readonly timeout: number
  /**
   * A datagram was not complete in time and its first fragment is there: borrowed, window at its payload,
   * `networkHeader` set. For ICMP time exceeded.
   */
  expired(first: Packet): void
}

export declare class Reassembler {
  constructor(options: ReassemblerOptions)
  /** Settings: bytes (`ipfrag_high_thresh`, `ipfrag_low_thresh`), microseconds, fragments (0: no limit, `ipfrag_max_dist`). */
  highThreshold: number
  lowThreshold: number
  timeout: number
  maxDistance: number
  /** Datagrams under way, and the bytes that they pin. */
  readonly size: number
  readonly memory: number
  /**
   * A fragment: the window is its payload, `networkHeader` its header, of which `header.headerLength` bytes are kept.
   * Takes the packet.
   * @param offset bytes
   * @param more MF
   * @returns the whole datagram once it is complete: a packet with the first fragment's fields and header at `networkHeader`
   *   (lengths, offset and checksum still the fragment's: the caller rewrites them), the window at the payload;
   *   `header.fragmentSize` is set and `header.tos` has the ECN of RFC 3168 5.3 to be written
   */
  add(packet: Packet, header: NetworkHeader, id: number, offset: number, more: boolean): Packet | null
  /** Drops what is there from an interface. */
  removeInterface(interfaceIndex: number): void
  /** Drops all, without callbacks. */
  clear(): void
}

// --- groups

export type FilterMode = 'include' | 'exclude'

/** What an interface wants of a group (RFC 3376 3.2, RFC 3810 4.2). `include` of nothing: not a member. */
export interface GroupFilter {
  readonly mode: FilterMode
  readonly sources: readonly IpAddress[]
}

export interface GroupMembershipOptions {
  readonly version: 4 | 6
  readonly secret0: number
  readonly secret1: number
  /** `net.ipv4.igmp_max_memberships`, default 20. */
  readonly maxMemberships?: number
  /** `net.ipv4.igmp_max_msf`, default 10. */
  readonly maxSources?: number
  /** An interface's filter changed: for IGMP or MLD. */
  changed(networkInterface: NetworkInterface, group: IpAddress, before: GroupFilter, after: GroupFilter): void
}

export declare class GroupMembership {
  constructor(options: GroupMembershipOptions)
  maxMemberships: number
  maxSources: number
  /** 0, EADDRNOTAVAIL (leave of what was not joined), ENOBUFS (limits), EINVAL (not a group). */
  setFilter(
    owner: object,
    networkInterface: NetworkInterface,
    group: IpAddress,
    mode: FilterMode,
    sources: readonly IpAddress[],
  ): number
  /** The host's own membership, without limit (224.0.0.1, solicited nodes). */
  join(networkInterface: NetworkInterface, group: IpAddress): void
  leave(networkInterface: NetworkInterface, group: IpAddress): void
  /** All filters of a socket that closed. */
  releaseOwner(owner: object): void
  removeInterface(networkInterface: NetworkInterface): void
  isMember(interfaceIndex: number, group: IpAddress): boolean
  /** Whether the interface wants a packet of this source to this group. No allocation. */
  accepts(interfaceIndex: number, group: IpAddress, source: IpAddress): boolean
  filter(interfaceIndex: number, group: IpAddress): GroupFilter
  groups(interfaceIndex: number): readonly IpAddress[]
}

// --- ICMP error rate

export interface ErrorRateLimitOptions {
  readonly clock: Clock
  readonly random: RandomSource
  readonly secret0: number
  readonly secret1: number
  /** Bits of the ICMP types that are limited: 6168 for ICMPv4. */
  readonly ratemask: number
  /** Gets `IcmpOutRateLimitGlobal` and `IcmpOutRateLimitHost` incremented. */
  readonly counters: CounterGroup
}

export declare class ErrorRateLimit {
  constructor(options: ErrorRateLimitOptions)
  /** Milliseconds for each message to one destination (`icmp_ratelimit`), 0: no limit. Default 1000. */
  ratelimit: number
  ratemask: number
  /** `icmp_msgs_per_sec` (1000) and `icmp_msgs_burst` (50): for the whole host. */
  msgsPerSec: number
  msgsBurst: number
  /** Whether a message may go out now; spends from the rate. Not to be asked for loopback or "fragmentation needed" (as Linux). */
  permit(destination: IpAddress, type: number): boolean
}
