import { type IpAddress, isLimitedBroadcast, isLinkLocal } from '@jackfield/addr'
import {
  EEXIST,
  EINVAL,
  ENETUNREACH,
  ENODEV,
  ENOENT,
  type NetworkInterface,
  type RouteEntry,
  type RouteQuery,
  SocketError,
} from '@jackfield/interfaces'
import type { DestinationCache } from './destination-cache.js'
import { RouteCache } from './route-cache.js'
import { RouteEntries, StoredRoute } from './route-entries.js'
import { RouteFinder } from './route-finder.js'
import { RouteGeneration, TableRoute } from './table-route.js'

/** What a route table stands on. */
export interface RouteTableOptions {
  readonly version: 4 | 6
  readonly secret0: number
  readonly secret1: number
  /** What ICMP taught; its routes follow it. */
  readonly destinations: DestinationCache
  interfaceByIndex(index: number): NetworkInterface | undefined
  /** The interface by which packets to this host's own addresses go, if there is one. */
  loopback(): NetworkInterface | undefined
  /**
   * The source for packets to `destination` by way of `nextHop`, where the route names none; null where there is no
   * address for it.
   */
  selectSource(nextHop: IpAddress, networkInterface: NetworkInterface, destination: IpAddress): IpAddress | null
  /**
   * What this version of IP takes of an interface's MTU, in bytes, where that may be less than all of it. Asked when a route is
   * made: a change calls for `invalidate`.
   */
  linkMtu?(networkInterface: NetworkInterface): number
  /** `Route` objects kept for reuse, 16 to 65536. Default 4096. */
  readonly maxCached?: number
}

/**
 * The routes of a host, for one IP version. The longest prefix wins; among equals `local` and `broadcast` entries, then the lower
 * metric; several ways of the same metric share the flows by their hash.
 *
 * It is one table where Linux has two (local, main), so a `local` route for 0.0.0.0/0 takes whatever comes *in* (`localEntry`) and
 * still leaves more specific routes to what goes *out*.
 */
export class RouteTable {
  /** Whether every query may name a source that is not this host's, as if its `anySource` were set. Then `invalidate`. */
  anySource = false
  private readonly version: 4 | 6
  private readonly options: RouteTableOptions
  /** Entries of type `local` and `broadcast`, which input asks for by themselves. */
  private readonly own = new RouteEntries()
  private readonly others = new RouteEntries()
  private readonly generation = new RouteGeneration()
  private readonly finder: RouteFinder
  private readonly cache: RouteCache
  private cacheGeneration = 0
  private count = 0

  constructor(options: RouteTableOptions) {
    const maxCached = options.maxCached ?? 4096
    if (!Number.isInteger(maxCached) || maxCached < 16 || maxCached > 65_536) {
      throw new RangeError(`maxCached must be an integer from 16 to 65536, not ${maxCached}`)
    }
    this.version = options.version
    this.options = options
    this.finder = new RouteFinder(options, this.own, this.others, this.generation)
    this.cache = new RouteCache(maxCached, options.secret0, options.secret1)
  }

  /** How many entries there are. */
  get size(): number {
    return this.count
  }

  /**
   * Adds an entry. Host bits of its destination are cleared; a gateway without an interface gets the interface that leads to it.
   * @throws SocketError `EINVAL` (fields that do not go together), `ENODEV` (no such interface), `ENETUNREACH` (gateway not on
   *   the link), `EEXIST` (the same way, or another type at the same prefix and metric)
   */
  add(entry: RouteEntry): void {
    const route = new StoredRoute(entry, this.checkedInterface(entry))
    const entries = this.entriesFor(route)
    for (const other of entries.at(route.destination)) {
      if (other.sameWay(route)) throw this.fault(EEXIST, entry, 'there is such a route')
      if (entries === this.others && other.metric === route.metric && !(shares(other) && shares(route))) {
        throw this.fault(EEXIST, entry, `one of type ${other.type} has this metric; give another`)
      }
    }
    entries.add(route)
    this.count++
    this.invalidate()
  }

  /**
   * Takes out the first entry with this destination and type and, where they are given, this gateway, interface and metric.
   * @throws SocketError `ENOENT` where there is none
   */
  remove(entry: RouteEntry): void {
    const entries = this.entriesFor(entry)
    const found = entries.at(entry.destination).find((route) => route.matches(entry))
    if (found === undefined) throw this.fault(ENOENT, entry, 'there is no such route')
    entries.remove(found)
    this.count--
    this.invalidate()
  }

