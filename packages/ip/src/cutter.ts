import { EMSGSIZE, type Route, type SegmentEmitter } from '@jackfield/interfaces'
import { type Packet, SEGMENT_NONE, SEGMENT_TCP } from '@jackfield/packet'
import type { ProtocolTable } from './protocol-table.js'

/** What a cutter has done by its network layer. */
export interface CutterOptions {
  readonly protocols: ProtocolTable
  /** The transport protocol of a large packet whose network header is at `packet.start`. */
  protocolOf(packet: Packet): number
  /** Makes the header of the segment at this place right. */
  finish(segment: Packet, index: number): void
  /** Sends a segment in fragments of at most `mtu` bytes. Takes it. 0 or an error number. */
  fragment(segment: Packet, mtu: number, route: Route): number
  /** Sends a segment that fits. Takes it. 0 or an error number. */
  hand(segment: Packet, route: Route): number
  /** Counts a packet that cannot be cut. */
  failed(): void
}

/**
 * Bytes of the network packet that each segment of a large packet becomes; its network header is at `packet.start`.
 * @param headerLength bytes of the network header
 */
export function segmentLength(packet: Packet, headerLength: number): number {
  const { view, start, end } = packet
  const transport = start + headerLength
  let transportLength = 8
  if (packet.segmentType === SEGMENT_TCP && transport + 12 < end)
    transportLength = (view.getUint8(transport + 12) >>> 4) << 2
  return headerLength + transportLength + packet.segmentSize
}

/** Cuts large packets of which the segments have to be fragmented, or which are too large to be handed down whole. */
export class Cutter implements SegmentEmitter {
  private readonly options: CutterOptions
  private route: Route | null = null
  private mtu = 0
  private error = 0
  private left = 0

  constructor(options: CutterOptions) {
    this.options = options
  }

  /**
   * Cuts a packet whose header is at `packet.start` and sends each segment, in fragments where it must be. Takes it.
   * @returns 0 where a segment left, and what did not is a loss on the way; else the number of the first error
   */
  send(packet: Packet, route: Route, mtu: number): number {
    const { options } = this
    const offload = options.protocols.transports[options.protocolOf(packet)]?.offload
    if (offload === undefined || this.route !== null) {
      options.failed()
      packet.release()
      return EMSGSIZE
    }
    this.route = route
    this.mtu = mtu
    this.error = 0
    this.left = 0
    offload.segment(packet, packet.segmentSize, this)
    this.route = null
    return this.left > 0 ? 0 : this.error
  }

  emit(segment: Packet, index: number): void {
    const { route, options } = this
    if (route === null) {
      segment.release()
      return
    }
    segment.segmentType = SEGMENT_NONE
    segment.segmentSize = 0
    segment.segmentCount = 0
    options.finish(segment, index)
    const result = segment.length > this.mtu ? options.fragment(segment, this.mtu, route) : options.hand(segment, route)
    if (result === 0) this.left++
    else if (this.error === 0) this.error = result
  }
}
