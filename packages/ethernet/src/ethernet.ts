import type { IpAddress, MacAddress } from '@jackfield/addr'
import type { Host, NeighborEntry, StackModule } from '@jackfield/interfaces'
import { createNeighborSettings, type NeighborSettings, neighborCounters, neighborSysctls } from '@jackfield/neighbor'
import type { ProbeResult } from './address-probe.js'
import { Arp } from './arp.js'
import type { AddressConflict } from './arp-responder.js'
import { ArpSettingsTable } from './arp-settings.js'
import { createEthernetCounters } from './counters.js'
import { EthernetLink } from './ethernet-link.js'

/** How Ethernet is installed. */
export interface EthernetOptions {
  /** Limits and times of the neighbour cache; default: Linux's. Later through `net.ipv4.neigh.default.*`. */
  readonly neighbor?: Partial<NeighborSettings>
  /** Called when another host is heard to use an address of this one (RFC 5227 2.4); counted as `ArpConflicts`. */
  readonly onConflict?: (conflict: AddressConflict) => void
}

/** Ethernet as it is installed in one stack. */
export interface EthernetModule extends StackModule<never, 'ethernet'> {
  /** The IPv4 neighbours of all interfaces, as `ip neigh` lists them. */
  neighbors(): NeighborEntry[]
  /** Enters an IPv4 neighbour for good, as `ip neigh replace ... nud permanent`. */
  setNeighbor(interfaceIndex: number, address: IpAddress, hardwareAddress: MacAddress): void
  /** Removes a neighbour of any state; false where there is none. */
  deleteNeighbor(interfaceIndex: number, address: IpAddress): boolean
  /** Announces an IPv4 address on an interface: gratuitous ARP, now and two seconds later. */
  announce(interfaceIndex: number, address: IpAddress): void
  /**
   * Finds out whether an IPv4 address is free before it is given to an interface (RFC 5227 2.1): 4 to 7 seconds, then
   * `done(null)`; or, once somebody else is heard to have or to want it, `done` with their link address. After ten
   * conflicts on an interface the next probes begin a minute apart.
   * @returns ends the probe without calling `done`, as the end of the link does
   */
  probe(interfaceIndex: number, address: IpAddress, done: ProbeResult): () => void
}

/** Ethernet II framing and ARP, for `createStack().with(ethernet())`. */
export function ethernet(options: EthernetOptions = {}): EthernetModule {
  const neighborSettings = createNeighborSettings(options.neighbor)
  let installed: Arp | null = null

  function arp(): Arp {
    if (installed === null) throw new Error('this ethernet() is in no stack yet: give it to createStack().with() first')
    return installed
  }

  function linkOf(interfaceIndex: number): EthernetLink {
    const link = arp().link(interfaceIndex)
    if (link === undefined) throw new RangeError(`interface ${interfaceIndex} is no Ethernet interface of this stack`)
    return link
  }

  return {
    name: 'ethernet',
    provides: ['ethernet'],
    needs: [],
    install(host: Host): void {
      if (installed !== null) throw new Error('this ethernet() is in a stack already: call ethernet() for each stack')
      const counters = createEthernetCounters()
      const settings = new ArpSettingsTable()
      const created = new Arp({ host, counters, settings, neighborSettings, onConflict: options.onConflict ?? null })
      installed = created
      host.addCounters(counters)
      host.addCounters(neighborCounters(created.cache.statistics, 'ArpCache'))
      host.addSettings(neighborSysctls(neighborSettings, 'net.ipv4.neigh.default'))
      host.addInterfaceSettings((networkInterface) => settings.sysctls(networkInterface))
      host.addLinkLayer('ethernet', (networkInterface) => {
        const link = new EthernetLink(host, networkInterface, created, counters)
        created.addLink(link)
        return link
      })
      host.addInterfaceObserver({ interfaceRemoved: (networkInterface) => created.removeLink(networkInterface.index) })
      host.onClose(() => created.close())
    },
    neighbors: () => arp().cache.entries(),
    setNeighbor(interfaceIndex, address, hardwareAddress) {
      arp().cache.set(checked(address), linkOf(interfaceIndex).index, hardwareAddress)
    },
    deleteNeighbor: (interfaceIndex, address) => arp().cache.delete(address, interfaceIndex),
    announce(interfaceIndex, address) {
      arp().announcer.announce(linkOf(interfaceIndex), checked(address).w3)
    },
    probe: (interfaceIndex, address, done) => arp().probes.start(linkOf(interfaceIndex), checked(address).w3, done),
  }
}

function checked(address: IpAddress): IpAddress {
  if (address.version !== 4 || address.isMulticast || address.isUnspecified) {
    throw new TypeError(`ARP is for IPv4 unicast addresses, not ${address}`)
  }
  return address
}
