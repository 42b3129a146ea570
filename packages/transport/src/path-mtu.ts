import { IpAddress, SocketAddress } from '@jackfield/addr'
import {
  AF_INET6,
  IP_PMTUDISC_PROBE,
  IPV6_PATHMTU,
  type Message,
  type NetworkFlow,
  type PathMtu,
  type Route,
  SOL_IPV6,
} from '@jackfield/interfaces'
import type { IpSocketOptions } from './ip-socket-options.js'
import { fillName, ipName } from './socket-name.js'
import { needsZone } from './zone.js'

const ANY = /* @__PURE__ */ IpAddress.v6(0, 0, 0, 0)

/** The longest packet that a flow sends in one piece by a route, in bytes of whole packet. */
export function flowMtu(flow: NetworkFlow, route: Route): number {
  const mtu = flow.mtuDiscover >= IP_PMTUDISC_PROBE ? route.interface.mtu : route.mtu
  const { fragmentSize } = flow
  return fragmentSize !== 0 && flow.destination.version === 6 ? Math.min(mtu, fragmentSize) : mtu
}

/** A path's MTU as programs are told of it. */
export function pathMtu(mtu: number, destination: IpAddress | null, zone = 0): PathMtu {
  const address = new SocketAddress()
  address.set(AF_INET6, destination ?? ANY, 0, destination !== null && needsZone(destination) ? zone : 0)
  return { destination: address, mtu }
}

/**
 * A datagram was too long for a path and was not to be fragmented (`IPV6_DONTFRAG`): with `IPV6_RECVPATHMTU` the next receive call tells
 * by how much (RFC 3542 11.3, Linux's `ipv6_local_rxpmtu`). The last one counts.
 */
export function notePathMtu(options: IpSocketOptions, mtu: number): void {
  const { flow } = options
  const whole = options.dontFragment || flow.mtuDiscover > options.mtuDiscover
  if (!whole || !options.rare.receivePathMtu || flow.destination.version !== 6) return
  options.pathMtu = pathMtu(mtu, flow.destination, flow.route?.interface.index)
}

/** Gives what `notePathMtu` noted, as a message of no bytes from where the datagram was sent to; false where there is none. */
export function receivePathMtu(options: IpSocketOptions, message: Message): boolean {
  const noted = options.pathMtu
  if (noted === null || !options.rare.receivePathMtu) return false
  options.pathMtu = null
  const name = ipName(message.name)
  if (name !== null) {
    fillName(name, AF_INET6, noted.destination.address, 0, noted.destination.scopeId)
    message.named = true
  }
  message.control?.push({ level: SOL_IPV6, type: IPV6_PATHMTU, data: noted })
  message.flags = 0
  return true
}
