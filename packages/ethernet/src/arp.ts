import { createAddressSlot, type IpAddress, MacAddress, setSlotV4 } from '@jackfield/addr'
import { ETH_P_IP, type Host, type NetworkLayer } from '@jackfield/interfaces'
import {
  createNeighborCache,
  type Neighbor,
  type NeighborCache,
  type NeighborProtocol,
  type NeighborSettings,
} from '@jackfield/neighbor'
import { PACKET_HOST, PACKET_OTHERHOST, type Packet } from '@jackfield/packet'
import { AddressProbes } from './address-probe.js'
import { Announcer } from './announcer.js'
import { type AddressConflict, ArpResponder } from './arp-responder.js'
import type { ArpSettingsTable } from './arp-settings.js'
import { ArpTransmitter } from './arp-transmitter.js'
import type { EthernetCounters } from './counters.js'
import type { AddressResolution, EthernetLink } from './ethernet-link.js'
import { ARP_REPLY, ARP_REQUEST, ArpPacket, parseArp } from './wire/arp-packet.js'

/** What ARP is given. */
export interface ArpOptions {
  readonly host: Host
  readonly counters: EthernetCounters
  readonly settings: ArpSettingsTable
  readonly neighborSettings: NeighborSettings
  readonly onConflict: ((conflict: AddressConflict) => void) | null
}

/** Shortest IPv4 header, and where its source is. */
const IPV4_HEADER_LENGTH = 20
const IPV4_SOURCE = 12

/** The Address Resolution Protocol of a host (RFC 826, RFC 1122 2.3.2, RFC 5227), as Linux does it. */
export class Arp implements NeighborProtocol, AddressResolution {
  readonly cache: NeighborCache
  readonly announcer: Announcer
  readonly probes: AddressProbes
  private readonly host: Host
  private readonly counters: EthernetCounters
  private readonly settings: ArpSettingsTable
  private readonly transmitter: ArpTransmitter
  private readonly responder: ArpResponder
  /** By interface index. */
  private readonly links = new Map<number, EthernetLink>()
  // Reused for each packet.
  private readonly incoming = new ArpPacket()
  private readonly source = createAddressSlot()

  constructor(options: ArpOptions) {
    const { host, counters, settings } = options
    this.host = host
    this.counters = counters
    this.settings = settings
    this.cache = createNeighborCache({
      clock: host.clock,
      random: host.random,
      protocol: this,
      settings: options.neighborSettings,
    })
    this.transmitter = new ArpTransmitter(host, counters)
    this.announcer = new Announcer(host.clock, this.transmitter)
    this.probes = new AddressProbes(host.clock, host.random, this.transmitter)
    this.responder = new ArpResponder({
      clock: host.clock,
      counters,
      settings,
      cache: this.cache,
      transmitter: this.transmitter,
      onConflict: options.onConflict,
    })
  }

  addLink(link: EthernetLink): void {
    this.links.set(link.index, link)
  }

  /** The link went down or away: what was learned by it is forgotten, what waits is dropped. */
  linkClosed(link: EthernetLink): void {
    this.cache.flush(link.index, true)
    this.announcer.close(link)
    this.probes.close(link)
  }

  /** The interface went for good. */
  removeLink(index: number): void {
    const link = this.links.get(index)
    if (link !== undefined) this.linkClosed(link)
    this.cache.flush(index)
    this.links.delete(index)
    this.settings.remove(index)
    this.probes.forget(index)
  }

  link(index: number): EthernetLink | undefined {
    return this.links.get(index)
  }

  close(): void {
    this.cache.close()
    this.announcer.close(null)
    this.probes.close(null)
  }

  addressChanged(link: EthernetLink, address: IpAddress, added: boolean): void {
    this.announcer.cancel(link, address.w3)
    if (!added || link.withoutArp || this.links.get(link.index) !== link) return
    // What somebody claimed of it before is not to be believed now.
    this.cache.delete(address, link.index)
    if (this.settings.effective(link.index, 'arp_notify') !== 0) this.announcer.announce(link, address.w3)
  }

