import {
  ND_OPT_MTU,
  ND_OPT_NONCE,
  ND_OPT_PREFIX_INFORMATION,
  ND_OPT_RDNSS,
  ND_OPT_ROUTE_INFORMATION,
  ND_OPT_SOURCE_LINKADDR,
  ND_OPT_TARGET_LINKADDR,
} from './types.js'

/** Prefixes, routes and lists of DNS servers read from one message, each; a router advertisement that has more has too many. */
export const MAX_LISTED = 32

const PREFIX_LENGTH = 32
const NONCE_LENGTH = 6

/**
 * Where the options of a message lie: offsets in the packet's buffer, 0 for none. One reused object. Of an option that may stand
 * once only, the first counts.
 */
export class NdpOptions {
  /** The six bytes of an Ethernet address. */
  sourceLinkAddress = 0
  targetLinkAddress = 0
  /** Of the path to the outside, in bytes; 0: none given. */
  mtu = 0
  /** Six bytes (RFC 7527). */
  nonce = 0
  /** First byte of each prefix information option, the type; the first `prefixCount` hold. */
  readonly prefixes: Int32Array = new Int32Array(MAX_LISTED)
  prefixCount = 0
  /** The same for route information (RFC 4191 2.3). */
  readonly routes: Int32Array = new Int32Array(MAX_LISTED)
  routeCount = 0
  /** The same for recursive DNS servers (RFC 8106 5.1). */
  readonly servers: Int32Array = new Int32Array(MAX_LISTED)
  serverCount = 0

  clear(): void {
    this.sourceLinkAddress = 0
    this.targetLinkAddress = 0
    this.mtu = 0
    this.nonce = 0
    this.prefixCount = 0
    this.routeCount = 0
    this.serverCount = 0
  }
}

/**
 * Reads the options in `[at, end)`. Unknown ones are passed over; so is one of a length that its type cannot have.
 * @returns false where an option has no length or is cut short: the message is then to be dropped (RFC 4861 4.6)
 */
export function readNdpOptions(view: DataView, from: number, end: number, options: NdpOptions): boolean {
  options.clear()
  let at = from
  while (at < end) {
    if (at + 2 > end) return false
    const length = view.getUint8(at + 1) * 8
    if (length === 0 || at + length > end) return false
    readOption(view, at, length, options)
    at += length
  }
  return true
}

function readOption(view: DataView, at: number, length: number, options: NdpOptions): void {
  switch (view.getUint8(at)) {
    case ND_OPT_SOURCE_LINKADDR:
      if (length === 8 && options.sourceLinkAddress === 0) options.sourceLinkAddress = at + 2
      break
    case ND_OPT_TARGET_LINKADDR:
      if (length === 8 && options.targetLinkAddress === 0) options.targetLinkAddress = at + 2
      break
    case ND_OPT_PREFIX_INFORMATION:
      if (length === PREFIX_LENGTH && options.prefixCount < MAX_LISTED) options.prefixes[options.prefixCount++] = at
      break
    case ND_OPT_MTU:
      if (length === 8 && options.mtu === 0) options.mtu = view.getUint32(at + 4)
      break
    case ND_OPT_NONCE:
      if (length === 2 + NONCE_LENGTH && options.nonce === 0) options.nonce = at + 2
      break
    case ND_OPT_ROUTE_INFORMATION:
      if (routeFits(view, at, length) && options.routeCount < MAX_LISTED) options.routes[options.routeCount++] = at
      break
    case ND_OPT_RDNSS:
      // RFC 8106 5.3.1: at least one address, and nothing but whole ones.
      if (length % 16 === 8 && length > 8 && options.serverCount < MAX_LISTED)
        options.servers[options.serverCount++] = at
      break
    default:
  }
}

/** RFC 4191 2.3: 8, 16 or 24 bytes, which must hold the prefix. */
function routeFits(view: DataView, at: number, length: number): boolean {
  const bits = view.getUint8(at + 2)
  if (length > 24 || bits > 128) return false
  return length === 24 || (length === 16 && bits <= 64) || (length === 8 && bits === 0)
}
