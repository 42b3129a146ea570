import {
  EAGAIN,
  ETH_P_IPV6,
  type Message,
  MSG_ERRQUEUE,
  MSG_PEEK,
  MSG_TRUNC,
  SOL_UDP,
  UDP_GRO,
} from '@jackfield/interfaces'
import { type Packet, SEGMENT_UDP } from '@jackfield/packet'
import { addReceiveControl, copyFromPacket, fillName, ipName, receivePathMtu } from '@jackfield/transport'
import { SHUT_RECEIVE } from './shut.js'
import type { UdpSocket } from './udp-socket.js'

/** The next datagram into the message: the bytes copied (with `MSG_TRUNC` its length), or a negative error number. */
export function receiveDatagram(socket: UdpSocket, message: Message): number {
  const { flags } = message
  if ((flags & MSG_ERRQUEUE) !== 0) return socket.errors.receive(message, socket.options)
  message.named = false
  if (socket.options.pathMtu !== null && receivePathMtu(socket.options, message)) return 0
  if (socket.options.error !== 0) return -socket.options.takeError()
  const { queue } = socket
  const packet = (flags & MSG_PEEK) === 0 ? queue.shift() : queue.peek()
  if (packet === null) {
    message.flags = 0
    return (socket.shut & SHUT_RECEIVE) !== 0 ? 0 : -EAGAIN
  }
  const length = packet.end - packet.start
  const copied = Math.min(length, message.length)
  copyFromPacket(packet, packet.start, copied, message.buffer, message.offset)
  if (message.name !== null || message.control !== null) describe(socket, packet, message)
  message.flags = copied < length ? MSG_TRUNC : 0
  if ((flags & MSG_PEEK) === 0) {
    socket.udp.counts.InDatagrams++
    packet.release()
  }
  return (flags & MSG_TRUNC) !== 0 ? length : copied
}

/** Where the datagram is from, and what else the socket asked to be told, read again from its own headers. */
function describe(socket: UdpSocket, packet: Packet, message: Message): void {
  const { udp, options } = socket
  const network = udp.host.network(packet.etherType === ETH_P_IPV6 ? 6 : 4)
  if (network === undefined) return
  const { header } = udp
  network.readHeader(packet, header)
  const { view, transportHeader } = packet
  const name = ipName(message.name)
  if (name !== null) {
    const { source } = header
    // RFC 4007: a link-local address means something only with its zone.
    const scopeId = source.w0 >>> 22 === 0x3fa ? header.interfaceIndex : 0
    fillName(name, socket.family, source, view.getUint16(transportHeader), scopeId)
    message.named = true
  }
  if (message.control === null) return
  if (options.wantedControl !== 0) {
    addReceiveControl(options, packet, header, message, view.getUint16(transportHeader + 2), socket.queue.drops)
  }
  if (socket.gro && packet.segmentType === SEGMENT_UDP) {
    message.control.push({ level: SOL_UDP, type: UDP_GRO, data: packet.segmentSize })
  }
}
