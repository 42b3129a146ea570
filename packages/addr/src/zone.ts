import { type IpAddress, lastParsed } from './ip-address.js'
import { parseIp, quote, reasonOf } from './ip-parse.js'

/** An address and the text of its zone. */
export interface ZonedAddress {
  address: IpAddress
  /** An interface's name or index, as it was written; '' where there was none. */
  zone: string
}

/** How a zone is written. */
export interface ZoneOptions {
  /** As inside the brackets of a URI (RFC 6874): `%25` before the zone, and `%xx` for other characters in it. Default false. */
  uri?: boolean
}

/**
 * Reads an address that may have a zone: `fe80::1%eth0` (RFC 4007 11), or `fe80::1%25eth0` in a URI.
 * A zone is not empty and has no `%`, `/`, `[`, `]`, white space or control character; only IPv6 addresses have one.
 * TypeError where the text is anything else.
 */
export function parseZoned(text: string, options: ZoneOptions = {}): ZonedAddress {
  if (typeof text !== 'string') throw new TypeError(`an IP address is parsed from a string, not from ${typeof text}`)
  const percent = text.indexOf('%')
  const end = percent < 0 ? text.length : percent
  const version = parseIp(text, 0, end)
  if (version < 0) throw new TypeError(`${quote(text)} is not an IP address: ${reasonOf(version)}`)
  const address = lastParsed(version)
  if (percent < 0) return { address, zone: '' }
  if (version === 4) throw new TypeError(`${quote(text)} is not an IP address: only IPv6 addresses have a zone`)
  const zone = options.uri === true ? decodeZone(text, percent) : text.slice(percent + 1)
  const fault = zoneFault(zone)
  if (fault !== '') throw new TypeError(`${quote(text)} has no valid zone: ${fault}`)
  return { address, zone }
}

/** The text of an address and its zone ('' for none), which `parseZoned` reads with the same options. */
export function formatZoned(address: IpAddress, zone: string, options: ZoneOptions = {}): string {
  if (zone === '') return address.toString()
  if (address.version === 4) throw new TypeError(`only IPv6 addresses have a zone, not ${address}`)
  const fault = zoneFault(zone)
  if (fault !== '') throw new TypeError(`${quote(zone)} is not a zone: ${fault}`)
  return options.uri === true ? `${address}%25${encodeZone(zone)}` : `${address}%${zone}`
}

function decodeZone(text: string, percent: number): string {
  if (!text.startsWith('%25', percent)) {
    throw new TypeError(
      `${quote(text)} has no valid zone: in a URI it comes after "%25" (RFC 6874), as in fe80::1%25eth0`,
    )
  }
  const encoded = text.slice(percent + 3)
  // RFC 6874: ZoneID is 1*( unreserved / pct-encoded ).
  for (let at = 0; at < encoded.length; at++) {
    const code = encoded.charCodeAt(at)
    if (code !== 0x25 && !isUnreserved(code)) {
      throw new TypeError(
        `${quote(text)} has no valid zone: in a URI it has letters, digits, "-._~" and "%xx" (RFC 6874)`,
      )
    }
  }
  try {
    return decodeURIComponent(encoded)
  } catch {
    throw new TypeError(`${quote(text)} has no valid zone: after "%" come two hexadecimal digits of a UTF-8 byte`)
  }
}

/** `encodeURIComponent`, and the five characters that it leaves though RFC 3986 does not call them unreserved. */
function encodeZone(zone: string): string {
  let text = ''
  for (const character of encodeURIComponent(zone)) {
    const code = character.charCodeAt(0)
    text += code === 0x25 || isUnreserved(code) ? character : `%${code.toString(16).toUpperCase()}`
  }
  return text
}

/** RFC 3986 2.3. */
function isUnreserved(code: number): boolean {
  const letter = code | 0x20
  return (
    (code >= 0x30 && code <= 0x39) ||
    (letter >= 0x61 && letter <= 0x7a && code < 0x80) ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x5f ||
    code === 0x7e
  )
}

/** What is wrong with a zone; '' for nothing. A lone surrogate has no UTF-8 form, so no URI could hold it. */
function zoneFault(zone: string): string {
  if (zone === '') return 'it is empty; write an interface name or index, as in fe80::1%eth0'
  if (/[\s\p{Cc}\p{Cs}]/u.test(zone)) return 'it has no white space, control characters or lone surrogates'
  if (/[%/[\]]/.test(zone)) return 'it has no "%", "/", "[" or "]"'
  return ''
}
