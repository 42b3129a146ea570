import type { CounterGroup } from '@jackfield/interfaces'

/** What Ethernet and ARP count. */
export interface EthernetCounters extends CounterGroup {
  /** Frames too short for their header. */
  EthInRuntFrames: number
  /** Unicast frames for somebody else. */
  EthInOtherHost: number
  /** 802.3 frames with a length in place of an EtherType. */
  EthInLengthFrames: number
  /** Frames of a VLAN for which there is no interface. */
  EthInUnknownVlan: number
  /** Frames that the device did not take. */
  EthOutDiscards: number
  /** Packets to a neighbour of a protocol that has no resolution here. */
  EthOutNoResolver: number
  ArpInRequests: number
  ArpInReplies: number
  /** Malformed, or with a sender that cannot be. */
  ArpInErrors: number
  /** Not for this host, or nobody's business here. */
  ArpInIgnored: number
  ArpOutRequests: number
  ArpOutReplies: number
  ArpOutAnnouncements: number
  ArpOutProbes: number
  /** Another host uses an address of ours (RFC 5227 2.4). */
  ArpConflicts: number
}

export function createEthernetCounters(): EthernetCounters {
  return {
    EthInRuntFrames: 0,
    EthInOtherHost: 0,
    EthInLengthFrames: 0,
    EthInUnknownVlan: 0,
    EthOutDiscards: 0,
    EthOutNoResolver: 0,
    ArpInRequests: 0,
    ArpInReplies: 0,
    ArpInErrors: 0,
    ArpInIgnored: 0,
    ArpOutRequests: 0,
    ArpOutReplies: 0,
    ArpOutAnnouncements: 0,
    ArpOutProbes: 0,
    ArpConflicts: 0,
  }
}
