import type { IpAddress } from '@jackfield/addr'
import type { Clock, RandomSource } from '@jackfield/clock'
import type { CounterGroup, NetworkHeader, NetworkInterface, Setting } from '@jackfield/interfaces'
import type { GroupFilter, GroupMembership } from '@jackfield/ip'
import type { Packet, PacketPool } from '@jackfield/packet'

export interface IgmpOptions {
  readonly clock: Clock
  readonly random: RandomSource
  readonly pool: PacketPool
  readonly groups: GroupMembership
  /**
   * Sends an IGMP message (window at it, checksum complete). Takes it. With TTL 1, TOS 0xc0 and the Router Alert option,
   * from the interface's primary address or 0.0.0.0 (RFC 3376 4.2.13), out of this interface alone.
   */
  send(packet: Packet, destination: IpAddress, networkInterface: NetworkInterface): void
}

/** IGMP, the host's side. */
export declare class Igmp {
  constructor(options: IgmpOptions)
  /** Names `IgmpInMsgs` and so on: give it to `host.addCounters`. */
  readonly counters: CounterGroup
  /** `net.ipv4.igmp_qrv`, `igmp_link_local_mcast_reports` (and the limits of `groups`: `igmp_max_memberships`, `igmp_max_msf`). */
  settings(): readonly Setting[]
  /** `net.ipv4.conf.NAME.force_igmp_version`. */
  interfaceSettings(networkInterface: NetworkInterface | 'all' | 'default'): readonly Setting[]
  /** Joins 224.0.0.1 there. */
  addInterface(networkInterface: NetworkInterface): void
  removeInterface(networkInterface: NetworkInterface): void
  /** Came up or went down: reports again what is joined, or forgets the queriers. */
  interfaceChanged(networkInterface: NetworkInterface): void
  /** An IGMP packet came in; the window begins at it. Takes it. */
  receive(packet: Packet, header: NetworkHeader, networkInterface: NetworkInterface): void
  /** For `GroupMembershipOptions.changed`. */
  changed(networkInterface: NetworkInterface, group: IpAddress, before: GroupFilter, after: GroupFilter): void
  /** Cancels all timers. */
  close(): void
}
