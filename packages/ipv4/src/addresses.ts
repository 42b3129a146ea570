import { type IpAddress, Prefix } from '@jackfield/addr'
import {
  EADDRNOTAVAIL,
  EEXIST,
  type InterfaceAddress,
  type NetworkInterface,
  type RouteEntry,
  SocketError,
} from '@jackfield/interfaces'
import type { RouteTable } from '@jackfield/ip'

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
    const { address, length } = prefix
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
    const entry = { interface: networkInterface, prefix, broadcast: prefix.broadcast }
    const first = !this.entries.some((other) => sameSubnet(other, entry))
    routes.add({
      destination: new Prefix(address, 32),
      type: 'local',
      interface: networkInterface.index,
      source: address,
    })
    this.entries = [...this.entries, entry]
    this.owned.set(address.w3, (this.owned.get(address.w3) ?? 0) + 1)
    if (first && length < 32) for (const route of subnetRoutes(entry)) routes.add(route)
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
    const wasFirst = this.entries.find((other) => sameSubnet(other, entry)) === entry
    this.forget(entry)
    routes.remove({
      destination: new Prefix(entry.prefix.address, 32),
      type: 'local',
      interface: networkInterface.index,
    })
    if (!wasFirst || entry.prefix.length === 32) return
    for (const route of subnetRoutes(entry)) routes.remove(route)
    // Another address of the same subnet keeps the subnet reachable.
    const heir = this.entries.find((other) => sameSubnet(other, entry))
    if (heir !== undefined) for (const route of subnetRoutes(heir)) routes.add(route)
  }

  /** Forgets the addresses of an interface that went; its routes are flushed by their own table. */
  removeInterface(networkInterface: NetworkInterface): void {
    for (const entry of this.entries) if (entry.interface === networkInterface) this.forget(entry)
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

  private forget(entry: InterfaceAddress): void {
    this.entries = this.entries.filter((other) => other !== entry)
    const word = entry.prefix.address.w3
    const left = (this.owned.get(word) ?? 1) - 1
    if (left === 0) this.owned.delete(word)
    else this.owned.set(word, left)
  }
}

function sameSubnet(a: InterfaceAddress, b: InterfaceAddress): boolean {
  return a.interface === b.interface && a.prefix.length === b.prefix.length && a.prefix.contains(b.prefix.address)
}

/** The route to the subnet (on a loopback all of it is this host) and to its broadcast address, which a /31 has not (RFC 3021). */
function subnetRoutes(entry: InterfaceAddress): RouteEntry[] {
  const { prefix, broadcast, interface: networkInterface } = entry
  const source = prefix.address
  const index = networkInterface.index
  const routes: RouteEntry[] = [
    { destination: prefix.masked, type: networkInterface.loopback ? 'local' : 'unicast', interface: index, source },
  ]
  if (broadcast !== null) {
    routes.push({ destination: new Prefix(broadcast, 32), type: 'broadcast', interface: index, source })
  }
  return routes
}
