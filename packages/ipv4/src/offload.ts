import { createAddressSlot, setSlotV4 } from '@jackfield/addr'
import type { NetworkOffload } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import type { Ipv4Context } from './context.js'
import {
  checkIpv4Header,
  HEADER_OK,
  IP_DF,
  IP_MF,
  IP_OFFSET_MASK,
  IPV4_DESTINATION,
  IPV4_FRAGMENT,
  IPV4_HEADER_LENGTH,
  IPV4_ID,
  IPV4_PROTOCOL,
  IPV4_SOURCE,
  IPV4_TOS,
  IPV4_TOTAL_LENGTH,
  IPV4_TTL,
  writeIpv4Checksum,
} from './wire/header.js'

/** How the stack reads and repairs IPv4 headers when it merges and cuts packets. */
export class Ipv4Offload implements NetworkOffload {
  private readonly context: Ipv4Context
  private readonly address = createAddressSlot()

  constructor(context: Ipv4Context) {
    this.context = context
  }

  inspect(packet: Packet): number {
    const { view, start, end } = packet
    // Only plain headers: options and fragments are never merged. The length is checked before the first byte is read.
    if (end - start < IPV4_HEADER_LENGTH || view.getUint8(start) !== 0x45) return -1
    if ((view.getUint16(start + IPV4_FRAGMENT) & (IP_MF | IP_OFFSET_MASK)) !== 0) return -1
    if (checkIpv4Header(view, start, end) !== HEADER_OK) return -1
    const destination = view.getInt32(start + IPV4_DESTINATION)
    if (!this.context.addresses.owns(destination)) {
      setSlotV4(this.address, destination)
      const entry = this.context.routes.localEntry(this.address, 0)
      if (entry === null ? !this.acceptsAny(packet, destination) : entry.type !== 'local') return -1
    }
    // Padding of short frames must not get between two payloads.
    packet.end = start + view.getUint16(start + IPV4_TOTAL_LENGTH)
    packet.networkHeader = start
    packet.transportHeader = start + IPV4_HEADER_LENGTH
    return view.getUint8(start + IPV4_PROTOCOL)
  }

  /** `accept_any_destination`: groups and class E (the limited broadcast in it) are never meant. */
  private acceptsAny(packet: Packet, destination: number): boolean {
    if (destination >>> 28 >= 0xe) return false
    return this.context.configurations.either(packet.interfaceIndex, 'accept_any_destination')
  }

  mergeable(head: Packet, packet: Packet): boolean {
    const a = head.view
    const b = packet.view
    const i = head.networkHeader
    const j = packet.networkHeader
    return (
      a.getInt32(i + IPV4_SOURCE) === b.getInt32(j + IPV4_SOURCE) &&
      a.getInt32(i + IPV4_DESTINATION) === b.getInt32(j + IPV4_DESTINATION) &&
      a.getUint8(i + IPV4_TOS) === b.getUint8(j + IPV4_TOS) &&
      a.getUint8(i + IPV4_TTL) === b.getUint8(j + IPV4_TTL) &&
      ((a.getUint16(i + IPV4_FRAGMENT) ^ b.getUint16(j + IPV4_FRAGMENT)) & IP_DF) === 0
    )
  }

  finish(packet: Packet, index: number): void {
    const { view } = packet
    const at = packet.start
    const headerLength = (view.getUint8(at) & 15) << 2
    view.setUint16(at + IPV4_TOTAL_LENGTH, packet.end - at)
    const id = view.getUint16(at + IPV4_ID)
    // Atomic datagrams leave with identification 0 (RFC 6864 4.1); the others have as many reserved as there are segments.
    const atomic = (view.getUint16(at + IPV4_FRAGMENT) & IP_DF) !== 0 && id === 0
    if (index !== 0 && !atomic) view.setUint16(at + IPV4_ID, id + index)
    writeIpv4Checksum(view, at, headerLength)
  }
}
