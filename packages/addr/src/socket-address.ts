import { parseDecimal } from './digits.js'
import { createAddressSlot, IpAddress, type IpAddressSlot, lastParsed, setSlot } from './ip-address.js'
import { parseIp, quote, reasonOf } from './ip-parse.js'
import { parseZoned } from './zone.js'

const MAX_PORT = 65_535
/** Linux's interface indexes are positive `int`s. */
const MAX_INDEX = 0x7fffffff

/** The interface index of a zone's name, 0 where there is no such interface. */
export type ResolveZone = (zone: string) => number

/** What `SocketAddress.from` takes beside text: the shape that Node's `socket.address()` has too. */
export interface SocketAddressLike {
  /** An address, or its text, with a zone where it has one. */
  address: string | IpAddress
  /** 0 to 65535. */
  port: number
  /** `AF_INET` or `AF_INET6`, by number or name. Default: by the address. */
  family?: 2 | 10 | 'IPv4' | 'IPv6'
  /** Interface index of the zone. */
  scopeId?: number
  /** IPv6 flow label, 20 bits. */
  flowInfo?: number
}

/**
 * An IP address and a port, with the zone of a link-local IPv6 address: `sockaddr_in` and `sockaddr_in6`.
 * Mutable, so that a receive call can fill one that its caller keeps; its `address` is a slot that changes with it.
 */
export class SocketAddress {
  /** 2 for `AF_INET`, 10 for `AF_INET6`. An IPv4 address with family 10 is its mapped form. */
  family: 2 | 10
  readonly address: IpAddress
  /** 0 to 65535. */
  port: number
  /** Interface index of the zone, 0 for none (RFC 4007). */
  scopeId: number
  /** IPv6 flow label, 20 bits. */
  flowInfo: number

  constructor(address?: IpAddress, port = 0, scopeId = 0) {
    this.family = address !== undefined && address.version === 6 ? 10 : 2
    const slot = createAddressSlot()
    if (address !== undefined) setSlot(slot, address)
    this.address = slot
    this.port = port
    this.scopeId = scopeId
    this.flowInfo = 0
  }

  /**
   * Reads `192.0.2.1:80`, `[2001:db8::1]:80` or `[fe80::1%eth0]:80` (RFC 3986 3.2.2, RFC 4007 11).
   * A port is 0 to 65535 in plain digits. A zone that is a number is an interface index; other zones go through `resolveZone`.
   * TypeError where the text is anything else, or names a zone that nobody resolves.
   */
  static parse(text: string, resolveZone?: ResolveZone): SocketAddress {
    if (typeof text !== 'string')
      throw new TypeError(`a socket address is parsed from a string, not from ${typeof text}`)
    const fail = (reason: string): TypeError => new TypeError(`${quote(text)} is not a socket address: ${reason}`)
    const bracketed = text.charCodeAt(0) === 0x5b
    const close = bracketed ? text.indexOf(']') : text.indexOf(':')
    if (close < 0) {
      throw fail(bracketed ? 'its "[" has no "]"' : 'write a port after it, as in 192.0.2.1:80 or [2001:db8::1]:80')
    }
    const colon = bracketed ? close + 1 : close
    if (text.charCodeAt(colon) !== 0x3a) throw fail('write a port after it, as in [2001:db8::1]:80')
    if (!bracketed && text.indexOf(':', colon + 1) >= 0) {
      throw fail('write an IPv6 address in brackets, as in [2001:db8::1]:80')
    }
    const port = parseDecimal(text, colon + 1, MAX_PORT)
    if (port < 0) throw fail('a port is 0 to 65535, in plain digits')
    if (!bracketed) {
      const version = parseIp(text, 0, colon)
      if (version < 0) throw fail(reasonOf(version))
      return new SocketAddress(lastParsed(version), port)
    }
    const { address, zone } = parseZoned(text.slice(1, close))
    if (address.version === 4) throw fail('brackets are for IPv6 addresses only')
    return new SocketAddress(address, port, zone === '' ? 0 : zoneIndex(text, zone, resolveZone))
  }

