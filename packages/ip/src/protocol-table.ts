import {
  DELIVERED,
  type IcmpReport,
  type NetworkHeader,
  type ProtocolTap,
  type TransportLayer,
  type Untap,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import { Taps } from './taps.js'

/** An answer of `ProtocolTable.deliver`: somebody took the packet. */
export const PACKET_TAKEN = 0
/** The transport has nobody for it; the packet is still the caller's, to be quoted and released. */
export const PACKET_REFUSED = 1
/** Neither a transport nor a raw socket for the protocol; the packet is still the caller's. */
export const PACKET_UNKNOWN = 2

/** The transports of a network layer, and the raw sockets that see packets before them. */
export class ProtocolTable {
  readonly taps: Taps = new Taps()
  /** By protocol number. */
  readonly transports: (TransportLayer | null)[] = new Array<TransportLayer | null>(256).fill(null)

  /** `NetworkLayer.attach`. */
  attach(protocol: number, transport: TransportLayer): void {
    if (!Number.isInteger(protocol) || protocol < 0 || protocol > 255) {
      throw new RangeError(`a protocol is 0 to 255, not ${protocol}`)
    }
    const { transports } = this
    if (transports[protocol] !== null) throw new Error(`protocol ${protocol} has a transport already`)
    transports[protocol] = transport
  }

  /** `NetworkLayer.tap`. */
  tap(protocol: number, tap: ProtocolTap): Untap {
    return this.taps.add(protocol, tap)
  }

  /** Gives a packet for this host, its window at the transport header, to raw sockets and its transport. */
  deliver(packet: Packet, header: NetworkHeader): number {
    const { taps } = this
    const seen = taps.any && taps.receive(packet, header)
    const transport = this.transports[header.protocol] as TransportLayer | null
    if (transport !== null) return transport.receive(packet, header) === DELIVERED ? PACKET_TAKEN : PACKET_REFUSED
    if (!seen) return PACKET_UNKNOWN
    packet.release()
    return PACKET_TAKEN
  }

  /** Whether the transport of a protocol judges itself which reports of a path's MTU to believe. */
  believesMtu(protocol: number): boolean {
    return this.transports[protocol]?.believesMtu === true
  }

  /** Tells raw sockets and the transport of an error about one of their packets. */
  error(report: IcmpReport): void {
    if (this.taps.any) this.taps.error(report)
    this.transports[report.protocol]?.error(report)
  }
}
