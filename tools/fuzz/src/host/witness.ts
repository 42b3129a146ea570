import {
  CAST_UNICAST,
  type Host,
  IPPROTO_ICMP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
  type NetworkHeader,
  type NetworkInterface,
  type PacketTap,
  type ProtocolTap,
  type StackModule,
} from '@jackfield/interfaces'
import { PACKET_OUTGOING, type Packet } from '@jackfield/packet'

/** Packets that a transport was given. */
export interface Given {
  unicast: number
  /** To groups and broadcast addresses: several sockets may have each. */
  many: number
  /** Of large packets the segments but the first: they are cut for their socket, if there is one. */
  segments: number
}

/** Counts, beside the stack's own counters, what passes from the links to the layers and from IPv4 to the transports. */
export class Witness implements PacketTap, StackModule<'network', 'witness'> {
  readonly name: string = 'witness'
  readonly provides: readonly 'witness'[] = ['witness']
  readonly needs: readonly 'network'[] = ['network']
  /** Frames that came in and went up, by interface name. */
  readonly up: Map<string, number> = new Map()
  readonly udp: Given = { unicast: 0, many: 0, segments: 0 }
  readonly udpLite: Given = { unicast: 0, many: 0, segments: 0 }
  readonly tcp: Given = { unicast: 0, many: 0, segments: 0 }
  readonly icmp: Given = { unicast: 0, many: 0, segments: 0 }

  install(host: Host): void {
    host.addPacketTap(this)
    const network = host.network(4)
    network?.tap(IPPROTO_UDP, tapOf(this.udp))
    network?.tap(IPPROTO_UDPLITE, tapOf(this.udpLite))
    network?.tap(IPPROTO_TCP, tapOf(this.tcp))
    network?.tap(IPPROTO_ICMP, tapOf(this.icmp))
  }

  packet(packet: Packet, networkInterface: NetworkInterface): void {
    if (packet.packetType === PACKET_OUTGOING) return
    this.up.set(networkInterface.name, (this.up.get(networkInterface.name) ?? 0) + 1)
  }

  /** Frames that came in by an interface and went up. */
  passed(name: string): number {
    return this.up.get(name) ?? 0
  }
}

function tapOf(given: Given): ProtocolTap {
  return {
    receive(packet: Packet, header: NetworkHeader) {
      if (header.cast === CAST_UNICAST) given.unicast++
      else given.many++
      if (packet.segmentCount > 1) given.segments += packet.segmentCount - 1
      return false
    },
    error() {},
  }
}
