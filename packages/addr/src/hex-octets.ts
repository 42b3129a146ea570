import { hexDigit } from './digits.js'
import { hexOctet } from './ip-format.js'

/** @internal The value of the octets that `parseHexOctets` accepted last: the first ones, and the last four. */
export const parsedOctets: Int32Array = new Int32Array(2)

/**
 * @internal Reads the usual forms of an EUI: two digits between colons or hyphens, four between dots, or digits alone.
 * @param octets 6 or 8
 * @returns whether it is one; then its value is in `parsedOctets`
 */
export function parseHexOctets(text: string, octets: number): boolean {
  const length = text.length
  // Which form it is follows from the length: 17 or 23, 14 or 19, 12 or 16 characters.
  let every = 0
  if (length === octets * 3 - 1) every = 2
  else if (length === octets * 2 + octets / 2 - 1) every = 4
  else if (length !== octets * 2) return false
  const separator = every === 0 ? 0 : text.charCodeAt(every)
  if (every === 2 && separator !== 0x3a && separator !== 0x2d) return false
  if (every === 4 && separator !== 0x2e) return false
  let high = 0
  let low = 0
  let digits = 0
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at)
    if (every !== 0 && at % (every + 1) === every) {
      if (code !== separator) return false
      continue
    }
    const digit = hexDigit(code)
    if (digit < 0) return false
    if (digits < octets * 2 - 8) high = (high << 4) | digit
    else low = (low << 4) | digit
    digits++
  }
  parsedOctets[0] = high
  parsedOctets[1] = low
  return true
}

/** @internal Four octets in lower case with colons between them. */
export function formatWord(word: number): string {
  return `${hexOctet(word >>> 24)}:${hexOctet(word >>> 16)}:${hexOctet(word >>> 8)}:${hexOctet(word)}`
}

/** @internal Two octets, likewise. */
export function formatHalf(half: number): string {
  return `${hexOctet(half >>> 8)}:${hexOctet(half)}`
}
