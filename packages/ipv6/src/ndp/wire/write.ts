import type { IpAddress, MacAddress, Prefix } from '@jackfield/addr'
import {
  ND_NEIGHBOR_ADVERT,
  ND_NEIGHBOR_SOLICIT,
  ND_OPT_MTU,
  ND_OPT_NONCE,
  ND_OPT_PREFIX_INFORMATION,
  ND_OPT_RDNSS,
  ND_OPT_REDIRECTED_HEADER,
  ND_OPT_ROUTE_INFORMATION,
  ND_REDIRECT,
  ND_ROUTER_ADVERT,
  ND_ROUTER_SOLICIT,
  NEIGHBOR_MESSAGE_LENGTH,
  PREFIX_AUTONOMOUS,
  PREFIX_ON_LINK,
  REDIRECT_LENGTH,
  ROUTER_ADVERT_LENGTH,
  ROUTER_SOLICIT_LENGTH,
} from './types.js'

// All write at `at`, leave the checksum 0, and return where the message or option ends.

export const LINK_ADDRESS_OPTION_LENGTH = 8
export const NONCE_OPTION_LENGTH = 8
export const PREFIX_OPTION_LENGTH = 32
export const MTU_OPTION_LENGTH = 8

/** A router solicitation without its options. */
export function writeRouterSolicit(view: DataView, at: number): number {
  view.setUint32(at, ND_ROUTER_SOLICIT << 24)
  view.setUint32(at + 4, 0)
  return at + ROUTER_SOLICIT_LENGTH
}

/** What a router advertisement says of its sender and the link (RFC 4861 4.2). */
export interface RouterAdvert {
  /** 0 to 255; 0 leaves it to the hosts. */
  readonly hopLimit: number
  /** `ROUTER_*`. */
  readonly flags: number
  /** Seconds, up to 65535. */
  readonly routerLifetime: number
  /** Milliseconds. */
  readonly reachableTime: number
  readonly retransmitTimer: number
}

/** A router advertisement without its options. */
export function writeRouterAdvert(view: DataView, at: number, advert: RouterAdvert): number {
  view.setUint32(at, ND_ROUTER_ADVERT << 24)
  view.setUint8(at + 4, advert.hopLimit)
  view.setUint8(at + 5, advert.flags)
  view.setUint16(at + 6, advert.routerLifetime)
  view.setUint32(at + 8, advert.reachableTime)
  view.setUint32(at + 12, advert.retransmitTimer)
  return at + ROUTER_ADVERT_LENGTH
}

/** A neighbour solicitation without its options. */
export function writeNeighborSolicit(view: DataView, at: number, target: IpAddress): number {
  view.setUint32(at, ND_NEIGHBOR_SOLICIT << 24)
  view.setUint32(at + 4, 0)
  target.writeTo(view, at + 8)
  return at + NEIGHBOR_MESSAGE_LENGTH
}

/** A neighbour advertisement without its options; `flags` are `ADVERT_*`. */
export function writeNeighborAdvert(view: DataView, at: number, target: IpAddress, flags: number): number {
  view.setUint32(at, ND_NEIGHBOR_ADVERT << 24)
  view.setUint32(at + 4, flags << 24)
  target.writeTo(view, at + 8)
  return at + NEIGHBOR_MESSAGE_LENGTH
}

/** A redirect without its options: `target` is the better first hop to `destination`. */
export function writeRedirect(view: DataView, at: number, target: IpAddress, destination: IpAddress): number {
  view.setUint32(at, ND_REDIRECT << 24)
  view.setUint32(at + 4, 0)
  target.writeTo(view, at + 8)
  destination.writeTo(view, at + 24)
  return at + REDIRECT_LENGTH
}

/** A source or target link-layer address option (`ND_OPT_SOURCE_LINKADDR`, `ND_OPT_TARGET_LINKADDR`). */
export function writeLinkAddressOption(view: DataView, at: number, type: number, address: MacAddress): number {
  view.setUint8(at, type)
  view.setUint8(at + 1, 1)
  view.setUint16(at + 2, address.high)
  view.setInt32(at + 4, address.low)
  return at + LINK_ADDRESS_OPTION_LENGTH
}

