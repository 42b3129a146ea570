/** Bytes of a UDP or UDP-Lite header. */
export const UDP_HEADER_LENGTH = 8

/** The header is whole and its length field makes sense. */
export const UDP_OK = 0
/** Fewer bytes than the header or its length field says. */
export const UDP_TRUNCATED = 1
/** The length (or coverage) field is one that no sender may write. */
export const UDP_BAD_LENGTH = 2

/** The fields of a UDP header (RFC 768). Reuse one: `parseUdp` overwrites it. */
export class UdpHeader {
  sourcePort = 0
  destinationPort = 0
  /** Header and payload, in bytes. */
  length = 0
  /** 0: none was computed. */
  checksum = 0
  /** Offset of the payload in the view. */
  payloadStart = 0
  /** One past its last byte; what follows is padding of lower layers. */
  payloadEnd = 0
}

/**
 * Reads the UDP header of the datagram in `[start, end)`. The fields are filled as far as they are there.
 * @returns `UDP_OK`, `UDP_TRUNCATED` or `UDP_BAD_LENGTH`
 */
export function parseUdp(view: DataView, start: number, end: number, header: UdpHeader): number {
  if (end - start < UDP_HEADER_LENGTH) return UDP_TRUNCATED
  header.sourcePort = view.getUint16(start)
  header.destinationPort = view.getUint16(start + 2)
  header.length = view.getUint16(start + 4)
  header.checksum = view.getUint16(start + 6)
  header.payloadStart = start + UDP_HEADER_LENGTH
  header.payloadEnd = Math.min(end, Math.max(header.payloadStart, start + header.length))
  if (header.length < UDP_HEADER_LENGTH) return UDP_BAD_LENGTH
  return header.length > end - start ? UDP_TRUNCATED : UDP_OK
}

/** Writes a UDP header at an offset. `length` is header and payload; the checksum is written as it is given. */
export function writeUdp(
  view: DataView,
  at: number,
  sourcePort: number,
  destinationPort: number,
  length: number,
  checksum: number,
): void {
  view.setUint16(at, sourcePort)
  view.setUint16(at + 2, destinationPort)
  view.setUint16(at + 4, length)
  view.setUint16(at + 6, checksum)
}
