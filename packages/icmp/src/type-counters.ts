import type { CounterGroup } from '@jackfield/interfaces'

/**
 * Messages by type, for Linux's `IcmpMsgInType8` and `Icmp6OutType129`. They are counted in arrays; the group reads
 * them, and shows the types that were seen, as Linux does.
 */
export class IcmpTypeCounters {
  readonly received: Float64Array = new Float64Array(256)
  readonly sent: Float64Array = new Float64Array(256)
  readonly group: CounterGroup = {}
  private readonly prefix: string

  /** @param prefix `'IcmpMsg'` or `'Icmp6'` */
  constructor(prefix: string) {
    this.prefix = prefix
  }

  countReceived(type: number): void {
    const count = (this.received[type] as number) + 1
    this.received[type] = count
    if (count === 1) this.show('InType', type, this.received)
  }

  countSent(type: number): void {
    const count = (this.sent[type] as number) + 1
    this.sent[type] = count
    if (count === 1) this.show('OutType', type, this.sent)
  }

  private show(direction: string, type: number, counts: Float64Array): void {
    Object.defineProperty(this.group, `${this.prefix}${direction}${type}`, {
      enumerable: true,
      get: () => counts[type] as number,
    })
  }
}
