import { type Host, IPPROTO_ICMPV6, IPPROTO_TCP, IPPROTO_UDP, type NetworkHeader } from '@jackfield/interfaces'
import { Reassembler } from '@jackfield/ip'
import type { Packet } from '@jackfield/packet'
import type { Ipv6Counters } from './counters.js'
import {
  IPV6_HEADER_LENGTH,
  IPV6_MAX_PAYLOAD,
  IPV6_NEXT_HEADER,
  IPV6_PAYLOAD_LENGTH,
  writeTrafficClass,
} from './wire/header.js'
import {
  extensionLength,
  FRAGMENT_HEADER_LENGTH,
  FRAGMENT_ID,
  FRAGMENT_MORE,
  FRAGMENT_OFFSET,
  FRAGMENT_OFFSET_MASK,
  isExtensionHeader,
  NEXT_FRAGMENT,
} from './wire/next-header.js'

/** The reassembler of an IPv6 layer: RFC 8200 4.5 gives datagrams 60 s. */
export function createReassembler(host: Host, counters: Ipv6Counters, expired: (first: Packet) => void): Reassembler {
  return new Reassembler({
    clock: host.clock,
    pool: host.packets,
    secret0: host.secret0,
    secret1: host.secret1,
    counters,
    names: {
      requests: 'Ip6ReasmReqds',
      oks: 'Ip6ReasmOKs',
      fails: 'Ip6ReasmFails',
      timeouts: 'Ip6ReasmTimeout',
      overlaps: 'Ip6ExtReasmOverlaps',
    },
    timeout: 60_000_000,
    maxLength: IPV6_HEADER_LENGTH + IPV6_MAX_PAYLOAD,
    expired,
  })
}

/** Takes in fragments and makes the headers of whole datagrams of theirs (RFC 8200 4.5). */
export class Fragments {
  /** Whether what `check` found last is that a first fragment does not hold all headers (RFC 7112). */
  incomplete = false
  /** Where the byte is that names what follows the headers of the datagram that `add` answered. */
  namedAt = 0
  private readonly reassembler: Reassembler
  private readonly counters: Ipv6Counters

  constructor(reassembler: Reassembler, counters: Ipv6Counters) {
    this.reassembler = reassembler
    this.counters = counters
  }

  /** Looks for what is wrong with the fragment whose fragment header is at `at`: the offset to point at, -1 for nothing. */
  check(packet: Packet, at: number): number {
    this.incomplete = false
    const { view, end, networkHeader } = packet
    const word = view.getUint16(at + FRAGMENT_OFFSET)
    const offset = word & FRAGMENT_OFFSET_MASK
    const more = (word & FRAGMENT_MORE) !== 0
    const length = end - at - FRAGMENT_HEADER_LENGTH
    if (more && (length & 7) !== 0) return IPV6_PAYLOAD_LENGTH
    // What would make a datagram with a payload of more than 65,535 bytes.
    const before = at - networkHeader - IPV6_HEADER_LENGTH
    if (before + offset + length > IPV6_MAX_PAYLOAD) return at + FRAGMENT_OFFSET - networkHeader
    if (offset === 0 && more && !holdsAllHeaders(view, at, end)) {
      this.incomplete = true
      return at - networkHeader
    }
    return -1
  }

  /** Whether the fragment is all of its datagram (RFC 6946: others with its identification do not matter); counts it as such. */
  isWhole(packet: Packet, at: number): boolean {
    const word = packet.view.getUint16(at + FRAGMENT_OFFSET)
    if ((word & (FRAGMENT_OFFSET_MASK | FRAGMENT_MORE)) !== 0) return false
    this.counters.Ip6ReasmReqds++
    this.counters.Ip6ReasmOKs++
    return true
  }

  /**
   * Takes in a fragment that was found good.
   * @returns the datagram if it is complete, the window behind its headers and `header` filled for it; else null
   */
  add(packet: Packet, header: NetworkHeader, at: number): Packet | null {
    const { view } = packet
    const word = view.getUint16(at + FRAGMENT_OFFSET)
    header.headerLength = at - packet.networkHeader
    header.protocol = view.getUint8(at)
    const id = view.getInt32(at + FRAGMENT_ID)
    packet.start = at + FRAGMENT_HEADER_LENGTH
    const more = (word & FRAGMENT_MORE) !== 0
    const whole = this.reassembler.add(packet, header, id, word & FRAGMENT_OFFSET_MASK, more)
    if (whole === null) return null
    const { networkHeader: start } = whole
    whole.view.setUint16(start + IPV6_PAYLOAD_LENGTH, whole.end - start - IPV6_HEADER_LENGTH)
    writeTrafficClass(whole.view, start, header.tos)
    this.namedAt = findName(whole.view, start, whole.start)
    whole.view.setUint8(this.namedAt, header.protocol)
    return whole
  }
}

/** Where the byte is that names the header behind `[start, end)`, which are whole headers up to a fragment header that was taken out. */
function findName(view: DataView, start: number, end: number): number {
  let namedAt = start + IPV6_NEXT_HEADER
  let at = start + IPV6_HEADER_LENGTH
  while (at < end) {
    const protocol = view.getUint8(namedAt)
    const length =
      isExtensionHeader(protocol) && protocol !== NEXT_FRAGMENT ? extensionLength(view, at, end, protocol) : -1
    if (length < 0) break
    namedAt = at
    at += length
  }
  return namedAt
}

/** Whether all headers of a datagram are in its first fragment, the transport's included as far as it is known (RFC 7112 5). */
function holdsAllHeaders(view: DataView, fragment: number, end: number): boolean {
  let protocol = view.getUint8(fragment)
  let at = fragment + FRAGMENT_HEADER_LENGTH
  while (isExtensionHeader(protocol)) {
    const length = extensionLength(view, at, end, protocol)
    if (length < 0) return false
    protocol = view.getUint8(at)
    at += length
  }
  return end - at >= leastHeader(protocol)
}

/** Bytes that a transport's header has at least. */
function leastHeader(protocol: number): number {
  switch (protocol) {
    case IPPROTO_TCP:
      return 20
    case IPPROTO_UDP:
    case IPPROTO_ICMPV6:
      return 8
    default:
      return 1
  }
}
