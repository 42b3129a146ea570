import { hexDigit } from './digits.js'

/**
 * The text of IPv4 and IPv6 addresses read char code by char code: no regular expression, no pieces of string.
 * It knows no class, so that addresses, prefixes and socket addresses can all use it on a part of their text.
 */

/** @internal The words of the last text that `parseIp` accepted (IPv4 in its mapped form). */
export const parsedWords: Int32Array = new Int32Array(4)

const groups = new Uint16Array(8)

const EMPTY = -1
const NEITHER = -2
const OCTET_COUNT = -3
const OCTET_RANGE = -4
const OCTET_ZERO = -5
const OCTET_DIGIT = -6
const GROUP_COUNT = -7
const GROUP_LENGTH = -8
const GROUP_DIGIT = -9
const GROUP_EMPTY = -10
const TWO_GAPS = -11
const GAP_USELESS = -12
const TAIL_PLACE = -13
const ZONE = -14

const REASONS: Record<number, string> = {
  [EMPTY]: 'it is empty; write for example 192.0.2.1 or 2001:db8::1',
  [NEITHER]: 'write an IPv4 address as four octets (192.0.2.1) or an IPv6 address with colons (2001:db8::1)',
  [OCTET_COUNT]: 'an IPv4 address has four octets with dots between them, as in 192.0.2.1',
  [OCTET_RANGE]: 'an IPv4 octet is 0 to 255',
  [OCTET_ZERO]: 'an IPv4 octet has no leading zeros (write 10, not 010)',
  [OCTET_DIGIT]: 'an IPv4 octet is written in decimal digits only',
  [GROUP_COUNT]: 'an IPv6 address has eight groups, or fewer and one "::"',
  [GROUP_LENGTH]: 'an IPv6 group has at most four hexadecimal digits',
  [GROUP_DIGIT]: 'an IPv6 group is written in hexadecimal digits only',
  [GROUP_EMPTY]: 'an IPv6 group has at least one digit, and a colon at either end must be a "::"',
  [TWO_GAPS]: 'an IPv6 address has at most one "::"',
  [GAP_USELESS]: 'a "::" stands for at least one group, and all eight are written',
  [TAIL_PLACE]: 'an IPv4 tail takes the last two of the eight IPv6 groups',
  [ZONE]: 'an address alone has no zone; read "%zone" with parseZoned or SocketAddress.parse',
}

/** @internal What is wrong, and what would be right, for a negative answer of `parseIp`. */
export function reasonOf(fault: number): string {
  return REASONS[fault] as string
}

/** @internal The text for an error message, in quotes and not too long. */
export function quote(text: string): string {
  return text.length <= 80 ? `'${text}'` : `'${text.slice(0, 77)}...'`
}

/**
 * @internal Reads `text[start..end)` as an address (RFC 4291 2.2; IPv4 as RFC 6943 3.1.1's strict form).
 * @returns 4 or 6, with the words in `parsedWords`; a negative fault, for `reasonOf`, where it is no address.
 */
export function parseIp(text: string, start: number, end: number): number {
  if (start >= end) return EMPTY
  // The first separator tells the version: it stands within the first five characters of either form.
  const limit = Math.min(end, start + 5)
  for (let at = start; at < limit; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x2e /* . */) {
      const fault = parseOctets(text, start, end)
      if (fault < 0) return fault
      parsedWords[0] = 0
      parsedWords[1] = 0
      parsedWords[2] = 0xffff
      return 4
    }
    if (code === 0x3a /* : */) return parseGroups(text, start, end)
  }
  return longGroup(text, start, end) ? GROUP_LENGTH : NEITHER
}

/** Whether the text begins as an IPv6 group of too many digits, for the sake of the message. */
function longGroup(text: string, start: number, end: number): boolean {
  for (let at = start; at < end && at < start + 40; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x3a) return true
    if (hexDigit(code) < 0) return false
  }
  return false
}

/** Dotted decimal into `parsedWords[3]`; 4, or a fault. */
function parseOctets(text: string, start: number, end: number): number {
  let word = 0
  let octet = 0
  let digits = 0
  let count = 0
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at)
    const digit = code - 0x30
    if (digit >= 0 && digit <= 9) {
      if (digits !== 0 && octet === 0) return OCTET_ZERO
      octet = octet * 10 + digit
      if (octet > 255) return OCTET_RANGE
      digits++
    } else if (code === 0x2e) {
      if (digits === 0 || count === 3) return OCTET_COUNT
      word = (word << 8) | octet
      octet = 0
      digits = 0
      count++
    } else return code === 0x25 ? ZONE : OCTET_DIGIT
  }
  if (digits === 0 || count !== 3) return OCTET_COUNT
  parsedWords[3] = (word << 8) | octet
  return 4
}

/** RFC 4291 2.2, all three forms, into `parsedWords`; 6, or a fault. */
function parseGroups(text: string, start: number, end: number): number {
  let at = start
  let count = 0
  let gap = -1
  if (text.charCodeAt(at) === 0x3a) {
    if (at + 1 >= end || text.charCodeAt(at + 1) !== 0x3a) return GROUP_EMPTY
    gap = 0
    at += 2
  }
  while (at < end) {
    const from = at
    let value = 0
    let code = 0
    for (; at < end; at++) {
      code = text.charCodeAt(at)
      const digit = hexDigit(code)
      if (digit < 0) break
      if (at - from === 4) return GROUP_LENGTH
      value = (value << 4) | digit
    }
    if (at < end && code === 0x2e) {
      const fault = parseOctets(text, from, end)
      if (fault < 0) return fault
      if (count > 6 || (gap < 0 && count !== 6)) return TAIL_PLACE
      const tail = parsedWords[3] as number
      groups[count++] = tail >>> 16
      groups[count++] = tail
      break
    }
    if (at === from) return groupFault(code)
    if (count === 8) return gap < 0 ? GROUP_COUNT : GAP_USELESS
    groups[count++] = value
    if (at === end) break
    if (code !== 0x3a) return groupFault(code)
    at++
    if (at === end) return GROUP_EMPTY
    if (text.charCodeAt(at) === 0x3a) {
      if (gap >= 0) return TWO_GAPS
      gap = count
      at++
    }
  }
  if (gap < 0) {
    if (count !== 8) return GROUP_COUNT
  } else if (count === 8) return GAP_USELESS
  else spread(gap, count)
  for (let i = 0; i < 4; i++) parsedWords[i] = ((groups[2 * i] as number) << 16) | (groups[2 * i + 1] as number)
  return 6
}

function groupFault(code: number): number {
  if (code === 0x25) return ZONE
  return code === 0x3a ? GROUP_EMPTY : GROUP_DIGIT
}

/** Moves the groups after the gap to the end and fills the gap with zeros. */
function spread(gap: number, count: number): void {
  const zeros = 8 - count
  for (let i = count - 1; i >= gap; i--) groups[i + zeros] = groups[i] as number
  for (let i = gap; i < gap + zeros; i++) groups[i] = 0
}
