import { IPV6_ANY } from '@jackfield/addr'
import {
  CAST_ANYCAST,
  CAST_UNICAST,
  DELIVERED,
  type Delivery,
  type Host,
  IPPROTO_ICMPV6,
  type NetworkHeader,
  type NetworkLayer,
  type TransportLayer,
} from '@jackfield/interfaces'
import {
  CHECKSUM_NONE,
  CHECKSUM_VERIFIED,
  foldSum,
  type Packet,
  pseudoHeaderSum,
  updateChecksum,
} from '@jackfield/packet'
import { MessageOutput, type SentCounter } from '../message-output.js'
import { isPartialMessage } from '../partial-message.js'
import type { IcmpSettings } from '../settings.js'
import type { IcmpTypeCounters } from '../type-counters.js'
import * as wire from '../wire/icmpv6.js'
import { countTypeIn, countTypeOut, type Icmp6Counters } from './counters.js'
import { ErrorsIn } from './errors-in.js'
import { ErrorsOut } from './errors-out.js'
import { senderZone } from './zone.js'

/** ICMPv6 of one IPv6 layer (RFC 4443). Neighbour and listener discovery are the layer's own; it is given their messages. */
export class Icmpv6 implements TransportLayer, SentCounter {
  readonly protocol: number = IPPROTO_ICMPV6
  private readonly network: NetworkLayer
  private readonly settings: IcmpSettings
  private readonly counters: Icmp6Counters
  private readonly types: IcmpTypeCounters
  private readonly output: MessageOutput
  private readonly errorsIn: ErrorsIn
  private readonly errorsOut: ErrorsOut

  constructor(
    host: Host,
    network: NetworkLayer,
    settings: IcmpSettings,
    counters: Icmp6Counters,
    types: IcmpTypeCounters,
  ) {
    this.network = network
    this.settings = settings
    this.counters = counters
    this.types = types
    this.output = new MessageOutput(network, IPPROTO_ICMPV6, this)
    this.errorsIn = new ErrorsIn(network)
    // Errors have a flow of their own, so that the route of whoever is pinged is kept.
    this.errorsOut = new ErrorsOut(host, network, new MessageOutput(network, IPPROTO_ICMPV6, this))
  }

  receive(packet: Packet, header: NetworkHeader): Delivery {
    const { counters } = this
    counters.Icmp6InMsgs++
    if (packet.end - packet.start < wire.ICMPV6_HEADER_LENGTH) return this.bad(packet)
    const partial = isPartialMessage(packet)
    // A message that its sender's host left to be completed never was on a wire: there is nothing to verify.
    if (packet.checksum !== CHECKSUM_VERIFIED && !partial) {
      if (!wire.verifyIcmpv6(packet.view, packet.start, packet.end, header.source, header.destination)) {
        counters.Icmp6InCsumErrors++
        return this.bad(packet)
      }
      packet.checksum = CHECKSUM_NONE
    }
    const type = packet.view.getUint8(packet.start)
    this.types.countReceived(type)
    countTypeIn(counters, type)
    if (type === wire.ICMPV6_ECHO_REQUEST) return this.echo(packet, header, partial)
    const good = wire.isIcmpv6Error(type)
      ? this.errorsIn.receive(packet, header)
      : this.network.receiveControl === undefined || this.network.receiveControl(packet, header)
    if (!good) return this.bad(packet)
    packet.release()
    return DELIVERED
  }

  burstEnd(): void {}

  /** About a message of this host: taps have told the sockets that sent echo requests; errors and replies are not repeated. */
  error(): void {}

  countSent(type: number): void {
    this.counters.Icmp6OutMsgs++
    countTypeOut(this.counters, type)
    this.types.countSent(type)
  }

  countRefused(): void {
    this.counters.Icmp6OutErrors++
  }

  /** `ControlMessages.sendError`. */
  sendError(packet: Packet, header: NetworkHeader, kind: number, info: number): boolean {
    return this.errorsOut.send(packet, header, kind, info)
  }

  private bad(packet: Packet): Delivery {
    this.counters.Icmp6InErrors++
    packet.release()
    return DELIVERED
  }

  /** RFC 4443 4.2: the request is turned round where it lies. */
  private echo(packet: Packet, header: NetworkHeader, partial: boolean): Delivery {
    const { settings, network, output } = this
    const { source, destination } = header
    const one = header.cast === CAST_UNICAST
    const ignored = header.cast === CAST_ANYCAST ? settings.echoIgnoreAnycast : settings.echoIgnoreMulticast
    if (settings.echoIgnoreAll6 || (!one && ignored)) {
      this.counters.Icmp6InEchosIgnored++
      packet.release()
      return DELIVERED
    }
    if (source.isUnspecified || source.isMulticast) return this.bad(packet)
    output.aim(one ? destination : IPV6_ANY, source, header.tos, senderZone(header))
    const known = output.route() !== null && !output.source.isUnspecified
    if (!known || !network.permitMessage(source, wire.ICMPV6_ECHO_REPLY)) {
      packet.release()
      return DELIVERED
    }
    if (packet.shared) packet.unshare()
    const { view, start, end } = packet
    view.setUint8(start, wire.ICMPV6_ECHO_REPLY)
    const field = start + wire.ICMPV6_CHECKSUM_OFFSET
    if (partial) {
      // Whoever sends the packet computes the rest.
      view.setUint16(field, foldSum(pseudoHeaderSum(output.source, source, IPPROTO_ICMPV6, end - start)))
    } else {
      // The addresses change places, which is the same to a sum; the code was under it with the type and stays.
      if (one) {
        const from = wire.ICMPV6_ECHO_REQUEST << 8
        view.setUint16(field, updateChecksum(view.getUint16(field), from, wire.ICMPV6_ECHO_REPLY << 8))
      } else wire.writeIcmpv6Checksum(view, start, end, output.source, source)
      packet.checksum = CHECKSUM_NONE
    }
    output.send(packet, wire.ICMPV6_ECHO_REPLY)
    return DELIVERED
  }
}
