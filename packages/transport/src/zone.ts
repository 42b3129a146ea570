import { type IpAddress, isLinkLocal, multicastScope, SCOPE_LINK_LOCAL, type SocketAddress } from '@jackfield/addr'
import { EINVAL, ENODEV } from '@jackfield/interfaces'
import type { IpSocketOptions } from './ip-socket-options.js'

/** Whether an address means nothing without its zone: link-local ones, and groups that stay on the link (RFC 4007 6). */
export function needsZone(address: IpAddress): boolean {
  if (address.version !== 6) return false
  return address.isMulticast ? multicastScope(address) <= SCOPE_LINK_LOCAL : isLinkLocal(address)
}

/**
 * A socket is bound to an address with a zone: it belongs to that interface from now on, whatever it was bound to before (Linux's
 * `__inet6_bind`). 0; `-EINVAL` for one that needs a zone and has none, `-ENODEV` where there is no such interface.
 */
export function bindZone(options: IpSocketOptions, address: IpAddress, scopeId: number): number {
  if (!needsZone(address)) return 0
  if (scopeId !== 0) options.boundInterface = scopeId
  if (options.boundInterface === 0) return -EINVAL
  return options.host.interfaceByIndex(options.boundInterface) === undefined ? -ENODEV : 0
}

/**
 * The same for the peer that a socket is connected to (Linux's `__ip6_datagram_connect`, `tcp_v6_connect`); groups go by
 * `IPV6_MULTICAST_IF` too. `-EINVAL` also where the socket is bound to another interface.
 */
export function connectZone(options: IpSocketOptions, address: IpAddress, scopeId: number): number {
  if (!needsZone(address)) return 0
  if (scopeId !== 0) {
    if (options.boundInterface !== 0 && options.boundInterface !== scopeId) return -EINVAL
    options.boundInterface = scopeId
  }
  if (options.boundInterface === 0 && address.isMulticast) options.boundInterface = options.multicastInterface
  return options.boundInterface === 0 ? -EINVAL : 0
}

/** The flow label that an address asks for: with `IPV6_FLOWINFO_SEND` its own, else the host chooses (0). */
export function flowLabelOf(options: IpSocketOptions, name: SocketAddress): number {
  return options.flowInfoSend ? name.flowInfo & 0xf_ffff : 0
}
