import type { IpAddress } from '@jackfield/addr'
import {
  ETH_P_IPV6,
  IFF_UP,
  type NeighborEntry,
  type NetworkHeader,
  type NetworkInterface,
} from '@jackfield/interfaces'
import { createNeighborSettings, type NeighborSettings } from '@jackfield/neighbor'
import type { Packet } from '@jackfield/packet'
import type { Ipv6Address } from '../address.js'
import type { ConfigurationKey } from '../configuration.js'
import type { InterfaceIdentifiers } from '../interface-identifier.js'
import type { NeighborDiscovery } from '../neighbor-discovery.js'
import type { AdvertiseOptions } from './advertise-options.js'
import { Autoconfiguration } from './autoconfiguration.js'
import type { NdpContext } from './context.js'
import { DuplicateDetection } from './duplicate-detection.js'
import { type LearnedPrefix, type LearnedRouter, LearnedRoutes } from './learned-routes.js'
import { type LearnedDnsServer, LearnedServers } from './learned-servers.js'
import { NeighborMessages } from './neighbor-messages.js'
import { Neighbors } from './neighbors.js'
import { Redirects } from './redirects.js'
import { RouterAdvertiser } from './router-advertiser.js'
import { type RouterListener, RouterMessages } from './router-messages.js'
import { RouterSolicitation } from './router-solicitation.js'
import { linkAddressOf, NdpTransmitter } from './transmitter.js'
import { NdpMessage, readNdp } from './wire/read.js'
import { ND_HOP_LIMIT, ND_NEIGHBOR_ADVERT, ND_NEIGHBOR_SOLICIT, ND_REDIRECT, ND_ROUTER_ADVERT } from './wire/types.js'

/** What is kept for one interface. */
interface Place extends RouterListener {
  readonly networkInterface: NetworkInterface
  advertiser: RouterAdvertiser | null
  up: boolean
}

/** Neighbour discovery (RFC 4861) and stateless address autoconfiguration (RFC 4862) of a host, as Linux does them. */
export class Ndp implements NeighborDiscovery {
  private readonly context: NdpContext
  private readonly defaults: NeighborSettings
  private readonly transmitter: NdpTransmitter
  private readonly duplicates: DuplicateDetection
  private readonly autoconfiguration: Autoconfiguration
  private readonly neighborMessages: NeighborMessages
  private readonly routerMessages: RouterMessages
  private readonly redirects: Redirects
  private readonly places = new Map<number, Place>()
  /** By interface index; there before the interface is. */
  private readonly settings = new Map<number, NeighborSettings>()
  private readonly message = new NdpMessage()

  /** @param defaults the settings of neighbour caches, which every interface gets a copy of */
  constructor(context: NdpContext, identifiers: InterfaceIdentifiers, defaults: NeighborSettings) {
    this.context = context
    this.defaults = defaults
    this.transmitter = new NdpTransmitter(context)
    this.duplicates = new DuplicateDetection(context, this.transmitter, {
      unique: (address) => this.unique(address),
      duplicate: (address) => this.duplicate(address),
    })
    this.autoconfiguration = new Autoconfiguration(
      context,
      identifiers,
      (index) => this.settingsOf(index).retrans_time_ms,
    )
    this.neighborMessages = new NeighborMessages(context, this.transmitter, this.duplicates)
    this.routerMessages = new RouterMessages(context, this.autoconfiguration)
    this.redirects = new Redirects(context, this.transmitter)
  }

  // --- interfaces

  addInterface(networkInterface: NetworkInterface): void {
    const { index } = networkInterface
    if (networkInterface.loopback || this.places.has(index)) return
    const settings = this.settingsOf(index)
    const neighbors = new Neighbors(this.context, this.transmitter, networkInterface, settings, (address) =>
      place.routes.reconsider(address),
    )
    const place: Place = {
      networkInterface,
      neighbors,
      settings,
      routes: new LearnedRoutes(this.context, neighbors),
      servers: new LearnedServers(this.context, networkInterface),
      solicitation: new RouterSolicitation(this.context, this.transmitter, networkInterface),
      advertiser: null,
      up: isUp(networkInterface),
    }
    this.places.set(index, place)
    networkInterface.link.setResolver?.(ETH_P_IPV6, neighbors)
  }

