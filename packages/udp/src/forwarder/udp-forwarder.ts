import { DELIVERED, type Delivery, type Forwarder, type NetworkHeader, UNREACHABLE } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import { type ForwardCounts, Forwarding } from '@jackfield/transport'
import type { UdpProtocol } from '../udp-protocol.js'
import { UdpForwardRequest } from './udp-forward-request.js'

/** Asks a handler about datagrams that no socket is there for. */
export class UdpForwarder {
  private readonly udp: UdpProtocol
  private readonly forwarding: Forwarding

  /** @throws RangeError for limits out of range */
  constructor(udp: UdpProtocol, forwarder: Forwarder, counts: ForwardCounts) {
    this.udp = udp
    this.forwarding = new Forwarding(udp.host, forwarder, counts)
  }

  /** A datagram for nobody, its transport header set. Takes it unless the answer is `UNREACHABLE`. */
  offer(packet: Packet, header: NetworkHeader): Delivery {
    const { udp, forwarding } = this
    // RFC 768: from port 0, nothing can be answered.
    if (packet.view.getUint16(packet.transportHeader) === 0) {
      udp.counts.NoPorts++
      return UNREACHABLE
    }
    if (!forwarding.admit()) {
      udp.counts.InErrors++
      packet.release()
      return DELIVERED
    }
    const request = new UdpForwardRequest(udp, forwarding, packet, header)
    forwarding.ask(request)
    request.settle()
    if (!request.unreachable) return DELIVERED
    udp.counts.NoPorts++
    return UNREACHABLE
  }

  /** The forwarder is taken away; sockets that were accepted stay. */
  close(): void {
    this.forwarding.close()
  }
}
