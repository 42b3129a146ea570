import type { LinkMedium } from '@jackfield/interfaces'

// Link types of capture files (the LINKTYPE_ registry of tcpdump.org).
/** BSD loopback: an address family of 4 bytes, in the byte order of the capturing host. */
export const LINKTYPE_NULL = 0
export const LINKTYPE_ETHERNET = 1
/** Bare IPv4 or IPv6 packets; the version tells which. */
export const LINKTYPE_RAW = 101
/** OpenBSD loopback: an address family of 4 bytes in network order. */
export const LINKTYPE_LOOP = 108
export const LINKTYPE_IPV4 = 228
export const LINKTYPE_IPV6 = 229

/** The link type for what a device carries. */
export function linkTypeOf(medium: LinkMedium): number {
  return medium === 'ethernet' ? LINKTYPE_ETHERNET : LINKTYPE_RAW
}
