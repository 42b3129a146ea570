import { formatWord, parsedOctets, parseHexOctets } from './hex-octets.js'
import { quote } from './ip-parse.js'
import type { MacAddress } from './mac-address.js'

/** An EUI-64, or an IPv6 interface identifier (RFC 4291 2.5.1). Immutable. */
export class Eui64 {
  /** The first four octets, as int32: `w2` of an address with this interface identifier. */
  readonly high: number
  /** The last four octets, as int32: `w3` of such an address. */
  readonly low: number

  constructor(high: number, low: number) {
    this.high = high | 0
    this.low = low | 0
  }

  /** Reads eight octets in the forms of `MacAddress.parse`. TypeError for anything else. */
  static parse(text: string): Eui64 {
    if (typeof text !== 'string') throw new TypeError(`an EUI-64 is parsed from a string, not from ${typeof text}`)
    const value = Eui64.tryParse(text)
    if (value === null) {
      throw new TypeError(
        `${quote(text)} is not an EUI-64: write eight octets of two hexadecimal digits, as in 02:00:5e:ff:fe:10:00:01`,
      )
    }
    return value
  }

  /** As `parse`, but null where the text is no EUI-64. */
  static tryParse(text: string): Eui64 | null {
    return parseHexOctets(text, 8) ? new Eui64(parsedOctets[0] as number, parsedOctets[1] as number) : null
  }

  /** The EUI-64 of an EUI-48: ff:fe put in its middle (RFC 4291 appendix A). For IPv6 take `modified` of it. */
  static fromMac(mac: MacAddress): Eui64 {
    return new Eui64((mac.high << 16) | ((mac.low >>> 16) & 0xff00) | 0xff, 0xfe000000 | (mac.low & 0xffffff))
  }

  /**
   * With the universal/local bit inverted: an EUI-64 becomes the interface identifier "modified EUI-64" and back
   * (RFC 4291 appendix A).
   */
  get modified(): Eui64 {
    return new Eui64(this.high ^ 0x02000000, this.low)
  }

  /** Lower case with colons: `02:00:5e:ff:fe:10:00:01`. */
  toString(): string {
    return `${formatWord(this.high)}:${formatWord(this.low)}`
  }

  equals(other: Eui64): boolean {
    return this.low === other.low && this.high === other.high
  }
}
