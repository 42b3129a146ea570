import {
  EINVAL,
  EIO,
  EMSGSIZE,
  ENOBUFS,
  IP_PMTUDISC_DO,
  IP_PMTUDISC_OMIT,
  IPPROTO_UDPLITE,
  type NetworkFlow,
  type NetworkLayer,
} from '@jackfield/interfaces'
import { checksum, type Packet, SEGMENT_UDP } from '@jackfield/packet'
import { copyToPacket, flowMtu, notePathMtu, pseudoHeaderSum, setPartialChecksum, sourceOf } from '@jackfield/transport'
import type { UdpSocket } from './udp-socket.js'
import { UDP_HEADER_LENGTH, writeUdp } from './wire/udp.js'

/** Segments in one send call, as in Linux (`UDP_MAX_SEGMENTS`, 6.16 and later). */
const MAX_SEGMENTS = 128
/** Offset of the checksum in the header. */
const CHECKSUM_OFFSET = 6

/**
 * Sends one payload along the socket's flow, whose route is known; with a segment size several datagrams.
 * @returns the payload's length, or a negative error number
 */
export function transmit(
  socket: UdpSocket,
  network: NetworkLayer,
  bytes: Uint8Array,
  from: number,
  length: number,
  port: number,
  segmentSize: number,
): number {
  const { flow } = socket
  const route = flow.route
  if (route === null) return -EINVAL
  const ipHeaders = network.headersOf(flow)
  const headers = ipHeaders + UDP_HEADER_LENGTH
  const mtu = flowMtu(flow, route)
  if (length > network.maxPacketLength - headers) return tooLong(socket, port, mtu)
  if (segmentSize > 0) {
    const refused = refuseSegments(socket, headers, length, segmentSize, mtu)
    if (refused !== 0) return refused
  } else if (headers + length > mtu && !mayFragment(flow)) return tooLong(socket, port, mtu)

  socket.udp.host.needBurstEnd()
  let result = 0
  if (segmentSize === 0 || length <= segmentSize) result = sendOne(socket, network, bytes, from, length, port, 0)
  else {
    // As many segments at a time as may be handed down in one packet to be cut; what has options or extension headers is not cut below.
    const room = ipHeaders > network.headerLength ? 1 : Math.floor((route.maxSegment - headers) / segmentSize)
    const step = Math.max(1, room) * segmentSize
    for (let at = 0; at < length && result === 0; at += step) {
      const part = Math.min(step, length - at)
      result = sendOne(socket, network, bytes, from + at, part, port, part > segmentSize ? segmentSize : 0)
    }
  }
  const { counts } = socket.udp
  if (result === 0) {
    counts.OutDatagrams++
    return length
  }
  if (result === EMSGSIZE) return tooLong(socket, port, mtu)
  if (result !== ENOBUFS) return -result
  // A full queue below is a loss like any other, which Linux tells only those who asked for errors.
  counts.SndbufErrors++
  return socket.options.forVersion(network.version).recvErr ? -ENOBUFS : length
}

/** Whether datagrams over the path MTU may go in fragments (`ip_sk_ignore_df`). */
function mayFragment(flow: NetworkFlow): boolean {
  return flow.mtuDiscover < IP_PMTUDISC_DO || flow.mtuDiscover === IP_PMTUDISC_OMIT
}

function tooLong(socket: UdpSocket, port: number, mtu: number): number {
  notePathMtu(socket.options, mtu)
  const { destination } = socket.flow
  if (socket.options.forVersion(destination.version).recvErr) socket.errors.pushLocal(EMSGSIZE, mtu, destination, port)
  return -EMSGSIZE
}

/** The rules of `UDP_SEGMENT`: 0, or a negative error number. */
function refuseSegments(socket: UdpSocket, headers: number, length: number, size: number, mtu: number): number {
  if (headers + Math.min(length, size) > mtu) return -EMSGSIZE
  if (length > size * MAX_SEGMENTS || withoutChecksum(socket)) return -EINVAL
  return socket.protocol === IPPROTO_UDPLITE ? -EIO : 0
}

function withoutChecksum(socket: UdpSocket): boolean {
  return socket.flow.destination.version === 4 ? socket.options.noCheck : socket.noCheck6Tx
}

/** 0 or a positive error number. */
function sendOne(
  socket: UdpSocket,
  network: NetworkLayer,
  bytes: Uint8Array,
  from: number,
  length: number,
  port: number,
  segmentSize: number,
): number {
  const { flow, udp } = socket
  const packet = udp.host.packets.allocate(UDP_HEADER_LENGTH + length)
  const at = packet.start
  packet.transportHeader = at
  writeUdp(packet.view, at, socket.localPort, port, UDP_HEADER_LENGTH + length, 0)
  copyToPacket(bytes, from, length, packet, at + UDP_HEADER_LENGTH)
  const whole = UDP_HEADER_LENGTH + length
  if (socket.protocol === IPPROTO_UDPLITE) coverLite(socket, packet, whole)
  else if (!withoutChecksum(socket)) {
    setPartialChecksum(
      packet,
      CHECKSUM_OFFSET,
      pseudoHeaderSum(sourceOf(flow), flow.destination, socket.protocol, whole),
    )
  }
  if (segmentSize > 0) {
    packet.segmentType = SEGMENT_UDP
    packet.segmentSize = segmentSize
    packet.segmentCount = Math.ceil(length / segmentSize)
  }
  socket.account.charge(packet)
  return network.send(packet, flow)
}

/** RFC 3828 3.1: the sum over what is covered, with the whole length in the pseudo-header. No device finishes that. */
function coverLite(socket: UdpSocket, packet: Packet, whole: number): void {
  const { flow, sendCoverage } = socket
  const { view, start } = packet
  const field = sendCoverage >= 0 && sendCoverage < whole ? sendCoverage : whole
  const covered = field === 0 ? whole : field
  // A length that the field cannot hold is written as 0: everything.
  view.setUint16(start + 4, field > 0xffff ? 0 : field)
  const pseudo = pseudoHeaderSum(sourceOf(flow), flow.destination, socket.protocol, whole)
  const sum = checksum(view, start, start + covered, pseudo)
  view.setUint16(start + CHECKSUM_OFFSET, sum === 0 ? 0xffff : sum)
}
