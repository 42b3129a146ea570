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
}
