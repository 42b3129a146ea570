import { createAddressSlot, setSlot } from '@jackfield/addr'
import { NetworkFlow } from '@jackfield/interfaces'
import type { ArrivingSegment } from '../arriving-segment.js'
import { isSigned, md5KeyOf } from '../md5/md5-check.js'
import type { TcpProtocol } from '../protocol.js'
import { FLAG_ACK, FLAG_RST, TCP_HEADER_LENGTH, writeTcpHeader } from '../wire/segment.js'
import { EstablishedOptions, establishedOptionsLength, writeEstablishedOptions } from '../wire/write-options.js'
import { sealSegment } from './seal.js'

const options = new EstablishedOptions()

/** Segments that answer one without a connection: resets, and the acknowledgements of TIME-WAIT and requests. */
export class Replies {
  private readonly tcp: TcpProtocol
  private readonly source = createAddressSlot()
  private readonly destination = createAddressSlot()
  private readonly flow: NetworkFlow
  /** For the segment that is sent. */
  private key: Uint8Array | null = null

  constructor(tcp: TcpProtocol) {
    this.tcp = tcp
    this.flow = new NetworkFlow(6, this.source, this.destination)
  }

  /** RFC 9293 3.10.7.1: a reset for a segment that is nobody's; none for a reset. */
  reset(s: ArrivingSegment): void {
    if ((s.flags & FLAG_RST) !== 0) return
    const key = this.keyFor(s)
    // Who signs must have proved that it knows the key.
    if (s.options.md5Offset >= 0 && (key === null || !isSigned(key, s))) return
    this.key = key
    this.tcp.counters.TcpOutRsts++
    if ((s.flags & FLAG_ACK) !== 0) this.send(s, s.ack, 0, FLAG_RST, 0, false, 0, 0)
    else this.send(s, 0, s.endSeq, FLAG_RST | FLAG_ACK, 0, false, 0, 0)
  }

  /** An acknowledgement; `window` as it goes into the header. */
  acknowledge(
    s: ArrivingSegment,
    seq: number,
    ack: number,
    window: number,
    timestamps: boolean,
    tsval: number,
    tsecr: number,
  ): void {
    this.key = this.keyFor(s)
    this.send(s, seq, ack, FLAG_ACK, window, timestamps, tsval, tsecr)
  }

  /** The key with which the peer of a segment is answered (RFC 2385): that of whoever the segment is for. */
  private keyFor(s: ArrivingSegment): Uint8Array | null {
    const { source, destination, header } = s
    if (source === null || destination === null || header === null) return null
    const { tcp } = this
    if (!tcp.usesMd5) return null
    return md5KeyOf(tcp.table.lookup(destination, s.destinationPort, source, s.sourcePort, header.interfaceIndex), s)
  }

  private send(
    s: ArrivingSegment,
    seq: number,
    ack: number,
    flags: number,
    window: number,
    timestamps: boolean,
    tsval: number,
    tsecr: number,
  ): void {
    const { tcp, flow } = this
    const { source, destination, header } = s
    if (source === null || destination === null || header === null) return
    const network = tcp.host.network(header.version)
    if (network === undefined) return
    setSlot(this.source, destination)
    setSlot(this.destination, source)
    const { key } = this
    options.md5 = key !== null
    options.timestamps = timestamps
    options.tsval = tsval
    options.tsecr = tsecr
    const length = TCP_HEADER_LENGTH + establishedOptionsLength(timestamps, 0, key !== null)
    const packet = tcp.host.packets.allocate(length)
    const { view, start: at } = packet
    writeTcpHeader(view, at, s.destinationPort, s.sourcePort, seq, ack, length, flags, window)
    writeEstablishedOptions(view, at + TCP_HEADER_LENGTH, options)
    sealSegment(packet, this.source, this.destination, key)
    flow.route = null
    flow.anySource = true
    flow.interfaceIndex = 0
    flow.scopeId = this.destination.version === 6 ? header.interfaceIndex : 0
    tcp.counters.TcpOutSegs++
    tcp.host.needBurstEnd()
    network.send(packet, flow)
  }
}
