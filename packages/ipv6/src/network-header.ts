import { CAST_MULTICAST, CAST_UNICAST, type NetworkHeader } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import {
  IPV6_DESTINATION,
  IPV6_HEADER_LENGTH,
  IPV6_HOP_LIMIT,
  IPV6_NEXT_HEADER,
  IPV6_SOURCE,
  readAddress,
  readFlowLabel,
  readTrafficClass,
} from './wire/header.js'
import { HeaderChain, walkHeaders } from './wire/header-chain.js'
import { isExtensionHeader } from './wire/next-header.js'

/** Fills `header` from the checked fixed header at `at`, as if no extension headers followed. */
export function fillHeader(packet: Packet, header: NetworkHeader, at: number): void {
  const view = packet.view
  header.version = 6
  readAddress(header.source, view, at + IPV6_SOURCE)
  readAddress(header.destination, view, at + IPV6_DESTINATION)
  header.protocol = view.getUint8(at + IPV6_NEXT_HEADER)
  header.ttl = view.getUint8(at + IPV6_HOP_LIMIT)
  header.tos = readTrafficClass(view, at)
  header.flowLabel = readFlowLabel(view, at)
  header.interfaceIndex = packet.interfaceIndex
  header.cast = view.getUint8(at + IPV6_DESTINATION) === 0xff ? CAST_MULTICAST : CAST_UNICAST
  header.headerLength = IPV6_HEADER_LENGTH
  header.hasOptions = false
  header.fragmentSize = packet.fragmentSize
}

const chain = new HeaderChain()

/** Fills `header` from a checked header at `at` and walks its extension headers, as far as they are whole. */
export function fillWholeHeader(packet: Packet, header: NetworkHeader, at: number): void {
  fillHeader(packet, header, at)
  if (!isExtensionHeader(header.protocol)) return
  walkHeaders(packet.view, at, packet.end, chain)
  header.protocol = chain.protocol
  header.headerLength = chain.transport - at
  header.hasOptions = chain.count > 0
}
