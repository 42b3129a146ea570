import { IPV4_ANY, type IpAddress } from '@jackfield/addr'
import {
  CAST_UNICAST,
  DELIVERED,
  type Delivery,
  type Host,
  IPPROTO_ICMP,
  type NetworkHeader,
  type NetworkLayer,
  type TransportLayer,
} from '@jackfield/interfaces'
import { CHECKSUM_NONE, CHECKSUM_VERIFIED, checksum, type Packet, updateChecksum } from '@jackfield/packet'
import { MessageOutput, type SentCounter } from '../message-output.js'
import { isPartialMessage } from '../partial-message.js'
import type { IcmpSettings } from '../settings.js'
import type { IcmpTypeCounters } from '../type-counters.js'
import {
  ICMP_ADDRESS,
  ICMP_ADDRESSREPLY,
  ICMP_CHECKSUM_OFFSET,
  ICMP_ECHO,
  ICMP_ECHOREPLY,
  ICMP_HEADER_LENGTH,
  ICMP_TIMESTAMP,
  ICMP_TIMESTAMP_LENGTH,
  ICMP_TIMESTAMPREPLY,
  NR_ICMP_TYPES,
  quotesPacket,
  verifyIcmpv4,
} from '../wire/icmpv4.js'
import { countTypeIn, countTypeOut, type IcmpCounters } from './counters.js'
import { ErrorsIn } from './errors-in.js'
import { ErrorsOut } from './errors-out.js'
import { replyOptions } from './options.js'

const MILLISECONDS_A_DAY = 86_400_000

/** ICMP of one IPv4 layer (RFC 792, RFC 1122 3.2.2). */
export class Icmpv4 implements TransportLayer, SentCounter {
  readonly protocol: number = IPPROTO_ICMP
  private readonly host: Host
  private readonly network: NetworkLayer
  private readonly settings: IcmpSettings
  private readonly counters: IcmpCounters
  private readonly types: IcmpTypeCounters
  private readonly output: MessageOutput
  private readonly errorsIn: ErrorsIn
  private readonly errorsOut: ErrorsOut

  constructor(
    host: Host,
    network: NetworkLayer,
    settings: IcmpSettings,
    counters: IcmpCounters,
    types: IcmpTypeCounters,
  ) {
    this.host = host
    this.network = network
    this.settings = settings
    this.counters = counters
    this.types = types
    this.output = new MessageOutput(network, IPPROTO_ICMP, this)
    this.errorsIn = new ErrorsIn(network, settings)
    // Errors have a flow of their own, so that the route of whoever is pinged is kept.
    this.errorsOut = new ErrorsOut(host, network, settings, new MessageOutput(network, IPPROTO_ICMP, this))
  }

  receive(packet: Packet, header: NetworkHeader): Delivery {
    const { counters } = this
    counters.IcmpInMsgs++
    const length = packet.end - packet.start
    if (length < ICMP_HEADER_LENGTH) return this.bad(packet)
    const partial = isPartialMessage(packet)
    // A message that its sender's host left to be completed never was on a wire: there is nothing to verify.
    if (packet.checksum !== CHECKSUM_VERIFIED && !partial) {
      if (!verifyIcmpv4(packet.view, packet.start, packet.end)) {
        counters.IcmpInCsumErrors++
        return this.bad(packet)
      }
      packet.checksum = CHECKSUM_NONE
    }
    const type = packet.view.getUint8(packet.start)
    this.types.countReceived(type)
    if (type > NR_ICMP_TYPES) return this.bad(packet)
    countTypeIn(counters, type)
    if (header.cast !== CAST_UNICAST && !this.wantedFromMany(type)) return this.bad(packet)
    switch (type) {
      case ICMP_ECHO:
        return this.echo(packet, header, partial)
      case ICMP_TIMESTAMP:
        if (length < ICMP_TIMESTAMP_LENGTH) return this.bad(packet)
        return this.timestamp(packet, header)
    }
    if (quotesPacket(type) && !this.errorsIn.receive(packet, header)) return this.bad(packet)
    packet.release()
    return DELIVERED
  }

