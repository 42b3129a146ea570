import type { CounterGroup } from '@jackfield/interfaces'
import * as type from '../wire/icmpv6.js'

/** What ICMPv6 counts, under the names of Linux's `/proc/net/snmp6`. */
export interface Icmp6Counters extends CounterGroup {
  /** Every message that came in, bad ones too. */
  Icmp6InMsgs: number
  /** Bad length, bad checksum, malformed, or one that this host must not answer. */
  Icmp6InErrors: number
  Icmp6InCsumErrors: number
  /** Not answered because a setting says so (no name in Linux). */
  Icmp6InEchosIgnored: number
  /** Every message that was sent, or that was to be sent when the network layer refused it. */
  Icmp6OutMsgs: number
  /** Those that the network layer refused. */
  Icmp6OutErrors: number
}

/** The name of each type that has a counter of its own, coming in (`Icmp6In...`) and going out. */
const NAMES: readonly (readonly [number, string])[] = [
  [type.ICMPV6_DEST_UNREACH, 'DestUnreachs'],
  [type.ICMPV6_PKT_TOOBIG, 'PktTooBigs'],
  [type.ICMPV6_TIME_EXCEED, 'TimeExcds'],
  [type.ICMPV6_PARAMPROB, 'ParmProblems'],
  [type.ICMPV6_ECHO_REQUEST, 'Echos'],
  [type.ICMPV6_ECHO_REPLY, 'EchoReplies'],
  [type.ICMPV6_MGM_QUERY, 'GroupMembQueries'],
  [type.ICMPV6_MGM_REPORT, 'GroupMembResponses'],
  [type.ICMPV6_MGM_REDUCTION, 'GroupMembReductions'],
  [type.NDISC_ROUTER_SOLICITATION, 'RouterSolicits'],
  [type.NDISC_ROUTER_ADVERTISEMENT, 'RouterAdvertisements'],
  [type.NDISC_NEIGHBOUR_SOLICITATION, 'NeighborSolicits'],
  [type.NDISC_NEIGHBOUR_ADVERTISEMENT, 'NeighborAdvertisements'],
  [type.NDISC_REDIRECT, 'Redirects'],
  [type.ICMPV6_MLD2_REPORT, 'MLDv2Reports'],
]

/** The counter of a type, in and out; undefined for one without. */
const IN = new Map(NAMES.map(([each, name]) => [each, `Icmp6In${name}`]))
const OUT = new Map(NAMES.map(([each, name]) => [each, `Icmp6Out${name}`]))

/** All at 0. */
export function createIcmp6Counters(): Icmp6Counters {
  const counters: Icmp6Counters = {
    Icmp6InMsgs: 0,
    Icmp6InErrors: 0,
    Icmp6InCsumErrors: 0,
    Icmp6InEchosIgnored: 0,
    Icmp6OutMsgs: 0,
    Icmp6OutErrors: 0,
  }
  for (const name of [...IN.values(), ...OUT.values()]) counters[name] = 0
  return counters
}

/** Counts a message that came in by the name of its type; those of other types have counters by number alone. */
export function countTypeIn(counters: Icmp6Counters, messageType: number): void {
  const name = IN.get(messageType)
  if (name !== undefined) counters[name] = (counters[name] as number) + 1
}

/** Counts a message that is sent. */
export function countTypeOut(counters: Icmp6Counters, messageType: number): void {
  const name = OUT.get(messageType)
  if (name !== undefined) counters[name] = (counters[name] as number) + 1
}
