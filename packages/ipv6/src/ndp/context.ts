import type { IpAddress } from '@jackfield/addr'
import type { Clock, RandomSource } from '@jackfield/clock'
import type { Host, NetworkInterface, NetworkLayer } from '@jackfield/interfaces'
import type { RouteTable } from '@jackfield/ip'
import type { Packet, PacketPool } from '@jackfield/packet'
import type { Addresses } from '../addresses.js'
import type { Anycasts } from '../anycasts.js'
import type { Configurations } from '../configuration.js'
import type { NdpConfigurations } from './configuration.js'
import type { NdpCounters } from './counters.js'

/**
 * How a message of neighbour discovery leaves: window at the message; with hop limit 255. Takes the packet.
 * @param source an address of the interface, or `::`
 */
export type NdpSend = (
  packet: Packet,
  source: IpAddress,
  destination: IpAddress,
  networkInterface: NetworkInterface,
) => void

/** What the parts of neighbour discovery share. */
export interface NdpContext {
  readonly host: Host
  readonly network: NetworkLayer
  readonly clock: Clock
  readonly random: RandomSource
  readonly pool: PacketPool
  readonly addresses: Addresses
  readonly anycasts: Anycasts
  /** The layer's settings of interfaces. */
  readonly layer: Configurations
  readonly configurations: NdpConfigurations
  readonly counters: NdpCounters
  readonly routes: RouteTable
  readonly send: NdpSend
}
