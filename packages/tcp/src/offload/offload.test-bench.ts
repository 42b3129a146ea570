import { IpAddress } from '@jackfield/addr'
import { IPPROTO_TCP } from '@jackfield/interfaces'
import { createFakeHost, createFakeNetwork, type FakeHost } from '@jackfield/interfaces/compliance'
import {
  CHECKSUM_PARTIAL,
  checksum,
  completeChecksum,
  foldSum,
  type Packet,
  SEGMENT_TCP,
  sumBytes,
} from '@jackfield/packet'
import { pseudoHeaderSum } from '@jackfield/transport'
import { formatTcpSegment, parseTcpSegment, type TcpSegment } from '../wire/plain-segment.js'
import { TCP_CHECKSUM } from '../wire/segment.js'
import { createTcpOffload, type TcpOffload } from './offload.js'

/** Cuts and merges packets between two addresses of one version. */
export class OffloadBench {
  readonly host: FakeHost
  readonly offload: TcpOffload
  readonly headerLength: number
  readonly source: IpAddress
  readonly destination: IpAddress
  private readonly etherType: number

  constructor(version: 4 | 6 = 4) {
    const network = createFakeNetwork({ version })
    this.host = createFakeHost([network])
    this.offload = createTcpOffload(this.host)
    this.etherType = network.etherType
    this.headerLength = version === 4 ? 20 : 40
    this.source = IpAddress.parse(version === 4 ? '192.0.2.9' : '2001:db8::9')
    this.destination = IpAddress.parse(version === 4 ? '10.0.0.1' : '2001:db8::1')
  }

  /** A received packet with a good checksum, its window at the network header. */
  packet(segment: Partial<TcpSegment>): Packet {
    return this.packetOf(formatTcpSegment(segment))
  }

  /** The same of the bytes of a segment, whatever they are. */
  packetOf(bytes: Uint8Array): Packet {
    const { headerLength } = this
    const packet = this.host.packets.allocate(headerLength + bytes.length)
    const { view, start } = packet
    for (let i = 0; i < headerLength; i++) view.setUint8(start + i, 0)
    view.setUint8(start, headerLength === 20 ? 0x45 : 0x60)
    view.setUint8(start + (headerLength === 20 ? 9 : 6), IPPROTO_TCP)
    this.source.writeTo(view, start + (headerLength === 20 ? 12 : 8))
    this.destination.writeTo(view, start + (headerLength === 20 ? 16 : 24))
    packet.bytes.set(bytes, start + headerLength)
    packet.networkHeader = start
    packet.transportHeader = start + headerLength
    packet.etherType = this.etherType
    if (bytes.length >= 20) {
      const at = packet.transportHeader
      view.setUint16(at + TCP_CHECKSUM, 0)
      view.setUint16(at + TCP_CHECKSUM, checksum(view, at, packet.end, this.pseudo(bytes.length)))
    }
    return packet
  }

  /** A packet to be cut, with a partial checksum, as the sender hands it down. */
  large(segment: Partial<TcpSegment>, size: number): Packet {
    const packet = this.packet(segment)
    const at = packet.transportHeader
    packet.view.setUint16(at + TCP_CHECKSUM, foldSum(this.pseudo(packet.end - at)))
    packet.checksum = CHECKSUM_PARTIAL
    packet.checksumStart = at
    packet.checksumOffset = TCP_CHECKSUM
    packet.segmentType = SEGMENT_TCP
    packet.segmentSize = size
    packet.segmentCount = Math.max(1, Math.ceil((segment.payload?.length ?? 0) / size))
    return packet
  }

  /** What a packet is cut into; takes it. */
  cut(packet: Packet, size: number): Packet[] {
    const segments: Packet[] = []
    this.offload.segment(packet, size, {
      emit(segment, index) {
        if (index !== segments.length) throw new Error(`segment ${index} came as ${segments.length}`)
        segments.push(segment)
      },
    })
    return segments
  }

  /** The segment without its checksum, which must be good once it is complete. Releases the packet. */
  read(packet: Packet): Omit<TcpSegment, 'checksum'> {
    packet.unshare()
    completeChecksum(packet)
    const at = packet.transportHeader
    const length = packet.end - at
    const sum = foldSum(sumBytes(packet.view, at, packet.end, this.pseudo(length)))
    if (sum !== 0xffff) throw new Error(`a checksum is wrong: the sum is ${sum.toString(16)}`)
    const segment = parseTcpSegment(packet.bytes.slice(at, packet.end))
    packet.release()
    if (segment === null) throw new Error('that is no segment')
    const { checksum: complete, ...others } = segment
    return others
  }

  private pseudo(length: number): number {
    return pseudoHeaderSum(this.source, this.destination, IPPROTO_TCP, length)
  }
}
