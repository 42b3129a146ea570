import { IPV4_ANY, IPV6_ANY, type IpAddress, isLimitedBroadcast } from '@jackfield/addr'
import {
  CAST_BROADCAST,
  CAST_MULTICAST,
  CAST_UNICAST,
  EACCES,
  EHOSTUNREACH,
  EINVAL,
  ENETUNREACH,
  ENODEV,
  IFF_UP,
  type NetworkInterface,
  type RouteEntry,
  type RouteType,
} from '@jackfield/interfaces'
import type { PrefixRoutes, RouteEntries, StoredRoute } from './route-entries.js'
import type { RouteTableOptions } from './route-table.js'
import { type RouteGeneration, TableRoute } from './table-route.js'

/** What a route of a type without a way answers, as in Linux's `fib_props`. */
const REFUSALS: Readonly<Partial<Record<RouteType, number>>> = {
  blackhole: EINVAL,
  unreachable: EHOSTUNREACH,
  prohibit: EACCES,
}

/** @internal Finds the way to a destination in the entries of a table. */
export class RouteFinder {
  private readonly options: RouteTableOptions
  private readonly own: RouteEntries
  private readonly others: RouteEntries
  private readonly generation: RouteGeneration

  // What `accept` is to agree to. Fields, so that a search needs no closure of its own.
  private wanted = 0
  private wantedLoopback = false
  private forward = false
  private readonly accept = (list: PrefixRoutes): boolean => this.firstUsable(list) >= 0
  private readonly acceptLink = (list: PrefixRoutes): boolean => this.firstLink(list) !== undefined

  /** The last question of `localEntry`, which input asks of every packet. */
  private askedAt = -1
  private readonly asked = new Int32Array(5)
  private answer: RouteEntry | null = null
  private strictInterface = 0
  private readonly acceptStrict = (list: PrefixRoutes): boolean => this.firstStrict(list) !== undefined

  constructor(options: RouteTableOptions, own: RouteEntries, others: RouteEntries, generation: RouteGeneration) {
    this.options = options
    this.own = own
    this.others = others
    this.generation = generation
  }

  /**
   * The route to a destination. Keeps `destination` and `source`: give it copies.
   * @param wanted index of the interface it must leave by, 0 for any
   * @param any whether the source need not be this host's
   * @param path which of several equal ways
   */
  find(
    destination: IpAddress,
    source: IpAddress | null,
    wanted: number,
    any: boolean,
    forward: boolean,
    path: number,
  ): TableRoute | number {
    const { version } = this.options
    if (destination.version !== version) return EINVAL
    const device = wanted === 0 ? undefined : this.options.interfaceByIndex(wanted)
    if (wanted !== 0) {
      // As Linux's two lookups have it.
      if (device === undefined) return version === 6 ? ENETUNREACH : ENODEV
      if (!isUp(device)) return ENETUNREACH
    }
    let owner: RouteEntry | null = null
    if (source !== null) {
      if (source.version !== version || source.isMulticast || isLimitedBroadcast(source)) return EINVAL
      owner = this.localEntry(source, 0)
      if (owner?.type !== 'local') owner = null
      if (owner === null && !any) return EINVAL
    }
    this.wanted = wanted
    this.wantedLoopback = device?.loopback === true
    this.forward = forward
    if (destination.isMulticast || isLimitedBroadcast(destination))
      return this.toGroup(destination, source, device, owner)
    if (destination.isUnspecified) return this.toSelf(destination, source)
    return this.toHost(destination, source, device, path)
  }

  localEntry(address: IpAddress, interfaceIndex: number): RouteEntry | null {
    if (address.version !== this.options.version) return null
    const { asked, generation } = this
    if (
      this.askedAt === generation.current &&
      asked[3] === address.w3 &&
      asked[4] === interfaceIndex &&
      asked[2] === address.w2 &&
      asked[1] === address.w1 &&
      asked[0] === address.w0
    ) {
      return this.answer
    }
    this.strictInterface = interfaceIndex
    const list = this.own.lookupWhere(address, this.acceptStrict)
    this.answer = list === undefined ? null : (this.firstStrict(list) ?? null)
    this.askedAt = generation.current
    asked[0] = address.w0
    asked[1] = address.w1
    asked[2] = address.w2
    asked[3] = address.w3
    asked[4] = interfaceIndex
    return this.answer
  }

