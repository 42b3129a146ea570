import type { IpAddress } from '@jackfield/addr'
import type { NetworkHeader, NetworkInterface } from '@jackfield/interfaces'
import type { GroupFilter } from '@jackfield/ip'
import type { Packet } from '@jackfield/packet'

/** What the layer tells multicast listener discovery (RFC 2710, RFC 3810). The layer works without: then no router hears of groups. */
export interface GroupReporter {
  /** An interface came, before any group is joined on it. */
  addInterface(networkInterface: NetworkInterface): void
  removeInterface(networkInterface: NetworkInterface): void
  /** Carrier, flags or MTU changed. */
  interfaceChanged(networkInterface: NetworkInterface): void
  /** The interface has, or has lost, the link-local address that reports come from (RFC 3590). */
  linkLocalChanged(networkInterface: NetworkInterface): void
  /** What the interface wants of a group changed; the membership table has the new state already. */
  changed(networkInterface: NetworkInterface, group: IpAddress, before: GroupFilter, after: GroupFilter): void
  /**
   * A message of types 130 to 132 or 143 came in, whole and with a right checksum, its window at the ICMPv6 header. Borrows it.
   * @param alert whether it carried the router alert option
   * @returns whether it was well-formed and from where such a message may come
   */
  receive(packet: Packet, header: NetworkHeader, networkInterface: NetworkInterface, alert: boolean): boolean
  /** Cancels all timers. */
  close(): void
}
