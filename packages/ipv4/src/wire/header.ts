import { createAddressSlot, type IpAddress, type IpAddressSlot, setSlotV4 } from '@jackfield/addr'
import { checksum, foldSum, sumBytes } from '@jackfield/packet'

/** Bytes of a header without options (RFC 791 3.1). */
export const IPV4_HEADER_LENGTH = 20
/** Bytes of the largest header: IHL 15. */
export const IPV4_MAX_HEADER_LENGTH = 60
/** Bytes of the largest packet. */
export const IPV4_MAX_LENGTH = 65_535

// Bits of the word that holds flags and fragment offset.
/** "Don't fragment". */
export const IP_DF = 0x4000
/** "More fragments". */
export const IP_MF = 0x2000
/** The fragment offset, in units of 8 bytes. */
export const IP_OFFSET_MASK = 0x1fff

// Where the fields are, from the start of the header.
export const IPV4_TOS = 1
export const IPV4_TOTAL_LENGTH = 2
export const IPV4_ID = 4
export const IPV4_FRAGMENT = 6
export const IPV4_TTL = 8
export const IPV4_PROTOCOL = 9
export const IPV4_CHECKSUM = 10
export const IPV4_SOURCE = 12
export const IPV4_DESTINATION = 16

/** What is wrong with a header; `HEADER_OK` is 0. */
export const HEADER_OK = 0
/** Fewer than 20 bytes, or fewer than the header says that it has. */
export const HEADER_SHORT = 1
export const HEADER_BAD_VERSION = 2
/** IHL below 5. */
export const HEADER_BAD_IHL = 3
/** Total length below the header's. */
export const HEADER_BAD_LENGTH = 4
export const HEADER_BAD_CHECKSUM = 5
/** Total length above what is there. */
export const HEADER_TRUNCATED = 6

/**
 * Checks the header at `start` of a packet that ends at `end`.
 * @param verify whether to check the checksum too
 * @returns `HEADER_OK` or what is wrong with it
 */
export function checkIpv4Header(view: DataView, start: number, end: number, verify = true): number {
  if (end - start < IPV4_HEADER_LENGTH) return HEADER_SHORT
  const first = view.getUint8(start)
  if (first === 0x45) {
    if (verify && !plainHeaderSumIsGood(view, start)) return HEADER_BAD_CHECKSUM
    const length = view.getUint16(start + IPV4_TOTAL_LENGTH)
    if (length > end - start) return HEADER_TRUNCATED
    return length < IPV4_HEADER_LENGTH ? HEADER_BAD_LENGTH : HEADER_OK
  }
  if (first >>> 4 !== 4) return HEADER_BAD_VERSION
  const headerLength = (first & 15) << 2
  if (headerLength < IPV4_HEADER_LENGTH) return HEADER_BAD_IHL
  if (headerLength > end - start) return HEADER_SHORT
  if (verify && foldSum(sumBytes(view, start, start + headerLength)) !== 0xffff) return HEADER_BAD_CHECKSUM
  const length = view.getUint16(start + IPV4_TOTAL_LENGTH)
  if (length > end - start) return HEADER_TRUNCATED
  return length < headerLength ? HEADER_BAD_LENGTH : HEADER_OK
}

/** Whether all words of 20 bytes sum to 0xffff. In int32 arithmetic: a modulo of doubles costs more than the header. */
function plainHeaderSumIsGood(view: DataView, at: number): boolean {
  const a = view.getInt32(at)
  const b = view.getInt32(at + 4)
  const c = view.getInt32(at + 8)
  const d = view.getInt32(at + 12)
  const e = view.getInt32(at + 16)
  let sum = (a >>> 16) + (b >>> 16) + (c >>> 16) + (d >>> 16) + (e >>> 16)
  sum += (a & 0xffff) + (b & 0xffff) + (c & 0xffff) + (d & 0xffff) + (e & 0xffff)
  sum = (sum & 0xffff) + (sum >>> 16)
  return (sum & 0xffff) + (sum >>> 16) === 0xffff
}

/** Computes and stores the checksum of the header at `at`, `headerLength` bytes long. */
export function writeIpv4Checksum(view: DataView, at: number, headerLength: number): void {
  view.setUint16(at + IPV4_CHECKSUM, 0)
  view.setUint16(at + IPV4_CHECKSUM, checksum(view, at, at + headerLength))
}

/** Writes a header of 20 bytes with its checksum. Addresses are 32-bit values; `fragment` holds flags and offset as on the wire. */
export function writePlainHeader(
  view: DataView,
  at: number,
  tos: number,
  length: number,
  id: number,
  fragment: number,
  ttl: number,
  protocol: number,
  source: number,
  destination: number,
): void {
  const versionTos = 0x4500 | tos
  const high = (ttl << 8) | protocol
  let sum = versionTos + length + id + fragment + high
  sum += (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff)
  sum = (sum & 0xffff) + (sum >>> 16)
  sum = (sum & 0xffff) + (sum >>> 16)
  view.setInt32(at, (versionTos << 16) | length)
  view.setInt32(at + IPV4_ID, (id << 16) | fragment)
  view.setInt32(at + IPV4_TTL, (high << 16) | (~sum & 0xffff))
  view.setInt32(at + IPV4_SOURCE, source)
  view.setInt32(at + IPV4_DESTINATION, destination)
}

