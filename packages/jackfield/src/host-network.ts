import { IpAddress, MacAddress, Prefix } from '@jackfield/addr'
import type { EthernetModule } from '@jackfield/ethernet'
import type { NeighborEntry, NetworkInterface } from '@jackfield/interfaces'
import type {
  AddressEntry,
  AddressOptions,
  AdvertiseOptions,
  Ipv6Module,
  LearnedDnsServer,
  LearnedPrefix,
  LearnedRouter,
} from '@jackfield/ipv6'
import type { Stack } from '@jackfield/stack'
import type { HostModules } from './create-host.js'

/** An interface of the host: the object, or its name. */
export type InterfaceName = NetworkInterface | string

/** A neighbour, of ARP or of neighbour discovery, with its interface. */
export interface HostNeighbor extends NeighborEntry {
  readonly interface: NetworkInterface
}

/**
 * The addresses, neighbours and routers of a host, as `ip address` and `ip neigh` show and change them. Routes are the stack's:
 * `stack.addRoute`, `stack.networks`. Where a method takes an interface it throws a RangeError for one that the host does not have.
 */
export interface HostNetwork {
  /** The addresses of both versions, with their state, origin and what is left of their lifetimes. */
  addresses(): readonly AddressEntry[]
  /**
   * Adds an address to an interface.
   * @param options IPv6 only: lifetimes, `temporary`, `noDad`
   * @throws SocketError EEXIST; RangeError where it cannot be a host's, or for options with IPv4
   */
  addAddress(networkInterface: InterfaceName, prefix: string | Prefix, options?: AddressOptions): void
  /** @throws SocketError EADDRNOTAVAIL where the interface does not have it */
  removeAddress(networkInterface: InterfaceName, address: string | IpAddress): void
  /** The neighbours of both versions. Links without hardware addresses have none. */
  neighbors(): readonly HostNeighbor[]
  /**
   * Enters a neighbour for good, in place of what was known of it.
   * @throws RangeError where the interface resolves no neighbours; TypeError for an address that cannot be a neighbour's
   */
  setNeighbor(networkInterface: InterfaceName, address: string | IpAddress, hardware: string | MacAddress): void
  /** Forgets a neighbour, whatever its state; false where there is none. */
  deleteNeighbor(networkInterface: InterfaceName, address: string | IpAddress): boolean
  /** The default routers that advertised themselves to this host (RFC 4861 6.3.4). */
  routers(): readonly LearnedRouter[]
  /** The prefixes that routers said are on their link. */
  prefixes(): readonly LearnedPrefix[]
  /** The recursive DNS servers that routers told of (RFC 8106). */
  dnsServers(): readonly LearnedDnsServer[]
  /**
   * Has the host advertise itself as a router on an interface (RFC 4861 6.2), while `net.ipv6.conf.NAME.forwarding` is on; null ends it.
   * @throws RangeError for options out of their bounds
   */
  advertise(networkInterface: InterfaceName, options?: AdvertiseOptions | null): void
}

/** The modules that know more than the stack. */
export interface HostNetworkParts {
  readonly stack: Stack<HostModules>
  readonly ethernet: EthernetModule
  readonly ipv6: Ipv6Module
}

/** `HostNetwork` over a stack and the modules in it. */
export function createHostNetwork({ stack, ethernet, ipv6 }: HostNetworkParts): HostNetwork {
  function find(given: InterfaceName): NetworkInterface {
    const found = typeof given === 'string' ? stack.interfaceByName(given) : given
    if (found !== undefined && stack.interfaces.includes(found)) return found
    const names = stack.interfaces.map((each) => each.name).join(', ')
    const name = typeof given === 'string' ? given : given.name
    throw new RangeError(`the host has no interface named ${name}: it has ${names}`)
  }

  /** As one call of the run loop, so that what it sends goes out. */
  function inLoop<T>(change: () => T): T {
    const { loop } = stack.clock
    loop.enter()
    try {
      const result = change()
      stack.needBurstEnd()
      return result
    } finally {
      loop.leave()
    }
  }

  const resolverOf = (address: IpAddress): EthernetModule | Ipv6Module => (address.version === 4 ? ethernet : ipv6)

  return {
    addresses: () => [...(stack.network(4)?.addresses() ?? []).map(permanent), ...ipv6.addresses()],
    addAddress(given, input, options) {
      const networkInterface = find(given)
      const prefix = typeof input === 'string' ? Prefix.parse(input) : input
      if (options === undefined) stack.addAddress(networkInterface, prefix)
      else if (prefix.address.version === 6) ipv6.addAddress(networkInterface, prefix, options)
      else throw new RangeError(`${prefix} is IPv4, whose addresses have no lifetimes: leave the options out`)
    },
    removeAddress: (given, address) => stack.removeAddress(find(given), address),
    neighbors: () =>
      [...ethernet.neighbors(), ...ipv6.neighbors()].flatMap((entry) => {
        const networkInterface = stack.interfaceByIndex(entry.interfaceIndex)
        return networkInterface === undefined ? [] : [{ ...entry, interface: networkInterface }]
      }),
    setNeighbor(given, neighbor, hardware) {
      const { index } = find(given)
      const address = toAddress(neighbor)
      const hardwareAddress = typeof hardware === 'string' ? MacAddress.parse(hardware) : hardware
      inLoop(() => resolverOf(address).setNeighbor(index, address, hardwareAddress))
    },
    deleteNeighbor(given, neighbor) {
      const { index } = find(given)
      const address = toAddress(neighbor)
      return inLoop(() => resolverOf(address).deleteNeighbor(index, address))
    },
    routers: () => ipv6.learnedRouters(),
    prefixes: () => ipv6.learnedPrefixes(),
    dnsServers: () => ipv6.learnedDnsServers(),
    advertise(given, options = {}) {
      const { index } = find(given)
      inLoop(() => ipv6.advertise(index, options))
    },
  }
}

/** IPv4 addresses are a host's until they are taken away. */
function permanent({ interface: networkInterface, prefix, broadcast }: InterfaceAddressOfIpv4): AddressEntry {
  return {
    interface: networkInterface,
    prefix,
    broadcast,
    state: 'preferred',
    origin: 'manual',
    temporary: false,
    preferredLifetime: Number.POSITIVE_INFINITY,
    validLifetime: Number.POSITIVE_INFINITY,
  }
}

type InterfaceAddressOfIpv4 = Pick<AddressEntry, 'interface' | 'prefix' | 'broadcast'>

function toAddress(input: string | IpAddress): IpAddress {
  return typeof input === 'string' ? IpAddress.parse(input) : input
}
