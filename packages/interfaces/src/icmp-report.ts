import { createAddressSlot, type IpAddress } from '@jackfield/addr'
import type { Packet } from '@jackfield/packet'

/** An ICMP error that came in. One reused object: read it during the call. */
export class IcmpReport {
  version: 4 | 6 = 4
  /** ICMP type and code as received. */
  type = 0
  code = 0
  /** `ERROR_PORT_UNREACHABLE` and the like. */
  kind = 0
  /** Linux's error number for it (`ECONNREFUSED`, `EHOSTUNREACH`, `EMSGSIZE`...). */
  errno = 0
  /** Whether Linux counts it as final for a connection ("hard"). */
  fatal = false
  /** MTU, pointer or 0. */
  info = 0
  /** Who sent the error. */
  readonly offender: IpAddress = createAddressSlot()
  /** Of the quoted packet, as this host sent it. Filled by the network layer. */
  readonly source: IpAddress = createAddressSlot()
  readonly destination: IpAddress = createAddressSlot()
  protocol = 0
  /** Interface that the error came in by. */
  interfaceIndex = 0
  /** The ICMP packet. Borrowed. The quoted network packet is `[quoteStart, packet.end)`. */
  packet: Packet | null = null
  quoteStart = 0
  /** Where the quoted transport header begins. Filled by the network layer; at least 8 bytes follow. */
  quoteTransport = 0
}