  /** Takes out all entries, or those of one interface. */
  flush(interfaceIndex?: number): void {
    for (const entries of [this.own, this.others]) {
      for (const route of entries.all()) {
        if (interfaceIndex !== undefined && route.interface !== interfaceIndex) continue
        entries.remove(route)
        this.count--
      }
    }
    this.invalidate()
  }

  /** The entries as they are now: first those of type `local` and `broadcast`, each kind in order of address. */
  list(): readonly RouteEntry[] {
    return [...this.own.all(), ...this.others.all()]
  }

  /** Makes every route handed out stale: an address came or went, an interface went up or down. */
  invalidate(): void {
    this.generation.current++
  }

  /**
   * A route for a packet that this host sends. What was asked before costs no allocation.
   * @returns the route, or `ENETUNREACH`, `EHOSTUNREACH`, `EACCES`, `EINVAL` (blackhole, or a source that is not this host's), `ENODEV`
   */
  lookup(query: RouteQuery): TableRoute | number {
    const { interface: bound, scope, destination } = query
    if (bound !== 0 && scope !== 0 && bound !== scope) return EINVAL
    const any = this.anySource || query.anySource === true
    const source = query.source?.isUnspecified ? null : query.source
    const wanted = bound === 0 ? scope : bound
    return this.cached(destination, source, (wanted << 2) | (any ? 1 : 0), wanted, any, false, query.flowHash)
  }

  /** A route for a packet that this host forwards: its source is not looked at, and `local` entries do not count. */
  lookupForward(destination: IpAddress, flowHash: number): TableRoute | number {
    return this.cached(destination, null, 2, 0, true, true, flowHash)
  }

  /**
   * What input asks: the most specific entry of type `local` or `broadcast` that holds the address.
   * @param interfaceIndex only entries of this interface count (strong host); 0: of any
   * @returns null where the address is not this host's
   */
  localEntry(address: IpAddress, interfaceIndex: number): RouteEntry | null {
    return this.finder.localEntry(address, interfaceIndex)
  }

  /**
   * For a reverse path filter (RFC 3704): the index of the interface by which packets to this address would leave; 0 where there is
   * no way. Among equal ways `preferred` wins.
   */
  reversePath(address: IpAddress, preferred = 0): number {
    return this.finder.reversePath(address, preferred)
  }

  /** Lowers the MTU of the path to a destination, as an ICMP error told. Whether it changed. */
  updateMtu(destination: IpAddress, mtu: number): boolean {
    const route = this.lookupForward(destination, 0)
    if (typeof route === 'number' || route.cast !== 0) return false
    return this.options.destinations.updateMtu(destination, mtu, route.mtu)
  }

  /**
   * RFC 1122 3.2.2.2: takes a redirect if it comes from the present next hop and names a neighbour on the same interface.
   * Whether to listen to that router at all is the caller's decision.
   * @returns whether it was taken
   */
  redirect(destination: IpAddress, gateway: IpAddress, from: IpAddress, interfaceIndex: number): boolean {
    if (gateway.version !== this.version || gateway.isMulticast || gateway.isUnspecified || gateway.equals(from)) {
      return false
    }
    const route = this.finder.find(destination, null, interfaceIndex, true, true, 0)
    if (typeof route === 'number' || route.cast !== 0 || !route.nextHop.equals(from)) return false
    // RFC 4861 8.3: IPv6 says that a destination is on the link by naming it as its own first hop.
    const onLink = this.version === 6 && gateway.equals(destination)
    if (this.isOwn(gateway) || !(onLink || this.finder.onLink(gateway, interfaceIndex))) return false
    this.options.destinations.setGateway(destination, gateway, interfaceIndex)
    return true
  }

  /** The next hop to a destination does not answer: what a redirect told of it is forgotten. */
  unreachable(destination: IpAddress): void {
    this.options.destinations.forgetGateway(destination)
  }

  private cached(
    destination: IpAddress,
    source: IpAddress | null,
    asked: number,
    wanted: number,
    any: boolean,
    forward: boolean,
    flowHash: number,
  ): TableRoute | number {
    if (this.cacheGeneration !== this.generation.current) {
      this.cacheGeneration = this.generation.current
      this.cache.clear()
    }
    let route = this.cache.find(destination, source, asked)
    if (route === null) {
      const ownSource = source === null ? null : source.copy()
      const found = this.finder.find(destination.copy(), ownSource, wanted, any, forward, 0)
      if (typeof found === 'number') return found
      route = found
      this.cache.add(route, ownSource, asked)
    }
    const { siblings } = route
    if (siblings === null) return route
    // As Linux's hash-threshold (RFC 2992): each path has an equal share of the hash's range.
    const path = Math.floor(((flowHash >>> 0) * siblings.length) / 0x1_0000_0000)
    const sibling = siblings[path]
    if (sibling instanceof TableRoute) return sibling
    const other = this.finder.find(route.destination, route.askedSource, wanted, any, forward, path)
    if (typeof other !== 'number') siblings[path] = other
    return other
  }

