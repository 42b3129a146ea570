import type { IpAddress } from '@jackfield/addr'
import { EMSGSIZE, ETH_P_IPV6, type NetworkInterface } from '@jackfield/interfaces'
import { copyFragment } from '@jackfield/ip'
import { CHECKSUM_PARTIAL, completeChecksum, type Packet } from '@jackfield/packet'
import type { Ipv6Context } from './context.js'
import { IPV6_HEADER_LENGTH, IPV6_NEXT_HEADER, IPV6_PAYLOAD_LENGTH } from './wire/header.js'
import {
  FRAGMENT_HEADER_LENGTH,
  FRAGMENT_ID,
  FRAGMENT_MORE,
  FRAGMENT_OFFSET,
  NEXT_FRAGMENT,
} from './wire/next-header.js'

/** Cuts this host's packets into fragments (RFC 8200 4.5). */
export class Fragmenter {
  private readonly context: Ipv6Context

  constructor(context: Ipv6Context) {
    this.context = context
  }

  /**
   * Sends a network packet, its header at `packet.start`, in fragments of at most `mtu` bytes. Takes it.
   * @param whole bytes of the headers that every fragment has (RFC 8200 4.5): the fixed one, and a hop-by-hop one where there is one
   * @returns 0 or an error number
   */
  send(packet: Packet, mtu: number, whole: number, networkInterface: NetworkInterface, nextHop: IpAddress): number {
    const { pool, counters, random } = this.context
    if (packet.checksum === CHECKSUM_PARTIAL) {
      packet.unshare()
      completeChecksum(packet)
    }
    const { start, end, view } = packet
    const headerLength = whole + FRAGMENT_HEADER_LENGTH
    const step = (mtu - headerLength) & ~7
    if (step < 8) {
      counters.Ip6FragFails++
      packet.release()
      return EMSGSIZE
    }
    // Where the last header that is not cut names what follows.
    const named = whole > IPV6_HEADER_LENGTH ? IPV6_HEADER_LENGTH : IPV6_NEXT_HEADER
    const protocol = view.getUint8(start + named)
    // RFC 7739 5.3: unpredictable, and from 32 bits seldom used twice within the life of a datagram.
    const id = random.uint32() | 0
    let at = start + whole
    let error = 0
    for (let offset = 0; at < end && error === 0; offset += step) {
      const length = Math.min(end - at, step)
      const fragment = copyFragment(pool, packet, whole, FRAGMENT_HEADER_LENGTH, at, length)
      const to = fragment.start
      const header = to + whole
      fragment.view.setUint16(to + IPV6_PAYLOAD_LENGTH, headerLength - IPV6_HEADER_LENGTH + length)
      fragment.view.setUint8(to + named, NEXT_FRAGMENT)
      fragment.view.setUint16(header, protocol << 8)
      fragment.view.setUint16(header + FRAGMENT_OFFSET, offset | (at + length < end ? FRAGMENT_MORE : 0))
      fragment.view.setInt32(header + FRAGMENT_ID, id)
      counters.Ip6FragCreates++
      counters.Ip6OutTransmits++
      counters.Ip6OutOctets += headerLength + length
      error = networkInterface.output(fragment, ETH_P_IPV6, nextHop)
      at += length
    }
    packet.release()
    if (error === 0) counters.Ip6FragOKs++
    else {
      counters.Ip6FragFails++
      counters.Ip6OutDiscards++
    }
    return error
  }
}
