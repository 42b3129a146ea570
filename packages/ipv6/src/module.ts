import { IPV6_ANY, type IpAddress, type MacAddress, type Prefix } from '@jackfield/addr'
import type { Host, NeighborEntry, NetworkInterface, Setting, StackModule } from '@jackfield/interfaces'
import { createNeighborSettings, type NeighborCache, type NeighborSettings, neighborSysctls } from '@jackfield/neighbor'
import type { AddressOptions } from './address.js'
import { type AddressEntry, addressEntry } from './address-entry.js'
import { inet6Family } from './address-family.js'
import type { ControlOut } from './control-out.js'
import { Ipv6Layer } from './layer.js'
import { Mld } from './mld/index.js'
import type { NdpSend } from './ndp/context.js'
import {
  type AdvertiseOptions,
  createNdpCounters,
  type LearnedDnsServer,
  type LearnedPrefix,
  type LearnedRouter,
  Ndp,
  NdpConfigurations,
} from './ndp/index.js'
import { ND_HOP_LIMIT } from './ndp/wire/types.js'
import type { Ipv6Options } from './routes.js'

/** RFC 3810 5. */
const MLD_HOP_LIMIT = 1

/** How IPv6 is installed. */
export interface Ipv6ModuleOptions extends Ipv6Options {
  /** Limits and times of the neighbour caches; default: Linux's. Later through `net.ipv6.neigh.*`. */
  readonly neighbor?: Partial<NeighborSettings>
}

/** IPv6 as it is installed in one stack. */
export interface Ipv6Module extends StackModule<never, 'ipv6' | 'network'> {
  /** The IPv6 neighbours of all interfaces, as `ip -6 neigh` lists them. */
  neighbors(): NeighborEntry[]
  /** Enters an IPv6 neighbour for good, as `ip -6 neigh replace ... nud permanent`. */
  setNeighbor(interfaceIndex: number, address: IpAddress, hardwareAddress: MacAddress): void
  /** Removes a neighbour of any state; false where there is none. */
  deleteNeighbor(interfaceIndex: number, address: IpAddress): boolean
  /** The routers that advertised themselves as default routers on an interface. */
  defaultRouters(interfaceIndex: number): readonly IpAddress[]
  /** The same of all interfaces, with preference and lifetime. */
  learnedRouters(): readonly LearnedRouter[]
  /** The prefixes that routers said are on the link. */
  learnedPrefixes(): readonly LearnedPrefix[]
  /** The recursive DNS servers that routers told of (RFC 8106), the first told first. */
  learnedDnsServers(): readonly LearnedDnsServer[]
  /** The IPv6 addresses of all interfaces, with what is left of their lifetimes. */
  addresses(): readonly AddressEntry[]
  /**
   * Adds an address with lifetimes and the like.
   * @throws SocketError EEXIST; RangeError for an address or lifetime that cannot be, or where IPv6 does not run on the interface
   */
  addAddress(networkInterface: NetworkInterface, prefix: Prefix, options?: AddressOptions): void
  /**
   * Advertises this host as a router on an interface (RFC 4861 6.2), while `net.ipv6.conf.NAME.forwarding` is on; null ends it.
   * @throws RangeError where there is no such interface, or for options out of their bounds
   */
  advertise(interfaceIndex: number, options?: AdvertiseOptions | null): void
}

