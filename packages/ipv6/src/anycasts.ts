import type { IpAddress } from '@jackfield/addr'
import { Prefix } from '@jackfield/addr'
import type { NetworkInterface, RouteEntry } from '@jackfield/interfaces'
import { followedKey, followRoutes, type GroupMembership, type RouteTable } from '@jackfield/ip'
import type { Ipv6Address } from './address.js'
import { solicitedNode } from './groups.js'

/** The longest prefix whose subnet has an anycast address: on a link of two there is none to spare (RFC 6164 5). */
const LONGEST_SUBNET = 126

/** An address that this host shares with others on an interface. */
interface Anycast {
  readonly networkInterface: NetworkInterface
  readonly address: IpAddress
  readonly route: RouteEntry
}

/**
 * The anycast addresses of the host (RFC 4291 2.6): those of the subnets that it is a router of. Packets to them are for this host;
 * they are no source, nobody probes for them, and whoever asks for one on the link is answered without override (RFC 4861 7.2.7).
 */
export class Anycasts {
  private readonly routes: RouteTable
  private readonly groups: GroupMembership
  private known: ReadonlyMap<string, Anycast> = new Map()

  constructor(routes: RouteTable, groups: GroupMembership) {
    this.routes = routes
    this.groups = groups
  }

  has(networkInterface: NetworkInterface, address: IpAddress): boolean {
    for (const each of this.known.values()) {
      if (each.networkInterface === networkInterface && each.address.equals(address)) return true
    }
    return false
  }

  /**
   * Makes them those of the subnets of these addresses.
   * @param isRouter whether the host is a router on an interface
   */
  follow(addresses: readonly Ipv6Address[], isRouter: (networkInterface: NetworkInterface) => boolean): void {
    const after = new Map<string, Anycast>()
    for (const { interface: networkInterface, prefix, usable } of addresses) {
      const address = prefix.network
      if (!usable || prefix.length > LONGEST_SUBNET || address.isUnspecified || !isRouter(networkInterface)) continue
      const route: RouteEntry = {
        destination: new Prefix(address, 128),
        type: 'anycast',
        interface: networkInterface.index,
      }
      after.set(followedKey(route), { networkInterface, address, route })
    }
    const before = this.known
    followRoutes(this.routes, routesOf(before), routesOf(after))
    this.known = after
    for (const [key, { networkInterface, address }] of after) {
      if (!before.has(key)) this.groups.join(networkInterface, solicitedNode(address))
    }
    for (const [key, { networkInterface, address }] of before) {
      if (!after.has(key)) this.groups.leave(networkInterface, solicitedNode(address))
    }
  }
}

function routesOf(anycasts: ReadonlyMap<string, Anycast>): ReadonlyMap<string, RouteEntry> {
  return new Map([...anycasts].map(([key, { route }]) => [key, route]))
}
