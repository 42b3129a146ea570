import { createAddressSlot, type IpAddress, type IpAddressSlot, setSlot } from './ip-address.js'

/**
 * An IP address and a port, with the zone of a link-local IPv6 address: `sockaddr_in` and `sockaddr_in6`.
 * Mutable, so that a receive call can fill one that its caller keeps; its `address` is a slot that changes with it.
 */
export class SocketAddress {
  /** 2 for `AF_INET`, 10 for `AF_INET6`. An IPv4 address with family 10 is its mapped form. */
  family: 2 | 10
  readonly address: IpAddress
  /** 0 to 65535. */
  port: number
  /** Interface index of the zone, 0 for none (RFC 4007). */
  scopeId: number
  /** IPv6 flow label, 20 bits. */
  flowInfo: number

  constructor(address?: IpAddress, port = 0, scopeId = 0) {
    this.family = address !== undefined && address.version === 6 ? 10 : 2
    const slot = createAddressSlot()
    if (address !== undefined) setSlot(slot, address)
    this.address = slot
    this.port = port
    this.scopeId = scopeId
    this.flowInfo = 0
  }

  /** Overwrites it. */
  set(family: 2 | 10, address: IpAddress, port: number, scopeId = 0): void {
    this.family = family
    setSlot(this.address as IpAddressSlot, address)
    this.port = port
    this.scopeId = scopeId
    this.flowInfo = 0
  }

  /** A copy of its own. */
  copy(): SocketAddress {
    const copy = new SocketAddress(this.address, this.port, this.scopeId)
    copy.family = this.family
    copy.flowInfo = this.flowInfo
    return copy
  }
}
