import { formatV4, formatV6 } from './ip-format.js'
import { parsedWords, parseIp, quote, reasonOf } from './ip-parse.js'

/**
 * An IPv4 or IPv6 address: a version and four 32-bit words in network order. IPv4 is kept in its mapped form
 * (`::ffff:a.b.c.d`, RFC 4291 2.5.5.2), so that code which compares or hashes the words needs no branch on the version.
 *
 * Addresses are values: treat them as immutable. Those that a layer hands out during a call (in headers, reports
 * and socket addresses) are reused: `copy()` one to keep it.
 */
export class IpAddress {
  readonly version: 4 | 6
  /** The words as int32, most significant first. */
  readonly w0: number
  readonly w1: number
  readonly w2: number
  readonly w3: number

  /** Four words (any number; taken modulo 2^32). For IPv4 use `IpAddress.v4`. */
  constructor(version: 4 | 6, w0: number, w1: number, w2: number, w3: number) {
    this.version = version
    this.w0 = w0 | 0
    this.w1 = w1 | 0
    this.w2 = w2 | 0
    this.w3 = w3 | 0
  }

  /** The IPv4 address with this 32-bit value (`0x7f000001` is 127.0.0.1). */
  static v4(word: number): IpAddress {
    return new IpAddress(4, 0, 0, 0xffff, word)
  }

  /** The IPv6 address of these four words, most significant first. */
  static v6(w0: number, w1: number, w2: number, w3: number): IpAddress {
    return new IpAddress(6, w0, w1, w2, w3)
  }

  /**
   * Reads an address in any form of RFC 4291 2.2, without a zone. IPv4 octets are decimal without leading zeros,
   * so that no reader can take them for octal (RFC 6943 3.1.1); IPv6 groups have one to four digits.
   * TypeError where the text is no address.
   */
  static parse(text: string): IpAddress {
    if (typeof text !== 'string') throw new TypeError(`an IP address is parsed from a string, not from ${typeof text}`)
    const version = parseIp(text, 0, text.length)
    if (version < 0) throw new TypeError(`${quote(text)} is not an IP address: ${reasonOf(version)}`)
    return lastParsed(version)
  }

  /** As `parse`, but null where the text is no address. */
  static tryParse(text: string): IpAddress | null {
    const version = parseIp(text, 0, text.length)
    return version < 0 ? null : lastParsed(version)
  }

  /** The address in 4 or 16 bytes in network order. RangeError where they are not there. */
  static fromBytes(bytes: Uint8Array, offset: number, version: 4 | 6): IpAddress {
    const length = version === 4 ? 4 : 16
    if (!Number.isInteger(offset) || offset < 0 || offset + length > bytes.length) {
      throw new RangeError(`an IPv${version} address takes ${length} bytes from offset ${offset}, of ${bytes.length}`)
    }
    if (version === 4) return IpAddress.v4(word(bytes, offset))
    return new IpAddress(
      6,
      word(bytes, offset),
      word(bytes, offset + 4),
      word(bytes, offset + 8),
      word(bytes, offset + 12),
    )
  }

  /** The IPv4 address at an offset of a packet. Check the length first: a DataView throws past its end. */
  static readV4(view: DataView, at: number): IpAddress {
    return IpAddress.v4(view.getInt32(at))
  }

  /** The IPv6 address at an offset of a packet. Check the length first: a DataView throws past its end. */
  static readV6(view: DataView, at: number): IpAddress {
    return new IpAddress(6, view.getInt32(at), view.getInt32(at + 4), view.getInt32(at + 8), view.getInt32(at + 12))
  }

  /** 4 or 16. */
  get byteLength(): 4 | 16 {
    return this.version === 4 ? 4 : 16
  }

  /** Writes its 4 or 16 bytes in network order. */
  writeTo(view: DataView, offset: number): void {
    if (this.version === 4) {
      view.setInt32(offset, this.w3)
      return
    }
    view.setInt32(offset, this.w0)
    view.setInt32(offset + 4, this.w1)
    view.setInt32(offset + 8, this.w2)
    view.setInt32(offset + 12, this.w3)
  }

  /** Its 4 or 16 bytes in network order. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(this.byteLength)
    this.writeTo(new DataView(bytes.buffer), 0)
    return bytes
  }

  /** Dotted decimal, or the canonical text of RFC 5952. */
  toString(): string {
    return this.version === 4 ? formatV4(this.w3) : formatV6(this.w0, this.w1, this.w2, this.w3)
  }

  /** Whether both are the same address of the same version. */
  equals(other: IpAddress): boolean {
    return (
      this.w3 === other.w3 &&
      this.w2 === other.w2 &&
      this.w1 === other.w1 &&
      this.w0 === other.w0 &&
      this.version === other.version
    )
  }

