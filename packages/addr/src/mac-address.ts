import { formatHalf, formatWord, parsedOctets, parseHexOctets } from './hex-octets.js'
import type { IpAddress } from './ip-address.js'
import { quote } from './ip-parse.js'

/** An EUI-48 hardware address. Immutable. */
export class MacAddress {
  /** The first two octets, 0 to 0xffff. */
  readonly high: number
  /** The last four octets, as int32. */
  readonly low: number

  constructor(high: number, low: number) {
    this.high = high & 0xffff
    this.low = low | 0
  }

  /**
   * Reads `02:00:5e:10:00:01`, `02-00-5E-10-00-01` (IEEE 802), `0200.5e10.0001` or `02005e100001`, in either case.
   * TypeError for anything else.
   */
  static parse(text: string): MacAddress {
    if (typeof text !== 'string') throw new TypeError(`a MAC address is parsed from a string, not from ${typeof text}`)
    const address = MacAddress.tryParse(text)
    if (address === null) {
      throw new TypeError(
        `${quote(text)} is not a MAC address: write six octets of two hexadecimal digits, as in 02:00:5e:10:00:01`,
      )
    }
    return address
  }

  /** As `parse`, but null where the text is no address. */
  static tryParse(text: string): MacAddress | null {
    return parseHexOctets(text, 6) ? new MacAddress(parsedOctets[0] as number, parsedOctets[1] as number) : null
  }

  /** The address in six bytes from `offset`. RangeError where they are not there. */
  static fromBytes(bytes: Uint8Array, offset = 0): MacAddress {
    if (!Number.isInteger(offset) || offset < 0 || offset + 6 > bytes.length) {
      throw new RangeError(`a MAC address takes 6 bytes from offset ${offset}, of ${bytes.length}`)
    }
    const b = (i: number): number => bytes[offset + i] as number
    return new MacAddress((b(0) << 8) | b(1), (b(2) << 24) | (b(3) << 16) | (b(4) << 8) | b(5))
  }

  /** The address at an offset of a packet. Check the length first: a DataView throws past its end. */
  static read(view: DataView, at: number): MacAddress {
    return new MacAddress(view.getUint16(at), view.getInt32(at + 2))
  }

  /**
   * The address to which Ethernet sends an IP group: 01:00:5e and 23 bits of an IPv4 group (RFC 1112 6.4), 33:33 and 32 bits
   * of an IPv6 group (RFC 2464 7). TypeError where the address is no group.
   */
  static forGroup(group: IpAddress): MacAddress {
    if (!group.isMulticast) throw new TypeError(`${group} is not a multicast group: those are 224.0.0.0/4 and ff00::/8`)
    if (group.version === 6) return new MacAddress(0x3333, group.w3)
    return new MacAddress(0x0100, 0x5e000000 | (group.w3 & 0x7fffff))
  }

  /** Writes its six bytes. */
  writeTo(view: DataView, offset: number): void {
    view.setUint16(offset, this.high)
    view.setInt32(offset + 2, this.low)
  }

  /** Its six bytes. */
  toBytes(): Uint8Array {
    const bytes = new Uint8Array(6)
    this.writeTo(new DataView(bytes.buffer), 0)
    return bytes
  }

  /** Lower case with colons: `02:00:5e:10:00:01`. */
  toString(): string {
    return `${formatHalf(this.high)}:${formatWord(this.low)}`
  }

  equals(other: MacAddress): boolean {
    return this.low === other.low && this.high === other.high
  }

  /** Whether the group bit is set (multicast and broadcast). */
  get isMulticast(): boolean {
    return (this.high & 0x0100) !== 0
  }

  /** Whether it is ff:ff:ff:ff:ff:ff. */
  get isBroadcast(): boolean {
    return this.high === 0xffff && this.low === -1
  }

  /** Whether it was given by an administrator or made up (IEEE 802's U/L bit), not assigned by its maker. */
  get isLocal(): boolean {
    return (this.high & 0x0200) !== 0
  }

  /** Whether it is 00:00:00:00:00:00, which no device has. */
  get isZero(): boolean {
    return this.high === 0 && this.low === 0
  }
}

/** ff:ff:ff:ff:ff:ff */
export const MAC_BROADCAST: MacAddress = /* @__PURE__ */ new MacAddress(0xffff, -1)
/** 00:00:00:00:00:00 */
export const MAC_ZERO: MacAddress = /* @__PURE__ */ new MacAddress(0, 0)
