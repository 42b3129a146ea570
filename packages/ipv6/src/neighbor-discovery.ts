import type { IpAddress } from '@jackfield/addr'
import type { NetworkHeader, NetworkInterface } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import type { Ipv6Address } from './address.js'
import type { ConfigurationKey } from './configuration.js'

/**
 * What the layer tells neighbour discovery (RFC 4861, RFC 4862), and asks of it. The layer works without: on media that have no link
 * addresses nothing is resolved, and addresses are used at once.
 */
export interface NeighborDiscovery {
  /** An interface came; its link-local address follows by `addressAdded`. */
  addInterface(networkInterface: NetworkInterface): void
  removeInterface(networkInterface: NetworkInterface): void
  /** Carrier, flags or MTU changed. */
  interfaceChanged(networkInterface: NetworkInterface): void
  /** A setting of the interface changed. */
  configurationChanged(interfaceIndex: number, key: ConfigurationKey): void
  /**
   * A tentative address was added, and its solicited-node group joined.
   * @returns whether duplicate address detection (RFC 4862 5.4) has begun; it ends with `Addresses.confirm` or `markDuplicate`
   */
  addressAdded(address: Ipv6Address): boolean
  /** An address went, or was found to be another node's: what is known or under way for it ends. */
  addressRemoved(address: Ipv6Address): void
  /**
   * A message of types 133 to 137 came in, whole and with a right checksum, its window at the ICMPv6 header. Borrows it.
   * @returns whether it was well-formed and its hop limit 255
   */
  receive(packet: Packet, header: NetworkHeader, networkInterface: NetworkInterface): boolean
  /**
   * A packet is sent on by the interface that it came in by: tells its sender of the better first hop (RFC 4861 8.2), as often as
   * that is fit. Borrows the packet, its network header at `networkHeader`.
   * @param target the next hop, the destination itself where that is on the link
   */
  sendRedirect(packet: Packet, header: NetworkHeader, target: IpAddress, networkInterface: NetworkInterface): void
  /** Cancels all timers and releases all packets. */
  close(): void
}
