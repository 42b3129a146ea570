import { IpAddress, isLinkLocal, Prefix } from '@jackfield/addr'
import { IPV6_HEADER_LENGTH, IPV6_MIN_MTU } from '../wire/header.js'
import { LONGEST_LIFETIME } from './wire/lifetime.js'
import { ROUTER_ADVERT_LENGTH, ROUTER_MANAGED, ROUTER_OTHER } from './wire/types.js'
import {
  dnsOptionLength,
  LINK_ADDRESS_OPTION_LENGTH,
  MTU_OPTION_LENGTH,
  PREFIX_OPTION_LENGTH,
  routeOptionLength,
} from './wire/write.js'

/** Prefixes, and routes, in one advertisement: hosts read no more. */
const MAX_LISTED = 32
const MAX_SERVERS = 16
/** Bytes of options that every link carries in one packet (RFC 8200 5): in fragments no host believes them (RFC 6980). */
const MAX_OPTIONS = IPV6_MIN_MTU - IPV6_HEADER_LENGTH - ROUTER_ADVERT_LENGTH

/** A prefix that a router advertises. */
export interface AdvertisedPrefix {
  /** As `'2001:db8:1::/64'`. */
  readonly prefix: string | Prefix
  /** Default true: hosts on the link reach it without a router. */
  readonly onLink?: boolean
  /** Default true: hosts make addresses of it, if its length is 64. */
  readonly autonomous?: boolean
  /** Seconds, Infinity for ever. Default 86400 and 14400. */
  readonly validLifetime?: number
  readonly preferredLifetime?: number
}

/** A route that a router advertises. */
export interface AdvertisedRoute {
  /** As `'2001:db8:2::/48'`. */
  readonly prefix: string | Prefix
  /** Over other routers' (RFC 4191 2.3). Default `'medium'`. */
  readonly preference?: 'high' | 'medium' | 'low'
  /** Seconds, Infinity for ever. Default three times the longest interval. */
  readonly lifetime?: number
}

/** What a router says of itself and its link (RFC 4861 6.2.1), in seconds but for `reachableTime` and `retransmitTimer`, which are milliseconds. */
export interface AdvertiseOptions {
  /** Default: the prefixes of the interface's own addresses that are not link-local. Up to 32, fewer beside routes and DNS servers. */
  readonly prefixes?: readonly (string | AdvertisedPrefix)[]
  /** Longest and shortest time between advertisements, 4 to 1800 and 3 to three quarters of it. Default 600 and a third of it. */
  readonly maxInterval?: number
  readonly minInterval?: number
  /** For which hosts use it as default router, 0 (not at all) to 9000. Default three times the longest interval. */
  readonly lifetime?: number
  /** Over other routers of the link (RFC 4191). Default `'medium'`. */
  readonly preference?: 'high' | 'medium' | 'low'
  /** Addresses, or other things, are to be had by DHCPv6. Default false. */
  readonly managed?: boolean
  readonly other?: boolean
  /** More specific ways by this router (RFC 4191), up to 32. Default none. */
  readonly routes?: readonly (string | AdvertisedRoute)[]
  /** Recursive DNS servers for the hosts of the link (RFC 8106), up to 16. Default none. */
  readonly dnsServers?: readonly (string | IpAddress)[]
  /** Seconds for which they may be used, 1 and more; Infinity for ever. Default three times the longest interval. */
  readonly dnsLifetime?: number
  /** Told to hosts where given: the link's MTU in bytes, their hop limit. Default: nothing, and the router's own. */
  readonly mtu?: number
  readonly hopLimit?: number
  /** Default 0: not told. */
  readonly reachableTime?: number
  readonly retransmitTimer?: number
}

/** Options, checked and with their defaults. */
export interface Advertised {
  readonly prefixes: readonly Required<AdvertisedPrefix & { prefix: Prefix }>[] | null
  /** As many as there is room for. */
  readonly maxPrefixes: number
  readonly routes: readonly { readonly prefix: Prefix; readonly preference: number; readonly lifetime: number }[]
  readonly dnsServers: readonly IpAddress[]
  readonly dnsLifetime: number
  readonly maxInterval: number
  readonly minInterval: number
  readonly lifetime: number
  readonly flags: number
  readonly mtu: number
  readonly hopLimit: number
  readonly reachableTime: number
  readonly retransmitTimer: number
}

