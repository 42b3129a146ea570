import {
  ECONNREFUSED,
  EHOSTDOWN,
  EHOSTUNREACH,
  EMSGSIZE,
  ENETUNREACH,
  ENONET,
  ENOPROTOOPT,
  EOPNOTSUPP,
  ERROR_HOST_UNREACHABLE,
  ERROR_NET_UNREACHABLE,
  ERROR_PACKET_TOO_BIG,
  ERROR_PARAMETER_PROBLEM,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROHIBITED,
  ERROR_PROTOCOL_UNREACHABLE,
  ERROR_REASSEMBLY_TIMEOUT,
  ERROR_REDIRECT,
  ERROR_SOURCE_ROUTE_FAILED,
  ERROR_TTL_EXCEEDED,
} from '@jackfield/interfaces'
import type { Unreachable } from '../unreachable.js'
import {
  ICMP_DEST_UNREACH,
  ICMP_EXC_FRAGTIME,
  ICMP_EXC_TTL,
  ICMP_FRAG_NEEDED,
  ICMP_HOST_UNREACH,
  ICMP_NET_UNREACH,
  ICMP_PARAMETERPROB,
  ICMP_PKT_FILTERED,
  ICMP_PORT_UNREACH,
  ICMP_PROT_UNREACH,
  ICMP_REDIR_HOST,
  ICMP_REDIR_NET,
  ICMP_REDIRECT,
  ICMP_SR_FAILED,
  ICMP_TIME_EXCEEDED,
} from '../wire/icmpv4.js'

/** By code: Linux's `icmp_err_convert`. */
export const UNREACHABLES: readonly Unreachable[] = [
  { kind: ERROR_NET_UNREACHABLE, errno: ENETUNREACH, fatal: false },
  { kind: ERROR_HOST_UNREACHABLE, errno: EHOSTUNREACH, fatal: false },
  { kind: ERROR_PROTOCOL_UNREACHABLE, errno: ENOPROTOOPT, fatal: true },
  { kind: ERROR_PORT_UNREACHABLE, errno: ECONNREFUSED, fatal: true },
  { kind: ERROR_PACKET_TOO_BIG, errno: EMSGSIZE, fatal: false },
  { kind: ERROR_SOURCE_ROUTE_FAILED, errno: EOPNOTSUPP, fatal: false },
  { kind: ERROR_NET_UNREACHABLE, errno: ENETUNREACH, fatal: true },
  { kind: ERROR_HOST_UNREACHABLE, errno: EHOSTDOWN, fatal: true },
  { kind: ERROR_HOST_UNREACHABLE, errno: ENONET, fatal: true },
  { kind: ERROR_PROHIBITED, errno: ENETUNREACH, fatal: true },
  { kind: ERROR_PROHIBITED, errno: EHOSTUNREACH, fatal: true },
  { kind: ERROR_NET_UNREACHABLE, errno: ENETUNREACH, fatal: false },
  { kind: ERROR_HOST_UNREACHABLE, errno: EHOSTUNREACH, fatal: false },
  { kind: ERROR_PROHIBITED, errno: EHOSTUNREACH, fatal: true },
  { kind: ERROR_PROHIBITED, errno: EHOSTUNREACH, fatal: true },
  { kind: ERROR_PROHIBITED, errno: EHOSTUNREACH, fatal: true },
]

/** Type and code of an error to be sent, as `type << 8 | code`; -1 for a kind that IPv4 does not have. */
export function messageOf(kind: number, info: number): number {
  switch (kind) {
    case ERROR_NET_UNREACHABLE:
      return (ICMP_DEST_UNREACH << 8) | ICMP_NET_UNREACH
    case ERROR_HOST_UNREACHABLE:
      return (ICMP_DEST_UNREACH << 8) | ICMP_HOST_UNREACH
    case ERROR_PROTOCOL_UNREACHABLE:
      return (ICMP_DEST_UNREACH << 8) | ICMP_PROT_UNREACH
    case ERROR_PORT_UNREACHABLE:
      return (ICMP_DEST_UNREACH << 8) | ICMP_PORT_UNREACH
    case ERROR_PACKET_TOO_BIG:
      return (ICMP_DEST_UNREACH << 8) | ICMP_FRAG_NEEDED
    case ERROR_SOURCE_ROUTE_FAILED:
      return (ICMP_DEST_UNREACH << 8) | ICMP_SR_FAILED
    case ERROR_PROHIBITED:
      return (ICMP_DEST_UNREACH << 8) | ICMP_PKT_FILTERED
    case ERROR_TTL_EXCEEDED:
      return (ICMP_TIME_EXCEEDED << 8) | ICMP_EXC_TTL
    case ERROR_REASSEMBLY_TIMEOUT:
      return (ICMP_TIME_EXCEEDED << 8) | ICMP_EXC_FRAGTIME
    case ERROR_PARAMETER_PROBLEM:
      return ICMP_PARAMETERPROB << 8
    case ERROR_REDIRECT:
      return (ICMP_REDIRECT << 8) | (info === 0 ? ICMP_REDIR_NET : ICMP_REDIR_HOST)
    default:
      return -1
  }
}
