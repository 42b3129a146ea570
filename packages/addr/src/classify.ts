import type { IpAddress } from './ip-address.js'
import { maskWord, type Prefix } from './prefix.js'

/*
 * What kind an address is, by tests of its words alone: nothing is allocated. A mapped address (`::ffff:a.b.c.d`) is judged as the
 * IPv6 address that it is; to judge the IPv4 address inside, ask about `unmapped()`.
 * The kinds with a getter on `IpAddress` (unspecified, multicast, mapped) are not repeated here.
 */

/** 127.0.0.0/8 (RFC 1122 3.2.1.3) or `::1` (RFC 4291 2.5.3). */
export function isLoopback(address: IpAddress): boolean {
  if (address.version === 4) return address.w3 >>> 24 === 127
  return address.w3 === 1 && address.w0 === 0 && address.w1 === 0 && address.w2 === 0
}

/** 10/8, 172.16/12, 192.168/16 (RFC 1918), or a unique local address, fc00::/7 (RFC 4193). */
export function isPrivate(address: IpAddress): boolean {
  if (address.version === 6) return address.w0 >>> 25 === 0xfc >>> 1
  const word = address.w3
  return word >>> 24 === 10 || word >>> 20 === 0xac1 || word >>> 16 === 0xc0a8
}

/** Unicast 169.254/16 (RFC 3927) or fe80::/10 (RFC 4291 2.5.6). */
export function isLinkLocal(address: IpAddress): boolean {
  return address.version === 4 ? address.w3 >>> 16 === 0xa9fe : address.w0 >>> 22 === 0xfe80 >>> 6
}

/** fec0::/10, which RFC 3879 deprecates. */
export function isSiteLocal(address: IpAddress): boolean {
  return address.version === 6 && address.w0 >>> 22 === 0xfec0 >>> 6
}

/** Between a provider and its customers, 100.64/10 (RFC 6598). */
export function isShared(address: IpAddress): boolean {
  return address.version === 4 && address.w3 >>> 22 === 0x6440 >>> 6
}

/** 0.0.0.0/8, "this network" (RFC 1122 3.2.1.3): a source at most, never a destination. */
export function isThisNetwork(address: IpAddress): boolean {
  return address.version === 4 && address.w3 >>> 24 === 0
}

/** Class E, 240/4 (RFC 1112 4), but for the limited broadcast address. */
export function isReserved(address: IpAddress): boolean {
  return address.version === 4 && address.w3 >>> 28 === 0xf && address.w3 !== -1
}

/** 255.255.255.255 (RFC 919 7). */
export function isLimitedBroadcast(address: IpAddress): boolean {
  return address.version === 4 && address.w3 === -1
}

/** The directed broadcast address of a subnet: all host bits 1, in an IPv4 prefix shorter than 31 (RFC 3021). */
export function isBroadcastOf(prefix: Prefix, address: IpAddress): boolean {
  if (address.version !== 4 || prefix.length > 30 || !prefix.contains(address)) return false
  return (address.w3 | maskWord(prefix.length)) === -1
}

/**
 * 192.0.2/24, 198.51.100/24, 203.0.113/24 (RFC 5737), 233.252.0/24 (RFC 6676),
 * 2001:db8::/32 (RFC 3849), 3fff::/20 (RFC 9637).
 */
export function isDocumentation(address: IpAddress): boolean {
  if (address.version === 6) return address.w0 === 0x20010db8 || address.w0 >>> 12 === 0x3fff0
  const net = address.w3 >>> 8
  return net === 0xc00002 || net === 0xc63364 || net === 0xcb0071 || net === 0xe9fc00
}

/** 198.18/15 (RFC 2544) or 2001:2::/48 (RFC 5180). */
export function isBenchmark(address: IpAddress): boolean {
  if (address.version === 4) return address.w3 >>> 17 === 0xc612 >>> 1
  return address.w0 === 0x20010002 && address.w1 >>> 16 === 0
}

/** Does not leave the host (RFC 4291 2.7). */
export const SCOPE_INTERFACE_LOCAL = 1
/** Does not leave the link. */
export const SCOPE_LINK_LOCAL = 2
/** RFC 7346 2; in IPv4 the local scope, 239.255/16 and what it may grow into (RFC 2365 6.1). */
export const SCOPE_REALM_LOCAL = 3
/** The smallest scope that must be configured. */
export const SCOPE_ADMIN_LOCAL = 4
/** One site. */
export const SCOPE_SITE_LOCAL = 5
/** All sites of an organization; in IPv4 the rest of 239/8 (RFC 2365 6.2). */
export const SCOPE_ORGANIZATION_LOCAL = 8
/** No limit. */
export const SCOPE_GLOBAL = 14

/**
 * The scope of a group: the four bits of an IPv6 one (RFC 4291 2.7, RFC 7346), 0 to 15; for IPv4 the value that
 * RFC 2365 8 sets beside it. -1 for an address that is no group.
 */
export function multicastScope(address: IpAddress): number {
  if (!address.isMulticast) return -1
  if (address.version === 6) return (address.w0 >>> 16) & 0xf
  const word = address.w3
  if (word >>> 8 === 0xe00000) return SCOPE_LINK_LOCAL
  if (word >>> 24 !== 0xef) return SCOPE_GLOBAL
  return word >>> 16 >= 0xeffd ? SCOPE_REALM_LOCAL : SCOPE_ORGANIZATION_LOCAL
}

/** The solicited-node group that an IPv6 group may be, ff02::1:ff00:0/104 (RFC 4291 2.7.1). */
export function isSolicitedNode(address: IpAddress): boolean {
  return (
    address.version === 6 &&
    address.w3 >>> 24 === 0xff &&
    address.w2 === 1 &&
    address.w1 === 0 &&
    address.w0 === (0xff020000 | 0)
  )
}
