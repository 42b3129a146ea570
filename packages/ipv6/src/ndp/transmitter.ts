import { IPV6_ANY, type IpAddress, type MacAddress } from '@jackfield/addr'
import { IFF_NOARP, type NetworkInterface } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import { ALL_NODES, ALL_ROUTERS, solicitedNode } from '../groups.js'
import type { NdpContext } from './context.js'
import {
  ADVERT_OVERRIDE,
  ADVERT_ROUTER,
  ADVERT_SOLICITED,
  ND_OPT_SOURCE_LINKADDR,
  ND_OPT_TARGET_LINKADDR,
  NEIGHBOR_MESSAGE_LENGTH,
  ROUTER_SOLICIT_LENGTH,
} from './wire/types.js'
import {
  LINK_ADDRESS_OPTION_LENGTH,
  NONCE_OPTION_LENGTH,
  writeLinkAddressOption,
  writeNeighborAdvert,
  writeNeighborSolicit,
  writeNonceOption,
  writeRouterSolicit,
} from './wire/write.js'

/** 48 random bits that tell a solicitation of ours (RFC 7527). */
export interface Nonce {
  readonly high: number
  readonly low: number
}

/** Builds and sends what hosts say to their neighbours. */
export class NdpTransmitter {
  private readonly context: NdpContext

  constructor(context: NdpContext) {
    this.context = context
  }

  /** Asks for a neighbour's link address: all who may have it, or `unicast` the one who had it (RFC 4861 7.2.2). */
  neighborSolicit(networkInterface: NetworkInterface, target: IpAddress, source: IpAddress, unicast: boolean): void {
    const { pool } = this.context
    const packet = pool.allocate(NEIGHBOR_MESSAGE_LENGTH + LINK_ADDRESS_OPTION_LENGTH)
    const end = writeNeighborSolicit(packet.view, packet.start, target)
    packet.end = this.linkAddress(packet.view, end, networkInterface, ND_OPT_SOURCE_LINKADDR)
    this.send(packet, source, unicast ? target : solicitedNode(target), networkInterface)
  }

  /** Asks whether anybody has an address that is to be ours (RFC 4862 5.4.2). */
  probe(networkInterface: NetworkInterface, target: IpAddress, nonce: Nonce | null): void {
    const { pool } = this.context
    const packet = pool.allocate(NEIGHBOR_MESSAGE_LENGTH + (nonce === null ? 0 : NONCE_OPTION_LENGTH))
    const end = writeNeighborSolicit(packet.view, packet.start, target)
    if (nonce !== null) writeNonceOption(packet.view, end, nonce.high, nonce.low)
    this.send(packet, IPV6_ANY, solicitedNode(target), networkInterface)
  }

  /** Says that an address is ours: to who asked for it, or, with `to` null, to everybody on the link (RFC 4861 7.2.4, 7.2.6). */
  neighborAdvert(networkInterface: NetworkInterface, target: IpAddress, to: IpAddress | null): void {
    const flags = ADVERT_OVERRIDE | (to === null ? 0 : ADVERT_SOLICITED)
    this.advertise(networkInterface, target, target, to ?? ALL_NODES, flags)
  }

  /** Answers for an address that others have too, from one that is ours; nothing while there is none. */
  sharedAdvert(networkInterface: NetworkInterface, target: IpAddress, to: IpAddress): void {
    const source = this.context.network.sourceFor(to, networkInterface.index)
    if (source !== null) this.advertise(networkInterface, source, target, to, ADVERT_SOLICITED)
  }

  /** Asks for routers (RFC 4861 6.3.7); from `::` while there is no link-local address. */
  routerSolicit(networkInterface: NetworkInterface, source: IpAddress | null): void {
    const { pool } = this.context
    const packet = pool.allocate(ROUTER_SOLICIT_LENGTH + LINK_ADDRESS_OPTION_LENGTH)
    const end = writeRouterSolicit(packet.view, packet.start)
    packet.end = source === null ? end : this.linkAddress(packet.view, end, networkInterface, ND_OPT_SOURCE_LINKADDR)
    this.send(packet, source ?? IPV6_ANY, ALL_ROUTERS, networkInterface)
  }

  /** Gives a message to the layer. */
  send(packet: Packet, source: IpAddress, to: IpAddress, out: NetworkInterface): void {
    this.context.send(packet, source, to, out)
    this.context.host.needBurstEnd()
  }

  private advertise(
    networkInterface: NetworkInterface,
    source: IpAddress,
    target: IpAddress,
    to: IpAddress,
    flags: number,
  ): void {
    const { pool, layer } = this.context
    const isRouter = layer.of(networkInterface.index).forwarding === 1
    const packet = pool.allocate(NEIGHBOR_MESSAGE_LENGTH + LINK_ADDRESS_OPTION_LENGTH)
    const end = writeNeighborAdvert(packet.view, packet.start, target, flags | (isRouter ? ADVERT_ROUTER : 0))
    packet.end = this.linkAddress(packet.view, end, networkInterface, ND_OPT_TARGET_LINKADDR)
    this.send(packet, source, to, networkInterface)
  }

  private linkAddress(view: DataView, at: number, networkInterface: NetworkInterface, type: number): number {
    const own = linkAddressOf(networkInterface)
    return own === null ? at : writeLinkAddressOption(view, at, type, own)
  }
}

/** The link address of an interface whose neighbours have some; null on other media. */
export function linkAddressOf(networkInterface: NetworkInterface): MacAddress | null {
  const { hardwareAddress, flags, medium, loopback } = networkInterface
  const without = medium !== 'ethernet' || loopback || (flags & IFF_NOARP) !== 0
  return without || hardwareAddress === undefined ? null : hardwareAddress
}
