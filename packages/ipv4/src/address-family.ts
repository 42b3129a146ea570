import { SocketAddress, type SocketAddressLike } from '@jackfield/addr'
import { type AddressFamily, AF_INET, type Sockaddr } from '@jackfield/interfaces'

/** AF_INET: `'192.0.2.1:80'`, `{ address, port }`, or a `SocketAddress`. */
export const inetFamily: AddressFamily = {
  family: AF_INET,
  createAddress(): Sockaddr {
    return new SocketAddress()
  },
  parseAddress(input: unknown): Sockaddr {
    const address = SocketAddress.from(input as string | SocketAddress | SocketAddressLike)
    if (address.family !== AF_INET) {
      throw new TypeError(`${address} is not an IPv4 socket address: write one as 192.0.2.1:80`)
    }
    return address
  },
  formatAddress(address: Sockaddr): string {
    return String(address)
  },
}
