import { SocketAddress } from '@jackfield/addr'
import {
  EADDRINUSE,
  type ForwardAcceptOptions,
  IPPROTO_TCP,
  SOCK_STREAM,
  type SocketEndpoint,
  SocketError,
  type SynOffer,
} from '@jackfield/interfaces'
import { ForwardedRequest, type Forwarding, PortEntry } from '@jackfield/transport'
import type { ArrivingSegment } from '../arriving-segment.js'
import type { TcpProtocol } from '../protocol.js'
import type { AcceptedHandshakes } from './accepted-handshakes.js'
import type { HeldSyn } from './held-syn.js'

/** In the port table for a deferred request: the segments of its connection come to it. */
export class WaitingSyn extends PortEntry {
  readonly request: TcpForwardRequest

  constructor(family: number, request: TcpForwardRequest) {
    super(family)
    this.request = request
    // Its port is not in the way of those that bind or choose it.
    this.reuseAddress = true
    this.byConnection = true
  }
}

/** A SYN for which no socket is there. */
export class TcpForwardRequest extends ForwardedRequest {
  readonly type: number = SOCK_STREAM
  readonly protocol: number = IPPROTO_TCP
  readonly syn: SynOffer
  /** The SYN. */
  readonly held: HeldSyn
  /** Initial sequence number that TIME-WAIT left for it; null: a fresh one. */
  readonly iss: number | null
  private readonly tcp: TcpProtocol
  private readonly handshakes: AcceptedHandshakes
  private entry: WaitingSyn | null = null

  constructor(
    tcp: TcpProtocol,
    forwarding: Forwarding,
    handshakes: AcceptedHandshakes,
    held: HeldSyn,
    iss: number | null,
  ) {
    const { source, destination, sourcePort, destinationPort, header } = held.segment
    super(
      forwarding,
      new SocketAddress(source ?? undefined, sourcePort),
      new SocketAddress(destination ?? undefined, destinationPort),
      header?.interfaceIndex ?? 0,
    )
    const { mss, windowScale, sackPermitted, timestamp } = held.segment.options
    this.tcp = tcp
    this.handshakes = handshakes
    this.held = held
    this.iss = iss
    this.syn = { mss, windowScale, sackPermitted, timestamps: timestamp }
  }

  packet(): Uint8Array {
    return this.held.bytes.slice()
  }

  payload(): Uint8Array {
    return new Uint8Array(0)
  }

  /** The same SYN came again: its newest timestamp is the one to echo. */
  again(s: ArrivingSegment): void {
    this.forwarding.counts.ForwardRetransmits++
    const { options } = this.held.segment
    if (options.timestamp && s.options.timestamp) options.tsval = s.options.tsval
  }

  protected override complete(options: ForwardAcceptOptions): SocketEndpoint {
    this.tcp.refreshTime()
    this.letGo()
    return this.handshakes.begin(this, options)
  }

  protected override reset(): void {
    this.tcp.replies.reset(this.held.segment)
  }

  protected override refuse(kind: number): void {
    const { bytes, networkLength, segment } = this.held
    const { host } = this.tcp
    const { header } = segment
    const network = header === null ? undefined : host.network(header.version)
    if (header === null || network === undefined || host.control === null) return
    const packet = host.packets.copyOf(bytes)
    packet.networkHeader = packet.start
    packet.transportHeader = packet.start + networkLength
    packet.interfaceIndex = header.interfaceIndex
    packet.etherType = network.etherType
    host.control.sendError(network, packet, header, kind, 0, null)
    packet.release()
  }

  protected override hold(): void {
    const { source, destination, sourcePort, destinationPort } = this.held.segment
    if (source === null || destination === null) return
    const entry = new WaitingSyn(this.local.family, this)
    if (this.tcp.table.adopt(entry, destination, destinationPort, source, sourcePort) !== 0) {
      throw new SocketError(EADDRINUSE, 'defer', { address: `${destination}`, port: destinationPort })
    }
    this.entry = entry
  }

  protected override letGo(): void {
    if (this.entry !== null) this.tcp.table.remove(this.entry)
    this.entry = null
  }
}
