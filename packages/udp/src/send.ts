import { createAddressSlot, type IpAddressSlot, setSlot } from '@jackfield/addr'
import {
  EACCES,
  EAGAIN,
  EDESTADDRREQ,
  EINVAL,
  EMSGSIZE,
  ENETUNREACH,
  EOPNOTSUPP,
  EPIPE,
  type Message,
  MSG_CONFIRM,
  MSG_DONTROUTE,
  MSG_MORE,
  MSG_OOB,
  type NetworkLayer,
  SOL_UDP,
  UDP_SEGMENT,
} from '@jackfield/interfaces'
import { aimFlow, flowLabelOf, ipName, readName, routeFlow, type SendControl, toLoopback } from '@jackfield/transport'
import { Cork } from './cork.js'
import { SHUT_SEND } from './shut.js'
import { transmit } from './transmit.js'
import type { UdpSocket } from './udp-socket.js'
import { UDP_HEADER_LENGTH } from './wire/udp.js'

// Where the datagram of the present call goes: read before anything else can run.
const target: IpAddressSlot = createAddressSlot()

/** Sends the message as a datagram: its length, or a negative error number (`-EAGAIN` where the send buffer is full). */
export function sendDatagram(socket: UdpSocket, message: Message): number {
  const { flags, length } = message
  if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP
  if (length > 0xffff) return -EMSGSIZE
  if (socket.localPort === 0 && socket.autobind() !== 0) return -EAGAIN
  if (socket.pending !== null) return appendToCork(socket, socket.pending, message)

  const { options, udp } = socket
  let port = socket.remotePort
  let scopeId = socket.scopeId
  let label = socket.options.flowLabel
  if (message.name !== null) {
    const bad = readName(message.name, socket.family, target)
    const name = ipName(message.name)
    if (bad !== 0 || name === null) return -bad
    port = name.port
    scopeId = name.scopeId
    label = flowLabelOf(socket.options, name)
  } else if (socket.connected) setSlot(target, socket.peer)
  else return -EDESTADDRREQ
  if (port === 0) return -EINVAL
  const other = socket.versionRefused(target)
  if (other !== 0) return other

  let control: SendControl | null = null
  let segmentSize = socket.segmentSize
  if (message.control !== null && message.control.length > 0) {
    control = udp.control
    const bad = control.read(message.control, socket.family, udp.host)
    if (bad !== 0) return bad
    if (control.source !== null && control.source.version !== target.version) return -EINVAL
    for (const { level, type, data } of message.control) {
      if (level !== SOL_UDP) continue
      if (type !== UDP_SEGMENT || typeof data !== 'number' || !(data >= 0 && data <= 0xffff)) return -EINVAL
      segmentSize = data
    }
  }
  if (options.error !== 0) return -options.takeError()
  if ((socket.shut & SHUT_SEND) !== 0) return -EPIPE
  toLoopback(target, socket.source)
  const network = udp.host.network(target.version)
  if (network === undefined) return -ENETUNREACH
  const refused = aim(socket, network, scopeId, control, flags)
  if (refused !== 0) return refused
  if (message.name !== null && (control === null || control.flowLabel < 0)) socket.flow.flowLabel = label

  if (socket.corked || (flags & MSG_MORE) !== 0) {
    if (!socket.account.hasRoom) return full(socket)
    const limit = network.maxPacketLength - network.headerLength - UDP_HEADER_LENGTH
    const cork = new Cork(udp.host.packets, socket.account, target, port, scopeId, segmentSize, control, limit)
    socket.pending = cork
    return appendToCork(socket, cork, message)
  }
  if (!socket.account.hasRoom) return full(socket)
  return transmit(socket, network, message.buffer, message.offset, length, port, segmentSize)
}

/** Points the flow at `target` and finds the route: 0 or a negative error number. */
function aim(
  socket: UdpSocket,
  network: NetworkLayer,
  scopeId: number,
  control: SendControl | null,
  flags: number,
): number {
  const { options, flow } = socket
  aimFlow(options, socket.source, target, scopeId, control)
  if ((flags & MSG_DONTROUTE) !== 0) flow.onLink = true
  const unreachable = routeFlow(network, flow)
  if (unreachable !== 0) return -unreachable
  if (socket.broadcastRefused()) return -EACCES
  if ((flags & MSG_CONFIRM) !== 0) flow.route?.confirm()
  return 0
}

function full(socket: UdpSocket): number {
  socket.udp.counts.SndbufErrors++
  return -EAGAIN
}

/** Adds to the datagram that is held back; without more to come it goes out. */
function appendToCork(socket: UdpSocket, cork: Cork, message: Message): number {
  const { flags, length } = message
  if (cork.length + length > cork.limit) {
    dropCork(socket, cork)
    return -EMSGSIZE
  }
  cork.append(message.buffer, message.offset, length)
  if (socket.corked || (flags & MSG_MORE) !== 0) return length
  const sent = flushCork(socket)
  return sent < 0 ? sent : length
}

/** Sends what is held back: its length, 0 where there is nothing, or a negative error number. */
export function flushCork(socket: UdpSocket): number {
  const cork = socket.pending
  if (cork === null) return 0
  setSlot(target, cork.destination)
  const network = socket.udp.host.network(target.version)
  let result = network === undefined ? -ENETUNREACH : aim(socket, network, cork.scopeId, cork.control, 0)
  if (result === 0 && network !== undefined) {
    result = transmit(socket, network, cork.bytes, 0, cork.length, cork.port, cork.segmentSize)
  }
  dropCork(socket, cork)
  return result
}

function dropCork(socket: UdpSocket, cork: Cork): void {
  socket.pending = null
  cork.drop()
}
