import { createAddressSlot, type IpAddress, type IpAddressSlot, setSlotV4 } from '@jackfield/addr'
import { checksum, foldSum, sumBytes } from '@jackfield/packet'

// Types of ICMPv4 (RFC 792, RFC 950, RFC 1256, IANA).
export const ICMP_ECHOREPLY = 0
export const ICMP_DEST_UNREACH = 3
/** Deprecated: RFC 6633 has hosts ignore it. */
export const ICMP_SOURCE_QUENCH = 4
export const ICMP_REDIRECT = 5
export const ICMP_ECHO = 8
export const ICMP_ROUTER_ADVERTISEMENT = 9
export const ICMP_ROUTER_SOLICITATION = 10
export const ICMP_TIME_EXCEEDED = 11
export const ICMP_PARAMETERPROB = 12
export const ICMP_TIMESTAMP = 13
export const ICMP_TIMESTAMPREPLY = 14
export const ICMP_INFO_REQUEST = 15
export const ICMP_INFO_REPLY = 16
export const ICMP_ADDRESS = 17
export const ICMP_ADDRESSREPLY = 18
/** The last type that RFC 792 and its successors gave a meaning that hosts know. */
export const NR_ICMP_TYPES = 18

// Codes of destination unreachable (RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1).
export const ICMP_NET_UNREACH = 0
export const ICMP_HOST_UNREACH = 1
export const ICMP_PROT_UNREACH = 2
export const ICMP_PORT_UNREACH = 3
export const ICMP_FRAG_NEEDED = 4
export const ICMP_SR_FAILED = 5
export const ICMP_NET_UNKNOWN = 6
export const ICMP_HOST_UNKNOWN = 7
export const ICMP_HOST_ISOLATED = 8
export const ICMP_NET_ANO = 9
export const ICMP_HOST_ANO = 10
export const ICMP_NET_UNR_TOS = 11
export const ICMP_HOST_UNR_TOS = 12
export const ICMP_PKT_FILTERED = 13
export const ICMP_PREC_VIOLATION = 14
export const ICMP_PREC_CUTOFF = 15

// Codes of redirect (RFC 792).
export const ICMP_REDIR_NET = 0
export const ICMP_REDIR_HOST = 1
export const ICMP_REDIR_NETTOS = 2
export const ICMP_REDIR_HOSTTOS = 3

// Codes of time exceeded (RFC 792).
export const ICMP_EXC_TTL = 0
export const ICMP_EXC_FRAGTIME = 1

/** Bytes of every ICMP header: type, code, checksum and four bytes whose meaning depends on the type. */
export const ICMP_HEADER_LENGTH = 8
/** Bytes of a timestamp message (RFC 792). */
export const ICMP_TIMESTAMP_LENGTH = 20

// Where the fields are, from the start of the message.
export const ICMP_CODE_OFFSET = 1
export const ICMP_CHECKSUM_OFFSET = 2
export const ICMP_IDENTIFIER_OFFSET = 4
export const ICMP_SEQUENCE_OFFSET = 6
/** RFC 4884: length of the quoted datagram in units of 4 bytes; 0 where the sender knows no extensions. */
export const ICMP_QUOTE_LENGTH_OFFSET = 5
/** Next-hop MTU (RFC 1191), pointer and gateway are in the last four bytes of the header. */
export const ICMP_MTU_OFFSET = 6
export const ICMP_POINTER_OFFSET = 4
export const ICMP_GATEWAY_OFFSET = 4

/** The types that report a failure: no ICMP error is ever sent about them (RFC 1122 3.2.2). Bits, as Linux has them. */
const ERROR_TYPES = 0b1_1110_1111_1110

/**
 * Whether an error about a message of this type is forbidden: because it is an error itself, or because
 * nothing is known of it (RFC 1122 3.2.2).
 */
export function isIcmpv4Error(type: number): boolean {
  return type > NR_ICMP_TYPES || ((ERROR_TYPES >>> type) & 1) === 1
}

/** Whether messages of this type quote the packet that caused them. */
export function quotesPacket(type: number): boolean {
  return (
    type === ICMP_DEST_UNREACH ||
    type === ICMP_SOURCE_QUENCH ||
    type === ICMP_REDIRECT ||
    type === ICMP_TIME_EXCEEDED ||
    type === ICMP_PARAMETERPROB
  )
}