/** A header as people and tools handle it; the packet path reads fields in place. */
export class Ipv4Header {
  /** Bytes, options included: 20 to 60. */
  headerLength: number = IPV4_HEADER_LENGTH
  /** Type of service: DSCP and ECN. */
  tos = 0
  /** Bytes of header and payload. */
  totalLength: number = IPV4_HEADER_LENGTH
  identification = 0
  /** The reserved bit, which must be 0 (RFC 3514 apart). */
  reserved = false
  dontFragment = false
  moreFragments = false
  /** Bytes, a multiple of 8. */
  fragmentOffset = 0
  ttl = 64
  protocol = 0
  /** As received; `formatIpv4Header` computes its own. */
  checksum = 0
  readonly source: IpAddress = createAddressSlot()
  readonly destination: IpAddress = createAddressSlot()
  /** The options' bytes, padding included: 0 to 40, a multiple of 4. */
  options: Uint8Array = new Uint8Array(0)
}

/**
 * Reads the header at `start` of a packet that ends at `end`, and checks it.
 * @returns `HEADER_OK` or what is wrong; `header` is filled but for `HEADER_SHORT`, `HEADER_BAD_VERSION` and `HEADER_BAD_IHL`
 */
export function parseIpv4Header(view: DataView, start: number, end: number, header: Ipv4Header): number {
  const fault = checkIpv4Header(view, start, end)
  if (fault === HEADER_SHORT || fault === HEADER_BAD_VERSION || fault === HEADER_BAD_IHL) return fault
  const fragment = view.getUint16(start + IPV4_FRAGMENT)
  header.headerLength = (view.getUint8(start) & 15) << 2
  header.tos = view.getUint8(start + IPV4_TOS)
  header.totalLength = view.getUint16(start + IPV4_TOTAL_LENGTH)
  header.identification = view.getUint16(start + IPV4_ID)
  header.reserved = (fragment & 0x8000) !== 0
  header.dontFragment = (fragment & IP_DF) !== 0
  header.moreFragments = (fragment & IP_MF) !== 0
  header.fragmentOffset = (fragment & IP_OFFSET_MASK) << 3
  header.ttl = view.getUint8(start + IPV4_TTL)
  header.protocol = view.getUint8(start + IPV4_PROTOCOL)
  header.checksum = view.getUint16(start + IPV4_CHECKSUM)
  setSlotV4(header.source as IpAddressSlot, view.getInt32(start + IPV4_SOURCE))
  setSlotV4(header.destination as IpAddressSlot, view.getInt32(start + IPV4_DESTINATION))
  const options = new Uint8Array(header.headerLength - IPV4_HEADER_LENGTH)
  for (let i = 0; i < options.length; i++) options[i] = view.getUint8(start + IPV4_HEADER_LENGTH + i)
  header.options = options
  return fault
}

/**
 * Writes a header with its checksum at `at` and returns its length. `headerLength` is taken from the options.
 * RangeError where a field does not fit its bits.
 */
export function formatIpv4Header(view: DataView, at: number, header: Ipv4Header): number {
  const headerLength = IPV4_HEADER_LENGTH + header.options.length
  if (headerLength > IPV4_MAX_HEADER_LENGTH || headerLength % 4 !== 0) {
    throw new RangeError(`options take 0 to 40 bytes, a multiple of 4, not ${header.options.length}`)
  }
  inRange('total length', header.totalLength, headerLength, IPV4_MAX_LENGTH)
  inRange('fragment offset', header.fragmentOffset, 0, 65_528)
  if (header.fragmentOffset % 8 !== 0) throw new RangeError('the fragment offset is a multiple of 8 bytes')
  inRange('identification', header.identification, 0, 0xffff)
  inRange('TOS', header.tos, 0, 255)
  inRange('TTL', header.ttl, 0, 255)
  inRange('protocol', header.protocol, 0, 255)
  let fragment = header.fragmentOffset >>> 3
  if (header.reserved) fragment |= 0x8000
  if (header.dontFragment) fragment |= IP_DF
  if (header.moreFragments) fragment |= IP_MF
  view.setUint8(at, 0x40 | (headerLength >>> 2))
  view.setUint8(at + IPV4_TOS, header.tos)
  view.setUint16(at + IPV4_TOTAL_LENGTH, header.totalLength)
  view.setUint16(at + IPV4_ID, header.identification)
  view.setUint16(at + IPV4_FRAGMENT, fragment)
  view.setUint8(at + IPV4_TTL, header.ttl)
  view.setUint8(at + IPV4_PROTOCOL, header.protocol)
  header.source.writeTo(view, at + IPV4_SOURCE)
  header.destination.writeTo(view, at + IPV4_DESTINATION)
  for (let i = 0; i < header.options.length; i++) {
    view.setUint8(at + IPV4_HEADER_LENGTH + i, header.options[i] as number)
  }
  writeIpv4Checksum(view, at, headerLength)
  return headerLength
}

function inRange(what: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new RangeError(`the ${what} is an integer from ${low} to ${high}, not ${value}`)
  }
}
