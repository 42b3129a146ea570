/** Bytes of a header without options, and the most that there can be with them (RFC 9293 3.1). */
export const TCP_HEADER_LENGTH = 20
export const TCP_MAX_HEADER_LENGTH = 60
/** Bytes of options that a header holds at most. */
export const TCP_MAX_OPTIONS_LENGTH = 40

/** Offsets of the fields from the start of the header. */
export const TCP_SOURCE_PORT = 0
export const TCP_DESTINATION_PORT = 2
export const TCP_SEQUENCE = 4
export const TCP_ACKNOWLEDGMENT = 8
/** 16 bits: data offset in words (4), reserved (3), flags (9). */
export const TCP_OFFSET_AND_FLAGS = 12
export const TCP_WINDOW = 14
export const TCP_CHECKSUM = 16
export const TCP_URGENT_POINTER = 18

/** Control bits, as `readTcpFlags` gives them. */
export const FLAG_FIN = 0x001
export const FLAG_SYN = 0x002
export const FLAG_RST = 0x004
export const FLAG_PSH = 0x008
export const FLAG_ACK = 0x010
export const FLAG_URG = 0x020
/** ECN echo and congestion window reduced (RFC 3168 6.1). */
export const FLAG_ECE = 0x040
export const FLAG_CWR = 0x080
/** Accurate ECN; once the nonce sum of RFC 3540. */
export const FLAG_AE = 0x100
/** The bits that are nobody's yet. Sent as 0 and ignored when received (RFC 9293 3.1). */
export const FLAG_RESERVED = 0xe00

/**
 * Checks that `[start, end)` holds a whole header.
 * @returns the header's length in bytes, 20 to 60; -1 where it is cut short or its data offset is below 5 words or past `end`
 */
export function checkTcpHeader(view: DataView, start: number, end: number): number {
  if (end - start < TCP_HEADER_LENGTH) return -1
  const length = readTcpHeaderLength(view, start)
  return length < TCP_HEADER_LENGTH || length > end - start ? -1 : length
}

/** What the data offset field says, in bytes: 0 to 60. */
export function readTcpHeaderLength(view: DataView, at: number): number {
  return (view.getUint8(at + TCP_OFFSET_AND_FLAGS) >>> 4) << 2
}

export function readTcpSourcePort(view: DataView, at: number): number {
  return view.getUint16(at + TCP_SOURCE_PORT)
}

export function readTcpDestinationPort(view: DataView, at: number): number {
  return view.getUint16(at + TCP_DESTINATION_PORT)
}

/** The sequence number, as int32. */
export function readTcpSequence(view: DataView, at: number): number {
  return view.getInt32(at + TCP_SEQUENCE)
}

/** The acknowledgment number, as int32. It means something only with `FLAG_ACK`. */
export function readTcpAcknowledgment(view: DataView, at: number): number {
  return view.getInt32(at + TCP_ACKNOWLEDGMENT)
}

/** The flags, those that are reserved among them: 12 bits. */
export function readTcpFlags(view: DataView, at: number): number {
  return view.getUint16(at + TCP_OFFSET_AND_FLAGS) & 0xfff
}

/** The window field as it is sent, not scaled. */
export function readTcpWindow(view: DataView, at: number): number {
  return view.getUint16(at + TCP_WINDOW)
}

export function readTcpChecksum(view: DataView, at: number): number {
  return view.getUint16(at + TCP_CHECKSUM)
}

/** Points past the last urgent byte, from the sequence number (RFC 9293 3.8.5). It means something only with `FLAG_URG`. */
export function readTcpUrgentPointer(view: DataView, at: number): number {
  return view.getUint16(at + TCP_URGENT_POINTER)
}

/**
 * Writes the 20 bytes before the options; the checksum as 0.
 * @param headerLength with options, in bytes: a multiple of 4 from 20 to 60
 * @param flags 12 bits
 * @param window as sent, not scaled: 0 to 65,535
 */
export function writeTcpHeader(
  view: DataView,
  at: number,
  sourcePort: number,
  destinationPort: number,
  sequence: number,
  acknowledgment: number,
  headerLength: number,
  flags: number,
  window: number,
  urgentPointer = 0,
): void {
  view.setUint16(at + TCP_SOURCE_PORT, sourcePort)
  view.setUint16(at + TCP_DESTINATION_PORT, destinationPort)
  view.setInt32(at + TCP_SEQUENCE, sequence)
  view.setInt32(at + TCP_ACKNOWLEDGMENT, acknowledgment)
  view.setUint16(at + TCP_OFFSET_AND_FLAGS, ((headerLength >>> 2) << 12) | flags)
  view.setUint16(at + TCP_WINDOW, window)
  view.setUint16(at + TCP_CHECKSUM, 0)
  view.setUint16(at + TCP_URGENT_POINTER, urgentPointer)
}