  /**
   * What sockets take as an address: a `SocketAddress` (given back as it is), text for `parse`, or an object.
   * TypeError or RangeError for anything else.
   */
  static from(input: string | SocketAddress | SocketAddressLike, resolveZone?: ResolveZone): SocketAddress {
    if (input instanceof SocketAddress) return input
    if (typeof input === 'string') return SocketAddress.parse(input, resolveZone)
    if (typeof input !== 'object' || input === null) {
      throw new TypeError(
        'a socket address is text (192.0.2.1:80), a SocketAddress, or an object with address and port',
      )
    }
    const { port, family, scopeId, flowInfo } = input
    if (!Number.isInteger(port) || port < 0 || port > MAX_PORT)
      throw new RangeError(`a port is an integer from 0 to 65535, not ${String(port)}`)
    let address: IpAddress
    let scope = 0
    if (input.address instanceof IpAddress) address = input.address
    else {
      const zoned = parseZoned(input.address)
      address = zoned.address
      if (zoned.zone !== '') scope = zoneIndex(input.address, zoned.zone, resolveZone)
    }
    if (scopeId !== undefined) {
      if (!indexInRange(scopeId))
        throw new RangeError(`a scopeId is an interface index, 0 to 2147483647, not ${scopeId}`)
      scope = scopeId
    }
    const result = new SocketAddress(address, port, scope)
    if (family !== undefined) result.family = familyOf(family, address)
    if (flowInfo !== undefined) {
      if (!Number.isInteger(flowInfo) || flowInfo < 0 || flowInfo > 0xfffff) {
        throw new RangeError(`a flow label is an integer of 20 bits, not ${flowInfo}`)
      }
      result.flowInfo = flowInfo
    }
    return result
  }

  /** Overwrites it. */
  set(family: 2 | 10, address: IpAddress, port: number, scopeId = 0): void {
    this.family = family
    setSlot(this.address as IpAddressSlot, address)
    this.port = port
    this.scopeId = scopeId
    this.flowInfo = 0
  }

  /**
   * Whether family, address, port and zone are the same (the flow label names no endpoint).
   * With family 10 an IPv4 address is the same as its mapped form.
   */
  equals(other: SocketAddress): boolean {
    return (
      this.port === other.port &&
      this.family === other.family &&
      this.scopeId === other.scopeId &&
      this.address.w3 === other.address.w3 &&
      this.address.w2 === other.address.w2 &&
      this.address.w1 === other.address.w1 &&
      this.address.w0 === other.address.w0
    )
  }

  /**
   * `192.0.2.1:80` or `[fe80::1%2]:80`, which `parse` reads.
   * @param zoneName the name to write for an interface index; without it the index itself
   */
  toString(zoneName?: (scopeId: number) => string): string {
    if (this.family === 2) return `${this.address}:${this.port}`
    const address = this.address.version === 4 ? `::ffff:${this.address}` : this.address.toString()
    if (this.scopeId === 0) return `[${address}]:${this.port}`
    return `[${address}%${zoneName === undefined ? this.scopeId : zoneName(this.scopeId)}]:${this.port}`
  }

  /** A copy of its own. */
  copy(): SocketAddress {
    const copy = new SocketAddress(this.address, this.port, this.scopeId)
    copy.family = this.family
    copy.flowInfo = this.flowInfo
    return copy
  }
}

function indexInRange(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_INDEX
}

/** RFC 4007 11.2: a decimal zone is the index itself. */
function zoneIndex(text: string, zone: string, resolveZone: ResolveZone | undefined): number {
  const number = parseDecimal(zone, 0, MAX_INDEX)
  if (number >= 0) return number
  if (resolveZone === undefined) {
    throw new TypeError(
      `${quote(text)} names the zone ${quote(zone)}: only an interface index can be used here, as in %2`,
    )
  }
  const index = resolveZone(zone)
  if (!indexInRange(index) || index === 0) throw new TypeError(`${quote(text)}: there is no interface ${quote(zone)}`)
  return index
}

function familyOf(family: 2 | 10 | 'IPv4' | 'IPv6', address: IpAddress): 2 | 10 {
  if (family === 10 || family === 'IPv6') return 10
  if (family !== 2 && family !== 'IPv4') {
    throw new TypeError(`a family is 2 ('IPv4') or 10 ('IPv6'), not ${String(family)}`)
  }
  if (address.version === 6)
    throw new TypeError(`${address} is an IPv6 address; its family is 10 ('IPv6'), not 2 ('IPv4')`)
  return 2
}
