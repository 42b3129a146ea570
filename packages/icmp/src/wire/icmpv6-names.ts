import {
  ICMPV6_DEST_UNREACH,
  ICMPV6_ECHO_REPLY,
  ICMPV6_ECHO_REQUEST,
  ICMPV6_MGM_QUERY,
  ICMPV6_MGM_REDUCTION,
  ICMPV6_MGM_REPORT,
  ICMPV6_MLD2_REPORT,
  ICMPV6_PARAMPROB,
  ICMPV6_PKT_TOOBIG,
  ICMPV6_TIME_EXCEED,
  NDISC_NEIGHBOUR_ADVERTISEMENT,
  NDISC_NEIGHBOUR_SOLICITATION,
  NDISC_REDIRECT,
  NDISC_ROUTER_ADVERTISEMENT,
  NDISC_ROUTER_SOLICITATION,
} from './icmpv6.js'

const typeNames: Readonly<Record<number, string>> = {
  [ICMPV6_DEST_UNREACH]: 'destination unreachable',
  [ICMPV6_PKT_TOOBIG]: 'packet too big',
  [ICMPV6_TIME_EXCEED]: 'time exceeded',
  [ICMPV6_PARAMPROB]: 'parameter problem',
  [ICMPV6_ECHO_REQUEST]: 'echo request',
  [ICMPV6_ECHO_REPLY]: 'echo reply',
  [ICMPV6_MGM_QUERY]: 'multicast listener query',
  [ICMPV6_MGM_REPORT]: 'multicast listener report',
  [ICMPV6_MGM_REDUCTION]: 'multicast listener done',
  [NDISC_ROUTER_SOLICITATION]: 'router solicitation',
  [NDISC_ROUTER_ADVERTISEMENT]: 'router advertisement',
  [NDISC_NEIGHBOUR_SOLICITATION]: 'neighbor solicitation',
  [NDISC_NEIGHBOUR_ADVERTISEMENT]: 'neighbor advertisement',
  [NDISC_REDIRECT]: 'redirect',
  [ICMPV6_MLD2_REPORT]: 'multicast listener report v2',
}

const codeNames: Readonly<Record<number, readonly string[]>> = {
  [ICMPV6_DEST_UNREACH]: [
    'no route',
    'administratively prohibited',
    'beyond scope of source',
    'address unreachable',
    'port unreachable',
    'source address failed policy',
    'route rejected',
  ],
  [ICMPV6_TIME_EXCEED]: ['in transit', 'reassembly'],
  [ICMPV6_PARAMPROB]: ['bad field', 'unknown next header', 'unknown option', 'incomplete header chain'],
}

/** What a type means, as `'echo request'`; `'type 77'` for one without a name. */
export function icmpv6TypeName(type: number): string {
  return typeNames[type] ?? `type ${type}`
}

/** What a code means within its type, as `'port unreachable'`; null where the type has no codes, `'code 77'` without a name. */
export function icmpv6CodeName(type: number, code: number): string | null {
  const names = codeNames[type]
  return names === undefined ? null : (names[code] ?? `code ${code}`)
}
