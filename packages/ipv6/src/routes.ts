import type { Host, NetworkInterface } from '@jackfield/interfaces'
import { DestinationCache, RouteTable } from '@jackfield/ip'
import type { Configurations } from './configuration.js'
import type { SourceSelection } from './source-selection.js'
import { IPV6_MIN_MTU } from './wire/header.js'

/** How an IPv6 layer is made. */
export interface Ipv6Options {
  /** Route objects kept for reuse, 16 to 65536. Default 4096. */
  readonly maxCachedRoutes?: number
  /** Destinations of which a path MTU or redirect is kept. Default 2048. */
  readonly maxDestinations?: number
}

/** What the routes of a layer stand on. */
export interface RouteParts {
  readonly host: Host
  readonly configurations: Configurations
  readonly sources: SourceSelection
  /** The interface by which packets to this host's own addresses go, if there is one. */
  loopback(): NetworkInterface | undefined
}

/** What is learnt of destinations. RangeError where the option is out of its bounds. */
export function createDestinations({ clock, secret0, secret1 }: Host, options: Ipv6Options): DestinationCache {
  const { maxDestinations } = options
  const bound = maxDestinations === undefined ? {} : { maxEntries: maxDestinations }
  return new DestinationCache({ clock, secret0, secret1, minPmtu: IPV6_MIN_MTU, ...bound })
}

/** The routes, which follow what is learnt of destinations. RangeError where the option is out of its bounds. */
export function createRoutes(parts: RouteParts, destinations: DestinationCache, options: Ipv6Options): RouteTable {
  const { host, configurations, sources } = parts
  const { secret0, secret1 } = host
  const { maxCachedRoutes } = options
  return new RouteTable({
    version: 6,
    secret0,
    secret1,
    destinations,
    interfaceByIndex: (index) => host.interfaceByIndex(index),
    loopback: () => parts.loopback(),
    selectSource: (_nextHop, networkInterface, destination) => sources.select(destination, networkInterface),
    linkMtu: (networkInterface) => configurations.of(networkInterface.index).mtu || networkInterface.mtu,
    ...(maxCachedRoutes === undefined ? {} : { maxCached: maxCachedRoutes }),
  })
}
