/** An ICMP type with its number and the names of its codes. */
interface IcmpType {
  readonly number: number
  /** Codes by name; the one with number 0 is what a script means that names none. */
  readonly codes: Readonly<Record<string, number>>
}

const V4: Readonly<Record<string, IcmpType>> = {
  echo_reply: { number: 0, codes: {} },
  unreachable: {
    number: 3,
    codes: {
      net_unreachable: 0,
      host_unreachable: 1,
      protocol_unreachable: 2,
      port_unreachable: 3,
      frag_needed: 4,
      source_route_failed: 5,
      net_unknown: 6,
      host_unknown: 7,
      source_host_isolated: 8,
      net_prohibited: 9,
      host_prohibited: 10,
      net_unreachable_for_tos: 11,
      host_unreachable_for_tos: 12,
      packet_filtered: 13,
      precedence_violation: 14,
      precedence_cutoff: 15,
    },
  },
  source_quench: { number: 4, codes: {} },
  redirect: {
    number: 5,
    codes: { net_redirect: 0, host_redirect: 1, net_redirect_for_tos: 2, host_redirect_for_tos: 3 },
  },
  echo_request: { number: 8, codes: {} },
  time_exceeded: { number: 11, codes: { ttl_exceeded: 0, fragment_reassembly: 1 } },
  parameter_problem: { number: 12, codes: { pointer: 0, missing_option: 1, bad_length: 2 } },
  timestamp_request: { number: 13, codes: {} },
  timestamp_reply: { number: 14, codes: {} },
}

const V6: Readonly<Record<string, IcmpType>> = {
  unreachable: {
    number: 1,
    codes: {
      no_route: 0,
      admin_prohibited: 1,
      beyond_scope: 2,
      not_neighbour: 2,
      address_unreachable: 3,
      port_unreachable: 4,
      policy_failed: 5,
      reject_route: 6,
    },
  },
  packet_too_big: { number: 2, codes: {} },
  time_exceeded: { number: 3, codes: { hop_limit_exceeded: 0, fragment_reassembly: 1 } },
  parameter_problem: { number: 4, codes: { bad_header: 0, unknown_next_header: 1, unknown_option: 2 } },
  echo_request: { number: 128, codes: {} },
  echo_reply: { number: 129, codes: {} },
}

function typesOf(version: 4 | 6): Readonly<Record<string, IcmpType>> {
  return version === 4 ? V4 : V6
}

/** Type and code for their names (or numbers, as `type_13` and `code_2`), or a sentence on what would be right. */
export function icmpNumbers(
  version: 4 | 6,
  type: string,
  code: string | null,
): { readonly type: number; readonly code: number } | string {
  const types = typesOf(version)
  const numbered = /^type_(\d{1,3})$/.exec(type)
  const known = numbered === null ? types[type] : { number: Number(numbered[1]), codes: {} }
  if (known === undefined || known.number > 255) {
    return `'${type}' is no ICMPv${version} type: they are ${Object.keys(types).join(', ')}`
  }
  if (code === null) return { type: known.number, code: 0 }
  const codeNumber = /^code_(\d{1,3})$/.exec(code)
  const number = codeNumber === null ? known.codes[code] : Number(codeNumber[1])
  if (number === undefined || number > 255) {
    const names = Object.keys(known.codes)
    return `'${code}' is no code of '${type}'${names.length === 0 ? '' : `: they are ${names.join(', ')}`}`
  }
  return { type: known.number, code: number }
}

/** The names of a type and code as a script would have them. */
export function icmpName(version: 4 | 6, type: number, code: number): string {
  const found = Object.entries(typesOf(version)).find(([, each]) => each.number === type)
  if (found === undefined) return `type_${type} code_${code}`
  const [name, { codes }] = found
  const codeName = Object.entries(codes).find(([, each]) => each === code)?.[0]
  if (codeName !== undefined) return `${name} ${codeName}`
  return code === 0 ? name : `${name} code_${code}`
}

/** Whether a type of message is an error, which quotes the packet that caused it. */
export function isIcmpError(version: 4 | 6, type: number): boolean {
  return version === 4 ? [3, 4, 5, 11, 12].includes(type) : type < 128
}

/** Whether a type is an echo, whose header has an identifier. */
export function isIcmpEcho(version: 4 | 6, type: number): boolean {
  return version === 4 ? type === 0 || type === 8 : type === 128 || type === 129
}
