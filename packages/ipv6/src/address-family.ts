import { SocketAddress, type SocketAddressLike } from '@jackfield/addr'
import { type AddressFamily, AF_INET6, type Host, type Sockaddr } from '@jackfield/interfaces'

/**
 * AF_INET6: `'[2001:db8::1]:80'`, `'[fe80::1%eth0]:80'` with the name or index of an interface as zone, `{ address, port }`, or a
 * `SocketAddress`. An IPv4 address becomes its mapped form.
 */
export function inet6Family(host: Pick<Host, 'interfaceByName' | 'interfaceByIndex'>): AddressFamily {
  return {
    family: AF_INET6,
    createAddress(): Sockaddr {
      const address = new SocketAddress()
      address.family = AF_INET6
      return address
    },
    parseAddress(input: unknown): Sockaddr {
      const zone = (name: string): number => host.interfaceByName(name)?.index ?? 0
      const address = SocketAddress.from(input as string | SocketAddress | SocketAddressLike, zone)
      if (address.family === AF_INET6) return address
      const mapped = address.copy()
      mapped.family = AF_INET6
      return mapped
    },
    formatAddress(address: Sockaddr): string {
      if (!(address instanceof SocketAddress)) return String(address)
      return address.toString((index) => host.interfaceByIndex(index)?.name ?? String(index))
    },
  }
}
