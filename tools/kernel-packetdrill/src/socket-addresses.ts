import { IpAddress, type SocketAddress } from '@jackfield/addr'
import { AF_INET, AF_INET6 } from '@jackfield/sockets'

/** Room for any address that a call fills in. */
export const ADDRESS_ROOM = 28

/** `sockaddr_in` or `sockaddr_in6` of an address. */
export function socketAddressBytes({ family, address, port, scopeId }: SocketAddress): Uint8Array {
  const bytes = new Uint8Array(family === AF_INET6 ? ADDRESS_ROOM : 16)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, family, true)
  view.setUint16(2, port)
  if (family === AF_INET6) {
    bytes.set(address.version === 6 ? address.toBytes() : mappedBytes(address), 8)
    view.setUint32(24, scopeId, true)
  } else bytes.set(address.unmapped().toBytes(), 4)
  return bytes
}

/** ::ffff:a.b.c.d */
function mappedBytes(address: IpAddress): Uint8Array {
  const bytes = new Uint8Array(16)
  bytes.fill(0xff, 10, 12)
  bytes.set(address.toBytes(), 12)
  return bytes
}

/** Fills an address with one that the kernel filled in, if it is of a family that scripts know. */
export function readSocketAddress(bytes: Uint8Array, into: SocketAddress): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const family = view.getUint16(0, true)
  if (family !== AF_INET && family !== AF_INET6) return
  const address = IpAddress.fromBytes(bytes, family === AF_INET6 ? 8 : 4, family === AF_INET6 ? 6 : 4)
  into.set(family, address, view.getUint16(2))
}
