import { type IpAddressSlot, setSlotV4 } from '@jackfield/addr'
import { CAST_UNICAST, type NetworkHeader } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import { IPV4_DESTINATION, IPV4_HEADER_LENGTH, IPV4_PROTOCOL, IPV4_SOURCE, IPV4_TOS, IPV4_TTL } from './wire/header.js'

/** Fills `header` from the checked IPv4 header at `at`; `cast` is unicast until the caller knows better. */
export function fillHeader(packet: Packet, header: NetworkHeader, at: number): void {
  const view = packet.view
  const headerLength = (view.getUint8(at) & 15) << 2
  header.version = 4
  setSlotV4(header.source as IpAddressSlot, view.getInt32(at + IPV4_SOURCE))
  setSlotV4(header.destination as IpAddressSlot, view.getInt32(at + IPV4_DESTINATION))
  header.protocol = view.getUint8(at + IPV4_PROTOCOL)
  header.ttl = view.getUint8(at + IPV4_TTL)
  header.tos = view.getUint8(at + IPV4_TOS)
  header.flowLabel = 0
  header.interfaceIndex = packet.interfaceIndex
  header.cast = CAST_UNICAST
  header.headerLength = headerLength
  header.hasOptions = headerLength !== IPV4_HEADER_LENGTH
  header.fragmentSize = packet.fragmentSize
}
