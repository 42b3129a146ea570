import {
  CAST_ANYCAST,
  CAST_MULTICAST,
  CAST_UNICAST,
  DELIVERED,
  type Delivery,
  ENOMEM,
  ERROR_PACKET_TOO_BIG,
  ERROR_REDIRECT,
  type Forwarder,
  type Host,
  type IcmpReport,
  IP_PMTUDISC_DONT,
  type IPPROTO_UDP,
  IPPROTO_UDPLITE,
  NetworkHeader,
  type OffloadProtocol,
  POLLIN,
  type SegmentEmitter,
  type TransportLayer,
  UNREACHABLE,
} from '@jackfield/interfaces'
import { type Packet, SEGMENT_UDP } from '@jackfield/packet'
import {
  ForwardCounts,
  type MemoryPool,
  PortTable,
  SendControl,
  WANT_TIMESTAMP,
  WANT_TIMESTAMPNS,
} from '@jackfield/transport'
import { checkUdp, checkUdpLite, DATAGRAM_GOOD, DATAGRAM_NO_CHECKSUM } from './check.js'
import { UdpCounts } from './counters.js'
import { UdpForwarder } from './forwarder/udp-forwarder.js'
import { UdpOffload } from './offload.js'
import type { UdpSocket } from './udp-socket.js'
import { UDP_HEADER_LENGTH } from './wire/udp.js'

const TIMESTAMPS = WANT_TIMESTAMP | WANT_TIMESTAMPNS

/** UDP (RFC 768) or UDP-Lite (RFC 3828): whose a datagram is, and whose an ICMP error. */
export class UdpProtocol implements TransportLayer, SegmentEmitter {
  readonly protocol: number
  readonly believesMtu: boolean = true
  readonly offload?: OffloadProtocol
  readonly host: Host
  readonly table: PortTable<UdpSocket>
  readonly counts: UdpCounts = new UdpCounts()
  /** Shared by the receive queues of both protocols. */
  readonly memory: MemoryPool
  /** @internal For headers that are read again, and for ancillary data: one of each, used within a call. */
  readonly header: NetworkHeader = new NetworkHeader()
  /** @internal */
  readonly control: SendControl = new SendControl()
  /** @internal How many sockets have `UDP_GRO`. */
  groSockets = 0
  /** @internal Sockets that are not closed. */
  readonly sockets: Set<UdpSocket> = new Set()
  /** @internal What the forwarder's requests came to. */
  readonly forwards: ForwardCounts = new ForwardCounts()
  private forwarder: UdpForwarder | null = null
  private readonly lite: boolean
  private readonly cutter: OffloadProtocol | null
  /** Whose the segments are that are being cut. */
  private segmentSocket: UdpSocket | null = null

  constructor(host: Host, protocol: typeof IPPROTO_UDP | typeof IPPROTO_UDPLITE, memory: MemoryPool) {
    this.host = host
    this.protocol = protocol
    this.memory = memory
    this.lite = protocol === IPPROTO_UDPLITE
    this.table = new PortTable<UdpSocket>(host, 'datagram')
    this.cutter = null
    if (!this.lite) this.offload = this.cutter = new UdpOffload(this)
  }

  receive(packet: Packet, header: NetworkHeader): Delivery {
    const verdict = this.lite ? checkUdpLite(packet, header) : checkUdp(packet, header)
    if (verdict !== DATAGRAM_GOOD && verdict !== DATAGRAM_NO_CHECKSUM) return this.drop(packet, verdict !== 0)
    const at = packet.start
    const { view } = packet
    packet.transportHeader = at
    const remotePort = view.getUint16(at)
    const localPort = view.getUint16(at + 2)
    if (header.cast !== CAST_UNICAST && header.cast !== CAST_ANYCAST) {
      return this.deliverToAll(packet, header, localPort, remotePort)
    }
    const { source, destination, interfaceIndex } = header
    const socket = this.table.lookup(destination, localPort, source, remotePort, interfaceIndex)
    if (socket === null) {
      if (verdict === DATAGRAM_NO_CHECKSUM) return this.drop(packet, true)
      if (this.forwarder !== null) return this.forwarder.offer(packet, header)
      this.counts.NoPorts++
      return UNREACHABLE
    }
    // RFC 8200 8.1: over IPv6 a datagram has a checksum, unless the socket does without (RFC 6935).
    if (verdict === DATAGRAM_NO_CHECKSUM && !socket.noCheck6Rx) return this.drop(packet, true)
    this.deliver(socket, packet, header)
    return DELIVERED
  }