  // --- from the link

  /** An ARP packet came in. Takes it. */
  receive(packet: Packet, link: EthernetLink): void {
    this.host.showToTaps?.(packet, link.networkInterface)
    this.read(packet, link)
    packet.release()
  }

  private read(packet: Packet, link: EthernetLink): void {
    const network = this.host.network(4)
    if (network === undefined || link.withoutArp || packet.packetType === PACKET_OTHERHOST) {
      this.counters.ArpInIgnored++
      return
    }
    const arp = this.incoming
    if (!parseArp(packet.view, packet.start, packet.end, arp) || !plausible(arp)) {
      this.counters.ArpInErrors++
      return
    }
    if (arp.operation === ARP_REQUEST) this.counters.ArpInRequests++
    else if (arp.operation === ARP_REPLY) this.counters.ArpInReplies++
    else {
      this.counters.ArpInErrors++
      return
    }
    const from = new MacAddress(arp.senderHigh, arp.senderLow)
    // RFC 5227 2.1.1: our own packets may come back to us.
    if (from.equals(link.hardwareAddress)) {
      this.counters.ArpInIgnored++
      return
    }
    this.probes.hear(link, arp, from)
    this.responder.answer(network, link, arp, from, packet.packetType === PACKET_HOST)
  }

  // --- from the neighbour cache

  solicit(neighbor: Neighbor, unicast: boolean, packet: Packet | null): void {
    const link = this.links.get(neighbor.interfaceIndex)
    const network = this.host.network(4)
    if (link === undefined || network === undefined) return
    const sender = this.senderFor(network, link, neighbor.address, packet)
    this.transmitter.request(link, sender, neighbor.address.w3, unicast ? neighbor.hardwareAddress : null)
  }

  transmit(packet: Packet, neighbor: Neighbor): void {
    const link = this.links.get(neighbor.interfaceIndex)
    const address = neighbor.hardwareAddress
    if (link === undefined || address === null) {
      packet.release()
      return
    }
    link.transmit(packet, address.high, address.low)
    this.host.needBurstEnd()
  }

  unreachable(packet: Packet, neighbor: Neighbor): void {
    const link = this.links.get(neighbor.interfaceIndex)
    const network = this.host.network(4)
    if (link === undefined || network?.neighborUnreachable === undefined || packet.etherType !== ETH_P_IP) {
      packet.release()
      return
    }
    network.neighborUnreachable(packet, link.networkInterface)
    this.host.needBurstEnd()
  }

  /** The sender address of a request, by `arp_announce`; 0 where the host has none. */
  private senderFor(network: NetworkLayer, link: EthernetLink, target: IpAddress, packet: Packet | null): number {
    const level = this.settings.effective(link.index, 'arp_announce')
    if (level < 2 && packet !== null && packet.etherType === ETH_P_IP && packet.length >= IPV4_HEADER_LENGTH) {
      const source = this.source
      setSlotV4(source, packet.view.getInt32(packet.start + IPV4_SOURCE))
      if (network.isLocal(source, 0) && source.w3 >>> 24 !== 127 && !source.isUnspecified) {
        if (level === 0 || shareSubnet(network, link, source, target)) return source.w3
      }
    }
    return network.sourceFor(target, link.index)?.w3 ?? 0
  }
}

/** Whether an address of the interface has both in its subnet. */
function shareSubnet(network: NetworkLayer, link: EthernetLink, source: IpAddress, target: IpAddress): boolean {
  for (const { interface: owner, prefix } of network.addresses()) {
    if (owner.index === link.index && prefix.contains(source) && prefix.contains(target)) return true
  }
  return false
}

/** RFC 1812 3.3.2: nobody is at a group's link address; and no host is a group, a loopback or the broadcast address. */
function plausible(arp: ArpPacket): boolean {
  if ((arp.senderHigh & 0x0100) !== 0 || (arp.senderHigh === 0 && arp.senderLow === 0)) return false
  const net = arp.sender >>> 24
  return net < 224 && net !== 127 && (net !== 0 || arp.sender === 0)
}
