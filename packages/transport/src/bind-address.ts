import type { IpAddress } from '@jackfield/addr'
import { CAST_BROADCAST, CAST_MULTICAST, EADDRNOTAVAIL, EINVAL, type Host } from '@jackfield/interfaces'
import type { IpSocketOptions } from './ip-socket-options.js'

/**
 * Whether a socket may be bound to an address: the unspecified one, one of this host's, a group or a broadcast
 * address; any with `IP_FREEBIND`, `IP_TRANSPARENT` or `net.ipv4.ip_nonlocal_bind`.
 * @returns 0, `-EADDRNOTAVAIL`, or `-EINVAL` for an IPv6 link-local address without a zone
 */
export function checkBindAddress(host: Host, options: IpSocketOptions, address: IpAddress, scopeId: number): number {
  if (address.isUnspecified) return 0
  const network = host.network(address.version)
  if (network === undefined) return -EADDRNOTAVAIL
  const linkLocal = address.version === 6 && address.w0 >>> 22 === 0x3fa
  const zone = scopeId !== 0 ? scopeId : options.boundInterface
  if (linkLocal && zone === 0) return -EINVAL
  if (options.freebind || options.transparent || options.settings.nonlocalBind !== 0) return 0
  if (network.isLocal(address, linkLocal ? zone : 0)) return 0
  const cast = network.castOf(address, 0)
  return cast === CAST_MULTICAST || cast === CAST_BROADCAST ? 0 : -EADDRNOTAVAIL
}