/** A parsed ICMPv4 message. Reused objects are welcome; fields that the type does not have are 0 (offsets -1). */
export class Icmpv4Message {
  type = 0
  code = 0
  checksum = 0
  /** Echo, timestamp and address mask messages. */
  identifier = 0
  sequence = 0
  /** Fragmentation needed: the next hop's MTU in bytes, 0 from routers older than RFC 1191. */
  mtu = 0
  /** Parameter problem: the offset of the bad byte in the quoted packet. */
  pointer = 0
  /** Redirect: the better first hop. */
  readonly gateway: IpAddress = createAddressSlot()
  /** Timestamp messages: milliseconds since midnight UTC (the highest bit set: some other unit). */
  originateTime = 0
  receiveTime = 0
  transmitTime = 0
  /** First byte after the header, or after the timestamps. */
  dataStart = 0
  /** Errors: where the quoted packet ends, or its padding where extensions follow; else the end of the message. */
  quoteEnd = 0
  /** RFC 4884: where the extension structure begins; -1 without one. */
  extensionStart = -1
}

/**
 * Reads the ICMPv4 message in `[start, end)`; the checksum is not verified (`verifyIcmpv4`).
 * @returns false where the message is too short for its type
 */
export function parseIcmpv4(view: DataView, start: number, end: number, into: Icmpv4Message): boolean {
  if (start < 0 || end > view.byteLength || end - start < ICMP_HEADER_LENGTH) return false
  const type = view.getUint8(start)
  into.type = type
  into.code = view.getUint8(start + ICMP_CODE_OFFSET)
  into.checksum = view.getUint16(start + ICMP_CHECKSUM_OFFSET)
  into.identifier = 0
  into.sequence = 0
  into.mtu = 0
  into.pointer = 0
  setSlotV4(into.gateway as IpAddressSlot, 0)
  into.originateTime = 0
  into.receiveTime = 0
  into.transmitTime = 0
  into.dataStart = start + ICMP_HEADER_LENGTH
  into.quoteEnd = end
  into.extensionStart = -1
  if (quotesPacket(type)) {
    if (type === ICMP_REDIRECT) setSlotV4(into.gateway as IpAddressSlot, view.getInt32(start + ICMP_GATEWAY_OFFSET))
    else if (type === ICMP_PARAMETERPROB) into.pointer = view.getUint8(start + ICMP_POINTER_OFFSET)
    else if (type === ICMP_DEST_UNREACH && into.code === ICMP_FRAG_NEEDED) {
      into.mtu = view.getUint16(start + ICMP_MTU_OFFSET)
    }
    into.quoteEnd = quoteEnd(view, start, end)
    if (into.quoteEnd < end) into.extensionStart = into.quoteEnd
    return true
  }
  switch (type) {
    case ICMP_TIMESTAMP:
    case ICMP_TIMESTAMPREPLY:
      if (end - start < ICMP_TIMESTAMP_LENGTH) return false
      into.originateTime = view.getUint32(start + 8)
      into.receiveTime = view.getUint32(start + 12)
      into.transmitTime = view.getUint32(start + 16)
      into.dataStart = start + ICMP_TIMESTAMP_LENGTH
      break
    case ICMP_ECHO:
    case ICMP_ECHOREPLY:
    case ICMP_INFO_REQUEST:
    case ICMP_INFO_REPLY:
    case ICMP_ADDRESS:
    case ICMP_ADDRESSREPLY:
      break
    default:
      return true
  }
  into.identifier = view.getUint16(start + ICMP_IDENTIFIER_OFFSET)
  into.sequence = view.getUint16(start + ICMP_SEQUENCE_OFFSET)
  return true
}

/**
 * Where the quoted packet of an error ends. With extensions (RFC 4884) the header says its length, which is then
 * 128 bytes or more; any other value is one of a sender that does not know them, or a lie, and the quote runs to the end.
 */
export function quoteEnd(view: DataView, start: number, end: number): number {
  const type = view.getUint8(start)
  if (type !== ICMP_DEST_UNREACH && type !== ICMP_TIME_EXCEEDED && type !== ICMP_PARAMETERPROB) return end
  const length = view.getUint8(start + ICMP_QUOTE_LENGTH_OFFSET) * 4
  const limit = start + ICMP_HEADER_LENGTH + length
  return length >= 128 && limit < end ? limit : end
}

/** Whether the checksum of the message in `[start, end)` is right. Check the range first. */
export function verifyIcmpv4(view: DataView, start: number, end: number): boolean {
  return foldSum(sumBytes(view, start, end)) === 0xffff
}

/**
 * Writes the header of a message whose body is in place up to `end`, with its checksum.
 * `rest` is the header's last four bytes: identifier and sequence, MTU, gateway or `pointer << 24`.
 */
export function writeIcmpv4(
  view: DataView,
  start: number,
  end: number,
  type: number,
  code: number,
  rest: number,
): void {
  view.setUint8(start, type)
  view.setUint8(start + ICMP_CODE_OFFSET, code)
  view.setUint16(start + ICMP_CHECKSUM_OFFSET, 0)
  view.setInt32(start + ICMP_IDENTIFIER_OFFSET, rest)
  view.setUint16(start + ICMP_CHECKSUM_OFFSET, checksum(view, start, end))
}
