import type { NetworkHeader } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import type { Ipv6Context } from './context.js'
import type { Input } from './input.js'
import * as type from './wire/control-type.js'

/** Gives the ICMPv6 messages that are the network layer's own to neighbour discovery and to multicast listener discovery. */
export class ControlIn {
  private readonly context: Ipv6Context
  private readonly input: Input

  constructor(context: Ipv6Context, input: Input) {
    this.context = context
    this.input = input
  }

  /** `NetworkLayer.receiveControl`. */
  receive(packet: Packet, header: NetworkHeader): boolean {
    const { host, discovery, reporter } = this.context
    const networkInterface = host.interfaceByIndex(header.interfaceIndex)
    if (networkInterface === undefined || packet.end <= packet.start) return true
    switch (packet.view.getUint8(packet.start)) {
      case type.ND_ROUTER_SOLICIT:
      case type.ND_ROUTER_ADVERT:
      case type.ND_NEIGHBOR_SOLICIT:
      case type.ND_NEIGHBOR_ADVERT:
      case type.ND_REDIRECT:
        return discovery === null || discovery.receive(packet, header, networkInterface)
      case type.MLD_LISTENER_QUERY:
      case type.MLD_LISTENER_REPORT:
      case type.MLD_LISTENER_DONE:
      case type.MLDV2_LISTENER_REPORT:
        // RFC 2711 2.1: 0 is the router alert of multicast listener discovery.
        return reporter === null || reporter.receive(packet, header, networkInterface, this.input.routerAlert === 0)
      default:
        return true
    }
  }
}