/** @throws RangeError for options out of the bounds of RFC 4861 6.2.1; TypeError for a prefix that is none */
export function settle(options: AdvertiseOptions): Advertised {
  const maxInterval = within('maxInterval', options.maxInterval ?? 600, 4, 1800)
  const longest = Math.max(3, 0.75 * maxInterval)
  const minInterval = within(
    'minInterval',
    options.minInterval ?? Math.min(longest, Math.max(3, maxInterval / 3)),
    3,
    longest,
  )
  const lifetime = within('lifetime', options.lifetime ?? Math.ceil(3 * maxInterval), 0, 9000)
  const preference = preferenceBits(options.preference)
  const usual = Math.ceil(3 * maxInterval)
  const routes = atMost(MAX_LISTED, 'routes', options.routes).map((each) => settleRoute(each, usual))
  const dnsServers = atMost(MAX_SERVERS, 'dnsServers', options.dnsServers).map(settleServer)
  const dnsLifetime = options.dnsLifetime ?? usual
  if (dnsLifetime !== Infinity) within('dnsLifetime', dnsLifetime, 1, LONGEST_LIFETIME)
  const { prefixes, mtu, hopLimit } = options
  const taken =
    LINK_ADDRESS_OPTION_LENGTH +
    MTU_OPTION_LENGTH +
    routes.reduce((sum, { prefix }) => sum + routeOptionLength(prefix), 0) +
    dnsOptionLength(dnsServers)
  const maxPrefixes = Math.min(MAX_LISTED, Math.floor((MAX_OPTIONS - taken) / PREFIX_OPTION_LENGTH))
  atMost(maxPrefixes, 'prefixes', prefixes)
  return {
    prefixes:
      prefixes === undefined
        ? null
        : prefixes.map((each) => settlePrefix(typeof each === 'string' ? { prefix: each } : each)),
    maxPrefixes,
    routes,
    dnsServers,
    dnsLifetime,
    maxInterval,
    minInterval,
    lifetime,
    flags: (options.managed === true ? ROUTER_MANAGED : 0) | (options.other === true ? ROUTER_OTHER : 0) | preference,
    mtu: mtu === undefined ? 0 : within('mtu', mtu, 1280, 0xffff_ffff),
    hopLimit: hopLimit === undefined ? -1 : within('hopLimit', hopLimit, 0, 255),
    reachableTime: within('reachableTime', options.reachableTime ?? 0, 0, 3_600_000),
    retransmitTimer: within('retransmitTimer', options.retransmitTimer ?? 0, 0, 0xffff_ffff),
  }
}

export function settlePrefix(given: AdvertisedPrefix): Required<AdvertisedPrefix & { prefix: Prefix }> {
  const prefix = typeof given.prefix === 'string' ? Prefix.parse(given.prefix) : given.prefix
  if (prefix.address.version !== 6 || isUnfit(prefix.address)) {
    throw new RangeError(`${prefix} is not an IPv6 prefix to advertise: give one as 2001:db8:1::/64`)
  }
  const validLifetime = given.validLifetime ?? 86_400
  const preferredLifetime = given.preferredLifetime ?? Math.min(14_400, validLifetime)
  for (const lifetime of [validLifetime, preferredLifetime]) {
    if (lifetime !== Infinity) within('lifetime of a prefix', lifetime, 0, LONGEST_LIFETIME)
  }
  if (preferredLifetime > validLifetime) {
    throw new RangeError(`preferredLifetime is at most validLifetime, ${validLifetime}, not ${preferredLifetime}`)
  }
  const { onLink = true, autonomous = true } = given
  return { prefix: prefix.masked, onLink, autonomous, validLifetime, preferredLifetime }
}

function within(name: string, value: number, least: number, most: number): number {
  if (!(value >= least && value <= most))
    throw new RangeError(`${name} is a number from ${least} to ${most}, not ${value}`)
  return value
}

function settleRoute(given: string | AdvertisedRoute, usual: number): Advertised['routes'][number] {
  const { prefix: input, preference, lifetime = usual } = typeof given === 'string' ? { prefix: given } : given
  const prefix = typeof input === 'string' ? Prefix.parse(input) : input
  if (prefix.address.version !== 6 || isUnfit(prefix.address)) {
    throw new RangeError(`${prefix} is not an IPv6 prefix to advertise a route to: give one as 2001:db8:2::/48`)
  }
  if (lifetime !== Infinity) within('lifetime of a route', lifetime, 0, LONGEST_LIFETIME)
  return { prefix: prefix.masked, preference: preferenceBits(preference), lifetime }
}

function settleServer(given: string | IpAddress): IpAddress {
  const address = typeof given === 'string' ? IpAddress.parse(given) : given
  if (address.version !== 6 || address.isMulticast || address.isUnspecified) {
    throw new RangeError(`${address} is not the IPv6 address of a DNS server`)
  }
  return address
}

/** RFC 4191 2.1, where the flags of an advertisement and the third byte of a route have it. */
function preferenceBits(preference: AdvertiseOptions['preference'] = 'medium'): number {
  const bits = { high: 0x08, medium: 0, low: 0x18 }[preference]
  if (bits === undefined) throw new RangeError(`preference is high, medium or low, not ${preference}`)
  return bits
}

function atMost<T>(most: number, name: string, given: readonly T[] = []): readonly T[] {
  if (given.length > most) throw new RangeError(`${name} are ${most} at most, not ${given.length}`)
  return given
}

/** Whether an address is of no use beyond its link, or a group's. */
export function isUnfit(address: IpAddress): boolean {
  return isLinkLocal(address) || address.isMulticast
}
