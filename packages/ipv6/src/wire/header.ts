import { createAddressSlot, type IpAddress, type IpAddressSlot, setSlotV6 } from '@jackfield/addr'

/** Bytes of the fixed header (RFC 8200 3). */
export const IPV6_HEADER_LENGTH = 40
/** Bytes of the largest payload, extension headers included: jumbograms (RFC 2675) are refused. */
export const IPV6_MAX_PAYLOAD = 65_535
/** The MTU that every link has at least (RFC 8200 5), in bytes. */
export const IPV6_MIN_MTU = 1280

// Where the fields are, from the start of the header.
export const IPV6_PAYLOAD_LENGTH = 4
export const IPV6_NEXT_HEADER = 6
export const IPV6_HOP_LIMIT = 7
export const IPV6_SOURCE = 8
export const IPV6_DESTINATION = 24

/** What is wrong with a header; `HEADER_OK` is 0. */
export const HEADER_OK = 0
/** Fewer than 40 bytes. */
export const HEADER_SHORT = 1
export const HEADER_BAD_VERSION = 2
/** Payload length above what is there. */
export const HEADER_TRUNCATED = 3

/**
 * Checks the header at `start` of a packet that ends at `end`.
 * @returns `HEADER_OK` or what is wrong with it
 */
export function checkIpv6Header(view: DataView, start: number, end: number): number {
  if (end - start < IPV6_HEADER_LENGTH) return HEADER_SHORT
  if (view.getUint8(start) >>> 4 !== 6) return HEADER_BAD_VERSION
  const length = view.getUint16(start + IPV6_PAYLOAD_LENGTH)
  return length > end - start - IPV6_HEADER_LENGTH ? HEADER_TRUNCATED : HEADER_OK
}

/** The traffic class of the header at `at`, its ECN bits included. */
export function readTrafficClass(view: DataView, at: number): number {
  return (view.getUint16(at) >>> 4) & 0xff
}

/** Writes the traffic class and leaves the flow label. */
export function writeTrafficClass(view: DataView, at: number, trafficClass: number): void {
  view.setUint16(at, 0x6000 | (trafficClass << 4) | (view.getUint8(at + 1) & 0x0f))
}

/** The flow label of the header at `at`, 20 bits. */
export function readFlowLabel(view: DataView, at: number): number {
  return view.getInt32(at) & 0xfffff
}

/** Writes a fixed header. `payloadLength` counts the extension headers too. */
export function writeIpv6Header(
  view: DataView,
  at: number,
  trafficClass: number,
  flowLabel: number,
  payloadLength: number,
  nextHeader: number,
  hopLimit: number,
  source: IpAddress,
  destination: IpAddress,
): void {
  view.setInt32(at, (6 << 28) | (trafficClass << 20) | flowLabel)
  view.setInt32(at + IPV6_PAYLOAD_LENGTH, (payloadLength << 16) | (nextHeader << 8) | hopLimit)
  view.setInt32(at + 8, source.w0)
  view.setInt32(at + 12, source.w1)
  view.setInt32(at + 16, source.w2)
  view.setInt32(at + 20, source.w3)
  view.setInt32(at + 24, destination.w0)
  view.setInt32(at + 28, destination.w1)
  view.setInt32(at + 32, destination.w2)
  view.setInt32(at + 36, destination.w3)
}

/** Fills a slot with the IPv6 address at an offset. Check the length first: a DataView throws past its end. */
export function readAddress(slot: IpAddress, view: DataView, at: number): void {
  setSlotV6(
    slot as IpAddressSlot,
    view.getInt32(at),
    view.getInt32(at + 4),
    view.getInt32(at + 8),
    view.getInt32(at + 12),
  )
}

/** A fixed header as people and tools handle it; the packet path reads fields in place. */
export class Ipv6Header {
  /** DSCP and ECN. */
  trafficClass = 0
  /** 20 bits. */
  flowLabel = 0
  /** Bytes behind the fixed header, extension headers included. */
  payloadLength = 0
  /** What follows: an extension header or the transport's. */
  nextHeader = 0
  hopLimit = 64
  readonly source: IpAddress = createAddressSlot()
  readonly destination: IpAddress = createAddressSlot()
}

/**
 * Reads the header at `start` of a packet that ends at `end`, and checks it.
 * @returns `HEADER_OK` or what is wrong; `header` is filled but for `HEADER_SHORT` and `HEADER_BAD_VERSION`
 */
export function parseIpv6Header(view: DataView, start: number, end: number, header: Ipv6Header): number {
  const fault = checkIpv6Header(view, start, end)
  if (fault === HEADER_SHORT || fault === HEADER_BAD_VERSION) return fault
  header.trafficClass = readTrafficClass(view, start)
  header.flowLabel = readFlowLabel(view, start)
  header.payloadLength = view.getUint16(start + IPV6_PAYLOAD_LENGTH)
  header.nextHeader = view.getUint8(start + IPV6_NEXT_HEADER)
  header.hopLimit = view.getUint8(start + IPV6_HOP_LIMIT)
  readAddress(header.source, view, start + IPV6_SOURCE)
  readAddress(header.destination, view, start + IPV6_DESTINATION)
  return fault
}

/** Writes a header at `at` and returns its length, 40. RangeError where a field does not fit its bits. */
export function formatIpv6Header(view: DataView, at: number, header: Ipv6Header): number {
  inRange('traffic class', header.trafficClass, 255)
  inRange('flow label', header.flowLabel, 0xfffff)
  inRange('payload length', header.payloadLength, IPV6_MAX_PAYLOAD)
  inRange('next header', header.nextHeader, 255)
  inRange('hop limit', header.hopLimit, 255)
  const { trafficClass, flowLabel, payloadLength, nextHeader, hopLimit, source, destination } = header
  writeIpv6Header(view, at, trafficClass, flowLabel, payloadLength, nextHeader, hopLimit, source, destination)
  return IPV6_HEADER_LENGTH
}

function inRange(what: string, value: number, high: number): void {
  if (!Number.isInteger(value) || value < 0 || value > high) {
    throw new RangeError(`the ${what} is an integer from 0 to ${high}, not ${value}`)
  }
}
