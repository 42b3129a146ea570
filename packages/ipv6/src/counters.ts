/**
 * What IPv6 counts, under Linux's names (`/proc/net/snmp6`); drops that Linux does not count have names of the same style.
 * A type and not an interface, so that it is a `CounterGroup`.
 */
export type Ipv6Counters = {
  /** Packets that came in, good or bad. */
  Ip6InReceives: number
  /** Bad version or extension headers; impossible addresses; hop limit run out. */
  Ip6InHdrErrors: number
  /** Too big for the link by which they were to be sent on. */
  Ip6InTooBigErrors: number
  /** No route to send a packet on by. */
  Ip6InNoRoutes: number
  /** For an address that is not this host's, which does not forward; or not to be forwarded for the sake of its addresses. */
  Ip6InAddrErrors: number
  /** No transport and no raw socket for the protocol. */
  Ip6InUnknownProtos: number
  /** Shorter than the header says. */
  Ip6InTruncatedPkts: number
  /** Dropped for want of room, or because IPv6 is disabled. */
  Ip6InDiscards: number
  /** Packets that a transport or raw socket took. */
  Ip6InDelivers: number
  /** Packets sent on towards another host. */
  Ip6OutForwDatagrams: number
  /** Packets that this host's transports sent. */
  Ip6OutRequests: number
  /** Packets that an interface did not take. */
  Ip6OutDiscards: number
  /** No route, or no source address, for a packet of this host. */
  Ip6OutNoRoutes: number
  /** Packets handed to interfaces, fragments one by one. */
  Ip6OutTransmits: number
  Ip6ReasmTimeout: number
  Ip6ReasmReqds: number
  Ip6ReasmOKs: number
  Ip6ReasmFails: number
  Ip6FragOKs: number
  /** Too big, and must not be fragmented (or could not). */
  Ip6FragFails: number
  Ip6FragCreates: number
  Ip6InMcastPkts: number
  Ip6OutMcastPkts: number
  Ip6InOctets: number
  Ip6OutOctets: number
  Ip6InMcastOctets: number
  Ip6OutMcastOctets: number
  Ip6InNoECTPkts: number
  Ip6InECT1Pkts: number
  Ip6InECT0Pkts: number
  Ip6InCEPkts: number
  /** Fragments that overlapped one another: the datagram is dropped (RFC 5722). */
  Ip6ExtReasmOverlaps: number
  /** For a group that the interface has not joined. */
  Ip6ExtInMcastNotMember: number
  /** Addressed by the link layer to another host. */
  Ip6ExtInOtherHost: number
  /** Blackhole routes. */
  Ip6ExtInBlackhole: number
  /** Own multicasts that had no room in the queue back to this host. */
  Ip6ExtLoopbackDrops: number
  /** The link gave up on the next hop. */
  Ip6ExtOutNeighborFails: number
  /** ICMP errors whose quote is malformed, or of a packet that this host cannot have sent. */
  Ip6ExtInBadQuotes: number
  /** "Packet too big" for an MTU that every link has (RFC 8201 4). */
  Ip6ExtInBadMtus: number
  /** Redirects that were not believed. */
  Ip6ExtInRedirectsIgnored: number
}

/** All at 0. */
export function createIpv6Counters(): Ipv6Counters {
  return {
    Ip6InReceives: 0,
    Ip6InHdrErrors: 0,
    Ip6InTooBigErrors: 0,
    Ip6InNoRoutes: 0,
    Ip6InAddrErrors: 0,
    Ip6InUnknownProtos: 0,
    Ip6InTruncatedPkts: 0,
    Ip6InDiscards: 0,
    Ip6InDelivers: 0,
    Ip6OutForwDatagrams: 0,
    Ip6OutRequests: 0,
    Ip6OutDiscards: 0,
    Ip6OutNoRoutes: 0,
    Ip6OutTransmits: 0,
    Ip6ReasmTimeout: 0,
    Ip6ReasmReqds: 0,
    Ip6ReasmOKs: 0,
    Ip6ReasmFails: 0,
    Ip6FragOKs: 0,
    Ip6FragFails: 0,
    Ip6FragCreates: 0,
    Ip6InMcastPkts: 0,
    Ip6OutMcastPkts: 0,
    Ip6InOctets: 0,
    Ip6OutOctets: 0,
    Ip6InMcastOctets: 0,
    Ip6OutMcastOctets: 0,
    Ip6InNoECTPkts: 0,
    Ip6InECT1Pkts: 0,
    Ip6InECT0Pkts: 0,
    Ip6InCEPkts: 0,
    Ip6ExtReasmOverlaps: 0,
    Ip6ExtInMcastNotMember: 0,
    Ip6ExtInOtherHost: 0,
    Ip6ExtInBlackhole: 0,
    Ip6ExtLoopbackDrops: 0,
    Ip6ExtOutNeighborFails: 0,
    Ip6ExtInBadQuotes: 0,
    Ip6ExtInBadMtus: 0,
    Ip6ExtInRedirectsIgnored: 0,
  }
}