  burstEnd(): void {}

  error(report: IcmpReport): void {
    const { packet, kind, quoteTransport: at } = report
    if (packet === null || at + UDP_HEADER_LENGTH > packet.end) return
    const localPort = packet.view.getUint16(at)
    const remotePort = packet.view.getUint16(at + 2)
    const { source, destination } = report
    const socket = this.table.lookup(source, localPort, destination, remotePort, report.interfaceIndex)
    if (socket === null || report.errno === 0 || kind === ERROR_REDIRECT) return
    const { options } = socket
    const tooBig = kind === ERROR_PACKET_TOO_BIG
    if (tooBig) this.host.network(report.version)?.updatePathMtu(report.destination, report.info)
    const { mtuDiscover, recvErr } = options.forVersion(report.version)
    if (tooBig && mtuDiscover === IP_PMTUDISC_DONT) return
    // RFC 1122 4.1.3.3; as Linux, a socket without IP_RECVERR hears only of final errors about its peer.
    if (recvErr) socket.errors.pushIcmp(report, at + UDP_HEADER_LENGTH, remotePort)
    else if (!socket.connected || !(report.fatal || tooBig)) return
    options.fail(report.errno)
  }

  /**
   * Sets who is asked about datagrams that no socket is there for; null for nobody. What the one before had deferred is forgotten.
   * @throws RangeError for limits out of range
   */
  setForwarder(forwarder: Forwarder | null): void {
    const next = forwarder === null ? null : new UdpForwarder(this, forwarder, this.forwards)
    this.forwarder?.close()
    this.forwarder = next
  }

  /** The stack closes: every socket gives back what it holds. */
  close(): void {
    this.setForwarder(null)
    for (const socket of this.sockets) socket.close()
  }

  private deliverToAll(packet: Packet, header: NetworkHeader, localPort: number, remotePort: number): Delivery {
    const { source, destination, interfaceIndex } = header
    const { table } = this
    let chosen: UdpSocket | null = null
    let each = table.firstOnPort(localPort)
    while (each !== null) {
      const next = each.nextOnPort as UdpSocket | null
      const { options } = each
      if (
        table.matches(each, destination, source, remotePort, interfaceIndex) &&
        (header.cast !== CAST_MULTICAST ||
          options.groups.accepts(destination, source, interfaceIndex, options.hearsGroups(header.version)))
      ) {
        if (chosen !== null) this.deliver(chosen, packet.share(), header)
        chosen = each
      }
      each = next
    }
    if (chosen !== null) this.deliver(chosen, packet, header)
    else {
      this.counts.IgnoredMulti++
      packet.release()
    }
    return DELIVERED
  }

  /** @internal Gives a datagram to a socket. Takes it. */
  deliver(socket: UdpSocket, packet: Packet, header: NetworkHeader): void {
    // RFC 5082: a socket may refuse what came from too far away.
    if (header.ttl < socket.options.forVersion(header.version).minTtl || (this.lite && !socket.coversEnough(packet))) {
      this.counts.InErrors++
      packet.release()
    } else if (packet.segmentType === SEGMENT_UDP && !socket.gro && this.cutter !== null) {
      this.segmentSocket = socket
      packet.start = packet.networkHeader
      this.cutter.segment(packet, packet.segmentSize, this)
      this.segmentSocket = null
    } else this.enqueue(socket, packet)
  }

  /** One datagram of a merged packet that its socket wants one by one. */
  emit(segment: Packet): void {
    if (this.segmentSocket === null) segment.release()
    else this.enqueue(this.segmentSocket, segment)
  }

  private enqueue(socket: UdpSocket, packet: Packet): void {
    packet.start = packet.transportHeader + UDP_HEADER_LENGTH
    if (packet.timestamp === 0 && (socket.options.wantedControl & TIMESTAMPS) !== 0) {
      packet.timestamp = this.host.clock.wallTime()
    }
    const error = socket.queue.push(packet)
    if (error === 0) {
      socket.wake.changed(POLLIN)
      return
    }
    this.counts.InErrors++
    if (error === ENOMEM) this.counts.RcvbufErrors++
    else this.counts.MemErrors++
  }

  private drop(packet: Packet, checksum: boolean): Delivery {
    this.counts.InErrors++
    if (checksum) this.counts.InCsumErrors++
    packet.release()
    return DELIVERED
  }
}
