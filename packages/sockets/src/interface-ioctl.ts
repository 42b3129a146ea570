import {
  EADDRNOTAVAIL,
  EINVAL,
  ENODEV,
  type InterfaceAddress,
  type NetworkInterface,
  SIOCGIFADDR,
  SIOCGIFBRDADDR,
  SIOCGIFCONF,
  SIOCGIFFLAGS,
  SIOCGIFHWADDR,
  SIOCGIFINDEX,
  SIOCGIFMTU,
  SIOCGIFNAME,
  SIOCGIFNETMASK,
} from '@jackfield/interfaces'
import type { SocketHost } from '@jackfield/stack'

const BY_NAME = new Set([
  SIOCGIFFLAGS,
  SIOCGIFADDR,
  SIOCGIFBRDADDR,
  SIOCGIFNETMASK,
  SIOCGIFMTU,
  SIOCGIFHWADDR,
  SIOCGIFINDEX,
])

/**
 * The interface queries of netdevice(7). The argument is the interface's name (its index for `SIOCGIFNAME`).
 * @returns a number, an address or text as the query gives it; the negative error number; undefined for other requests
 */
export function interfaceIoctl(host: SocketHost, request: number, argument: unknown): unknown {
  if (request === SIOCGIFCONF) return addressesOf(host).map(({ interface: { name }, prefix }) => ({ name, prefix }))
  if (request === SIOCGIFNAME) {
    if (typeof argument !== 'number') return -EINVAL
    return host.interfaceByIndex(argument)?.name ?? -ENODEV
  }
  if (!BY_NAME.has(request)) return undefined
  if (typeof argument !== 'string') return -EINVAL
  const found = host.interfaceByName(argument)
  return found === undefined ? -ENODEV : property(host, request, found)
}

function property(host: SocketHost, request: number, networkInterface: NetworkInterface): unknown {
  if (request === SIOCGIFFLAGS) return networkInterface.flags
  if (request === SIOCGIFMTU) return networkInterface.mtu
  if (request === SIOCGIFINDEX) return networkInterface.index
  if (request === SIOCGIFHWADDR) return networkInterface.hardwareAddress ?? -EADDRNOTAVAIL
  const found = addressesOf(host).find((each) => each.interface === networkInterface)
  if (found === undefined) return -EADDRNOTAVAIL
  if (request === SIOCGIFADDR) return found.prefix.address
  if (request === SIOCGIFBRDADDR) return found.broadcast ?? -EADDRNOTAVAIL
  return found.prefix.length
}

function addressesOf(host: SocketHost): readonly InterfaceAddress[] {
  return host.network(4)?.addresses() ?? []
}
