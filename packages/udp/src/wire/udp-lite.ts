import { UDP_BAD_LENGTH, UDP_HEADER_LENGTH, UDP_OK, UDP_TRUNCATED } from './udp.js'

/** The fields of a UDP-Lite header (RFC 3828 3.1). Reuse one: `parseUdpLite` overwrites it. */
export class UdpLiteHeader {
  sourcePort = 0
  destinationPort = 0
  /** Bytes that the checksum covers, from the header's first, as written; 0 stands for all. */
  coverage = 0
  /** Bytes that the checksum covers. */
  covered = 0
  checksum = 0
  /** Offset of the payload in the view; it goes on to the end. */
  payloadStart = 0
}

/**
 * Reads the UDP-Lite header of the datagram in `[start, end)`.
 * @returns `UDP_OK`; `UDP_TRUNCATED`; `UDP_BAD_LENGTH` for a coverage of 1 to 7 or beyond the datagram (RFC 3828 3.1)
 */
export function parseUdpLite(view: DataView, start: number, end: number, header: UdpLiteHeader): number {
  const length = end - start
  if (length < UDP_HEADER_LENGTH) return UDP_TRUNCATED
  header.sourcePort = view.getUint16(start)
  header.destinationPort = view.getUint16(start + 2)
  header.coverage = view.getUint16(start + 4)
  header.checksum = view.getUint16(start + 6)
  header.payloadStart = start + UDP_HEADER_LENGTH
  header.covered = header.coverage === 0 ? length : header.coverage
  return header.covered < UDP_HEADER_LENGTH || header.covered > length ? UDP_BAD_LENGTH : UDP_OK
}

/** Writes a UDP-Lite header at an offset. `coverage` 0: the whole datagram. */
export function writeUdpLite(
  view: DataView,
  at: number,
  sourcePort: number,
  destinationPort: number,
  coverage: number,
  checksum: number,
): void {
  view.setUint16(at, sourcePort)
  view.setUint16(at + 2, destinationPort)
  view.setUint16(at + 4, coverage)
  view.setUint16(at + 6, checksum)
}
