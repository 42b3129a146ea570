import {
  EACCES,
  ECONNREFUSED,
  EHOSTUNREACH,
  ENETUNREACH,
  ERROR_BEYOND_SCOPE,
  ERROR_HOST_UNREACHABLE,
  ERROR_INCOMPLETE_HEADERS,
  ERROR_NET_UNREACHABLE,
  ERROR_PACKET_TOO_BIG,
  ERROR_PARAMETER_PROBLEM,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROHIBITED,
  ERROR_REASSEMBLY_TIMEOUT,
  ERROR_TTL_EXCEEDED,
  ERROR_UNKNOWN_HEADER,
  ERROR_UNKNOWN_OPTION,
} from '@jackfield/interfaces'
import type { Unreachable } from '../unreachable.js'
import * as wire from '../wire/icmpv6.js'

/** By code: Linux's `tab_unreach`. */
export const UNREACHABLES: readonly Unreachable[] = [
  { kind: ERROR_NET_UNREACHABLE, errno: ENETUNREACH, fatal: false },
  { kind: ERROR_PROHIBITED, errno: EACCES, fatal: true },
  { kind: ERROR_BEYOND_SCOPE, errno: EHOSTUNREACH, fatal: false },
  { kind: ERROR_HOST_UNREACHABLE, errno: EHOSTUNREACH, fatal: false },
  { kind: ERROR_PORT_UNREACHABLE, errno: ECONNREFUSED, fatal: true },
  { kind: ERROR_PROHIBITED, errno: EACCES, fatal: true },
  { kind: ERROR_PROHIBITED, errno: EACCES, fatal: true },
]

/** By code: what a parameter problem is about. */
export const PARAMETER_PROBLEMS: readonly number[] = [
  ERROR_PARAMETER_PROBLEM,
  ERROR_UNKNOWN_HEADER,
  ERROR_UNKNOWN_OPTION,
  ERROR_INCOMPLETE_HEADERS,
]

/** Type and code of an error to be sent, as `type << 8 | code`; -1 for a kind that ICMPv6 does not have. */
export function messageOf(kind: number): number {
  switch (kind) {
    case ERROR_NET_UNREACHABLE:
      return (wire.ICMPV6_DEST_UNREACH << 8) | wire.ICMPV6_NOROUTE
    case ERROR_PROHIBITED:
      return (wire.ICMPV6_DEST_UNREACH << 8) | wire.ICMPV6_ADM_PROHIBITED
    case ERROR_BEYOND_SCOPE:
      return (wire.ICMPV6_DEST_UNREACH << 8) | wire.ICMPV6_NOT_NEIGHBOUR
    case ERROR_HOST_UNREACHABLE:
      return (wire.ICMPV6_DEST_UNREACH << 8) | wire.ICMPV6_ADDR_UNREACH
    case ERROR_PORT_UNREACHABLE:
      return (wire.ICMPV6_DEST_UNREACH << 8) | wire.ICMPV6_PORT_UNREACH
    case ERROR_PACKET_TOO_BIG:
      return wire.ICMPV6_PKT_TOOBIG << 8
    case ERROR_TTL_EXCEEDED:
      return (wire.ICMPV6_TIME_EXCEED << 8) | wire.ICMPV6_EXC_HOPLIMIT
    case ERROR_REASSEMBLY_TIMEOUT:
      return (wire.ICMPV6_TIME_EXCEED << 8) | wire.ICMPV6_EXC_FRAGTIME
    case ERROR_PARAMETER_PROBLEM:
      return (wire.ICMPV6_PARAMPROB << 8) | wire.ICMPV6_HDR_FIELD
    case ERROR_UNKNOWN_HEADER:
      return (wire.ICMPV6_PARAMPROB << 8) | wire.ICMPV6_UNK_NEXTHDR
    case ERROR_UNKNOWN_OPTION:
      return (wire.ICMPV6_PARAMPROB << 8) | wire.ICMPV6_UNK_OPTION
    case ERROR_INCOMPLETE_HEADERS:
      return (wire.ICMPV6_PARAMPROB << 8) | wire.ICMPV6_HDR_INCOMP
    default:
      return -1
  }
}
