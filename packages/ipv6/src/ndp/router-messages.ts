import { isLinkLocal } from '@jackfield/addr'
import type { NetworkHeader } from '@jackfield/interfaces'
import {
  type NeighborSettings,
  UPDATE_CREATE,
  UPDATE_OVERRIDE,
  UPDATE_ROUTER,
  UPDATE_SET_ROUTER,
} from '@jackfield/neighbor'
import { IPV6_MIN_MTU } from '../wire/header.js'
import type { Autoconfiguration } from './autoconfiguration.js'
import type { NdpContext } from './context.js'
import { type LearnedRoutes, preferenceOf } from './learned-routes.js'
import type { LearnedServers } from './learned-servers.js'
import type { Neighbors } from './neighbors.js'
import type { RouterAdvertiser } from './router-advertiser.js'
import { listensToRouters, type RouterSolicitation } from './router-solicitation.js'
import { lifetimeFromWire } from './wire/lifetime.js'
import {
  type NdpMessage,
  readDnsServers,
  readLinkAddress,
  readPrefixInformation,
  readRouteInformation,
} from './wire/read.js'

// The least that a router may set the times of a link to, in milliseconds: less becomes this (Linux's `ndisc_router_discovery`).
const LEAST_RETRANSMIT = 10
const LEAST_REACHABLE = 100
/** Neighbours out of use are kept for as many times as long as an answer is believed, where a router tells that (Linux). */
const STALE_TIMES = 3

/** What is there on the interface that a message came in by. */
export interface RouterListener {
  readonly neighbors: Neighbors
  readonly settings: NeighborSettings
  readonly routes: LearnedRoutes
  readonly servers: LearnedServers
  readonly solicitation: RouterSolicitation
  readonly advertiser: RouterAdvertiser | null
}

/** Learns from router advertisements (RFC 4861 6.3.4, RFC 4191, RFC 4862 5.5), as far as `accept_ra*` allows. */
export class RouterMessages {
  private readonly context: NdpContext
  private readonly autoconfiguration: Autoconfiguration

  constructor(context: NdpContext, autoconfiguration: Autoconfiguration) {
    this.context = context
    this.autoconfiguration = autoconfiguration
  }

  /** A router advertisement. False where it is malformed (RFC 4861 6.1.2). */
  advertisement(view: DataView, message: NdpMessage, header: NetworkHeader, on: RouterListener): boolean {
    if (!isLinkLocal(header.source)) return false
    const { networkInterface } = on.neighbors
    const { index } = networkInterface
    const configuration = this.context.configurations.of(index)
    const own = this.context.addresses.find(networkInterface, header.source) !== undefined
    if (!listensToRouters(this.context, index) || (own && configuration.accept_ra_from_local === 0)) {
      this.context.counters.NdpInIgnored++
      return true
    }
    on.solicitation.stop()
    const link = message.options.sourceLinkAddress
    if (link !== 0) {
      const from = readLinkAddress(view, link)
      if (from.isMulticast) return false
      const flags = UPDATE_OVERRIDE | UPDATE_CREATE | UPDATE_SET_ROUTER | UPDATE_ROUTER
      on.neighbors.update(header.source, from, flags)
    }
    this.defaultRouter(message, header, on)
    this.linkValues(message, on)
    if (configuration.accept_ra_pinfo === 1) this.prefixes(view, message, on)
    this.routes(view, message, header, on)
    const { servers, serverCount } = message.options
    for (let i = 0; i < serverCount; i++) on.servers.told(readDnsServers(view, servers[i] as number))
    return true
  }

  /** A router solicitation: answered by a router. False where it is malformed (RFC 4861 6.1.1). */
  solicitation(view: DataView, message: NdpMessage, header: NetworkHeader, on: RouterListener): boolean {
    const link = message.options.sourceLinkAddress
    if (header.source.isUnspecified) {
      if (link !== 0) return false
    } else if (link !== 0) {
      const from = readLinkAddress(view, link)
      if (from.isMulticast) return false
      // Who asks for routers is none (RFC 4861 6.2.6).
      on.neighbors.update(header.source, from, UPDATE_OVERRIDE | UPDATE_CREATE | UPDATE_SET_ROUTER)
    }
    if (on.advertiser === null) this.context.counters.NdpInIgnored++
    else on.advertiser.solicited()
    return true
  }

