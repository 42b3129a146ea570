import type { Clock } from '@jackfield/clock'
import type { ControlMessages, Host, NetworkLayer } from '@jackfield/interfaces'
import type { DestinationCache, GroupMembership, ProtocolTable, RouteTable } from '@jackfield/ip'
import type { PacketPool } from '@jackfield/packet'
import type { Addresses } from './addresses.js'
import type { Configurations } from './configuration.js'
import type { Ipv4Counters } from './counters.js'
import type { Ipv4Settings } from './settings.js'

/** What the parts of the layer share. */
export interface Ipv4Context {
  readonly network: NetworkLayer
  readonly host: Host
  readonly clock: Clock
  readonly pool: PacketPool
  readonly counters: Ipv4Counters
  readonly settings: Ipv4Settings
  readonly configurations: Configurations
  readonly destinations: DestinationCache
  readonly routes: RouteTable
  readonly addresses: Addresses
  readonly groups: GroupMembership
  readonly protocols: ProtocolTable
  /** ICMP; null in a stack without. */
  control: ControlMessages | null
}