  removeInterface(networkInterface: NetworkInterface): void {
    const place = this.places.get(networkInterface.index)
    if (place === undefined) return
    this.places.delete(networkInterface.index)
    closePlace(place)
    this.settings.delete(networkInterface.index)
    this.context.configurations.forget(networkInterface.index)
  }

  /** Carrier or flags: what was learned on a link that went down is forgotten; addresses on one that came up are probed again. */
  interfaceChanged(networkInterface: NetworkInterface): void {
    const place = this.places.get(networkInterface.index)
    if (place === undefined || isUp(networkInterface) === place.up) return
    place.up = !place.up
    const { addresses } = this.context
    if (place.up) {
      for (const address of addresses.list()) {
        if (address.interface !== networkInterface) continue
        if (address.state === 'duplicate') continue
        addresses.makeTentative(address)
        if (!this.probe(address)) this.unique(address)
      }
    } else {
      for (const address of addresses.list()) {
        if (address.interface === networkInterface) this.duplicates.stop(address)
      }
      place.solicitation.stop()
      forget(place)
      place.neighbors.cache.flush(networkInterface.index, true)
    }
    place.advertiser?.update()
  }

  configurationChanged(interfaceIndex: number, key: ConfigurationKey): void {
    const place = this.places.get(interfaceIndex)
    if (place === undefined || key !== 'forwarding') return
    // A router neither asks for routers nor keeps what they said (RFC 4861 6.2.5).
    if (this.context.layer.of(interfaceIndex).forwarding === 1) {
      place.solicitation.stop()
      if (this.context.configurations.of(interfaceIndex).accept_ra !== 2) forget(place)
    } else if (this.context.addresses.linkLocal(interfaceIndex) !== null) place.solicitation.start()
    place.advertiser?.update()
  }

  // --- addresses

  addressAdded(address: Ipv6Address): boolean {
    // A link that is down answers nobody: the address waits for it.
    const place = this.places.get(address.interface.index)
    if (place !== undefined && !place.up) return true
    if (this.probe(address)) return true
    this.came(address)
    return false
  }

  addressRemoved(address: Ipv6Address): void {
    this.duplicates.stop(address)
    this.autoconfiguration.removed(address)
  }

  // --- messages

  receive(packet: Packet, header: NetworkHeader, networkInterface: NetworkInterface): boolean {
    const place = this.places.get(networkInterface.index)
    const { message } = this
    const { view, start, end } = packet
    if (header.ttl !== ND_HOP_LIMIT || !readNdp(view, start, end, message)) return false
    const { configurations, counters } = this.context
    if (place === undefined) return true
    if (header.fragmentSize !== 0 && configurations.of(networkInterface.index).suppress_frag_ndisc === 1) {
      counters.NdpInIgnored++
      return true
    }
    switch (message.type) {
      case ND_NEIGHBOR_SOLICIT:
        return this.neighborMessages.solicitation(view, message, header, place.neighbors)
      case ND_NEIGHBOR_ADVERT:
        return this.neighborMessages.advertisement(view, message, header, place.neighbors, () =>
          place.routes.noRouter(message.target),
        )
      case ND_ROUTER_ADVERT:
        return this.routerMessages.advertisement(view, message, header, place)
      case ND_REDIRECT:
        return this.redirects.receive(view, message, header, place.neighbors)
      default:
        return this.routerMessages.solicitation(view, message, header, place)
    }
  }

  sendRedirect(packet: Packet, header: NetworkHeader, target: IpAddress, networkInterface: NetworkInterface): void {
    const place = this.places.get(networkInterface.index)
    if (place !== undefined) this.redirects.send(packet, header, target, place.neighbors)
  }

  // --- for people

