// Options of hop-by-hop and destination options headers (RFC 8200 4.2, IANA).
export const OPTION_PAD1 = 0
export const OPTION_PADN = 1
/** RFC 2711. */
export const OPTION_ROUTER_ALERT = 5
/** RFC 2675. Its two high bits have nodes that do not know it, as this one, refuse the packet. */
export const OPTION_JUMBO = 0xc2

/** Bytes before the first option: next header and length. */
export const OPTIONS_START = 2

/** Options that count for something in one header, and bytes of padding in a row (Linux's `max_hbh_opts_number` and RFC 4942 2.1.9.5). */
export const MAX_OPTIONS = 8
const MAX_PADDING = 7

/** What came of the options of a header. */
export const OPTIONS_OK = 0
/** Malformed, or more than any honest sender puts in: the packet is dropped (Linux does so without an answer). */
export const OPTIONS_MALFORMED = 1
/** An unknown option says to drop the packet, and nothing else (high bits 01). */
export const OPTIONS_DISCARD = 2
/** ... and to answer, for groups too (10). */
export const OPTIONS_ANSWER = 3
/** ... and to answer, but not for groups (11). */
export const OPTIONS_ANSWER_UNICAST = 4

/** What was found among the options of a header. Reused objects are welcome. */
export class OptionScan {
  /** Where the option is that decided the outcome. */
  at = -1
  /** The value of the router alert option; -1 without one. */
  routerAlert = -1
}

/**
 * Checks the options of the header at `at`, which ends at `end` and is all there.
 * @param alert whether a router alert has a meaning here: in hop-by-hop options
 * @returns `OPTIONS_OK` or what is to be done with the packet
 */
export function scanIpv6Options(view: DataView, at: number, end: number, alert: boolean, scan: OptionScan): number {
  scan.at = -1
  scan.routerAlert = -1
  let next = at + OPTIONS_START
  let padding = 0
  let count = 0
  while (next < end) {
    scan.at = next
    const type = view.getUint8(next)
    if (type === OPTION_PAD1) {
      padding++
      if (padding > MAX_PADDING) return OPTIONS_MALFORMED
      next++
      continue
    }
    if (end - next < 2) return OPTIONS_MALFORMED
    const length = view.getUint8(next + 1) + 2
    if (length > end - next) return OPTIONS_MALFORMED
    if (type === OPTION_PADN) {
      padding += length
      if (padding > MAX_PADDING) return OPTIONS_MALFORMED
      // What hides in padding is somebody's covert channel (RFC 4942 2.1.9.5).
      for (let i = 2; i < length; i++) if (view.getUint8(next + i) !== 0) return OPTIONS_MALFORMED
      next += length
      continue
    }
    padding = 0
    count++
    if (count > MAX_OPTIONS) return OPTIONS_MALFORMED
    if (type === OPTION_ROUTER_ALERT && alert) {
      if (length !== 4) return OPTIONS_MALFORMED
      scan.routerAlert = view.getUint16(next + 2)
    } else if (type >>> 6 !== 0) return OPTIONS_DISCARD + (type >>> 6) - 1
    next += length
  }
  return OPTIONS_OK
}
