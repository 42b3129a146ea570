import type { IpAddress } from '@jackfield/addr'
import { IPPROTO_ICMPV6 } from '@jackfield/interfaces'
import { checksum, foldSum, pseudoHeaderSum, sumBytes } from '@jackfield/packet'

// Types of ICMPv6 (RFC 4443, RFC 2710, RFC 4861, RFC 3810, IANA). Those below 128 are errors.
export const ICMPV6_DEST_UNREACH = 1
export const ICMPV6_PKT_TOOBIG = 2
export const ICMPV6_TIME_EXCEED = 3
export const ICMPV6_PARAMPROB = 4
export const ICMPV6_ECHO_REQUEST = 128
export const ICMPV6_ECHO_REPLY = 129
export const ICMPV6_MGM_QUERY = 130
export const ICMPV6_MGM_REPORT = 131
export const ICMPV6_MGM_REDUCTION = 132
export const NDISC_ROUTER_SOLICITATION = 133
export const NDISC_ROUTER_ADVERTISEMENT = 134
export const NDISC_NEIGHBOUR_SOLICITATION = 135
export const NDISC_NEIGHBOUR_ADVERTISEMENT = 136
export const NDISC_REDIRECT = 137
export const ICMPV6_MLD2_REPORT = 143

// Codes of destination unreachable (RFC 4443 3.1).
export const ICMPV6_NOROUTE = 0
export const ICMPV6_ADM_PROHIBITED = 1
/** Beyond the scope of the source address. */
export const ICMPV6_NOT_NEIGHBOUR = 2
export const ICMPV6_ADDR_UNREACH = 3
export const ICMPV6_PORT_UNREACH = 4
export const ICMPV6_POLICY_FAIL = 5
export const ICMPV6_REJECT_ROUTE = 6

// Codes of time exceeded (RFC 4443 3.3).
export const ICMPV6_EXC_HOPLIMIT = 0
export const ICMPV6_EXC_FRAGTIME = 1

// Codes of parameter problem (RFC 4443 3.4, RFC 7112).
export const ICMPV6_HDR_FIELD = 0
export const ICMPV6_UNK_NEXTHDR = 1
export const ICMPV6_UNK_OPTION = 2
export const ICMPV6_HDR_INCOMP = 3

/** Bytes of type, code, checksum and the four that depend on the type. */
export const ICMPV6_HEADER_LENGTH = 8

// Where the fields are, from the start of the message.
export const ICMPV6_CODE_OFFSET = 1
export const ICMPV6_CHECKSUM_OFFSET = 2
/** MTU, pointer, or identifier and sequence number. */
export const ICMPV6_REST_OFFSET = 4
export const ICMPV6_SEQUENCE_OFFSET = 6

/** Whether messages of this type report a failure, and quote the packet that caused it (RFC 4443 2.1). */
export function isIcmpv6Error(type: number): boolean {
  return type < 128
}

/** A parsed ICMPv6 message. Reused objects are welcome; fields that the type does not have are 0 (offsets -1). */
export class Icmpv6Message {
  type = 0
  code = 0
  checksum = 0
  /** Echo messages. */
  identifier = 0
  sequence = 0
  /** Packet too big: the next hop's MTU in bytes. */
  mtu = 0
  /** Parameter problem: the offset of the fault in the quoted packet. */
  pointer = 0
  /** First byte after the header of 8 bytes. */
  dataStart = 0
  /** Errors: where the quoted packet ends, or its padding where extensions follow; else the end of the message. */
  quoteEnd = 0
  /** RFC 4884: where the extension structure begins; -1 without one. */
  extensionStart = -1
}

/**
 * Reads the ICMPv6 message in `[start, end)`; the checksum is not verified (`verifyIcmpv6`).
 * @returns false where it is shorter than every message is
 */
export function parseIcmpv6(view: DataView, start: number, end: number, into: Icmpv6Message): boolean {
  if (start < 0 || end > view.byteLength || end - start < ICMPV6_HEADER_LENGTH) return false
  const type = view.getUint8(start)
  into.type = type
  into.code = view.getUint8(start + ICMPV6_CODE_OFFSET)
  into.checksum = view.getUint16(start + ICMPV6_CHECKSUM_OFFSET)
  const echo = type === ICMPV6_ECHO_REQUEST || type === ICMPV6_ECHO_REPLY
  into.identifier = echo ? view.getUint16(start + ICMPV6_REST_OFFSET) : 0
  into.sequence = echo ? view.getUint16(start + ICMPV6_SEQUENCE_OFFSET) : 0
  into.mtu = type === ICMPV6_PKT_TOOBIG ? view.getUint32(start + ICMPV6_REST_OFFSET) : 0
  into.pointer = type === ICMPV6_PARAMPROB ? view.getUint32(start + ICMPV6_REST_OFFSET) : 0
  into.dataStart = start + ICMPV6_HEADER_LENGTH
  into.quoteEnd = icmpv6QuoteEnd(view, start, end)
  into.extensionStart = into.quoteEnd < end ? into.quoteEnd : -1
  return true
}

/** Where the quoted packet of an error ends: RFC 4884 gives its length in units of 8 bytes where extensions follow, 128 bytes at least. */
export function icmpv6QuoteEnd(view: DataView, start: number, end: number): number {
  const type = view.getUint8(start)
  if (type !== ICMPV6_DEST_UNREACH && type !== ICMPV6_TIME_EXCEED) return end
  const length = view.getUint8(start + ICMPV6_REST_OFFSET) * 8
  const limit = start + ICMPV6_HEADER_LENGTH + length
  return length >= 128 && limit < end ? limit : end
}

/** Whether the checksum of the message in `[start, end)` is right (RFC 4443 2.3). Check the range first. */
export function verifyIcmpv6(
  view: DataView,
  start: number,
  end: number,
  source: IpAddress,
  destination: IpAddress,
): boolean {
  const initial = pseudoHeaderSum(source, destination, IPPROTO_ICMPV6, end - start)
  return foldSum(sumBytes(view, start, end, initial)) === 0xffff
}

/**
 * Writes the header of a message whose body is in place up to `end`, with its checksum.
 * `rest` is the header's last four bytes: identifier and sequence, MTU or pointer.
 */
export function writeIcmpv6(
  view: DataView,
  start: number,
  end: number,
  type: number,
  code: number,
  rest: number,
  source: IpAddress,
  destination: IpAddress,
): void {
  view.setUint8(start, type)
  view.setUint8(start + ICMPV6_CODE_OFFSET, code)
  view.setInt32(start + ICMPV6_REST_OFFSET, rest)
  writeIcmpv6Checksum(view, start, end, source, destination)
}

/** Computes and stores the checksum of the message in `[start, end)`. */
export function writeIcmpv6Checksum(
  view: DataView,
  start: number,
  end: number,
  source: IpAddress,
  destination: IpAddress,
): void {
  view.setUint16(start + ICMPV6_CHECKSUM_OFFSET, 0)
  const initial = pseudoHeaderSum(source, destination, IPPROTO_ICMPV6, end - start)
  view.setUint16(start + ICMPV6_CHECKSUM_OFFSET, checksum(view, start, end, initial))
}
