/**
 * What IPv4 counts, under Linux's names (`/proc/net/snmp`, `/proc/net/netstat`); those of which Linux drops without a
 * count, or counts elsewhere, have names of the same style. A type and not an interface, so that it is a `CounterGroup`.
 */
export type Ipv4Counters = {
  /** Packets that came in, good or bad. */
  IpInReceives: number
  /** Bad version, header length, checksum or options; TTL run out; refused source route. */
  IpInHdrErrors: number
  /** For an address that is not this host's, which does not forward. */
  IpInAddrErrors: number
  /** Packets sent on towards another host. */
  IpForwDatagrams: number
  /** No transport and no raw socket for the protocol. */
  IpInUnknownProtos: number
  /** Dropped for want of room, or because forwarding forbids it. */
  IpInDiscards: number
  /** Packets that a transport or raw socket took. */
  IpInDelivers: number
  /** Packets that this host's transports sent. */
  IpOutRequests: number
  /** Packets that an interface did not take. */
  IpOutDiscards: number
  /** No route for a packet of this host. */
  IpOutNoRoutes: number
  /** Packets handed to interfaces, fragments one by one. */
  IpOutTransmits: number
  IpReasmTimeout: number
  IpReasmReqds: number
  IpReasmOKs: number
  IpReasmFails: number
  IpFragOKs: number
  /** Too big, and must not be fragmented (or could not). */
  IpFragFails: number
  IpFragCreates: number
  IpExtInNoRoutes: number
  /** Shorter than the header says. */
  IpExtInTruncatedPkts: number
  IpExtInMcastPkts: number
  IpExtOutMcastPkts: number
  IpExtInBcastPkts: number
  IpExtOutBcastPkts: number
  IpExtInOctets: number
  IpExtOutOctets: number
  IpExtInMcastOctets: number
  IpExtOutMcastOctets: number
  IpExtInBcastOctets: number
  IpExtOutBcastOctets: number
  /** Header checksum wrong (counted in `IpInHdrErrors` too). */
  IpExtInCsumErrors: number
  IpExtInNoECTPkts: number
  IpExtInECT1Pkts: number
  IpExtInECT0Pkts: number
  IpExtInCEPkts: number
  /** Fragments that overlapped one another: the datagram is dropped. */
  IpExtReasmOverlaps: number
  /** Dropped by `rp_filter`. */
  TcpExtIPReversePathFilter: number
  /** Impossible source: loopback from outside, a group, a broadcast, this host's own. Linux: `rt_cache` `in_martian_src`. */
  IpExtInMartianSrc: number
  /** Impossible destination: loopback from outside, 0.0.0.0/8. Linux: `rt_cache` `in_martian_dst`. */
  IpExtInMartianDst: number
  /** For a group that the interface has not joined. */
  IpExtInMcastNotMember: number
  /** Addressed by the link layer to another host. */
  IpExtInOtherHost: number
  /** Blackhole routes. */
  IpExtInBlackhole: number
  /** Own multicasts and broadcasts that had no room in the queue back to this host. */
  IpExtLoopbackDrops: number
  /** The link gave up on the next hop. */
  IpExtOutNeighborFails: number
  /** ICMP errors whose quote is malformed, or of a packet that this host cannot have sent. */
  IpExtInBadQuotes: number
  /** Redirects that were not believed. */
  IpExtInRedirectsIgnored: number
}

/** All at 0. */
export function createIpv4Counters(): Ipv4Counters {
  return {
    IpInReceives: 0,
    IpInHdrErrors: 0,
    IpInAddrErrors: 0,
    IpForwDatagrams: 0,
    IpInUnknownProtos: 0,
    IpInDiscards: 0,
    IpInDelivers: 0,
    IpOutRequests: 0,
    IpOutDiscards: 0,
    IpOutNoRoutes: 0,
    IpOutTransmits: 0,
    IpReasmTimeout: 0,
    IpReasmReqds: 0,
    IpReasmOKs: 0,
    IpReasmFails: 0,
    IpFragOKs: 0,
    IpFragFails: 0,
    IpFragCreates: 0,
    IpExtInNoRoutes: 0,
    IpExtInTruncatedPkts: 0,
    IpExtInMcastPkts: 0,
    IpExtOutMcastPkts: 0,
    IpExtInBcastPkts: 0,
    IpExtOutBcastPkts: 0,
    IpExtInOctets: 0,
    IpExtOutOctets: 0,
    IpExtInMcastOctets: 0,
    IpExtOutMcastOctets: 0,
    IpExtInBcastOctets: 0,
    IpExtOutBcastOctets: 0,
    IpExtInCsumErrors: 0,
    IpExtInNoECTPkts: 0,
    IpExtInECT1Pkts: 0,
    IpExtInECT0Pkts: 0,
    IpExtInCEPkts: 0,
    IpExtReasmOverlaps: 0,
    TcpExtIPReversePathFilter: 0,
    IpExtInMartianSrc: 0,
    IpExtInMartianDst: 0,
    IpExtInMcastNotMember: 0,
    IpExtInOtherHost: 0,
    IpExtInBlackhole: 0,
    IpExtLoopbackDrops: 0,
    IpExtOutNeighborFails: 0,
    IpExtInBadQuotes: 0,
    IpExtInRedirectsIgnored: 0,
  }
}
