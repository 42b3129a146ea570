import { IPV6_HEADER_LENGTH, IPV6_NEXT_HEADER } from './header.js'
import { CHAIN_OK, HeaderChain, walkHeaders } from './header-chain.js'
import * as next from './next-header.js'
import { formatIpv6Options, type Ipv6Option, parseIpv6Options } from './option-list.js'

/** An extension header as people and tools handle it, without the number of what follows: the list says that. */
export type ExtensionHeader =
  | { readonly kind: 'hop-by-hop' | 'destination-options'; readonly options: readonly Ipv6Option[] }
  /** `data` is what follows the first four bytes: 4 and a multiple of 8. */
  | {
      readonly kind: 'routing'
      readonly type: number
      readonly segmentsLeft: number
      readonly data: Readonly<Uint8Array>
    }
  /** `offset` in bytes, a multiple of 8. */
  | { readonly kind: 'fragment'; readonly offset: number; readonly more: boolean; readonly identification: number }
  /** `data` is what follows the first two bytes: 6 and a multiple of 4. */
  | { readonly kind: 'authentication'; readonly data: Readonly<Uint8Array> }

/** The extension headers of a packet, and what follows them. */
export interface ExtensionHeaders {
  readonly headers: readonly ExtensionHeader[]
  /** The header that follows. */
  readonly protocol: number
  /** Where that begins. */
  readonly transport: number
  /** `CHAIN_OK`, or what stopped the reading. */
  readonly outcome: number
}

const NUMBERS: Readonly<Record<ExtensionHeader['kind'], number>> = {
  'hop-by-hop': next.NEXT_HOP_BY_HOP,
  'destination-options': next.NEXT_DESTINATION_OPTIONS,
  routing: next.NEXT_ROUTING,
  fragment: next.NEXT_FRAGMENT,
  authentication: next.NEXT_AUTHENTICATION,
}

/**
 * Reads the extension headers of the packet whose checked fixed header is at `start` and which ends at `end`.
 * Options that are malformed end the reading before their header, as truncation does.
 */
export function parseExtensionHeaders(view: DataView, start: number, end: number): ExtensionHeaders {
  const chain = new HeaderChain()
  const outcome = walkHeaders(view, start, end, chain)
  const headers: ExtensionHeader[] = []
  let at = start + IPV6_HEADER_LENGTH
  let protocol = view.getUint8(start + IPV6_NEXT_HEADER)
  for (let i = 0; i < chain.count; i++) {
    const length = next.extensionLength(view, at, end, protocol)
    try {
      headers.push(readHeader(view, at, length, protocol))
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      return { headers, protocol, transport: at, outcome: outcome === CHAIN_OK ? 1 : outcome }
    }
    protocol = view.getUint8(at)
    at += length
  }
  return { headers, protocol, transport: at, outcome }
}

/**
 * Writes extension headers behind each other: the bytes, and the number by which the fixed header names the first.
 * RangeError where a header does not fit its fields or the length is not one that it can have.
 * @param protocol what follows them
 */
export function formatExtensionHeaders(
  headers: readonly ExtensionHeader[],
  protocol: number,
): { readonly bytes: Uint8Array; readonly nextHeader: number } {
  const parts: Uint8Array[] = []
  let following = protocol
  for (const header of [...headers].reverse()) {
    parts.unshift(writeHeader(header, following))
    following = NUMBERS[header.kind]
  }
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return { bytes, nextHeader: following }
}

function readHeader(view: DataView, at: number, length: number, number: number): ExtensionHeader {
  const bytes = (from: number): Uint8Array => {
    const copy = new Uint8Array(length - from)
    for (let i = 0; i < copy.length; i++) copy[i] = view.getUint8(at + from + i)
    return copy
  }
  switch (number) {
    case next.NEXT_HOP_BY_HOP:
      return { kind: 'hop-by-hop', options: parseIpv6Options(bytes(2)) }
    case next.NEXT_DESTINATION_OPTIONS:
      return { kind: 'destination-options', options: parseIpv6Options(bytes(2)) }
    case next.NEXT_ROUTING: {
      const type = view.getUint8(at + next.ROUTING_TYPE)
      return { kind: 'routing', type, segmentsLeft: view.getUint8(at + next.ROUTING_SEGMENTS_LEFT), data: bytes(4) }
    }
    case next.NEXT_FRAGMENT: {
      const word = view.getUint16(at + next.FRAGMENT_OFFSET)
      return {
        kind: 'fragment',
        offset: word & next.FRAGMENT_OFFSET_MASK,
        more: (word & next.FRAGMENT_MORE) !== 0,
        identification: view.getUint32(at + next.FRAGMENT_ID),
      }
    }
    default:
      return { kind: 'authentication', data: bytes(2) }
  }
}

function writeHeader(header: ExtensionHeader, following: number): Uint8Array {
  if (!Number.isInteger(following) || following < 0 || following > 255) {
    throw new RangeError(`a protocol is an integer from 0 to 255, not ${following}`)
  }
  switch (header.kind) {
    case 'hop-by-hop':
    case 'destination-options': {
      const options = formatIpv6Options(header.options)
      return units(following, Uint8Array.of(), options, 8, 1, 'the options, with their padding,')
    }
    case 'routing':
      inRange('routing type', header.type, 255)
      inRange('number of segments left', header.segmentsLeft, 255)
      return units(following, Uint8Array.of(header.type, header.segmentsLeft), header.data, 8, 1, 'the routing data')
    case 'authentication':
      return units(following, Uint8Array.of(), header.data, 4, 2, 'the authentication data')
    case 'fragment': {
      inRange('fragment offset', header.offset, 65_528)
      inRange('identification', header.identification, 0xffff_ffff)
      if (header.offset % 8 !== 0) throw new RangeError('the fragment offset is a multiple of 8 bytes')
      const bytes = new Uint8Array(8)
      const view = new DataView(bytes.buffer)
      view.setUint8(0, following)
      view.setUint16(next.FRAGMENT_OFFSET, header.offset | (header.more ? next.FRAGMENT_MORE : 0))
      view.setUint32(next.FRAGMENT_ID, header.identification)
      return bytes
    }
  }
}

/** A header whose second byte is its length in units, of which `uncounted` are not counted. */
function units(
  following: number,
  fixed: Uint8Array,
  data: Readonly<Uint8Array>,
  unit: number,
  uncounted: number,
  what: string,
): Uint8Array {
  const length = 2 + fixed.length + data.length
  if (length % unit !== 0 || length < 8 || length / unit - uncounted > 255) {
    throw new RangeError(`${what} must make a header of 8 to 2048 bytes, a multiple of ${unit}, not ${length}`)
  }
  const bytes = new Uint8Array(length)
  bytes[0] = following
  bytes[1] = length / unit - uncounted
  bytes.set(fixed, 2)
  bytes.set(data, 2 + fixed.length)
  return bytes
}

function inRange(what: string, value: number, high: number): void {
  if (!Number.isInteger(value) || value < 0 || value > high) {
    throw new RangeError(`the ${what} is an integer from 0 to ${high}, not ${value}`)
  }
}
