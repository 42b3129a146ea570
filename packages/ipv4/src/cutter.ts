import { EMSGSIZE, type Route, type SegmentEmitter } from '@jackfield/interfaces'
import { type Packet, SEGMENT_NONE, SEGMENT_TCP } from '@jackfield/packet'
import type { Ipv4Context } from './context.js'
import type { Fragmenter } from './fragment.js'
import type { Ipv4Offload } from './offload.js'
import { IPV4_HEADER_LENGTH, IPV4_PROTOCOL } from './wire/header.js'

/** Bytes of the network packet that each segment of a large packet becomes; its header is at `packet.start`. */
export function segmentLength(packet: Packet): number {
  const { view, start, end } = packet
  const headerLength = (view.getUint8(start) & 15) << 2
  const transport = start + headerLength
  let transportLength = 8
  if (packet.segmentType === SEGMENT_TCP && transport + 12 < end)
    transportLength = (view.getUint8(transport + 12) >>> 4) << 2
  return headerLength + transportLength + packet.segmentSize
}

/** Cuts large packets of which the segments have to be fragmented, or which are too large to be handed down whole. */
export class Cutter implements SegmentEmitter {
  private readonly context: Ipv4Context
  private readonly fragmenter: Fragmenter
  private readonly offload: Ipv4Offload
  private route: Route | null = null
  private mtu = 0
  private error = 0

  constructor(context: Ipv4Context, fragmenter: Fragmenter, offload: Ipv4Offload) {
    this.context = context
    this.fragmenter = fragmenter
    this.offload = offload
  }

  /** Cuts a packet whose header is at `packet.start` and sends each segment, in fragments where it must be. Takes it. */
  send(packet: Packet, route: Route, mtu: number): number {
    const protocol = packet.view.getUint8(packet.start + IPV4_PROTOCOL)
    const offload = this.context.transports[protocol]?.offload
    if (offload === undefined || this.route !== null) {
      this.context.counters.IpFragFails++
      packet.release()
      return EMSGSIZE
    }
    this.route = route
    this.mtu = mtu
    this.error = 0
    offload.segment(packet, packet.segmentSize, this)
    this.route = null
    return this.error
  }

  emit(segment: Packet, index: number): void {
    const route = this.route
    if (route === null || segment.length < IPV4_HEADER_LENGTH) {
      segment.release()
      return
    }
    segment.segmentType = SEGMENT_NONE
    segment.segmentSize = 0
    segment.segmentCount = 0
    this.offload.finish(segment, index)
    let result: number
    if (segment.length > this.mtu) result = this.fragmenter.send(segment, this.mtu, route.interface, route.nextHop)
    else {
      const { counters, network } = this.context
      counters.IpOutTransmits++
      counters.IpExtOutOctets += segment.length
      result = route.interface.output(segment, network.etherType, route.nextHop)
      if (result !== 0) counters.IpOutDiscards++
    }
    if (this.error === 0) this.error = result
  }
}
