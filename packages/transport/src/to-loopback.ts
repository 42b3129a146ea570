import { type IpAddress, type IpAddressSlot, setSlot, setSlotV4, setSlotV6 } from '@jackfield/addr'

/** As in Linux, to send to 0.0.0.0 or `::` is to send to this host: to the source's address, else to the loopback. */
export function toLoopback(destination: IpAddressSlot, source: IpAddress): void {
  if (!destination.isUnspecified) return
  if (!source.isUnspecified && source.version === destination.version) setSlot(destination, source)
  else if (destination.version === 4) setSlotV4(destination, 0x7f000001)
  else setSlotV6(destination, 0, 0, 0, 1)
}
