import { type IpAddress, Prefix } from '@jackfield/addr'
import {
  EADDRNOTAVAIL,
  EEXIST,
  type InterfaceAddress,
  type NetworkInterface,
  type RouteEntry,
  type RouteType,
  SocketError,
} from '@jackfield/interfaces'
import { followedKey, followRoutes, type RouteTable } from '@jackfield/ip'

/** The host's addresses, and the routes that come and go with them (Linux's `fib_add_ifaddr`). */
export class Addresses {
  private entries: readonly InterfaceAddress[] = []
  /** How many interfaces have each address, by its 32-bit value. */
  private readonly owned = new Map<number, number>()

  /** In the order in which they were added. */
  list(): readonly InterfaceAddress[] {
    return this.entries
  }

  /** Whether an interface has this address, given as a 32-bit value. */
  owns(word: number): boolean {
    return this.owned.has(word)
  }

  /** @throws SocketError EEXIST; RangeError where the address cannot be a host's. */
  add(routes: RouteTable, networkInterface: NetworkInterface, prefix: Prefix): void {
    const { address } = prefix
    if (address.version !== 4) throw new RangeError(`${prefix} is not IPv4: give IPv6 addresses to the ipv6 package`)
    if (address.isMulticast || address.w3 === -1 || address.isUnspecified) {
      throw new RangeError(`${address} cannot be the address of a host`)
    }
    if (this.find(networkInterface, address) !== undefined) {
      throw new SocketError(EEXIST, 'addAddress', {
        address: `${address}`,
        detail: `${networkInterface.name} has it already`,
      })
    }
    this.replace(routes, [...this.entries, { interface: networkInterface, prefix, broadcast: prefix.broadcast }])
    this.owned.set(address.w3, (this.owned.get(address.w3) ?? 0) + 1)
  }

  /** @throws SocketError EADDRNOTAVAIL where the interface does not have it. */
  remove(routes: RouteTable, networkInterface: NetworkInterface, address: IpAddress): void {
    const entry = this.find(networkInterface, address)
    if (entry === undefined) {
      throw new SocketError(EADDRNOTAVAIL, 'removeAddress', {
        address: `${address}`,
        detail: `${networkInterface.name} does not have it`,
      })
    }
    this.replace(
      routes,
      this.entries.filter((other) => other !== entry),
    )
    this.disown(entry)
  }

  /** Forgets the addresses of an interface that went; its routes are flushed by their own table. */
  removeInterface(networkInterface: NetworkInterface): void {
    for (const entry of this.entries) if (entry.interface === networkInterface) this.disown(entry)
    this.entries = this.entries.filter((entry) => entry.interface !== networkInterface)
  }

  /** The first address of an interface, or null. */
  primary(interfaceIndex: number): IpAddress | null {
    const entries = this.entries
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i] as InterfaceAddress
      if (entry.interface.index === interfaceIndex) return entry.prefix.address
    }
    return null
  }

  /** The interface's own address with which to speak to a neighbour: one of its subnet, else the first. */
  onInterface(target: IpAddress, interfaceIndex: number): IpAddress | null {
    let first: IpAddress | null = null
    const entries = this.entries
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i] as InterfaceAddress
      if (entry.interface.index !== interfaceIndex) continue
      if (entry.prefix.contains(target)) return entry.prefix.address
      if (first === null) first = entry.prefix.address
    }
    return first
  }

  /**
   * The source for packets out of an interface (Linux's `inet_select_addr`): its own, else any other interface's
   * that may be seen outside the host.
   */
  select(target: IpAddress, networkInterface: NetworkInterface): IpAddress | null {
    const own = this.onInterface(target, networkInterface.index)
    if (own !== null) return own
    for (const entry of this.entries) {
      if (entry.prefix.address.w3 >>> 24 !== 127) return entry.prefix.address
    }
    return null
  }

  /** Whether both addresses, as 32-bit values, are on one subnet of the interface (Linux's `inet_addr_onlink`). */
  sameLink(interfaceIndex: number, a: IpAddress, b: IpAddress): boolean {
    for (const entry of this.entries) {
      if (entry.interface.index === interfaceIndex && entry.prefix.contains(a) && entry.prefix.contains(b)) return true
    }
    return false
  }

  private find(networkInterface: NetworkInterface, address: IpAddress): InterfaceAddress | undefined {
    return this.entries.find((entry) => entry.interface === networkInterface && entry.prefix.address.equals(address))
  }

  /** Takes the addresses and makes the routes follow: what two addresses share comes once, and goes with the last. */
  private replace(routes: RouteTable, entries: readonly InterfaceAddress[]): void {
    followRoutes(routes, routesOf(this.entries), routesOf(entries))
    this.entries = entries
  }

  private disown(entry: InterfaceAddress): void {
    const word = entry.prefix.address.w3
    const left = (this.owned.get(word) ?? 1) - 1
    if (left === 0) this.owned.delete(word)
    else this.owned.set(word, left)
  }
}

/**
 * The routes that addresses bring, by what may be there once: to the address, to its subnet (on a loopback all of it is this
 * host) and to the broadcast address, which a /31 has not (RFC 3021). The source is the first address that wants the route.
 */
function routesOf(entries: readonly InterfaceAddress[]): Map<string, RouteEntry> {
  const routes = new Map<string, RouteEntry>()
  for (const { prefix, broadcast, interface: networkInterface } of entries) {
    const source = prefix.address
    const want = (type: RouteType, destination: Prefix): void => {
      const route: RouteEntry = { destination, type, interface: networkInterface.index, source }
      const key = followedKey(route)
      if (!routes.has(key)) routes.set(key, route)
    }
    want('local', new Prefix(source, 32))
    if (prefix.length === 32) continue
    want(networkInterface.loopback ? 'local' : 'unicast', prefix.masked)
    if (broadcast !== null) want('broadcast', new Prefix(broadcast, 32))
  }
  return routes
}
