import { createAddressSlot, type IpAddress, type IpAddressSlot, setSlotV4 } from '@jackfield/addr'
import { checksum } from '@jackfield/packet'

// Types (RFC 2236 2.1, RFC 3376 4).
export const IGMP_MEMBERSHIP_QUERY = 0x11
export const IGMP_V1_MEMBERSHIP_REPORT = 0x12
export const IGMP_V2_MEMBERSHIP_REPORT = 0x16
export const IGMP_LEAVE_GROUP = 0x17
export const IGMP_V3_MEMBERSHIP_REPORT = 0x22

/** Bytes of a query or report of IGMPv1 and v2, and the least of any message. */
export const IGMP_MIN_LENGTH = 8
/** Bytes of an IGMPv3 query without sources. */
export const IGMP_V3_QUERY_LENGTH = 12
/** Bytes of an IGMPv3 group record without sources. */
export const IGMP_RECORD_LENGTH = 8

/** The fields of an IGMP message. One reused object. */
export class IgmpMessage {
  type = 0
  /** Max Resp Code as it stands; 0 in reports. */
  code = 0
  /** 0.0.0.0 in a general query, and in an IGMPv3 report. */
  readonly group: IpAddressSlot = createAddressSlot()
  /** 1 to 3: what a query's length and code say of its sender (RFC 3376 7.1); 0 for other types. */
  version = 0
  /** IGMPv3 queries: S flag, robustness variable, QQIC. */
  suppress = false
  robustness = 0
  intervalCode = 0
  /** Sources of an IGMPv3 query, 4 bytes each from `sourcesAt`. */
  sources = 0
  sourcesAt = 0
  /** Group records of an IGMPv3 report, the first at `recordsAt`. */
  records = 0
  recordsAt = 0
}

/** Reads the message in `[start, end)`; the checksum is not looked at. False where it is cut short. */
export function readIgmp(view: DataView, start: number, end: number, message: IgmpMessage): boolean {
  const length = end - start
  if (length < IGMP_MIN_LENGTH) return false
  message.type = view.getUint8(start)
  message.code = view.getUint8(start + 1)
  message.version = 0
  message.suppress = false
  message.robustness = 0
  message.intervalCode = 0
  message.sources = 0
  message.sourcesAt = 0
  message.records = 0
  message.recordsAt = 0
  if (message.type === IGMP_V3_MEMBERSHIP_REPORT) {
    setSlotV4(message.group, 0)
    message.code = 0
    message.records = view.getUint16(start + 6)
    message.recordsAt = start + 8
    return true
  }
  setSlotV4(message.group, view.getInt32(start + 4))
  if (message.type !== IGMP_MEMBERSHIP_QUERY) return true
  if (length < IGMP_V3_QUERY_LENGTH) {
    // RFC 3376 7.1: between 8 and 12 bytes is no query.
    message.version = message.code === 0 ? 1 : 2
    return length === IGMP_MIN_LENGTH
  }
  const flags = view.getUint8(start + 8)
  message.version = 3
  message.suppress = (flags & 8) !== 0
  message.robustness = flags & 7
  message.intervalCode = view.getUint8(start + 9)
  message.sources = view.getUint16(start + 10)
  message.sourcesAt = start + IGMP_V3_QUERY_LENGTH
  return IGMP_V3_QUERY_LENGTH + 4 * message.sources <= length
}

/** One group record of an IGMPv3 report. One reused object. */
export class IgmpRecord {
  type = 0
  readonly group: IpAddressSlot = createAddressSlot()
  /** Sources, 4 bytes each from `sourcesAt`. */
  sources = 0
  sourcesAt = 0
}

/** Reads the record at `at`. Where the next one begins, or -1 where this one is cut short. */
export function readIgmpRecord(view: DataView, at: number, end: number, record: IgmpRecord): number {
  if (at + IGMP_RECORD_LENGTH > end) return -1
  record.type = view.getUint8(at)
  record.sources = view.getUint16(at + 2)
  setSlotV4(record.group, view.getInt32(at + 4))
  record.sourcesAt = at + IGMP_RECORD_LENGTH
  const next = record.sourcesAt + 4 * record.sources + 4 * view.getUint8(at + 1)
  return next > end ? -1 : next
}

/** Writes an IGMPv1 or v2 message of 8 bytes, with its checksum. */
export function writeIgmp(view: DataView, at: number, type: number, code: number, group: IpAddress): void {
  view.setUint8(at, type)
  view.setUint8(at + 1, code)
  view.setUint16(at + 2, 0)
  view.setInt32(at + 4, group.w3)
  view.setUint16(at + 2, checksum(view, at, at + IGMP_MIN_LENGTH))
}

/** A Max Resp Code or QQIC of IGMPv3 as the number that it stands for (RFC 3376 4.1.1): tenths of a second, or seconds. */
export function decodeIgmpCode(code: number): number {
  return code < 128 ? code : ((code & 0x0f) | 0x10) << (((code >> 4) & 7) + 3)
}
