import { type IpAddress, type IpAddressSlot, type SocketAddress, setSlotV4, setSlotV6 } from '@jackfield/addr'
import { AF_INET, AF_INET6, EAFNOSUPPORT, type Sockaddr } from '@jackfield/interfaces'
import { needsZone } from './zone.js'

/**
 * Fills a socket address of a socket's family; with `AF_INET6` an IPv4 address becomes its mapped form.
 * @param scopeId the zone, which addresses and groups of a link alone have
 */
export function fillName(name: SocketAddress, family: number, address: IpAddress, port: number, scopeId: number): void {
  const slot = name.address as IpAddressSlot
  if (family === AF_INET) {
    name.family = AF_INET
    setSlotV4(slot, address.w3)
  } else {
    name.family = AF_INET6
    setSlotV6(slot, address.w0, address.w1, address.w2, address.w3)
  }
  name.port = port
  name.scopeId = needsZone(address) ? scopeId : 0
  name.flowInfo = 0
}

/** The name as an IP socket address, or null where it is of another family. */
export function ipName(name: Sockaddr | null): SocketAddress | null {
  return name !== null && (name.family === AF_INET || name.family === AF_INET6) ? name : null
}

/**
 * Reads an address that a socket of `family` was given into a slot, in the version that carries it: an IPv4 address
 * with family `AF_INET6` (mapped, or IPv4 itself) gives IPv4. Where the socket takes both, so does the slot.
 * @returns 0; `EAFNOSUPPORT` where the name is of another family, or IPv6 for an `AF_INET` socket
 */
export function readName(name: Sockaddr | null, family: number, slot: IpAddressSlot): number {
  const ip = ipName(name)
  if (ip === null) return EAFNOSUPPORT
  const { w0, w1, w2, w3 } = ip.address
  const mapped = w0 === 0 && w1 === 0 && w2 === 0xffff
  if (family === AF_INET && !mapped) return EAFNOSUPPORT
  if (mapped) setSlotV4(slot, w3)
  else setSlotV6(slot, w0, w1, w2, w3)
  return 0
}
