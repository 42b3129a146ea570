import { createAddressSlot, isLinkLocal } from '@jackfield/addr'
import type { NetworkOffload } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import type { Ipv6Context } from './context.js'
import {
  checkIpv6Header,
  HEADER_OK,
  IPV6_DESTINATION,
  IPV6_HEADER_LENGTH,
  IPV6_HOP_LIMIT,
  IPV6_NEXT_HEADER,
  IPV6_PAYLOAD_LENGTH,
  IPV6_SOURCE,
  readAddress,
} from './wire/header.js'
import { isExtensionHeader } from './wire/next-header.js'

/** How the stack reads and repairs IPv6 headers when it merges and cuts packets. */
export class Ipv6Offload implements NetworkOffload {
  private readonly context: Ipv6Context
  private readonly address = createAddressSlot()

  constructor(context: Ipv6Context) {
    this.context = context
  }

  inspect(packet: Packet): number {
    const { view, start, end } = packet
    if (checkIpv6Header(view, start, end) !== HEADER_OK) return -1
    const protocol = view.getUint8(start + IPV6_NEXT_HEADER)
    // Only plain headers: what has extension headers is never merged.
    if (isExtensionHeader(protocol)) return -1
    const { address } = this
    readAddress(address, view, start + IPV6_DESTINATION)
    const zone = isLinkLocal(address) ? packet.interfaceIndex : 0
    const { configurations, routes } = this.context
    if (routes.localEntry(address, zone)?.type !== 'local' && !configurations.accepts(packet.interfaceIndex, address)) {
      return -1
    }
    // Padding of short frames must not get between two payloads.
    packet.end = start + IPV6_HEADER_LENGTH + view.getUint16(start + IPV6_PAYLOAD_LENGTH)
    packet.networkHeader = start
    packet.transportHeader = start + IPV6_HEADER_LENGTH
    return protocol
  }

  mergeable(head: Packet, packet: Packet): boolean {
    const a = head.view
    const b = packet.view
    const i = head.networkHeader
    const j = packet.networkHeader
    // Traffic class, flow label and hop limit, then the addresses.
    if (a.getInt32(i) !== b.getInt32(j)) return false
    if (a.getUint8(i + IPV6_HOP_LIMIT) !== b.getUint8(j + IPV6_HOP_LIMIT)) return false
    for (let at = IPV6_SOURCE; at < IPV6_HEADER_LENGTH; at += 4) {
      if (a.getInt32(i + at) !== b.getInt32(j + at)) return false
    }
    return true
  }

  finish(packet: Packet, _index: number): void {
    packet.view.setUint16(packet.start + IPV6_PAYLOAD_LENGTH, packet.end - packet.start - IPV6_HEADER_LENGTH)
  }
}