  private defaultRouter(message: NdpMessage, header: NetworkHeader, on: RouterListener): void {
    const { index } = on.neighbors.networkInterface
    const { accept_ra_defrtr, accept_ra_rtr_pref, accept_ra_min_lft, ra_defrtr_metric } =
      this.context.configurations.of(index)
    if (accept_ra_defrtr === 0) return
    const { routerLifetime } = message
    if (routerLifetime !== 0 && routerLifetime < accept_ra_min_lft) return
    const preference = accept_ra_rtr_pref === 1 ? preferenceOf(message.flags) : 0
    on.routes.router(header.source, routerLifetime, preference, ra_defrtr_metric)
  }

  /** Hop limit, times and MTU of the link. */
  private linkValues(message: NdpMessage, on: RouterListener): void {
    const { networkInterface } = on.neighbors
    const { layer, configurations } = this.context
    const { accept_ra_min_hop_limit, accept_ra_mtu } = configurations.of(networkInterface.index)
    if (message.hopLimit !== 0 && message.hopLimit >= accept_ra_min_hop_limit) {
      layer.set(networkInterface.index, 'hop_limit', message.hopLimit)
    }
    this.linkTimes(message, on.settings)
    const { mtu } = message.options
    if (accept_ra_mtu === 1 && mtu >= IPV6_MIN_MTU && mtu <= networkInterface.mtu) {
      layer.set(networkInterface.index, 'mtu', mtu)
    }
  }

  /** RFC 4861 6.3.4, which knows no longest time for hosts; 0 says nothing. */
  private linkTimes({ retransmitTimer, reachableTime }: NdpMessage, settings: NeighborSettings): void {
    if (retransmitTimer !== 0) settings.retrans_time_ms = Math.max(retransmitTimer, LEAST_RETRANSMIT)
    if (reachableTime === 0) return
    const reachable = Math.max(reachableTime, LEAST_REACHABLE)
    if (reachable === settings.base_reachable_time_ms) return
    settings.base_reachable_time_ms = reachable
    settings.gc_stale_time = Math.ceil((STALE_TIMES * reachable) / 1000)
  }

  private prefixes(view: DataView, message: NdpMessage, on: RouterListener): void {
    const { networkInterface } = on.neighbors
    const { autoconf, accept_ra_min_lft } = this.context.configurations.of(networkInterface.index)
    const { prefixes, prefixCount } = message.options
    for (let i = 0; i < prefixCount; i++) {
      const information = readPrefixInformation(view, prefixes[i] as number)
      if (information === null) continue
      const { prefix, onLink, autonomous } = information
      const valid = lifetimeFromWire(information.validLifetime)
      const preferred = lifetimeFromWire(information.preferredLifetime)
      if (isLinkLocal(prefix.address) || prefix.address.isMulticast || preferred > valid) continue
      if (valid !== 0 && valid < accept_ra_min_lft) continue
      if (onLink) on.routes.prefix(prefix, valid)
      if (autoconf === 1 && autonomous) this.autoconfiguration.prefix(prefix, networkInterface, preferred, valid)
    }
  }

  private routes(view: DataView, message: NdpMessage, header: NetworkHeader, on: RouterListener): void {
    const { index } = on.neighbors.networkInterface
    const { accept_ra_rt_info_max_plen, accept_ra_defrtr, ra_defrtr_metric } = this.context.configurations.of(index)
    const { routes, routeCount } = message.options
    for (let i = 0; i < routeCount; i++) {
      const { prefix, preference, lifetime: seconds } = readRouteInformation(view, routes[i] as number)
      // RFC 4191 2.3: an option with a reserved preference is not for us.
      if (((preference >> 3) & 3) === 2 || prefix.address.isMulticast || isLinkLocal(prefix.address)) continue
      const rank = preferenceOf(preference)
      const lifetime = lifetimeFromWire(seconds)
      if (prefix.length === 0) {
        if (accept_ra_defrtr === 1) on.routes.router(header.source, lifetime, rank, ra_defrtr_metric)
      } else if (prefix.length <= accept_ra_rt_info_max_plen) {
        on.routes.route(prefix, header.source, lifetime, rank)
      }
    }
  }
}