  reversePath(address: IpAddress, preferred: number): number {
    this.wanted = 0
    this.wantedLoopback = false
    this.forward = false
    const own = this.own.lookupWhere(address, this.accept)
    const list = this.others.lookupWhere(address, this.accept)
    if (list === undefined || (own !== undefined && own.length >= list.length)) return 0
    const first = this.firstUsable(list)
    const best = list.routes[first] as StoredRoute
    if (best.type !== 'unicast') return 0
    for (let i = first + 1; i < list.routes.length; i++) {
      const route = list.routes[i] as StoredRoute
      if (route.metric !== best.metric) break
      if (route.interface === preferred && this.usable(route)) return preferred
    }
    return best.interface ?? 0
  }

  /** The interface on whose link the address is, 0 for none. */
  linkOf(address: IpAddress): number {
    this.wanted = 0
    const list = this.others.lookupWhere(address, this.acceptLink)
    return (list === undefined ? undefined : this.firstLink(list)?.interface) ?? 0
  }

  /** Whether the address is on the link of the interface. */
  onLink(address: IpAddress, interfaceIndex: number): boolean {
    this.wanted = interfaceIndex
    return this.others.lookupWhere(address, this.acceptLink) !== undefined
  }

  /**
   * A group, or the limited broadcast address: out by the interface that was asked for, else by that of the source, else by the
   * route's. The group is its own next hop.
   */
  private toGroup(
    destination: IpAddress,
    source: IpAddress | null,
    device: NetworkInterface | undefined,
    owner: RouteEntry | null,
  ): TableRoute | number {
    const cast = destination.isMulticast ? CAST_MULTICAST : CAST_BROADCAST
    let out = device
    let entry: RouteEntry | null = null
    if (out === undefined && owner?.interface !== undefined) {
      out = this.options.interfaceByIndex(owner.interface)
      if (out !== undefined && !isUp(out)) return ENETUNREACH
    }
    if (out === undefined) {
      const list = this.others.lookupWhere(destination, this.accept)
      if (list === undefined) return ENETUNREACH
      const route = list.routes[this.firstUsable(list)] as StoredRoute
      const refusal = REFUSALS[route.type]
      if (refusal !== undefined) return refusal
      entry = route
      out = this.options.interfaceByIndex(route.interface as number) as NetworkInterface
    }
    return this.make(destination, source, out, destination, cast, false, entry)
  }

  /** 0.0.0.0 or `::` as a destination is this host (RFC 1122 3.2.1.3; Linux). */
  private toSelf(destination: IpAddress, source: IpAddress | null): TableRoute | number {
    const loopback = this.options.loopback()
    if (loopback === undefined) return ENETUNREACH
    const self = source ?? this.options.selectSource(destination, loopback, destination)
    if (self === null) return ENETUNREACH
    return this.make(destination, self, loopback, self, CAST_UNICAST, true, null)
  }

