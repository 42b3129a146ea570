// Next header values of extension headers (RFC 8200 4, IANA).
export const NEXT_HOP_BY_HOP = 0
export const NEXT_ROUTING = 43
export const NEXT_FRAGMENT = 44
/** Encapsulating security payload: what follows is encrypted, so that for a walk it is a transport. */
export const NEXT_ESP = 50
export const NEXT_AUTHENTICATION = 51
/** Nothing follows (RFC 8200 4.7). */
export const NEXT_NONE = 59
export const NEXT_DESTINATION_OPTIONS = 60

/** Whether a header of this number has another behind it that a node reads on to. */
export function isExtensionHeader(nextHeader: number): boolean {
  switch (nextHeader) {
    case NEXT_HOP_BY_HOP:
    case NEXT_ROUTING:
    case NEXT_FRAGMENT:
    case NEXT_AUTHENTICATION:
    case NEXT_DESTINATION_OPTIONS:
      return true
    default:
      return false
  }
}

/** Bytes of a fragment header (RFC 8200 4.5). */
export const FRAGMENT_HEADER_LENGTH = 8
// Of its second word of 16 bits.
export const FRAGMENT_MORE = 0x0001
export const FRAGMENT_OFFSET_MASK = 0xfff8

// Where its fields are, from its start.
export const FRAGMENT_OFFSET = 2
export const FRAGMENT_ID = 4

/** The routing type whose headers every node refuses (RFC 5095). */
export const ROUTING_TYPE_0 = 0
// Where the fields of a routing header are.
export const ROUTING_TYPE = 2
export const ROUTING_SEGMENTS_LEFT = 3

/**
 * Bytes of the extension header at `at`, of a packet that ends at `end`; -1 where the packet ends before it does.
 * @param nextHeader its number, one that `isExtensionHeader` knows
 */
export function extensionLength(view: DataView, at: number, end: number, nextHeader: number): number {
  if (end - at < 8) return -1
  if (nextHeader === NEXT_FRAGMENT) return FRAGMENT_HEADER_LENGTH
  const units = view.getUint8(at + 1)
  // RFC 4302 2.2: the length of an authentication header is in words of 4 bytes, less 2.
  const length = nextHeader === NEXT_AUTHENTICATION ? (units + 2) << 2 : (units + 1) << 3
  return length > end - at ? -1 : length
}
