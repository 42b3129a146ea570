import { IPV6_DSTOPTS, IPV6_HOPOPTS, IPV6_RTHDR, type NetworkHeader } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'

// Next header numbers (RFC 8200 4).
const HOP_BY_HOP = 0
const ROUTING = 43
const FRAGMENT = 44
const AUTHENTICATION = 51
const DESTINATION_OPTIONS = 60

/** The fixed header of IPv6, and where it names the next one. */
const IPV6_HEADER_LENGTH = 40
const NEXT_HEADER = 6

/** Bytes of an options header that a length field of 8 bits can name. */
const LONGEST = 8 * 255

/**
 * A hop-by-hop or destination options header that a program gives (RFC 3542 8.1, 9.1): whole, 8 bytes for each unit of its length
 * field; what follows is not of it. A copy; null for what is none.
 */
export function optionsHeader(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length < 8 || (bytes.length & 7) !== 0 || bytes.length > LONGEST) return null
  const length = ((bytes[1] as number) + 1) * 8
  return length > bytes.length ? null : bytes.slice(0, length)
}

/** Tells of the extension headers of a received IPv6 packet in their order, by the control message that brings each. Allocates. */
export function eachExtension(
  packet: Packet,
  header: NetworkHeader,
  tell: (type: number, bytes: Uint8Array) => void,
): void {
  const { view, bytes, networkHeader } = packet
  const end = networkHeader + header.headerLength
  let next = view.getUint8(networkHeader + NEXT_HEADER)
  let at = networkHeader + IPV6_HEADER_LENGTH
  while (at + 8 <= end) {
    const units = view.getUint8(at + 1)
    const length = next === FRAGMENT ? 8 : next === AUTHENTICATION ? (units + 2) * 4 : (units + 1) * 8
    if (at + length > end) return
    const type = typeOf(next)
    if (type !== 0) tell(type, bytes.slice(at, at + length))
    next = view.getUint8(at)
    at += length
  }
}

function typeOf(next: number): number {
  if (next === HOP_BY_HOP) return IPV6_HOPOPTS
  if (next === ROUTING) return IPV6_RTHDR
  return next === DESTINATION_OPTIONS ? IPV6_DSTOPTS : 0
}