  /** The neighbours of all interfaces, as `ip -6 neigh` lists them. */
  entries(): NeighborEntry[] {
    return [...this.places.values()].flatMap(({ neighbors }) => neighbors.entries())
  }

  /** The cache of an interface; undefined where it has none. */
  neighbors(interfaceIndex: number): Neighbors | undefined {
    return this.places.get(interfaceIndex)?.neighbors
  }

  /** The default routers that advertised themselves on an interface. */
  defaultRouters(interfaceIndex: number): readonly IpAddress[] {
    return this.places.get(interfaceIndex)?.routes.defaultRouters ?? []
  }

  /** What routers said on all interfaces: default routers, DNS servers, prefixes on the link. */
  learnedRouters(): LearnedRouter[] {
    return [...this.places.values()].flatMap(({ routes }) => routes.routerEntries())
  }

  learnedDnsServers(): LearnedDnsServer[] {
    return [...this.places.values()].flatMap(({ servers }) => servers.list())
  }

  learnedPrefixes(): LearnedPrefix[] {
    return [...this.places.values()].flatMap(({ routes }) => routes.prefixEntries())
  }

  /**
   * Advertises this host as a router on an interface, while it forwards there; null ends it.
   * @throws RangeError where there is no such interface, or for options out of their bounds
   */
  advertise(interfaceIndex: number, options: AdvertiseOptions | null): void {
    const place = this.places.get(interfaceIndex)
    if (place === undefined) throw new RangeError(`interface ${interfaceIndex} has no neighbours to advertise to`)
    const advertiser =
      options === null ? null : new RouterAdvertiser(this.context, this.transmitter, place.networkInterface, options)
    place.advertiser?.close()
    place.advertiser = advertiser
  }

  /** The settings of an interface's neighbour cache. */
  settingsOf(interfaceIndex: number): NeighborSettings {
    let settings = this.settings.get(interfaceIndex)
    if (settings === undefined) {
      settings = createNeighborSettings(this.defaults)
      this.settings.set(interfaceIndex, settings)
    }
    return settings
  }

  close(): void {
    for (const place of this.places.values()) closePlace(place)
    this.places.clear()
    this.duplicates.close()
    this.neighborMessages.close()
    this.autoconfiguration.close()
  }

  /** Begins duplicate address detection, where there is anybody who could have the address. */
  private probe(address: Ipv6Address): boolean {
    const place = this.places.get(address.interface.index)
    if (place === undefined || linkAddressOf(address.interface) === null) return false
    return this.duplicates.start(address, () => place.settings.retrans_time_ms * 1000)
  }

  private unique(address: Ipv6Address): void {
    this.context.addresses.confirm(address)
    this.came(address)
  }

  /** An address may be used: routers are asked for from a link-local one, and who listens is told (RFC 4861 7.2.6). */
  private came(address: Ipv6Address): void {
    const { index } = address.interface
    const place = this.places.get(index)
    if (place === undefined || !place.up) return
    if (this.context.configurations.of(index).ndisc_notify === 1 && linkAddressOf(address.interface) !== null) {
      this.transmitter.neighborAdvert(address.interface, address.address, null)
    }
    if (address.origin === 'link-local') place.solicitation.start()
  }

  private duplicate(address: Ipv6Address): void {
    if (this.autoconfiguration.duplicate(address)) return
    const { addresses, configurations, layer } = this.context
    addresses.markDuplicate(address)
    const { index } = address.interface
    // The hardware address is another's too: nothing that is made of it can work (RFC 4862 5.4.5).
    if (address.origin === 'link-local' && configurations.of(index).accept_dad === 2)
      layer.set(index, 'disable_ipv6', 1)
  }
}

/** What routers said. */
function forget({ routes, servers }: Place): void {
  routes.clear()
  servers.clear()
}

function closePlace(place: Place): void {
  place.advertiser?.close()
  place.solicitation.stop()
  forget(place)
  place.neighbors.cache.close()
}

function isUp(networkInterface: NetworkInterface): boolean {
  return (networkInterface.flags & IFF_UP) !== 0
}
