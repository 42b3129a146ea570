import type { Packet } from '@jackfield/packet'
import type { IcmpReport } from './icmp-report.js'
import type { Delivery, NetworkHeader } from './network.js'

/** How large packets of a transport are cut and merged. */
export interface OffloadProtocol {
  /** `SEGMENT_TCP` or `SEGMENT_UDP`. */
  readonly segmentType: number
  /**
   * Cuts a packet (headers set, window at the network header, checksum partial) into segments of at most `size` payload
   * bytes. Each goes to `emit`, which takes it, finishes its network header and sends it. Takes the packet.
   */
  segment(packet: Packet, size: number, emit: SegmentEmitter): void
  /** Whether two inspected packets of the same addresses are of one flow (ports), so that their order must be kept. */
  sameFlow(head: Packet, packet: Packet): boolean
  /**
   * Appends a received packet's payload to `head` where both are of one flow, in order and alike.
   * Takes `packet` if it answers true. May be refused for any reason.
   */
  merge(head: Packet, packet: Packet): boolean
  /** Whether packets of this transport are wanted merged at present. */
  readonly mergeWanted: boolean
}

/** Takes the segments of a packet that is cut. */
export interface SegmentEmitter {
  /** Takes one segment. `index` counts from 0. */
  emit(segment: Packet, index: number): void
}

/** UDP, TCP or another. One instance serves every network layer of a stack. */
export interface TransportLayer {
  readonly protocol: number
  readonly offload?: OffloadProtocol
  /** A packet for this host; the window begins at the transport header. Takes it unless it answers `UNREACHABLE`. */
  receive(packet: Packet, header: NetworkHeader): Delivery
  /**
   * Whether it judges reports that a packet was too big itself, and gives those that are about a packet of its own on to
   * `NetworkLayer.updatePathMtu` (RFC 5927 7). Absent: the network layer believes them all.
   */
  readonly believesMtu?: boolean
  /** The burst ended. */
  burstEnd(): void
  /** An ICMP error about a packet that this transport sent. Borrows the report. */
  error(report: IcmpReport): void
}
