import { parseDecimal } from './digits.js'
import { IpAddress, lastParsed } from './ip-address.js'
import { parseIp, quote, reasonOf } from './ip-parse.js'

/** The mask of the first `length` bits of a word, as int32: 0 for 0 and less, all ones for 32 and more. */
export function maskWord(length: number): number {
  if (length <= 0) return 0
  return length >= 32 ? -1 : (-1 << (32 - length)) | 0
}

/** How many leading bits two addresses share: 0 to 32 or 128; 0 where their versions differ. */
export function commonPrefixLength(a: IpAddress, b: IpAddress): number {
  if (a.version !== b.version) return 0
  if (a.version === 4) return Math.clz32(a.w3 ^ b.w3)
  if (a.w0 !== b.w0) return Math.clz32(a.w0 ^ b.w0)
  if (a.w1 !== b.w1) return 32 + Math.clz32(a.w1 ^ b.w1)
  if (a.w2 !== b.w2) return 64 + Math.clz32(a.w2 ^ b.w2)
  return 96 + Math.clz32(a.w3 ^ b.w3)
}

/** An address and a prefix length: a CIDR block, or an interface's address with its subnet (host bits are kept). */
export class Prefix {
  readonly address: IpAddress
  /** 0 to 32 for IPv4, 0 to 128 for IPv6. */
  readonly length: number

  /** RangeError where the length does not fit the version. */
  constructor(address: IpAddress, length: number) {
    const most = address.version === 4 ? 32 : 128
    if (!Number.isInteger(length) || length < 0 || length > most) {
      throw new RangeError(`the prefix length of an IPv${address.version} address is 0 to ${most}, not ${length}`)
    }
    this.address = address
    this.length = length
  }

  /** Reads `address/length` (RFC 4632 3.1, RFC 4291 2.3), host bits kept. TypeError where the text is no prefix. */
  static parse(text: string): Prefix {
    if (typeof text !== 'string') throw new TypeError(`a prefix is parsed from a string, not from ${typeof text}`)
    const slash = text.indexOf('/')
    if (slash < 0)
      throw new TypeError(`${quote(text)} is not a prefix: write its length after a slash, as in 10.0.0.1/24`)
    const version = parseIp(text, 0, slash)
    if (version < 0) throw new TypeError(`${quote(text)} is not a prefix: ${reasonOf(version)}`)
    const most = version === 4 ? 32 : 128
    const length = parseDecimal(text, slash + 1, most)
    if (length < 0) {
      throw new TypeError(
        `${quote(text)} is not a prefix: the length of an IPv${version} prefix is 0 to ${most}, in plain digits`,
      )
    }
    return new Prefix(lastParsed(version), length)
  }

  /** As `parse`, but null where the text is no prefix. */
  static tryParse(text: string): Prefix | null {
    const slash = text.indexOf('/')
    const version = parseIp(text, 0, slash)
    if (slash < 0 || version < 0) return null
    const length = parseDecimal(text, slash + 1, version === 4 ? 32 : 128)
    return length < 0 ? null : new Prefix(lastParsed(version), length)
  }

  /** `address/length`, with the host bits. */
  toString(): string {
    return `${this.address}/${this.length}`
  }

  /** Whether both have the same length and the same address, host bits included. */
  equals(other: Prefix): boolean {
    return this.length === other.length && this.address.equals(other.address)
  }

  /** Whether the address lies in the block. Never for the other version. */
  contains(address: IpAddress): boolean {
    const own = this.address
    if (own.version !== address.version) return false
    const length = this.length
    if (own.version === 4) return ((own.w3 ^ address.w3) & maskWord(length)) === 0
    return (
      ((own.w0 ^ address.w0) & maskWord(length)) === 0 &&
      ((own.w1 ^ address.w1) & maskWord(length - 32)) === 0 &&
      ((own.w2 ^ address.w2) & maskWord(length - 64)) === 0 &&
      ((own.w3 ^ address.w3) & maskWord(length - 96)) === 0
    )
  }

  /** Whether the blocks have an address in common: one then contains the other. */
  overlaps(other: Prefix): boolean {
    return this.length <= other.length ? this.contains(other.address) : other.contains(this.address)
  }

  /** The network mask as an address: 255.255.255.0, `ffff:ffff::`. Its words are the mask words. */
  get mask(): IpAddress {
    const length = this.length
    if (this.address.version === 4) return IpAddress.v4(maskWord(length))
    return IpAddress.v6(maskWord(length), maskWord(length - 32), maskWord(length - 64), maskWord(length - 96))
  }

  /** The address with all host bits 0: the lowest of the block. */
  get network(): IpAddress {
    const { address, length } = this
    if (address.version === 4) return IpAddress.v4(address.w3 & maskWord(length))
    return IpAddress.v6(
      address.w0 & maskWord(length),
      address.w1 & maskWord(length - 32),
      address.w2 & maskWord(length - 64),
      address.w3 & maskWord(length - 96),
    )
  }

  /** The same block without host bits: 10.0.0.1/24 becomes 10.0.0.0/24. */
  get masked(): Prefix {
    return new Prefix(this.network, this.length)
  }

  /** The directed broadcast address (RFC 919 7); null for IPv6, for a /31 (RFC 3021) and for a /32. */
  get broadcast(): IpAddress | null {
    return this.address.version === 4 && this.length < 31 ? this.last : null
  }

  /** The lowest address of the block: the same as `network`. */
  get first(): IpAddress {
    return this.network
  }

  /** The highest address of the block: all host bits 1. */
  get last(): IpAddress {
    const { address, length } = this
    if (address.version === 4) return IpAddress.v4(address.w3 | ~maskWord(length))
    return IpAddress.v6(
      address.w0 | ~maskWord(length),
      address.w1 | ~maskWord(length - 32),
      address.w2 | ~maskWord(length - 64),
      address.w3 | ~maskWord(length - 96),
    )
  }
}