  private toHost(
    destination: IpAddress,
    source: IpAddress | null,
    device: NetworkInterface | undefined,
    path: number,
  ): TableRoute | number {
    const own = this.own.lookupWhere(destination, this.accept)
    const others = this.others.lookupWhere(destination, this.accept)
    if (own !== undefined && (others === undefined || own.length >= others.length)) {
      const entry = own.routes[this.firstUsable(own)] as StoredRoute
      return entry.type === 'broadcast'
        ? this.toBroadcast(destination, source, entry)
        : this.toLocal(destination, source, entry)
    }
    if (others === undefined) {
      // Linux takes the word of whoever named the interface: the destination is on its link.
      if (device === undefined || this.options.version === 6) return ENETUNREACH
      return this.make(destination, source, device, destination, CAST_UNICAST, false, null)
    }
    const first = this.firstUsable(others)
    const best = others.routes[first] as StoredRoute
    const refusal = REFUSALS[best.type]
    if (refusal !== undefined) return refusal
    let ways = 0
    let chosen = best
    for (let i = first; i < others.routes.length; i++) {
      const route = others.routes[i] as StoredRoute
      if (route.metric !== best.metric) break
      if (!this.usable(route)) continue
      if (ways === path) chosen = route
      ways++
    }
    const out = this.options.interfaceByIndex(chosen.interface as number) as NetworkInterface
    const route = this.make(destination, source, out, chosen.gateway ?? destination, CAST_UNICAST, false, chosen)
    if (ways > 1 && path === 0) {
      route.siblings = new Array<TableRoute | null>(ways).fill(null)
      route.siblings[0] = route
    }
    return route
  }

  private toLocal(destination: IpAddress, source: IpAddress | null, entry: StoredRoute): TableRoute | number {
    const loopback = this.options.loopback()
    if (loopback === undefined) return ENETUNREACH
    return this.make(
      destination,
      // Nothing comes from an anycast address: there the source is chosen.
      source ?? entry.source ?? (entry.type === 'local' ? destination : null),
      loopback,
      destination,
      CAST_UNICAST,
      true,
      entry,
    )
  }

  private toBroadcast(destination: IpAddress, source: IpAddress | null, entry: StoredRoute): TableRoute {
    const out = this.options.interfaceByIndex(entry.interface as number) as NetworkInterface
    return this.make(destination, source, out, destination, CAST_BROADCAST, false, entry)
  }

  private make(
    destination: IpAddress,
    source: IpAddress | null,
    out: NetworkInterface,
    nextHop: IpAddress,
    cast: number,
    local: boolean,
    entry: RouteEntry | null,
  ): TableRoute {
    const { version } = this.options
    const any = version === 4 ? IPV4_ANY : IPV6_ANY
    const chosen = source ?? entry?.source ?? this.options.selectSource(nextHop, out, destination) ?? any
    const mtu = this.options.linkMtu?.(out)
    const fields = {
      destination,
      source: chosen,
      interface: out,
      nextHop,
      cast,
      local,
      entry,
      ...(mtu === undefined ? {} : { mtu }),
    }
    return new TableRoute(fields, this.generation, this.options.destinations)
  }

  private firstUsable(list: PrefixRoutes): number {
    for (let i = 0; i < list.routes.length; i++) if (this.usable(list.routes[i] as StoredRoute)) return i
    return -1
  }

  private usable(route: StoredRoute): boolean {
    const index = route.interface
    switch (route.type) {
      case 'local':
      case 'anycast':
        // An address stays the host's while its interface is down.
        return (
          !this.forward && (this.wanted === 0 || this.wantedLoopback || index === undefined || index === this.wanted)
        )
      case 'unicast':
      case 'broadcast': {
        if (index === undefined || (this.wanted !== 0 && index !== this.wanted)) return false
        const device = this.options.interfaceByIndex(index)
        return device !== undefined && isUp(device)
      }
      default:
        return true
    }
  }

  private firstLink(list: PrefixRoutes): StoredRoute | undefined {
    for (let i = 0; i < list.routes.length; i++) {
      const route = list.routes[i] as StoredRoute
      if (route.type !== 'unicast' || route.gateway !== undefined || route.interface === undefined) continue
      if (this.wanted === 0 || route.interface === this.wanted) return route
    }
    return undefined
  }

  private firstStrict(list: PrefixRoutes): StoredRoute | undefined {
    for (let i = 0; i < list.routes.length; i++) {
      const route = list.routes[i] as StoredRoute
      if (this.strictInterface === 0 || route.interface === undefined || route.interface === this.strictInterface)
        return route
    }
    return undefined
  }
}

/** Whether packets can leave by an interface. */
function isUp(networkInterface: NetworkInterface): boolean {
  return (networkInterface.flags & IFF_UP) !== 0
}
