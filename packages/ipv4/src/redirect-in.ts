import type { IpAddress } from '@jackfield/addr'
import type { Ipv4Context } from './context.js'

/**
 * Takes an ICMP redirect, or does not: the settings of the interface decide first (Linux's `__ip_do_redirect`), then the
 * route table, which believes only the present next hop, and only in a neighbour.
 */
export function acceptRedirect(
  context: Ipv4Context,
  destination: IpAddress,
  gateway: IpAddress,
  from: IpAddress,
  interfaceIndex: number,
): boolean {
  const { addresses, configurations, network, routes } = context
  if (!configurations.acceptRedirects(interfaceIndex)) return false
  if (network.castOf(gateway, interfaceIndex) !== 0 || gateway.w3 >>> 24 === 0) return false
  if (!configurations.either(interfaceIndex, 'shared_media')) {
    if (!addresses.sameLink(interfaceIndex, gateway, from)) return false
    // RFC 1122 3.2.2.2: secure redirects name only gateways of the host's own list.
    if (configurations.either(interfaceIndex, 'secure_redirects') && !isDefaultGateway(context, gateway)) return false
  }
  return routes.redirect(destination, gateway, from, interfaceIndex)
}

function isDefaultGateway(context: Ipv4Context, gateway: IpAddress): boolean {
  return context.routes
    .list()
    .some((entry) => entry.destination.length === 0 && entry.gateway !== undefined && entry.gateway.equals(gateway))
}