/** IPv6 for a stack: `createStack({ clock, random }).with(ipv6())`. RangeError where an option is out of its bounds. */
export function ipv6(options: Ipv6ModuleOptions = {}): Ipv6Module {
  const neighborSettings = createNeighborSettings({ locktime: 0, ...options.neighbor })
  let installed: { readonly layer: Ipv6Layer; readonly ndp: Ndp; readonly host: Host } | null = null

  function parts(): NonNullable<typeof installed> {
    if (installed === null) throw new Error('this ipv6() is in no stack yet: give it to createStack().with() first')
    return installed
  }

  function ndp(): Ndp {
    return parts().ndp
  }

  return {
    name: 'ipv6',
    provides: ['ipv6', 'network'],
    needs: [],
    install(host: Host): void {
      if (installed !== null) throw new Error('this ipv6() is in a stack already: call ipv6() for each stack')
      const layer = new Ipv6Layer(host, options)
      installed = { layer, host, ndp: installNdp(host, layer, neighborSettings) }
      installMld(host, layer)
      host.addAddressFamily(inet6Family(host))
      host.addCounters(layer.counters)
      host.addCounters(layer.rateCounters)
      host.addSettings(layer.settings)
      host.addInterfaceSettings((of) => layer.configurations.settings(of))
      host.addInterfaceSettings((of) => layer.identifiers.settings(of))
      host.addNetwork(layer)
      host.onClose(() => layer.close())
    },
    neighbors: () => ndp().entries(),
    setNeighbor(interfaceIndex, address, hardwareAddress) {
      cacheOf(ndp(), interfaceIndex).set(checked(address), interfaceIndex, hardwareAddress)
    },
    deleteNeighbor: (interfaceIndex, address) => cacheOf(ndp(), interfaceIndex).delete(address, interfaceIndex),
    defaultRouters: (interfaceIndex) => ndp().defaultRouters(interfaceIndex),
    learnedRouters: () => ndp().learnedRouters(),
    learnedPrefixes: () => ndp().learnedPrefixes(),
    learnedDnsServers: () => ndp().learnedDnsServers(),
    addresses() {
      const { layer, host } = parts()
      return layer.addresses().map((address) => addressEntry(address, host.clock))
    },
    addAddress(networkInterface, prefix, options = {}) {
      const { layer, host } = parts()
      const { loop } = host.clock
      loop.enter()
      try {
        layer.addAddress(networkInterface, prefix, options)
        host.needBurstEnd()
      } finally {
        loop.leave()
      }
    },
    advertise(interfaceIndex, advertised = {}) {
      ndp().advertise(interfaceIndex, advertised)
    },
  }
}

function installNdp(host: Host, layer: Ipv6Layer, neighborSettings: NeighborSettings): Ndp {
  const configurations = new NdpConfigurations()
  const counters = createNdpCounters()
  const ndp = layer.setDiscovery((context, out) => {
    const { identifiers, configurations: layer } = context
    const send = sender(out, ND_HOP_LIMIT, false)
    return new Ndp({ ...context, layer, configurations, counters, send }, identifiers, neighborSettings)
  })
  host.addCounters(counters)
  host.addInterfaceSettings((of) => configurations.settings(of))
  host.addSettings(neighborSysctls(neighborSettings, 'net.ipv6.neigh.default'))
  host.addInterfaceSettings((of) => neighborSettingsOf(ndp, of))
  return ndp
}

/** The settings of one interface's neighbour cache; the limits are the same for all. */
function neighborSettingsOf(ndp: Ndp, of: NetworkInterface | 'all' | 'default'): readonly Setting[] {
  return typeof of === 'string' ? [] : neighborSysctls(ndp.settingsOf(of.index), `net.ipv6.neigh.${of.name}`)
}

function installMld(host: Host, layer: Ipv6Layer): void {
  layer.setReporter((context, out) => {
    const send = sender(out, MLD_HOP_LIMIT, true)
    const { clock, random, pool, groups, addresses } = context
    const mld = new Mld({
      clock,
      random,
      pool,
      groups,
      send: (packet, destination, networkInterface) =>
        send(packet, addresses.linkLocal(networkInterface.index) ?? IPV6_ANY, destination, networkInterface),
    })
    host.addCounters(mld.counters)
    host.addSettings(mld.settings())
    host.addInterfaceSettings((of) => mld.interfaceSettings(of))
    return mld
  })
}

function sender(out: ControlOut, hopLimit: number, alert: boolean): NdpSend {
  return (packet, source, destination, networkInterface) => {
    out.send(packet, source, destination, networkInterface, hopLimit, alert)
  }
}

function cacheOf(ndp: Ndp, interfaceIndex: number): NeighborCache {
  const neighbors = ndp.neighbors(interfaceIndex)
  if (neighbors === undefined) throw new RangeError(`interface ${interfaceIndex} is none that has IPv6 neighbours`)
  return neighbors.cache
}

function checked(address: IpAddress): IpAddress {
  if (address.version !== 6 || address.isMulticast || address.isUnspecified) {
    throw new TypeError(`neighbour discovery is for IPv6 unicast addresses, not ${address}`)
  }
  return address
}
