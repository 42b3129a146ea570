import type { IpAddress } from '@jackfield/addr'
import {
  type CounterGroup,
  ENOBUFS,
  ETH_P_IP,
  ETH_P_IPV6,
  type LinkLayer,
  type NetworkInterface,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'

/** The framing of a medium that carries IP packets as they are: the version field tells the EtherType. */
export class BareLink implements LinkLayer {
  readonly headerLength = 0
  private readonly networkInterface: NetworkInterface
  private readonly counters: CounterGroup

  constructor(networkInterface: NetworkInterface, counters: CounterGroup) {
    this.networkInterface = networkInterface
    this.counters = counters
  }

  input(packet: Packet): boolean {
    const start = packet.start
    const version = packet.end > start ? (packet.bytes[start] as number) >>> 4 : 0
    if (version === 4) packet.etherType = ETH_P_IP
    else if (version === 6) packet.etherType = ETH_P_IPV6
    else {
      this.counters['LinkInUnknownVersion'] = (this.counters['LinkInUnknownVersion'] as number) + 1
      packet.release()
      return false
    }
    packet.networkHeader = start
    return true
  }

  output(packet: Packet, _etherType: number, _nextHop: IpAddress): number {
    return this.networkInterface.device.transmit(packet) ? 0 : ENOBUFS
  }

  confirm(_nextHop: IpAddress): void {
    // No neighbours on a medium without link addresses.
  }

  close(): void {
    // Nothing is kept.
  }
}