  burstEnd(): void {}

  /** About a message of this host: taps have told the sockets that sent echo requests; errors and replies are not repeated. */
  error(): void {}

  countSent(type: number): void {
    this.counters.IcmpOutMsgs++
    countTypeOut(this.counters, type)
    this.types.countSent(type)
  }

  countRefused(): void {
    this.counters.IcmpOutErrors++
  }

  /** `ControlMessages.sendError`. */
  sendError(packet: Packet, header: NetworkHeader, kind: number, info: number, gateway: IpAddress | null): boolean {
    return this.errorsOut.send(packet, header, kind, info, gateway)
  }

  /** RFC 1122 3.2.2.6 and 3.2.2.8: what may come by broadcast or multicast. */
  private wantedFromMany(type: number): boolean {
    if (type === ICMP_ECHO || type === ICMP_TIMESTAMP) return !this.settings.echoIgnoreBroadcasts
    return type === ICMP_ADDRESS || type === ICMP_ADDRESSREPLY
  }

  private bad(packet: Packet): Delivery {
    this.counters.IcmpInErrors++
    packet.release()
    return DELIVERED
  }

  /** RFC 1122 3.2.2.6: the request is turned round where it lies. */
  private echo(packet: Packet, header: NetworkHeader, partial: boolean): Delivery {
    if (this.settings.echoIgnoreAll) {
      this.counters.IcmpInEchosIgnored++
      packet.release()
      return DELIVERED
    }
    if (packet.shared) packet.unshare()
    const { view, start } = packet
    view.setUint8(start, ICMP_ECHOREPLY)
    // The code was under the checksum with the type and stays. A partial one is computed by whoever sends it.
    if (!partial) {
      const field = start + ICMP_CHECKSUM_OFFSET
      const value = updateChecksum(view.getUint16(field), ICMP_ECHO << 8, ICMP_ECHOREPLY << 8)
      // RFC 1624 section 3: an all-zero message has 0xffff here, which the update cannot tell from 0.
      if (value === 0) this.writeChecksum(packet)
      else view.setUint16(field, value)
      packet.checksum = CHECKSUM_NONE
    }
    return this.reply(packet, header, ICMP_ECHOREPLY)
  }

  /** RFC 792: milliseconds since midnight UTC, the time of arrival and of leaving being one here as in Linux. */
  private timestamp(packet: Packet, header: NetworkHeader): Delivery {
    if (packet.shared) packet.unshare()
    const { view, start } = packet
    packet.end = start + ICMP_TIMESTAMP_LENGTH
    const time = Math.floor(this.host.clock.wallTime() / 1000) % MILLISECONDS_A_DAY
    view.setUint8(start, ICMP_TIMESTAMPREPLY)
    view.setUint8(start + 1, 0)
    view.setUint32(start + 12, time)
    view.setUint32(start + 16, time)
    this.writeChecksum(packet)
    packet.checksum = CHECKSUM_NONE
    return this.reply(packet, header, ICMP_TIMESTAMPREPLY)
  }

  private writeChecksum(packet: Packet): void {
    const field = packet.start + ICMP_CHECKSUM_OFFSET
    packet.view.setUint16(field, 0)
    packet.view.setUint16(field, checksum(packet.view, packet.start, packet.end))
  }

  /** Answers whoever sent the packet, from the address that it was sent to if that is one host's. */
  private reply(packet: Packet, header: NetworkHeader, type: number): Delivery {
    const { output, network } = this
    const { source } = header
    if (source.isUnspecified || source.isMulticast) return this.bad(packet)
    if (!network.permitMessage(source, type)) {
      packet.release()
      return DELIVERED
    }
    output.aim(header.cast === CAST_UNICAST ? header.destination : IPV4_ANY, source, header.tos, 0)
    output.flow.options = header.hasOptions ? replyOptions(packet, header) : null
    output.send(packet, type)
    return DELIVERED
  }
}
