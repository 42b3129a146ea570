import { type IpAddress, isLinkLocal, isLoopback, Prefix } from '@jackfield/addr'
import type { Clock, Timer } from '@jackfield/clock'
import { EADDRNOTAVAIL, EEXIST, type NetworkInterface, type RouteEntry, SocketError } from '@jackfield/interfaces'
import { followedKey, followRoutes, type GroupMembership, type RouteTable } from '@jackfield/ip'
import { type AddressOptions, type AddressState, Ipv6Address } from './address.js'
import { solicitedNode } from './groups.js'

/** Linux's metric of the routes that come with addresses (`IP6_RT_PRIO_ADDRCONF`). */
const PREFIX_METRIC = 256

/** Told of addresses as they come, change and go. */
export interface AddressWatcher {
  /**
   * An address was added. It is tentative where it may be another node's too; whoever answers true finds that out and says so with
   * `Addresses.confirm` or `Addresses.markDuplicate`. Where nobody does, it is used at once.
   */
  added(address: Ipv6Address): boolean
  /** It went, or turned out to be another node's. */
  removed(address: Ipv6Address): void
  /** Its state, or what follows from it, changed: routes and decisions are to be asked anew. */
  changed(address: Ipv6Address): void
}

/** The host's IPv6 addresses, their states and lifetimes, and the routes and groups that come and go with them. */
export class Addresses {
  private entries: readonly Ipv6Address[] = []
  /** The routes in the table that came with addresses. */
  private followed: ReadonlyMap<string, RouteEntry> = new Map()
  private readonly clock: Clock
  private readonly routes: RouteTable
  private readonly groups: GroupMembership
  private readonly watcher: AddressWatcher
  private readonly timer: Timer

  constructor(clock: Clock, routes: RouteTable, groups: GroupMembership, watcher: AddressWatcher) {
    this.clock = clock
    this.routes = routes
    this.groups = groups
    this.watcher = watcher
    this.timer = clock.createTimer(() => this.expire(), { background: true })
  }

  /** In the order in which they were added. */
  list(): readonly Ipv6Address[] {
    return this.entries
  }

  /** The entry of an address on an interface; undefined where it does not have it. */
  find(networkInterface: NetworkInterface, address: IpAddress): Ipv6Address | undefined {
    return this.entries.find((entry) => entry.interface === networkInterface && entry.address.equals(address))
  }

  /** @throws SocketError EEXIST; RangeError where the address cannot be a host's, or a lifetime is none. */
  add(networkInterface: NetworkInterface, prefix: Prefix, options: AddressOptions = {}): Ipv6Address {
    const { address } = prefix
    if (address.version !== 6) throw new RangeError(`${prefix} is not IPv6: give IPv4 addresses to the ipv4 package`)
    if (address.isMulticast || address.isUnspecified || address.isMapped) {
      throw new RangeError(`${address} cannot be the address of a host`)
    }
    if (isLoopback(address) && !networkInterface.loopback) {
      throw new RangeError(`${address} is the address of a loopback interface, not of ${networkInterface.name}`)
    }
    if (this.find(networkInterface, address) !== undefined) {
      throw new SocketError(EEXIST, 'addAddress', {
        address: `${address}`,
        detail: `${networkInterface.name} has it already`,
      })
    }
    const [preferred, valid] = lifetimes(options.preferredLifetime, options.validLifetime)
    const state: AddressState = options.noDad === true ? 'preferred' : 'tentative'
    const entry = new Ipv6Address(networkInterface, prefix, options, state)
    this.setDeadlines(entry, preferred, valid)
    this.groups.join(networkInterface, solicitedNode(address))
    this.replace([...this.entries, entry])
    const waits = state === 'tentative' && this.watcher.added(entry)
    if (!waits && entry.current === 'tentative') this.confirm(entry)
    else this.settle(entry)
    return entry
  }

  /** @throws SocketError EADDRNOTAVAIL where the interface does not have it. */
  remove(networkInterface: NetworkInterface, address: IpAddress): void {
    const entry = this.find(networkInterface, address)
    if (entry === undefined) {
      throw new SocketError(EADDRNOTAVAIL, 'removeAddress', {
        address: `${address}`,
        detail: `${networkInterface.name} does not have it`,
      })
    }
    this.drop(entry)
  }

  /** Forgets the addresses of an interface that went; its routes are flushed by their own table. */
  removeInterface(networkInterface: NetworkInterface): void {
    for (const entry of this.entries) if (entry.interface === networkInterface) this.drop(entry)
  }

  /** Nobody else has a tentative address (RFC 4862 5.4): it is used from now on. */
  confirm(entry: Ipv6Address): void {
    if (entry.current === 'tentative' && this.entries.includes(entry)) this.settle(entry, true)
  }

