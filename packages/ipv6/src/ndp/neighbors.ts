import { createAddressSlot, type IpAddress, type MacAddress } from '@jackfield/addr'
import { ETH_P_IPV6, type NeighborEntry, type NeighborResolver, type NetworkInterface } from '@jackfield/interfaces'
import {
  createNeighborCache,
  type Neighbor,
  type NeighborCache,
  type NeighborProtocol,
  type NeighborSettings,
  NUD_FAILED,
  NUD_VALID,
} from '@jackfield/neighbor'
import type { Packet } from '@jackfield/packet'
import { IPV6_HEADER_LENGTH, IPV6_SOURCE, readAddress } from '../wire/header.js'
import type { NdpContext } from './context.js'
import type { NdpTransmitter } from './transmitter.js'

/** Told that a neighbour did not answer, or did: the choice of a router depends on it (RFC 4861 6.3.6). */
export type ReachabilityChanged = (address: IpAddress) => void

/** The neighbours on one interface: the cache, and the questions that it has asked (RFC 4861 7.2 and 7.3). */
export class Neighbors implements NeighborProtocol, NeighborResolver {
  readonly cache: NeighborCache
  readonly networkInterface: NetworkInterface
  private readonly context: NdpContext
  private readonly transmitter: NdpTransmitter
  private readonly failed: ReachabilityChanged
  private readonly source = createAddressSlot()

  constructor(
    context: NdpContext,
    transmitter: NdpTransmitter,
    networkInterface: NetworkInterface,
    settings: NeighborSettings,
    failed: ReachabilityChanged,
  ) {
    this.context = context
    this.transmitter = transmitter
    this.networkInterface = networkInterface
    this.failed = failed
    this.cache = createNeighborCache({ clock: context.clock, random: context.random, protocol: this, settings })
  }

  /** Whether a neighbour was asked and did not answer. */
  isUnreachable(address: IpAddress): boolean {
    return this.cache.find(address, this.networkInterface.index)?.state === NUD_FAILED
  }

  /** The link address of a neighbour as it is believed, null where none is. */
  linkAddress(address: IpAddress): MacAddress | null {
    const neighbor = this.cache.find(address, this.networkInterface.index)
    return neighbor !== null && (neighbor.state & NUD_VALID) !== 0 ? neighbor.hardwareAddress : null
  }

  /** What a message says of a neighbour, with `UPDATE_*` flags. */
  update(address: IpAddress, hardwareAddress: MacAddress | null, flags: number): boolean {
    return this.cache.update(address, this.networkInterface.index, hardwareAddress, flags)
  }

  /** Neighbours, for people. */
  entries(): NeighborEntry[] {
    return this.cache.entries()
  }

  // --- for the link

  resolve(packet: Packet, nextHop: IpAddress): MacAddress | null {
    return this.cache.resolve(packet, nextHop, this.networkInterface.index)
  }

  confirm(nextHop: IpAddress): void {
    this.cache.confirm(nextHop, this.networkInterface.index)
  }

  // --- for the cache

  solicit(neighbor: Neighbor, unicast: boolean, packet: Packet | null): void {
    const source = this.sourceFor(neighbor.address, packet)
    // Without an address there is nobody to answer to (RFC 4861 7.2.2).
    if (source !== null) this.transmitter.neighborSolicit(this.networkInterface, neighbor.address, source, unicast)
  }

  transmit(packet: Packet, neighbor: Neighbor): void {
    this.networkInterface.link.output(packet, ETH_P_IPV6, neighbor.address)
    this.context.host.needBurstEnd()
  }

  unreachable(packet: Packet, neighbor: Neighbor): void {
    this.failed(neighbor.address)
    const { network, host } = this.context
    if (network.neighborUnreachable === undefined) packet.release()
    else network.neighborUnreachable(packet, this.networkInterface)
    host.needBurstEnd()
  }

  /** RFC 4861 7.2.2: the source of the packet that waits, where it is the host's own on this link; else the link-local address. */
  private sourceFor(target: IpAddress, packet: Packet | null): IpAddress | null {
    const { addresses, network } = this.context
    const { index } = this.networkInterface
    if (packet !== null && packet.length >= IPV6_HEADER_LENGTH) {
      readAddress(this.source, packet.view, packet.start + IPV6_SOURCE)
      const own = addresses.find(this.networkInterface, this.source)
      if (own?.usable === true) return own.address
    }
    return addresses.linkLocal(index) ?? network.sourceFor(target, index)
  }
}
