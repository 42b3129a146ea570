import { OPTION_PAD1, OPTION_PADN, OPTION_ROUTER_ALERT } from './options.js'

/** An option of a hop-by-hop or destination options header, as people and tools handle it. */
export interface Ipv6Option {
  /** 0 is Pad1, which has no data. */
  readonly type: number
  readonly data: Readonly<Uint8Array>
}

/** The router alert option (RFC 2711) with its padding: what MLD messages carry, as the options of a header of 8 bytes. */
export const ROUTER_ALERT_OPTIONS: readonly Ipv6Option[] = [
  { type: OPTION_ROUTER_ALERT, data: Uint8Array.of(0, 0) },
  { type: OPTION_PADN, data: new Uint8Array(0) },
]

/** The options in some bytes, padding too. TypeError where one does not end within them. */
export function parseIpv6Options(bytes: Readonly<Uint8Array>): Ipv6Option[] {
  const options: Ipv6Option[] = []
  let at = 0
  while (at < bytes.length) {
    const type = bytes[at] as number
    if (type === OPTION_PAD1) {
      options.push({ type, data: new Uint8Array(0) })
      at++
      continue
    }
    const length = bytes[at + 1]
    if (length === undefined || at + 2 + length > bytes.length) {
      throw new TypeError(`the option ${type} at byte ${at} does not end within the ${bytes.length} bytes of options`)
    }
    options.push({ type, data: bytes.slice(at + 2, at + 2 + length) })
    at += 2 + length
  }
  return options
}

/** The bytes of options, as they are: padding is for the caller to give. RangeError where one does not fit its fields. */
export function formatIpv6Options(options: readonly Ipv6Option[]): Uint8Array {
  const bytes: number[] = []
  for (const { type, data } of options) {
    if (!Number.isInteger(type) || type < 0 || type > 255) {
      throw new RangeError(`the type of an option is an integer from 0 to 255, not ${type}`)
    }
    if (data.length > 255 || (type === OPTION_PAD1 && data.length > 0)) {
      throw new RangeError(
        `option ${type} takes ${type === OPTION_PAD1 ? 'no data' : '0 to 255 bytes'}, not ${data.length}`,
      )
    }
    bytes.push(type)
    if (type !== OPTION_PAD1) bytes.push(data.length, ...data)
  }
  return Uint8Array.from(bytes)
}

/** The options with the padding that makes a header of them a multiple of 8 bytes, with its first two (RFC 8200 4.2). */
export function padIpv6Options(options: readonly Ipv6Option[]): Ipv6Option[] {
  const length = formatIpv6Options(options).length + 2
  const missing = -length & 7
  if (missing === 0) return [...options]
  if (missing === 1) return [...options, { type: OPTION_PAD1, data: new Uint8Array(0) }]
  return [...options, { type: OPTION_PADN, data: new Uint8Array(missing - 2) }]
}
