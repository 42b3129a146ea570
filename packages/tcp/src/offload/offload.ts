import { type Host, IPPROTO_TCP, NetworkHeader, type OffloadProtocol, type SegmentEmitter } from '@jackfield/interfaces'
import { CHECKSUM_PARTIAL, foldSum, type Packet, SEGMENT_TCP } from '@jackfield/packet'
import { pseudoHeaderSum } from '@jackfield/transport'
import { checkTcpHeader, TCP_CHECKSUM } from '../wire/segment.js'
import { cutSegments } from './cut.js'
import { appendSegment, canAppend, makeHead, sumIsGood } from './merge.js'
import { exchangeWord } from './partial-sum.js'

/** How large TCP packets are cut and small ones merged, as Linux's `tcp_gso_segment` and `tcp_gro_receive` do. */
export class TcpOffload implements OffloadProtocol {
  readonly segmentType: number = SEGMENT_TCP
  /** True until TCP says otherwise. */
  mergeWanted = true
  /** Large packets whose headers made no sense, which were dropped instead of being cut. */
  uncuttable = 0
  private readonly host: Host
  private readonly header: NetworkHeader = new NetworkHeader()

  constructor(host: Host) {
    this.host = host
  }

  /**
   * Cuts a large segment. Numbers advance, FIN and PSH stay on the last and CWR on the first (RFC 3168 6.1.2), options are
   * the same, and each has a partial checksum. Urgent data is not looked at: a sender makes no large segment of it.
   * An owner that is a `SendAccount` is charged for each.
   */
  segment(packet: Packet, size: number, emit: SegmentEmitter): void {
    // Nobody but the network layer of the host that it is for tells where the transport header of a received packet is.
    const partial = packet.checksum === CHECKSUM_PARTIAL
    const known = partial ? packet.checksumOffset === TCP_CHECKSUM : this.readHeader(packet)
    const at = partial ? packet.checksumStart : packet.start + this.header.headerLength
    const headerLength = known && at >= packet.start ? checkTcpHeader(packet.view, at, packet.end) : -1
    // No pool hands out a packet of a size below one, and every step must come closer to the end.
    if (headerLength < 0 || !(size >= 1)) {
      this.uncuttable++
      packet.release()
      return
    }
    const sum = partial ? packet.view.getUint16(at + TCP_CHECKSUM) : this.pseudoSum(packet.end - at)
    cutSegments(this.host.packets, packet, at, headerLength, size, sum, emit)
  }

  sameFlow(head: Packet, packet: Packet): boolean {
    const i = head.transportHeader
    const j = packet.transportHeader
    return i + 4 <= head.end && j + 4 <= packet.end && head.view.getUint32(i) === packet.view.getUint32(j)
  }

  /**
   * Appends a segment that follows on `head` and differs from it in nothing but its number, FIN and PSH. The merged packet
   * has a partial checksum, so that it may be captured, forwarded and cut again; before that the checksums of both were
   * found good, by the device or here.
   */
  merge(head: Packet, packet: Packet): boolean {
    const headerLength = canAppend(head, packet)
    if (headerLength < 0) return false
    const at = head.transportHeader
    const length = head.end - at
    const merged = head.segmentType === SEGMENT_TCP
    if (!merged && !this.readHeader(head)) return false
    const sum = merged ? head.view.getUint16(at + TCP_CHECKSUM) : this.pseudoSum(length)
    const added = packet.end - packet.transportHeader
    if (!sumIsGood(packet, exchangeWord(sum, length, added))) return false
    if (!merged) {
      if (!sumIsGood(head, sum)) return false
      makeHead(head, headerLength, sum)
    }
    appendSegment(head, packet, headerLength)
    packet.release()
    return true
  }

  /** Reads the network header again; false where its layer is not installed. */
  private readHeader(packet: Packet): boolean {
    const { networks } = this.host
    for (let i = 0; i < networks.length; i++) {
      const network = networks[i]
      if (network?.etherType !== packet.etherType) continue
      network.readHeader(packet, this.header)
      return true
    }
    return false
  }

  /** The folded sum of the pseudo-header of the packet that was read last. */
  private pseudoSum(length: number): number {
    const { source, destination } = this.header
    return foldSum(pseudoHeaderSum(source, destination, IPPROTO_TCP, length))
  }
}

/** Cutting and merging for one stack. */
export function createTcpOffload(host: Host): TcpOffload {
  return new TcpOffload(host)
}
