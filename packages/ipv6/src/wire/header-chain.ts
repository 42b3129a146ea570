import { IPV6_HEADER_LENGTH, IPV6_NEXT_HEADER } from './header.js'
import {
  extensionLength,
  FRAGMENT_OFFSET,
  FRAGMENT_OFFSET_MASK,
  isExtensionHeader,
  NEXT_FRAGMENT,
  NEXT_NONE,
} from './next-header.js'

/** Extension headers that a packet may have (RFC 8504 5.3 lets a node limit them); one of each kind is 6. */
export const MAX_EXTENSION_HEADERS = 16

/** What ended a walk: the transport's header, or "no next header". */
export const CHAIN_OK = 0
/** The packet ends within an extension header. */
export const CHAIN_TRUNCATED = 1
/** More than `MAX_EXTENSION_HEADERS`. */
export const CHAIN_TOO_LONG = 2
/** A fragment header of which the offset is not 0: what follows is the middle of something. */
export const CHAIN_LATER_FRAGMENT = 3

/** Where a walk along the extension headers came to. Reused objects are welcome. */
export class HeaderChain {
  /** The header that ended the walk. */
  protocol = 0
  /** Where it begins. */
  transport = 0
  /** Where the byte is that names it: in the header before. */
  protocolAt = 0
  /** Extension headers passed. */
  count = 0
  /** Where the first fragment header begins; -1 without one. */
  fragment = -1
  /** Where the byte is that names that; -1 without one. */
  fragmentNamedAt = -1
}

/**
 * Walks the extension headers of the packet whose fixed header is at `start` and which ends at `end`, in whatever order they come,
 * and reads nothing behind `end`. The fixed header must be there.
 * @returns `CHAIN_OK` or what stopped it; `chain` says where
 */
export function walkHeaders(view: DataView, start: number, end: number, chain: HeaderChain): number {
  chain.count = 0
  chain.fragment = -1
  chain.fragmentNamedAt = -1
  chain.protocolAt = start + IPV6_NEXT_HEADER
  chain.transport = start + IPV6_HEADER_LENGTH
  let next = view.getUint8(chain.protocolAt)
  let outcome = CHAIN_OK
  while (next !== NEXT_NONE && isExtensionHeader(next)) {
    const at = chain.transport
    if (chain.count === MAX_EXTENSION_HEADERS) {
      outcome = CHAIN_TOO_LONG
      break
    }
    const length = extensionLength(view, at, end, next)
    if (length < 0) {
      outcome = CHAIN_TRUNCATED
      break
    }
    chain.count++
    let later = false
    if (next === NEXT_FRAGMENT) {
      if (chain.fragment < 0) {
        chain.fragment = at
        chain.fragmentNamedAt = chain.protocolAt
      }
      later = (view.getUint16(at + FRAGMENT_OFFSET) & FRAGMENT_OFFSET_MASK) !== 0
    }
    next = view.getUint8(at)
    chain.protocolAt = at
    chain.transport = at + length
    if (later) {
      outcome = CHAIN_LATER_FRAGMENT
      break
    }
  }
  chain.protocol = next
  return outcome
}
