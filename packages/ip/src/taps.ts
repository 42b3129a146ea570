import { ANY_PROTOCOL, type IcmpReport, type NetworkHeader, type ProtocolTap, type Untap } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'

const NONE: readonly ProtocolTap[] = []

/** The raw sockets' views of protocols. Lists are replaced and never changed, so that one may go while it is shown a packet. */
export class Taps {
  /** Whether there is any: the packet path asks no more where there is none. */
  any = false
  private readonly byProtocol: (readonly ProtocolTap[])[] = new Array<readonly ProtocolTap[]>(256).fill(NONE)
  private everyProtocol: readonly ProtocolTap[] = NONE

  add(protocol: number, tap: ProtocolTap): Untap {
    if (protocol !== ANY_PROTOCOL && !(Number.isInteger(protocol) && protocol >= 0 && protocol <= 255)) {
      throw new RangeError(`a protocol is 0 to 255, or ANY_PROTOCOL, not ${protocol}`)
    }
    this.replace(protocol, [...this.of(protocol), tap])
    let open = true
    return () => {
      if (!open) return
      open = false
      const list = [...this.of(protocol)]
      list.splice(list.indexOf(tap), 1)
      this.replace(protocol, list)
    }
  }

  /** Shows a packet. Whether somebody took it. */
  receive(packet: Packet, header: NetworkHeader): boolean {
    let taken = false
    const own = this.byProtocol[header.protocol] as readonly ProtocolTap[]
    for (let i = 0; i < own.length; i++) if ((own[i] as ProtocolTap).receive(packet, header)) taken = true
    const every = this.everyProtocol
    for (let i = 0; i < every.length; i++) if ((every[i] as ProtocolTap).receive(packet, header)) taken = true
    return taken
  }

  error(report: IcmpReport): void {
    for (const tap of this.byProtocol[report.protocol] as readonly ProtocolTap[]) tap.error(report)
    for (const tap of this.everyProtocol) tap.error(report)
  }

  private of(protocol: number): readonly ProtocolTap[] {
    return protocol === ANY_PROTOCOL ? this.everyProtocol : (this.byProtocol[protocol] as readonly ProtocolTap[])
  }

  private replace(protocol: number, list: readonly ProtocolTap[]): void {
    if (protocol === ANY_PROTOCOL) this.everyProtocol = list
    else this.byProtocol[protocol] = list
    this.any = this.everyProtocol.length > 0 || this.byProtocol.some((each) => each.length > 0)
  }
}
