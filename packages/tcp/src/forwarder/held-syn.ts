import { type IpAddressSlot, setSlot } from '@jackfield/addr'
import { NetworkHeader } from '@jackfield/interfaces'
import { ArrivingSegment } from '../arriving-segment.js'
import { TcpOptions } from '../wire/options.js'

/** A SYN that outlives its packet: what an answer needs of it, now or later. */
export class HeldSyn {
  readonly segment: ArrivingSegment
  /** Its headers, from the network header on. */
  readonly bytes: Uint8Array
  /** Bytes of the network header. */
  readonly networkLength: number

  /** @param s a SYN whose packet is still there */
  constructor(s: ArrivingSegment) {
    const segment = new ArrivingSegment(new TcpOptions())
    const { options } = segment
    segment.header = copyHeader(s.header)
    segment.source = segment.header.source
    segment.destination = segment.header.destination
    segment.sourcePort = s.sourcePort
    segment.destinationPort = s.destinationPort
    segment.seq = s.seq
    segment.endSeq = s.endSeq
    segment.flags = s.flags
    segment.window = s.window
    segment.ecn = s.ecn
    options.mss = s.options.mss
    options.windowScale = s.options.windowScale
    options.sackPermitted = s.options.sackPermitted
    options.timestamp = s.options.timestamp
    options.tsval = s.options.tsval
    options.tsecr = s.options.tsecr
    this.segment = segment
    const { packet } = s
    // After `readSegment` the window begins at the payload.
    this.bytes = packet === null ? new Uint8Array(0) : packet.bytes.slice(packet.networkHeader, packet.start)
    this.networkLength = packet === null ? 0 : packet.transportHeader - packet.networkHeader
  }
}

function copyHeader(from: NetworkHeader | null): NetworkHeader {
  const header = new NetworkHeader()
  if (from === null) return header
  header.version = from.version
  header.protocol = from.protocol
  header.ttl = from.ttl
  header.tos = from.tos
  header.flowLabel = from.flowLabel
  header.interfaceIndex = from.interfaceIndex
  header.cast = from.cast
  header.headerLength = from.headerLength
  header.hasOptions = from.hasOptions
  setSlot(header.source as IpAddressSlot, from.source)
  setSlot(header.destination as IpAddressSlot, from.destination)
  return header
}
