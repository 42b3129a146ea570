import { type IpAddress, Prefix, PrefixTable } from '@jackfield/addr'

/** A line of the policy table. */
export interface Policy {
  readonly prefix: Prefix
  /** Destinations of higher precedence come first. */
  readonly precedence: number
  /** Sources go with destinations of the same label. */
  readonly label: number
}

/** RFC 6724 2.1. */
const DEFAULT: readonly (readonly [string, number, number])[] = [
  ['::1/128', 50, 0],
  ['::/0', 40, 1],
  ['::ffff:0:0/96', 35, 4],
  ['2002::/16', 30, 2],
  ['2001::/32', 5, 5],
  ['fc00::/7', 3, 13],
  ['::/96', 1, 3],
  ['fec0::/10', 1, 11],
  ['3ffe::/16', 1, 12],
]

/** The policy table of RFC 6724: by the longest prefix, the precedence and label of an address. IPv4 ones are looked up as mapped. */
export class PolicyTable {
  private readonly table = new PrefixTable<Policy>()

  /** @param lines default: those of RFC 6724 2.1 */
  constructor(lines: readonly Policy[] = defaultPolicies()) {
    for (const line of lines) this.set(line)
  }

  /** Adds a line, or replaces that of the same prefix. */
  set(line: Policy): void {
    if (line.prefix.address.version !== 6) {
      throw new RangeError(`a policy is for an IPv6 prefix, ::ffff:0:0/96 for IPv4, not ${line.prefix}`)
    }
    this.table.set(line.prefix.masked, line)
  }

  precedence(address: IpAddress): number {
    return this.table.lookup(address.toMapped())?.precedence ?? 0
  }

  label(address: IpAddress): number {
    return this.table.lookup(address.toMapped())?.label ?? 0
  }
}

/** The lines of RFC 6724 2.1. */
export function defaultPolicies(): readonly Policy[] {
  return DEFAULT.map(([text, precedence, label]) => ({ prefix: Prefix.parse(text), precedence, label }))
}
