import {
  type IpAddress,
  isLinkLocal,
  isLoopback,
  isSiteLocal,
  multicastScope,
  SCOPE_GLOBAL,
  SCOPE_LINK_LOCAL,
  SCOPE_SITE_LOCAL,
} from '@jackfield/addr'

/**
 * The scope of a unicast address or group as RFC 6724 3.1 compares them: the values of RFC 4291 2.7. The loopback address
 * counts as link-local (RFC 4007 4); unique local addresses are global.
 */
export function scopeOf(address: IpAddress): number {
  if (address.isMulticast) return multicastScope(address)
  if (isLinkLocal(address) || isLoopback(address)) return SCOPE_LINK_LOCAL
  return isSiteLocal(address) ? SCOPE_SITE_LOCAL : SCOPE_GLOBAL
}

/** Whether an address means nothing without its zone: link-local ones, and groups that stay on the link (RFC 4007 6). */
export function needsZone(address: IpAddress): boolean {
  if (address.isMulticast) return multicastScope(address) <= SCOPE_LINK_LOCAL
  return isLinkLocal(address)
}