/** A nonce option (RFC 3971 5.3.2) of the 48 bits that detecting loops takes (RFC 7527 4.1). */
export function writeNonceOption(view: DataView, at: number, high: number, low: number): number {
  view.setUint8(at, ND_OPT_NONCE)
  view.setUint8(at + 1, 1)
  view.setUint16(at + 2, high)
  view.setInt32(at + 4, low)
  return at + NONCE_OPTION_LENGTH
}

/** A prefix information option. Lifetimes in seconds, 0xffffffff for ever. */
export function writePrefixOption(
  view: DataView,
  at: number,
  prefix: Prefix,
  onLink: boolean,
  autonomous: boolean,
  validLifetime: number,
  preferredLifetime: number,
): number {
  view.setUint8(at, ND_OPT_PREFIX_INFORMATION)
  view.setUint8(at + 1, PREFIX_OPTION_LENGTH / 8)
  view.setUint8(at + 2, prefix.length)
  view.setUint8(at + 3, (onLink ? PREFIX_ON_LINK : 0) | (autonomous ? PREFIX_AUTONOMOUS : 0))
  view.setUint32(at + 4, validLifetime)
  view.setUint32(at + 8, preferredLifetime)
  view.setUint32(at + 12, 0)
  prefix.masked.address.writeTo(view, at + 16)
  return at + PREFIX_OPTION_LENGTH
}

/** An MTU option. */
export function writeMtuOption(view: DataView, at: number, mtu: number): number {
  view.setUint8(at, ND_OPT_MTU)
  view.setUint8(at + 1, 1)
  view.setUint16(at + 2, 0)
  view.setUint32(at + 4, mtu)
  return at + MTU_OPTION_LENGTH
}

/** The head of a redirected header option; `length` bytes of the packet follow, cut down to a multiple of 8 by the caller. */
export function writeRedirectedOption(view: DataView, at: number, length: number): number {
  view.setUint8(at, ND_OPT_REDIRECTED_HEADER)
  view.setUint8(at + 1, (length + 8) / 8)
  view.setUint16(at + 2, 0)
  view.setUint32(at + 4, 0)
  return at + 8
}

/** Bytes of a route information option (RFC 4191 2.3): as much of the prefix as it has. */
export function routeOptionLength(prefix: Prefix): number {
  return 8 * (1 + Math.ceil(prefix.length / 64))
}

/** A route information option. `preference` has the bits of a router advertisement's flags; the lifetime is in seconds. */
export function writeRouteOption(
  view: DataView,
  at: number,
  prefix: Prefix,
  preference: number,
  lifetime: number,
): number {
  const length = routeOptionLength(prefix)
  view.setUint8(at, ND_OPT_ROUTE_INFORMATION)
  view.setUint8(at + 1, length / 8)
  view.setUint8(at + 2, prefix.length)
  view.setUint8(at + 3, preference)
  view.setUint32(at + 4, lifetime)
  const { w0, w1, w2, w3 } = prefix.masked.address
  if (length > 8) {
    view.setInt32(at + 8, w0)
    view.setInt32(at + 12, w1)
  }
  if (length > 16) {
    view.setInt32(at + 16, w2)
    view.setInt32(at + 20, w3)
  }
  return at + length
}

/** Bytes of a recursive DNS server option; 0 where there is no server, and so no option. */
export function dnsOptionLength(servers: readonly IpAddress[]): number {
  return servers.length === 0 ? 0 : 8 + 16 * servers.length
}

/** A recursive DNS server option (RFC 8106 5.1), of one server at least; the lifetime is in seconds. */
export function writeDnsOption(view: DataView, at: number, servers: readonly IpAddress[], lifetime: number): number {
  view.setUint8(at, ND_OPT_RDNSS)
  view.setUint8(at + 1, dnsOptionLength(servers) / 8)
  view.setUint16(at + 2, 0)
  view.setUint32(at + 4, lifetime)
  for (const [i, server] of servers.entries()) server.writeTo(view, at + 8 + 16 * i)
  return at + dnsOptionLength(servers)
}
