import {
  ICMP_ADDRESS,
  ICMP_ADDRESSREPLY,
  ICMP_DEST_UNREACH,
  ICMP_ECHO,
  ICMP_ECHOREPLY,
  ICMP_INFO_REPLY,
  ICMP_INFO_REQUEST,
  ICMP_PARAMETERPROB,
  ICMP_REDIRECT,
  ICMP_ROUTER_ADVERTISEMENT,
  ICMP_ROUTER_SOLICITATION,
  ICMP_SOURCE_QUENCH,
  ICMP_TIME_EXCEEDED,
  ICMP_TIMESTAMP,
  ICMP_TIMESTAMPREPLY,
} from './icmpv4.js'

const typeNames: Readonly<Record<number, string>> = {
  [ICMP_ECHOREPLY]: 'echo reply',
  [ICMP_DEST_UNREACH]: 'destination unreachable',
  [ICMP_SOURCE_QUENCH]: 'source quench',
  [ICMP_REDIRECT]: 'redirect',
  [ICMP_ECHO]: 'echo request',
  [ICMP_ROUTER_ADVERTISEMENT]: 'router advertisement',
  [ICMP_ROUTER_SOLICITATION]: 'router solicitation',
  [ICMP_TIME_EXCEEDED]: 'time exceeded',
  [ICMP_PARAMETERPROB]: 'parameter problem',
  [ICMP_TIMESTAMP]: 'timestamp request',
  [ICMP_TIMESTAMPREPLY]: 'timestamp reply',
  [ICMP_INFO_REQUEST]: 'information request',
  [ICMP_INFO_REPLY]: 'information reply',
  [ICMP_ADDRESS]: 'address mask request',
  [ICMP_ADDRESSREPLY]: 'address mask reply',
}

const codeNames: Readonly<Record<number, readonly string[]>> = {
  [ICMP_DEST_UNREACH]: [
    'net unreachable',
    'host unreachable',
    'protocol unreachable',
    'port unreachable',
    'fragmentation needed',
    'source route failed',
    'net unknown',
    'host unknown',
    'source host isolated',
    'net prohibited',
    'host prohibited',
    'net unreachable for type of service',
    'host unreachable for type of service',
    'administratively prohibited',
    'precedence violation',
    'precedence cutoff',
  ],
  [ICMP_REDIRECT]: ['for net', 'for host', 'for type of service and net', 'for type of service and host'],
  [ICMP_TIME_EXCEEDED]: ['in transit', 'reassembly'],
  [ICMP_PARAMETERPROB]: ['bad byte', 'missing option', 'bad length'],
}

/** What a type means, as `'echo request'`; `'type 77'` for one without a name. */
export function icmpv4TypeName(type: number): string {
  return typeNames[type] ?? `type ${type}`
}

/** What a code means within its type, as `'port unreachable'`; null where the type has no codes, `'code 77'` without a name. */
export function icmpv4CodeName(type: number, code: number): string | null {
  const names = codeNames[type]
  return names === undefined ? null : (names[code] ?? `code ${code}`)
}