  private entriesFor(route: RouteEntry): RouteEntries {
    const { type } = route
    return type === 'local' || type === 'broadcast' || type === 'anycast' ? this.own : this.others
  }

  private checkedInterface(entry: RouteEntry): number | undefined {
    const { type, gateway } = entry
    if (entry.destination.address.version !== this.version) {
      throw this.fault(EINVAL, entry, `this is the table of IPv${this.version}`)
    }
    if (gateway !== undefined && type !== 'unicast') {
      throw this.fault(EINVAL, entry, `only a route of type unicast has a gateway, not ${type}`)
    }
    if (
      entry.metric !== undefined &&
      !(Number.isInteger(entry.metric) && entry.metric >= 0 && entry.metric < 2 ** 32)
    ) {
      throw this.fault(EINVAL, entry, `the metric is an integer from 0 to 4294967295, not ${entry.metric}`)
    }
    const least = this.version === 4 ? 68 : 1280
    if (entry.mtu !== undefined && !(Number.isInteger(entry.mtu) && entry.mtu >= least)) {
      throw this.fault(EINVAL, entry, `the MTU is an integer from ${least}, not ${entry.mtu}`)
    }
    const mss = entry.advertisedMss
    if (mss !== undefined && !(Number.isInteger(mss) && mss >= 1 && mss <= 65_535)) {
      throw this.fault(EINVAL, entry, `the segment size to advertise is an integer from 1 to 65535, not ${mss}`)
    }
    if (entry.source !== undefined && entry.source.version !== this.version) {
      throw this.fault(EINVAL, entry, 'the source is of the other IP version')
    }
    const index = entry.interface
    const networkInterface = index === undefined ? undefined : this.options.interfaceByIndex(index)
    if (index !== undefined && networkInterface === undefined) {
      throw this.fault(ENODEV, entry, `there is no interface with index ${index}`)
    }
    if (gateway !== undefined) return this.gatewayInterface(entry, gateway, networkInterface)
    if (index === undefined && (type === 'unicast' || type === 'broadcast' || type === 'anycast')) {
      throw this.fault(EINVAL, entry, `a route of type ${type} needs an interface or a gateway`)
    }
    return index
  }

  private gatewayInterface(entry: RouteEntry, gateway: IpAddress, via: NetworkInterface | undefined): number {
    if (
      gateway.version !== this.version ||
      gateway.isMulticast ||
      gateway.isUnspecified ||
      isLimitedBroadcast(gateway)
    ) {
      throw this.fault(EINVAL, entry, `the gateway is the unicast address of a neighbour, not ${gateway}`)
    }
    if (this.isOwn(gateway)) {
      throw this.fault(EINVAL, entry, `the gateway ${gateway} is this host`)
    }
    const index = via === undefined ? this.finder.linkOf(gateway) : via.index
    // A medium without link addresses needs no neighbour: whatever goes into it reaches the other end. A link-local address is on
    // the link that is named with it, by whatever prefix (RFC 4291 2.5.6).
    const near = via !== undefined && (via.medium === 'ip' || (this.version === 6 && isLinkLocal(gateway)))
    if (index === 0 || (via !== undefined && !near && !this.finder.onLink(gateway, index))) {
      throw this.fault(
        ENETUNREACH,
        entry,
        `no interface has the gateway ${gateway} on its link: add an address of its subnet, or a route to it, before`,
      )
    }
    return index
  }

  /** Whether an entry makes exactly this address the host's (a `local` route for a whole prefix takes in what may be elsewhere). */
  private isOwn(address: IpAddress): boolean {
    return this.localEntry(address, 0)?.destination.address.equals(address) === true
  }

  private fault(errno: number, entry: RouteEntry, detail: string): SocketError {
    return new SocketError(errno, 'route', { address: entry.destination.toString(), detail })
  }
}

/** Whether an entry may be one of several equal ways. */
function shares(route: StoredRoute): boolean {
  return route.type === 'unicast'
}
