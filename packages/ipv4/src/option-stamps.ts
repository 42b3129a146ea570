import { createAddressSlot, setSlotV4 } from '@jackfield/addr'
import type { Packet } from '@jackfield/packet'
import type { Ipv4Context } from './context.js'
import { writeIpv4Checksum } from './wire/header.js'
import { type OptionPlaces, recordAddress, recordTimestamp } from './wire/options.js'

/** Fills in record-route and timestamp options on the way (RFC 791 3.1, RFC 1812 5.2.4). */
export class OptionStamps {
  private readonly context: Ipv4Context
  private readonly address = createAddressSlot()
  private readonly isOwn: (word: number) => boolean

  constructor(context: Ipv4Context) {
    this.context = context
    this.isOwn = (word) => {
      setSlotV4(this.address, word)
      return context.network.isLocal(this.address, 0)
    }
  }

  /** Writes `address` (a 32-bit value) and the time where options ask for them; the header checksum follows. */
  stamp(packet: Packet, start: number, places: OptionPlaces, address: number): void {
    if (places.recordRoute < 0 && places.timestamp < 0) return
    packet.unshare()
    const { view } = packet
    let changed = false
    if (places.recordRoute >= 0) changed = recordAddress(view, start + places.recordRoute, address)
    if (places.timestamp >= 0) {
      const milliseconds = Math.floor(this.context.clock.wallTime() / 1000) % 86_400_000
      if (recordTimestamp(view, start + places.timestamp, address, milliseconds, this.isOwn)) changed = true
    }
    if (changed) writeIpv4Checksum(view, start, (view.getUint8(start) & 15) << 2)
  }
}
