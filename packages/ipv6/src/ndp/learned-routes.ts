import { IpAddress, Prefix } from '@jackfield/addr'
import type { NetworkInterface, RouteEntry } from '@jackfield/interfaces'
import { followRoutes } from '@jackfield/ip'
import type { NdpContext } from './context.js'
import { type Expiring, ExpiringList, secondsLeft } from './expiring-list.js'
import type { Neighbors } from './neighbors.js'

// What one interface keeps of each: an honest link has a few.
const MAX_ROUTERS = 16
const MAX_PREFIXES = 64
const MAX_ROUTES = 64

/** Linux's metrics of on-link prefixes and of routes that routers advertise. */
const PREFIX_METRIC = 256
const ROUTE_METRIC = 1024

const EVERYWHERE = /* @__PURE__ */ new Prefix(IpAddress.v6(0, 0, 0, 0), 0)

/** How much a router is to be preferred (RFC 4191 2.1): 1 high, 0 medium, -1 low. */
export function preferenceOf(flags: number): number {
  const bits = (flags >> 3) & 3
  // 10 is reserved, and means medium (RFC 4191 2.2).
  return bits === 1 ? 1 : bits === 3 ? -1 : 0
}

/** A router that advertised itself as default router (RFC 4861 6.3.4), for people. */
export interface LearnedRouter {
  readonly interface: NetworkInterface
  readonly address: IpAddress
  /** RFC 4191 2.1. */
  readonly preference: 'high' | 'medium' | 'low'
  /** Seconds for which it is still one; Infinity for ever. */
  readonly lifetime: number
}

/** A prefix that a router said is on the link (RFC 4861 6.3.4), for people. */
export interface LearnedPrefix {
  readonly interface: NetworkInterface
  readonly prefix: Prefix
  /** Seconds for which it still is; Infinity for ever. */
  readonly lifetime: number
}

interface Router extends Expiring {
  readonly address: IpAddress
  preference: number
  metric: number
}

interface OnLinkPrefix extends Expiring {
  readonly prefix: Prefix
}

interface AdvertisedRoute extends Expiring {
  readonly prefix: Prefix
  readonly gateway: IpAddress
  preference: number
}

/** What routers said on one interface: default routers, on-link prefixes, routes (RFC 4861 5.1, RFC 4191 3); and the routes that follow. */
export class LearnedRoutes {
  private readonly context: NdpContext
  private readonly networkInterface: NetworkInterface
  private readonly neighbors: Neighbors
  private readonly routers: ExpiringList<Router>
  private readonly prefixes: ExpiringList<OnLinkPrefix>
  private readonly routes: ExpiringList<AdvertisedRoute>
  private followed: ReadonlyMap<string, RouteEntry> = new Map()

  constructor(context: NdpContext, neighbors: Neighbors) {
    this.context = context
    this.networkInterface = neighbors.networkInterface
    this.neighbors = neighbors
    const update = (): void => this.update()
    this.routers = new ExpiringList(context.clock, MAX_ROUTERS, update)
    this.prefixes = new ExpiringList(context.clock, MAX_PREFIXES, update)
    this.routes = new ExpiringList(context.clock, MAX_ROUTES, update)
  }

  /** Default routers as they are known, for people and tests. */
  get defaultRouters(): readonly IpAddress[] {
    return this.routers.entries.map(({ address }) => address)
  }

  /** The same with what they said of themselves. */
  routerEntries(): LearnedRouter[] {
    const { networkInterface, context } = this
    return this.routers.entries.map(({ address, preference, until }) => ({
      interface: networkInterface,
      address,
      preference: preference > 0 ? 'high' : preference < 0 ? 'low' : 'medium',
      lifetime: secondsLeft(context.clock, until),
    }))
  }

  /** On-link prefixes as they are known. */
  prefixEntries(): LearnedPrefix[] {
    const { networkInterface, context } = this
    return this.prefixes.entries.map(({ prefix, until }) => ({
      interface: networkInterface,
      prefix,
      lifetime: secondsLeft(context.clock, until),
    }))
  }

  /** A router advertised itself as default router for `lifetime` seconds; 0: it is none (RFC 4861 6.3.4). */
  router(address: IpAddress, lifetime: number, preference: number, metric: number): void {
    const known = this.routers.find((router) => router.address.equals(address))
    if (known !== undefined) Object.assign(known, { preference, metric })
    if (!this.routers.told(known, lifetime, (until) => ({ address: address.copy(), preference, metric, until }))) {
      this.context.counters.NdpRoutersRefused++
    }
    this.update()
  }

  /** Addresses within the prefix are on the link for `lifetime` seconds (RFC 4861 6.3.4). */
  prefix(prefix: Prefix, lifetime: number): void {
    const known = this.prefixes.find((entry) => entry.prefix.equals(prefix))
    if (!this.prefixes.told(known, lifetime, (until) => ({ prefix, until }))) {
      this.context.counters.NdpPrefixesRefused++
    }
    this.update()
  }

  /** A router advertised a route of its own (RFC 4191 2.3). */
  route(prefix: Prefix, gateway: IpAddress, lifetime: number, preference: number): void {
    const known = this.routes.find((entry) => entry.prefix.equals(prefix) && entry.gateway.equals(gateway))
    if (known !== undefined) known.preference = preference
    if (!this.routes.told(known, lifetime, (until) => ({ prefix, gateway: gateway.copy(), preference, until }))) {
      this.context.counters.NdpPrefixesRefused++
    }
    this.update()
  }

  /** A neighbour said that it is no router: it is no default router either (RFC 4861 7.2.5). */
  noRouter(address: IpAddress): void {
    this.router(address, 0, 0, 0)
  }

  /** A neighbour's reachability changed: another router may be better now (RFC 4861 6.3.6). */
  reconsider(address: IpAddress): void {
    if (this.routers.entries.length > 1 && this.routers.find((router) => router.address.equals(address))) this.update()
  }

  /** Forgets everything. */
  clear(): void {
    this.routers.clear()
    this.prefixes.clear()
    this.routes.clear()
    this.update()
  }

  private update(): void {
    const after = new Map<string, RouteEntry>()
    const { index } = this.networkInterface
    const want = (route: RouteEntry): void => {
      after.set(`${route.destination} ${route.gateway ?? ''} ${route.metric}`, route)
    }
    for (const { prefix } of this.prefixes.entries) {
      want({ destination: prefix, type: 'unicast', interface: index, metric: PREFIX_METRIC })
    }
    for (const { prefix, gateway, preference } of this.routes.entries) {
      want({ destination: prefix, type: 'unicast', gateway, interface: index, metric: ROUTE_METRIC - preference })
    }
    const best = this.best()
    if (best !== null) {
      want({
        destination: EVERYWHERE,
        type: 'unicast',
        gateway: best.address,
        interface: index,
        metric: best.metric,
      })
    }
    followRoutes(this.context.routes, this.followed, after)
    this.followed = after
  }

  /** RFC 4191 3.2: one that answers before one that does not, then by preference, then the first that was heard. */
  private best(): Router | null {
    let best: Router | null = null
    let bestRank = -Infinity
    for (const router of this.routers.entries) {
      const rank = router.preference - (this.neighbors.isUnreachable(router.address) ? 10 : 0)
      if (rank <= bestRank) continue
      best = router
      bestRank = rank
    }
    return best
  }
}
