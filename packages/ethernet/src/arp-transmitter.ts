import type { MacAddress } from '@jackfield/addr'
import { ETH_P_ARP, type Host } from '@jackfield/interfaces'
import { PACKET_BROADCAST, PACKET_HOST } from '@jackfield/packet'
import type { EthernetCounters } from './counters.js'
import type { EthernetLink } from './ethernet-link.js'
import { ARP_LENGTH, ARP_REPLY, ARP_REQUEST, ArpPacket, writeArp } from './wire/arp-packet.js'

/** Makes and sends ARP packets. IPv4 addresses are int32. */
export class ArpTransmitter {
  private readonly host: Host
  private readonly counters: EthernetCounters
  private readonly arp = new ArpPacket()

  constructor(host: Host, counters: EthernetCounters) {
    this.host = host
    this.counters = counters
  }

  /** Asks for `target`: at a known link address (RFC 1122 2.3.2.1), else by broadcast. */
  request(link: EthernetLink, sender: number, target: number, at: MacAddress | null): void {
    this.counters.ArpOutRequests++
    this.send(link, ARP_REQUEST, sender, null, target, at)
  }

  /** RFC 5227 2.1.1: asks for `target` without saying that it is ours. */
  probe(link: EthernetLink, target: number): void {
    this.counters.ArpOutProbes++
    this.send(link, ARP_REQUEST, 0, null, target, null)
  }

  /** RFC 5227 2.3: says that `address` is ours, as a request that nobody answers. */
  announce(link: EthernetLink, address: number): void {
    this.counters.ArpOutAnnouncements++
    this.send(link, ARP_REQUEST, address, null, address, null)
  }

  /** Answers that `sender` is at this interface, to the one who asked. */
  reply(link: EthernetLink, sender: number, to: MacAddress, target: number): void {
    this.counters.ArpOutReplies++
    this.send(link, ARP_REPLY, sender, to, target, to)
  }

  private send(
    link: EthernetLink,
    operation: number,
    sender: number,
    targetAddress: MacAddress | null,
    target: number,
    destination: MacAddress | null,
  ): void {
    const arp = this.arp
    arp.operation = operation
    arp.senderHigh = link.hardwareAddress.high
    arp.senderLow = link.hardwareAddress.low
    arp.sender = sender
    arp.targetHigh = targetAddress === null ? 0 : targetAddress.high
    arp.targetLow = targetAddress === null ? 0 : targetAddress.low
    arp.target = target
    const packet = this.host.packets.allocate(ARP_LENGTH)
    writeArp(packet.view, packet.start, arp)
    packet.etherType = ETH_P_ARP
    packet.interfaceIndex = link.index
    packet.packetType = destination === null ? PACKET_BROADCAST : PACKET_HOST
    if (destination === null) link.transmit(packet, 0xffff, -1)
    else link.transmit(packet, destination.high, destination.low)
    this.host.needBurstEnd()
  }
}
