import { SocketAddress } from '@jackfield/addr'
import {
  EADDRINUSE,
  ERROR_PORT_UNREACHABLE,
  type ForwardAcceptOptions,
  type NetworkHeader,
  SOCK_DGRAM,
  type SocketEndpoint,
  SocketError,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import { ForwardedRequest, type Forwarding, transportSettings } from '@jackfield/transport'
import type { UdpProtocol } from '../udp-protocol.js'
import { UdpSocket } from '../udp-socket.js'
import { UDP_HEADER_LENGTH } from '../wire/udp.js'

/** What a deferred flow may queue, in bytes of memory pinned: any one datagram, and a few small ones. */
const DEFERRED_LIMIT = 16_384

/** A datagram for which no socket is there. While it is deferred its socket exists, and nobody has it. */
export class UdpForwardRequest extends ForwardedRequest {
  readonly type: number = SOCK_DGRAM
  readonly protocol: number
  readonly syn = null
  /** Whether the network layer is to answer that the port is unreachable: it has the packet still. */
  unreachable = false
  private readonly udp: UdpProtocol
  /** The datagram and its header while the handler runs; then the socket's queue has it. */
  private first: Packet | null
  private header: NetworkHeader | null
  private socket: UdpSocket | null = null

  /** @param first the packet, which stays the caller's until `settle` */
  constructor(udp: UdpProtocol, forwarding: Forwarding, first: Packet, header: NetworkHeader) {
    const { view, transportHeader: at } = first
    super(
      forwarding,
      new SocketAddress(header.source, view.getUint16(at)),
      new SocketAddress(header.destination, view.getUint16(at + 2)),
      header.interfaceIndex,
    )
    this.udp = udp
    this.protocol = udp.protocol
    this.first = first
    this.header = header
  }

  packet(): Uint8Array {
    const packet = this.datagram()
    return packet === null ? new Uint8Array(0) : packet.bytes.slice(packet.networkHeader, packet.end)
  }

  payload(): Uint8Array {
    const packet = this.datagram()
    if (packet === null) return new Uint8Array(0)
    return packet.bytes.slice(packet.transportHeader + UDP_HEADER_LENGTH, packet.end)
  }

  /** The handler is done: the packet is released where nobody took it and no answer needs it. */
  settle(): void {
    if (this.first !== null && !this.unreachable) this.first.release()
    this.first = null
    this.header = null
  }

  protected override complete({ socketOptions = [] }: ForwardAcceptOptions): SocketEndpoint {
    const socket = this.socket ?? this.openSocket()
    socket.options.receiveQueue.limit = transportSettings(this.udp.host).rmemDefault
    for (const [level, name, value] of socketOptions) {
      const error = socket.setOption(level, name, value)
      if (error !== 0) {
        throw new SocketError(-error, 'setsockopt', { detail: `option ${name} of level ${level}, given to accept()` })
      }
    }
    this.socket = null
    return socket
  }

  protected override reset(): void {
    if (this.first !== null) this.unreachable = true
    else this.refuse(ERROR_PORT_UNREACHABLE)
  }

  protected override refuse(kind: number): void {
    const { host, header: own } = this.udp
    const packet = this.datagram()
    const network = host.network(this.local.address.version)
    if (packet === null || network === undefined || host.control === null) return
    network.readHeader(packet, own)
    host.control.sendError(network, packet, own, kind, 0, null)
  }

  protected override hold(): void {
    this.openSocket().options.receiveQueue.limit = DEFERRED_LIMIT
  }

  protected override letGo(): void {
    this.socket?.close()
    this.socket = null
  }

  private datagram(): Packet | null {
    return this.first ?? this.socket?.queue.peek() ?? null
  }

  /** Makes the socket and gives it the datagram. */
  private openSocket(): UdpSocket {
    const { first, header, local, remote } = this
    const socket = new UdpSocket(this.udp, local.family)
    if (!socket.adopt(local, remote)) {
      socket.close()
      throw new SocketError(EADDRINUSE, 'accept', { address: `${local.address}`, port: local.port })
    }
    this.socket = socket
    if (first !== null && header !== null) {
      this.first = null
      this.udp.deliver(socket, first, header)
    }
    return socket
  }
}
