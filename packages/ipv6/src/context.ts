import type { Clock, RandomSource } from '@jackfield/clock'
import type { ControlMessages, Host, NetworkLayer } from '@jackfield/interfaces'
import type { DestinationCache, ErrorRateLimit, GroupMembership, ProtocolTable, RouteTable } from '@jackfield/ip'
import type { PacketPool } from '@jackfield/packet'
import type { Addresses } from './addresses.js'
import type { Anycasts } from './anycasts.js'
import type { Configurations } from './configuration.js'
import type { Ipv6Counters } from './counters.js'
import type { GroupReporter } from './group-reporter.js'
import type { InterfaceIdentifiers } from './interface-identifier.js'
import type { NeighborDiscovery } from './neighbor-discovery.js'
import type { Ipv6Settings } from './settings.js'
import type { SourceSelection } from './source-selection.js'

/** What the parts of the layer share. */
export interface Ipv6Context {
  readonly network: NetworkLayer
  readonly host: Host
  readonly clock: Clock
  readonly random: RandomSource
  readonly pool: PacketPool
  readonly counters: Ipv6Counters
  readonly settings: Ipv6Settings
  readonly configurations: Configurations
  readonly destinations: DestinationCache
  readonly routes: RouteTable
  readonly addresses: Addresses
  readonly identifiers: InterfaceIdentifiers
  readonly sources: SourceSelection
  readonly groups: GroupMembership
  readonly anycasts: Anycasts
  readonly protocols: ProtocolTable
  /** How often control messages leave. */
  readonly rate: ErrorRateLimit
  /** ICMPv6; null in a stack without. */
  control: ControlMessages | null
  discovery: NeighborDiscovery | null
  reporter: GroupReporter | null
}