  /** Another node has the address (RFC 4862 5.4.5): it is not used, and stays for people to see. */
  markDuplicate(entry: Ipv6Address): void {
    if (entry.current === 'duplicate' || !this.entries.includes(entry)) return
    entry.current = 'duplicate'
    this.groups.leave(entry.interface, solicitedNode(entry.address))
    this.replace(this.entries)
    this.watcher.removed(entry)
    this.watcher.changed(entry)
  }

  /** What duplicate address detection begins anew with: the address is not used until it is confirmed (the link came up again). */
  makeTentative(entry: Ipv6Address): void {
    if (!entry.usable || !this.entries.includes(entry)) return
    entry.current = 'tentative'
    this.replace(this.entries)
    this.watcher.changed(entry)
  }

  /** Gives an address new lifetimes, in seconds from now; RangeError where they are none. */
  setLifetimes(entry: Ipv6Address, preferredLifetime: number, validLifetime: number): void {
    const [preferred, valid] = lifetimes(preferredLifetime, validLifetime)
    this.setDeadlines(entry, preferred, valid)
    this.settle(entry)
  }

  /** The interface's own link-local address that may be used; null where there is none. */
  linkLocal(interfaceIndex: number): IpAddress | null {
    const { entries } = this
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i] as Ipv6Address
      if (entry.interface.index === interfaceIndex && entry.usable && isLinkLocal(entry.address)) return entry.address
    }
    return null
  }

  /** Cancels the timer. */
  close(): void {
    this.timer.cancel()
  }

  private drop(entry: Ipv6Address): void {
    const joined = entry.current !== 'duplicate'
    this.replace(this.entries.filter((other) => other !== entry))
    if (joined) {
      this.groups.leave(entry.interface, solicitedNode(entry.address))
      this.watcher.removed(entry)
    }
    this.watcher.changed(entry)
  }

  private setDeadlines(entry: Ipv6Address, preferred: number, valid: number): void {
    const now = this.clock.now()
    entry.preferredUntil = now + preferred * 1e6
    entry.validUntil = now + valid * 1e6
  }

  /** Brings the state of an address up to date with its lifetimes. */
  private settle(entry: Ipv6Address, confirmed = false): void {
    if (entry.usable || confirmed) {
      entry.current = entry.preferredUntil > this.clock.now() ? 'preferred' : 'deprecated'
    }
    this.replace(this.entries)
    this.watcher.changed(entry)
    this.schedule()
  }

  /** RFC 4862 5.5.4: preferred addresses become deprecated, and go when their time is over. */
  private expire(): void {
    const now = this.clock.now()
    for (const entry of this.entries) {
      if (entry.validUntil <= now) this.drop(entry)
      else if (entry.current === 'preferred' && entry.preferredUntil <= now) this.settle(entry)
    }
    this.schedule()
  }

  private schedule(): void {
    let next = Number.POSITIVE_INFINITY
    for (const entry of this.entries) {
      next = Math.min(next, entry.validUntil)
      if (entry.current === 'preferred') next = Math.min(next, entry.preferredUntil)
    }
    if (next === Number.POSITIVE_INFINITY) this.timer.cancel()
    else this.timer.set(next)
  }

  /** Takes the addresses and makes the routes follow. */
  private replace(entries: readonly Ipv6Address[]): void {
    const after = routesOf(entries)
    followRoutes(this.routes, this.followed, after)
    this.followed = after
    this.entries = entries
  }
}

/** Checks lifetimes: the preferred one is not longer than the valid one (RFC 4862 5.5.3 c). */
function lifetimes(preferred: number | undefined, valid = Number.POSITIVE_INFINITY): readonly [number, number] {
  const shorter = preferred ?? valid
  if (!(valid > 0)) throw new RangeError(`a valid lifetime is a number of seconds above 0, not ${valid}`)
  if (!(shorter >= 0 && shorter <= valid)) {
    throw new RangeError(`a preferred lifetime is 0 seconds to the valid lifetime, ${valid}, not ${shorter}`)
  }
  return [shorter, valid]
}

/**
 * The routes that addresses bring: to the address once it is used, and to its prefix. A prefix is each interface's own
 * (link-local ones all have the same).
 */
function routesOf(entries: readonly Ipv6Address[]): ReadonlyMap<string, RouteEntry> {
  const routes = new Map<string, RouteEntry>()
  for (const entry of entries) {
    const { index } = entry.interface
    const want = (route: RouteEntry): void => {
      const key = followedKey(route)
      if (!routes.has(key)) routes.set(key, route)
    }
    if (entry.usable) {
      const own = entry.address
      want({ destination: new Prefix(own, 128), type: 'local', interface: index, source: own })
    }
    if (entry.prefixRoute && entry.current !== 'duplicate') {
      want({ destination: entry.prefix.masked, type: 'unicast', interface: index, metric: PREFIX_METRIC })
    }
  }
  return routes
}
