import type { IpAddress } from '@jackfield/addr'
import { IPPROTO_ICMPV6, type NetworkInterface } from '@jackfield/interfaces'
import { CHECKSUM_NONE, checksum, type Packet, pseudoHeaderSum } from '@jackfield/packet'
import type { Ipv6Context } from './context.js'
import type { Output } from './output.js'
import { NEXT_HOP_BY_HOP } from './wire/next-header.js'
import { OPTION_PADN, OPTION_ROUTER_ALERT } from './wire/options.js'

/** Bytes of a hop-by-hop header with the router alert option (RFC 2711) and its padding. */
const ALERT_LENGTH = 8
/** Where the checksum is in every ICMPv6 message (RFC 4443 2.1). */
const CHECKSUM_AT = 2

/** Sends the network layer's own ICMPv6 messages: neighbour discovery's, multicast listener discovery's. */
export class ControlOut {
  private readonly context: Ipv6Context
  private readonly output: Output

  constructor(context: Ipv6Context, output: Output) {
    this.context = context
    this.output = output
  }

  /**
   * Sends a message out of one interface, to a group or a neighbour on its link. Takes it. The window is the message, of which the
   * checksum is written here.
   * @param source unspecified where the host has no address that it may use yet
   * @param hopLimit 255 for neighbour discovery (RFC 4861), 1 for multicast listeners (RFC 3810 5)
   * @param alert whether routers on the link are to look at it whatever its group (RFC 3810 5)
   * @returns 0 or an error number
   */
  send(
    packet: Packet,
    source: IpAddress,
    destination: IpAddress,
    networkInterface: NetworkInterface,
    hopLimit: number,
    alert = false,
  ): number {
    const { control, network } = this.context
    const { view, start, end } = packet
    view.setUint16(start + CHECKSUM_AT, 0)
    const sum = pseudoHeaderSum(source, destination, IPPROTO_ICMPV6, end - start)
    view.setUint16(start + CHECKSUM_AT, checksum(view, start, end, sum))
    packet.checksum = CHECKSUM_NONE
    control?.countSent?.(network, view.getUint8(start))
    if (!alert) {
      return this.output.sendOnLink(packet, IPPROTO_ICMPV6, source, destination, hopLimit, networkInterface)
    }
    const whole = this.context.pool.reserve(packet, ALERT_LENGTH)
    const at = whole.prepend(ALERT_LENGTH)
    whole.view.setUint16(at, IPPROTO_ICMPV6 << 8)
    whole.view.setUint16(at + 2, (OPTION_ROUTER_ALERT << 8) | 2)
    whole.view.setUint16(at + 4, 0)
    whole.view.setUint16(at + 6, OPTION_PADN << 8)
    return this.output.sendOnLink(whole, NEXT_HOP_BY_HOP, source, destination, hopLimit, networkInterface)
  }
}
