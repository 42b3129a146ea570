import type { IpAddress, MacAddress } from '@jackfield/addr'
import {
  EHOSTUNREACH,
  ENOBUFS,
  ETH_P_8021AD,
  ETH_P_8021Q,
  ETH_P_ARP,
  ETH_P_IPV6,
  type Host,
  IFF_LOOPBACK,
  IFF_NOARP,
  IFF_PROMISC,
  type LinkLayer,
  type NeighborResolver,
  type NetworkInterface,
  type NetworkLayer,
} from '@jackfield/interfaces'
import type { NeighborCache } from '@jackfield/neighbor'
import {
  PACKET_BROADCAST,
  PACKET_HOST,
  PACKET_MULTICAST,
  PACKET_OTHERHOST,
  type Packet,
  type PacketPool,
} from '@jackfield/packet'
import type { EthernetCounters } from './counters.js'
import { ETHERNET_HEADER_LENGTH, ETHERNET_TYPE_MINIMUM, VLAN_ID_MASK, VLAN_TAG_LENGTH } from './wire/ethernet-header.js'

/** What a link needs of ARP. */
export interface AddressResolution {
  readonly cache: NeighborCache
  /** An ARP packet came in, its window at the ARP header. Takes it. */
  receive(packet: Packet, link: EthernetLink): void
  addressChanged(link: EthernetLink, address: IpAddress, added: boolean): void
  linkClosed(link: EthernetLink): void
}

/** The Ethernet framing of one interface. */
export class EthernetLink implements LinkLayer {
  readonly headerLength: number = ETHERNET_HEADER_LENGTH
  readonly networkInterface: NetworkInterface
  readonly index: number
  readonly hardwareAddress: MacAddress
  private readonly packets: PacketPool
  private readonly arp: AddressResolution
  private readonly counters: EthernetCounters
  private readonly high: number
  private readonly low: number
  private readonly resolvers = new Map<number, NeighborResolver>()

  constructor(host: Host, networkInterface: NetworkInterface, arp: AddressResolution, counters: EthernetCounters) {
    const hardwareAddress = networkInterface.hardwareAddress
    if (hardwareAddress === undefined || hardwareAddress.isMulticast) {
      throw new TypeError(
        `${networkInterface.name} needs a unicast hardwareAddress to carry Ethernet: set one on the device`,
      )
    }
    this.networkInterface = networkInterface
    this.index = networkInterface.index
    this.hardwareAddress = hardwareAddress
    this.high = hardwareAddress.high
    this.low = hardwareAddress.low
    this.packets = host.packets
    this.arp = arp
    this.counters = counters
  }

  /** Whether the interface resolves nothing: it has no neighbours, or is its own. */
  get withoutArp(): boolean {
    return (this.networkInterface.flags & (IFF_NOARP | IFF_LOOPBACK)) !== 0
  }

  input(packet: Packet): boolean {
    const view = packet.view
    const { start, end } = packet
    if (end - start < ETHERNET_HEADER_LENGTH) {
      this.counters.EthInRuntFrames++
      return drop(packet)
    }
    const high = view.getUint16(start)
    const low = view.getInt32(start + 2)
    if ((high & 0x0100) !== 0) packet.packetType = high === 0xffff && low === -1 ? PACKET_BROADCAST : PACKET_MULTICAST
    else if (low === this.low && high === this.high) packet.packetType = PACKET_HOST
    else {
      // In promiscuous mode it goes up for packet sockets to see; network layers drop it by its packet type.
      if ((this.networkInterface.flags & IFF_PROMISC) === 0) {
        this.counters.EthInOtherHost++
        return drop(packet)
      }
      packet.packetType = PACKET_OTHERHOST
    }
    let payload = start + ETHERNET_HEADER_LENGTH
    let etherType = view.getUint16(start + 12)
    if (etherType === ETH_P_8021Q) {
      if (end - payload < VLAN_TAG_LENGTH) {
        this.counters.EthInRuntFrames++
        return drop(packet)
      }
      packet.vlan = view.getUint16(payload)
      etherType = view.getUint16(payload + 2)
      payload += VLAN_TAG_LENGTH
      // VLAN 0 carries only a priority (IEEE 802.1Q 6.9.1). Frames of VLANs with an interface do not come by here.
      if ((packet.vlan & VLAN_ID_MASK) !== 0) etherType = ETH_P_8021AD
    }
    if (etherType === ETH_P_8021AD || etherType === ETH_P_8021Q) {
      this.counters.EthInUnknownVlan++
      return drop(packet)
    }
    if (etherType < ETHERNET_TYPE_MINIMUM) {
      this.counters.EthInLengthFrames++
      return drop(packet)
    }
    packet.linkHeader = start
    packet.networkHeader = payload
    packet.start = payload
    packet.etherType = etherType
    if (etherType !== ETH_P_ARP) return true
    this.arp.receive(packet, this)
    return false
  }

  output(packet: Packet, etherType: number, nextHop: IpAddress): number {
    packet.etherType = etherType
    if (packet.packetType === PACKET_BROADCAST) return this.transmit(packet, 0xffff, -1)
    if (packet.packetType === PACKET_MULTICAST) {
      // RFC 2464 7 and RFC 1112 6.4.
      if (nextHop.version === 6) return this.transmit(packet, 0x3333, nextHop.w3)
      return this.transmit(packet, 0x0100, 0x5e000000 | (nextHop.w3 & 0x7fffff))
    }
    if (this.withoutArp) return this.transmit(packet, this.high, this.low)
    let address: MacAddress | null
    if (nextHop.version === 4) {
      address = this.arp.cache.resolve(packet, nextHop, this.index)
      if (address === null) return this.arp.cache.error
    } else {
      const resolver = this.resolvers.get(etherType)
      if (resolver === undefined) {
        this.counters.EthOutNoResolver++
        packet.release()
        return EHOSTUNREACH
      }
      address = resolver.resolve(packet, nextHop)
      if (address === null) return 0
    }
    return this.transmit(packet, address.high, address.low)
  }

  /** Puts the header on and gives the frame to the device. Takes the packet. 0 or an error number. */
  transmit(packet: Packet, high: number, low: number): number {
    const frame = this.packets.reserve(packet, ETHERNET_HEADER_LENGTH)
    frame.networkHeader = frame.start
    const at = frame.prepend(ETHERNET_HEADER_LENGTH)
    const view = frame.view
    view.setUint16(at, high)
    view.setInt32(at + 2, low)
    view.setUint16(at + 6, this.high)
    view.setInt32(at + 8, this.low)
    view.setUint16(at + 12, frame.etherType)
    frame.linkHeader = at
    // A tag that it came in with is not one to go out with.
    frame.vlan = -1
    if (this.networkInterface.device.transmit(frame)) return 0
    this.counters.EthOutDiscards++
    return ENOBUFS
  }

  confirm(nextHop: IpAddress): void {
    if (nextHop.version === 4) this.arp.cache.confirm(nextHop, this.index)
    else this.resolvers.get(ETH_P_IPV6)?.confirm(nextHop)
  }

  addressChanged(network: NetworkLayer, address: IpAddress, added: boolean): void {
    if (network.version === 4) this.arp.addressChanged(this, address, added)
  }

  setResolver(etherType: number, resolver: NeighborResolver): void {
    this.resolvers.set(etherType, resolver)
  }

  close(): void {
    this.arp.linkClosed(this)
  }
}

function drop(packet: Packet): false {
  packet.release()
  return false
}
