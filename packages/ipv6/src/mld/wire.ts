import { createAddressSlot, type IpAddress, type IpAddressSlot } from '@jackfield/addr'
import { MLD_LISTENER_QUERY, MLDV2_LISTENER_REPORT } from '../wire/control-type.js'
import { readAddress } from '../wire/header.js'

/** Bytes of a message of MLDv1, and the least of any but a report of MLDv2. */
export const MLD_LENGTH = 24
/** Bytes of a query of MLDv2 without sources. */
export const MLD2_QUERY_LENGTH = 28

/** The fields of an MLD message. One reused object. */
export class MldMessage {
  type = 0
  /** Maximum Response Code as it stands. */
  code = 0
  /** `::` in a general query. */
  readonly group: IpAddressSlot = createAddressSlot()
  /** Of a query: 1 or 2, by its length (RFC 3810 8.1); 0 for other types. */
  version = 0
  /** Queries of MLDv2: robustness variable and QQIC. */
  robustness = 0
  intervalCode = 0
  /** Sources of a query, 16 bytes each from `sourcesAt`. */
  sources = 0
  sourcesAt = 0
}

/**
 * Reads the message in `[start, end)`; the checksum is not looked at. Of a report of MLDv2, which is for routers, only the type.
 * @returns false where it is cut short
 */
export function readMld(view: DataView, start: number, end: number, message: MldMessage): boolean {
  const length = end - start
  if (length < 8) return false
  message.type = view.getUint8(start)
  message.code = view.getUint16(start + 4)
  message.version = 0
  message.robustness = 0
  message.intervalCode = 0
  message.sources = 0
  message.sourcesAt = 0
  if (message.type === MLDV2_LISTENER_REPORT) return true
  if (length < MLD_LENGTH) return false
  readAddress(message.group, view, start + 8)
  if (message.type !== MLD_LISTENER_QUERY) return true
  if (length < MLD2_QUERY_LENGTH) {
    message.version = 1
    // RFC 3810 8.1: between the two lengths is no query.
    return length === MLD_LENGTH
  }
  message.version = 2
  message.robustness = view.getUint8(start + 24) & 7
  message.intervalCode = view.getUint8(start + 25)
  message.sources = view.getUint16(start + 26)
  message.sourcesAt = start + MLD2_QUERY_LENGTH
  return MLD2_QUERY_LENGTH + 16 * message.sources <= length
}

/** Writes a message of MLDv1 (24 bytes), its checksum 0. */
export function writeMld(view: DataView, at: number, type: number, group: IpAddress): void {
  view.setUint32(at, type << 24)
  view.setUint32(at + 4, 0)
  group.writeTo(view, at + 8)
}

/** A Maximum Response Code of MLDv2 as milliseconds (RFC 3810 5.1.3). */
export function decodeResponseCode(code: number): number {
  return code < 32_768 ? code : ((code & 0x0fff) | 0x1000) << (((code >> 12) & 7) + 3)
}

/** A QQIC as seconds (RFC 3810 5.1.9). */
export function decodeQueryInterval(code: number): number {
  return code < 128 ? code : ((code & 0x0f) | 0x10) << (((code >> 4) & 7) + 3)
}
