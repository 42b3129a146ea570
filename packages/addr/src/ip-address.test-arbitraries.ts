import fc from 'fast-check'
import { IpAddress } from './ip-address.js'

/** A 16-bit group: zero often, so that runs of zeros come up. */
const group = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 0xffff }) },
)

export const ipv4: fc.Arbitrary<IpAddress> = fc.integer({ min: 0, max: 0xffffffff }).map((word) => IpAddress.v4(word))

export const ipv6: fc.Arbitrary<IpAddress> = fc.oneof(
  fc.array(group, { minLength: 8, maxLength: 8 }).map(fromGroups),
  fc.integer().map((word) => IpAddress.v6(0, 0, 0xffff, word)),
)

export const ip: fc.Arbitrary<IpAddress> = fc.oneof(ipv4, ipv6)

export function fromGroups(groups: readonly number[]): IpAddress {
  const word = (i: number): number => ((groups[i] as number) << 16) | (groups[i + 1] as number)
  return IpAddress.v6(word(0), word(2), word(4), word(6))
}

export function groupsOf(address: IpAddress): number[] {
  return [address.w0, address.w1, address.w2, address.w3].flatMap((word) => [word >>> 16, word & 0xffff])
}

/** An IPv6 address with one of its legal spellings (RFC 4291 2.2), chosen at random. */
export const spelledV6: fc.Arbitrary<{ address: IpAddress; text: string }> = fc
  .record({
    address: ipv6,
    widths: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 8, maxLength: 8 }),
    capitals: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
    dotted: fc.boolean(),
    gap: fc.nat(),
  })
  .map(({ address, widths, capitals, dotted, gap }) => {
    const groups = groupsOf(address)
    const parts = groups.map((value, i) => {
      const digits = value.toString(16).padStart(widths[i] as number, '0')
      return capitals[i] === true ? digits.toUpperCase() : digits
    })
    if (dotted) parts.splice(6, 2, IpAddress.v4(address.w3).toString())
    const hexParts = dotted ? 6 : 8
    // Every run of zero groups may be written "::", in whole or in part.
    const gaps: [number, number][] = []
    for (let from = 0; from < hexParts; from++) {
      for (let to = from + 1; to <= hexParts && groups[to - 1] === 0; to++) gaps.push([from, to])
    }
    const choice = gap % (gaps.length + 1)
    if (choice === gaps.length) return { address, text: parts.join(':') }
    const [from, to] = gaps[choice] as [number, number]
    return { address, text: `${parts.slice(0, from).join(':')}::${parts.slice(to).join(':')}` }
  })

/** Text that looks like an address, or nearly. */
export const nearlyAddress: fc.Arbitrary<string> = fc
  .array(
    fc.constantFrom('0', '1', '25', '255', '256', 'f', 'ffff', '00', '.', '.', ':', ':', '::', '%', '/', 'g', ' ', '-'),
    {
      maxLength: 18,
    },
  )
  .map((parts) => parts.join(''))