  /** Below 0 where it comes before the other: IPv4 first, then as unsigned numbers. */
  compare(other: IpAddress): number {
    if (this.version !== other.version) return this.version - other.version
    if (this.w0 !== other.w0) return this.w0 >>> 0 < other.w0 >>> 0 ? -1 : 1
    if (this.w1 !== other.w1) return this.w1 >>> 0 < other.w1 >>> 0 ? -1 : 1
    if (this.w2 !== other.w2) return this.w2 >>> 0 < other.w2 >>> 0 ? -1 : 1
    if (this.w3 !== other.w3) return this.w3 >>> 0 < other.w3 >>> 0 ? -1 : 1
    return 0
  }

  /** Whether it is 0.0.0.0 or `::`. */
  get isUnspecified(): boolean {
    return this.w3 === 0 && this.w0 === 0 && this.w1 === 0 && (this.version === 4 || this.w2 === 0)
  }

  /** Whether it is a group (224.0.0.0/4, ff00::/8). */
  get isMulticast(): boolean {
    return this.version === 4 ? this.w3 >>> 28 === 0xe : this.w0 >>> 24 === 0xff
  }

  /** Whether it is an IPv6 address that holds an IPv4 one (`::ffff:0:0/96`, RFC 4291 2.5.5.2). */
  get isMapped(): boolean {
    return this.version === 6 && this.w0 === 0 && this.w1 === 0 && this.w2 === 0xffff
  }

  /** An IPv4 address as the IPv6 address `::ffff:a.b.c.d`; an IPv6 address as it is. */
  toMapped(): IpAddress {
    return this.version === 4 ? new IpAddress(6, 0, 0, 0xffff, this.w3) : this
  }

  /** The IPv4 address inside a mapped one; any other as it is. */
  unmapped(): IpAddress {
    return this.isMapped ? IpAddress.v4(this.w3) : this
  }

  /** A copy of its own, which does not change when a reused one does. */
  copy(): IpAddress {
    return new IpAddress(this.version, this.w0, this.w1, this.w2, this.w3)
  }
}

function word(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  )
}

/** @internal The address that `parseIp` read last, which answered `version`. */
export function lastParsed(version: number): IpAddress {
  return new IpAddress(
    version === 4 ? 4 : 6,
    parsedWords[0] as number,
    parsedWords[1] as number,
    parsedWords[2] as number,
    parsedWords[3] as number,
  )
}

/** 0.0.0.0 */
export const IPV4_ANY: IpAddress = /* @__PURE__ */ IpAddress.v4(0)
/** 127.0.0.1 */
export const IPV4_LOOPBACK: IpAddress = /* @__PURE__ */ IpAddress.v4(0x7f000001)
/** 255.255.255.255, the limited broadcast address */
export const IPV4_BROADCAST: IpAddress = /* @__PURE__ */ IpAddress.v4(-1)
/** `::` */
export const IPV6_ANY: IpAddress = /* @__PURE__ */ IpAddress.v6(0, 0, 0, 0)
/** `::1` */
export const IPV6_LOOPBACK: IpAddress = /* @__PURE__ */ IpAddress.v6(0, 0, 0, 1)

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** A reused address whose words a layer overwrites for each packet. The same class, so that no call site sees two. */
export type IpAddressSlot = IpAddress & { readonly slot: unique symbol }

/** A slot, 0.0.0.0 at first. */
export function createAddressSlot(): IpAddressSlot {
  return IpAddress.v4(0) as IpAddressSlot
}

/** Overwrites a slot with an IPv4 address given as a 32-bit value. */
export function setSlotV4(slot: IpAddressSlot, word: number): void {
  const target = slot as Writable<IpAddress>
  target.version = 4
  target.w0 = 0
  target.w1 = 0
  target.w2 = 0xffff
  target.w3 = word | 0
}

/** Overwrites a slot with an IPv6 address given as four 32-bit words. */
export function setSlotV6(slot: IpAddressSlot, w0: number, w1: number, w2: number, w3: number): void {
  const target = slot as Writable<IpAddress>
  target.version = 6
  target.w0 = w0 | 0
  target.w1 = w1 | 0
  target.w2 = w2 | 0
  target.w3 = w3 | 0
}

/** Overwrites a slot with another address. */
export function setSlot(slot: IpAddressSlot, from: IpAddress): void {
  const target = slot as Writable<IpAddress>
  target.version = from.version
  target.w0 = from.w0
  target.w1 = from.w1
  target.w2 = from.w2
  target.w3 = from.w3
}
