import { IPV4_HEADER_LENGTH } from './header.js'

// Option types (RFC 791 3.1, IANA): copy flag, class, number.
export const IPOPT_END = 0
export const IPOPT_NOP = 1
export const IPOPT_RR = 7
export const IPOPT_TS = 68
export const IPOPT_SEC = 130
export const IPOPT_LSRR = 131
export const IPOPT_CIPSO = 134
export const IPOPT_SID = 136
export const IPOPT_SSRR = 137
/** Router alert (RFC 2113). */
export const IPOPT_RA = 148

/** Set in a type: the option goes into every fragment. */
export const IPOPT_COPY = 0x80

// Flags of the timestamp option.
export const IPOPT_TS_TSONLY = 0
export const IPOPT_TS_TSANDADDR = 1
export const IPOPT_TS_PRESPEC = 3

/** Where the options of one header are. One reused object for each reader. Offsets are from the start of the header, -1: not there. */
export class OptionPlaces {
  recordRoute = -1
  timestamp = -1
  /** The source route, loose or strict. */
  sourceRoute = -1
  strict = false
  /** Whether a router alert of value 0 ("examine packet") is there. */
  routerAlert = false
  /** The byte that is wrong: what ICMP's parameter problem points to. */
  fault = -1
}

/**
 * Checks the options of the header at `start`, `headerLength` bytes long, and finds those that matter.
 * @returns whether they are well formed; else `places.fault` is the offset of the first bad byte
 */
export function scanOptions(view: DataView, start: number, headerLength: number, places: OptionPlaces): boolean {
  places.recordRoute = -1
  places.timestamp = -1
  places.sourceRoute = -1
  places.strict = false
  places.routerAlert = false
  places.fault = -1
  const end = start + headerLength
  let at = start + IPV4_HEADER_LENGTH
  while (at < end) {
    const type = view.getUint8(at)
    if (type === IPOPT_END) return true
    if (type === IPOPT_NOP) {
      at++
      continue
    }
    const length = at + 1 < end ? view.getUint8(at + 1) : 0
    if (length < 2 || length > end - at) {
      places.fault = at - start
      return false
    }
    const wrong = checkOption(view, start, at, type, length, places)
    if (wrong >= 0) {
      places.fault = at + wrong - start
      return false
    }
    at += length
  }
  return true
}

/** The offset of the bad byte in one option, -1 where it is good. */
function checkOption(
  view: DataView,
  start: number,
  at: number,
  type: number,
  length: number,
  places: OptionPlaces,
): number {
  switch (type) {
    case IPOPT_LSRR:
    case IPOPT_SSRR: {
      if (length < 3) return 1
      if (view.getUint8(at + 2) < 4) return 2
      // RFC 1812 4.2.2.6: no more than one source route.
      if (places.sourceRoute >= 0) return 0
      places.sourceRoute = at - start
      places.strict = type === IPOPT_SSRR
      return -1
    }
    case IPOPT_RR: {
      if (places.recordRoute >= 0) return 0
      if (length < 3) return 1
      const pointer = view.getUint8(at + 2)
      if (pointer < 4 || (pointer <= length && pointer + 3 > length)) return 2
      places.recordRoute = at - start
      return -1
    }
    case IPOPT_TS: {
      if (places.timestamp >= 0) return 0
      if (length < 4) return 1
      const pointer = view.getUint8(at + 2)
      if (pointer < 5) return 2
      const flags = view.getUint8(at + 3) & 15
      if (pointer <= length) {
        const entry = flags === IPOPT_TS_TSONLY ? 4 : 8
        if (pointer + entry - 1 > length) return 2
      } else if (flags !== IPOPT_TS_PRESPEC && view.getUint8(at + 3) >>> 4 === 15) {
        // The overflow count itself would overflow (RFC 791, Internet Timestamp).
        return 3
      }
      if (flags !== IPOPT_TS_TSONLY && flags !== IPOPT_TS_TSANDADDR && flags !== IPOPT_TS_PRESPEC) return 3
      places.timestamp = at - start
      return -1
    }
    case IPOPT_RA:
      if (length < 4) return 1
      if (view.getUint16(at + 2) === 0) places.routerAlert = true
      return -1
    default:
      return -1
  }
}

/** Adds an address to a record route that has room. The option is at `at` and was checked. Whether it wrote. */
export function recordAddress(view: DataView, at: number, address: number): boolean {
  const length = view.getUint8(at + 1)
  const pointer = view.getUint8(at + 2)
  if (pointer + 3 > length) return false
  view.setInt32(at + pointer - 1, address)
  view.setUint8(at + 2, pointer + 4)
  return true
}

/**
 * Adds a timestamp, in milliseconds since midnight UT, with the address where the option wants it.
 * A full option gets its overflow count incremented. Whether it wrote.
 * @param isOwn whether a prespecified address is this host's
 */
export function recordTimestamp(
  view: DataView,
  at: number,
  address: number,
  milliseconds: number,
  isOwn: (address: number) => boolean,
): boolean {
  const length = view.getUint8(at + 1)
  const pointer = view.getUint8(at + 2)
  const flags = view.getUint8(at + 3)
  const kind = flags & 15
  if (pointer > length) {
    if (kind === IPOPT_TS_PRESPEC || flags >>> 4 === 15) return false
    view.setUint8(at + 3, flags + 16)
    return true
  }
  const entry = at + pointer - 1
  if (kind === IPOPT_TS_TSONLY) {
    view.setUint32(entry, milliseconds)
    view.setUint8(at + 2, pointer + 4)
    return true
  }
  if (kind === IPOPT_TS_PRESPEC) {
    if (!isOwn(view.getInt32(entry))) return false
  } else {
    view.setInt32(entry, address)
  }
  view.setUint32(entry + 4, milliseconds)
  view.setUint8(at + 2, pointer + 8)
  return true
}

/** Makes NOPs of the options at `start` that do not go into later fragments (RFC 791 3.2, the copy flag). */
export function keepCopiedOptions(view: DataView, start: number, headerLength: number): void {
  const end = start + headerLength
  let at = start + IPV4_HEADER_LENGTH
  while (at < end) {
    const type = view.getUint8(at)
    if (type === IPOPT_END) return
    if (type === IPOPT_NOP) {
      at++
      continue
    }
    const length = at + 1 < end ? view.getUint8(at + 1) : 0
    if (length < 2 || length > end - at) return
    if ((type & IPOPT_COPY) === 0) for (let i = 0; i < length; i++) view.setUint8(at + i, IPOPT_NOP)
    at += length
  }
}
