import { SocketAddress } from '@jackfield/addr'
import type { Configuration } from './configuration.js'
import { type PacketSpec, TCP_ACK, TCP_SYN } from './script.js'
import { ScriptSocket } from './script-socket.js'
import type { SubjectSockets } from './subject.js'
import type { WirePacket } from './wire/packet.js'

/** The first port that peers connect from where the script names none. */
const FIRST_PEER_PORT = 50_000

/** The sockets of a script, and which of them a packet is about. */
export class SocketBook {
  /** The one that packets without ports are about. */
  underTest: ScriptSocket | null = null
  /** The key that `TCP_MD5SIG` set last, with which good digests are made (RFC 2385). */
  md5Key: Uint8Array | null = null
  private readonly sockets: ScriptSocket[] = []
  private readonly live: SubjectSockets
  private readonly configuration: Configuration
  private nextPeerPort = FIRST_PEER_PORT

  constructor(live: SubjectSockets, configuration: Configuration) {
    this.live = live
    this.configuration = configuration
  }

  /** A new socket, which from here on is the one under test. */
  add(protocol: ScriptSocket['protocol']): ScriptSocket {
    const socket = new ScriptSocket(protocol)
    this.sockets.push(socket)
    this.underTest = socket
    return socket
  }

  /** The connection that `accept` gave. */
  accepted(peer: SocketAddress): ScriptSocket | undefined {
    const address = peer.address.unmapped()
    return this.sockets.findLast(
      (each) => each.liveFd < 0 && each.remotePort === peer.port && each.remote?.equals(address) === true,
    )
  }

  /** The socket that a packet of the script comes from or goes to. */
  forScript(packet: PacketSpec): ScriptSocket {
    const inbound = packet.direction === 'inbound'
    const local = inbound ? packet.destinationPort : packet.sourcePort
    const remote = inbound ? packet.sourcePort : packet.destinationPort
    const protocol = protocolOf(packet)
    if (local !== 0 || remote !== 0) {
      const named = this.sockets.findLast((each) => each.scriptLocalPort === local && each.scriptRemotePort === remote)
      if (named !== undefined) return named
    }
    if (!inbound) return this.forOutbound(local, remote, protocol)
    const current = this.underTest
    if (current === null) return this.newPeer(local, remote, protocol)
    if (packet.body.protocol === 'icmp') return current
    if (current.state === 'listening' || current.protocol !== protocol) return this.newPeer(local, remote, protocol)
    if (local === 0 && remote === 0) return current.remote === null ? this.aim(current, remote) : current
    const hasPeer = current.protocol === 'udp' && current.state === 'new' && current.remote !== null
    if (current.scriptLocalPort !== 0 || current.scriptRemotePort !== 0 || hasPeer || isSyn(packet)) {
      return this.newPeer(local, remote, protocol)
    }
    current.scriptLocalPort = local
    current.scriptRemotePort = remote
    return current.remote === null ? this.aim(current, remote) : current
  }

  private forOutbound(local: number, remote: number, protocol: ScriptSocket['protocol']): ScriptSocket {
    const named = local !== 0 || remote !== 0
    const current = this.underTest
    const unnamed = (socket: ScriptSocket): boolean => socket.scriptLocalPort === 0 && socket.scriptRemotePort === 0
    const found = !named
      ? current
      : current !== null && unnamed(current)
        ? current
        : (this.sockets.findLast((each) => each.state === 'connecting' && unnamed(each)) ?? current)
    if (found === null) return this.newPeer(local, remote, protocol)
    if (named && unnamed(found)) {
      found.scriptLocalPort = local
      found.scriptRemotePort = remote
    }
    return found
  }

  /** A socket without a peer gets one with the first packet to it. */
  private aim(socket: ScriptSocket, remote: number): ScriptSocket {
    socket.remote = this.configuration.remoteAddress
    socket.remotePort = remote === 0 ? this.nextPeerPort++ : remote
    return socket
  }

  /** A peer that was not heard of before: a new connection to a listening socket, or one to no socket at all. */
  private newPeer(local: number, remote: number, protocol: ScriptSocket['protocol']): ScriptSocket {
    const listener = this.sockets.findLast(
      (each) => each.liveFd >= 0 && isServer(each, protocol) && (local === 0 || this.localPort(each) === local),
    )
    const parent = listener ?? this.sockets.findLast((each) => each.liveFd >= 0 && isServer(each, protocol))
    const socket = this.add(protocol)
    socket.server = parent ?? null
    socket.scriptLocalPort = local
    socket.scriptRemotePort = remote
    const port = parent === undefined ? local : this.localPort(parent)
    socket.livePort = port === 0 ? this.configuration.bindPort : port
    return this.aim(socket, remote)
  }

  /** Whether a packet that the stack sent is of a socket. */
  matches(socket: ScriptSocket, packet: WirePacket): boolean {
    const { body, destination } = packet
    if (!destination.equals(socket.remote ?? this.configuration.remoteAddress)) return false
    if (body.protocol === 'icmp') return true
    if (body.protocol === 'other' || body.protocol !== socket.protocol) return false
    return body.destinationPort === socket.remotePort && body.sourcePort === this.localPort(socket)
  }

  /** The flow of a datagram socket that a send without an address goes to: the latest, or null. */
  peerOf(socket: ScriptSocket): ScriptSocket | null {
    return this.sockets.findLast((each) => (each === socket || each.server === socket) && each.remote !== null) ?? null
  }

  /** The port that a socket is bound to, 0 while it is not known. */
  localPort(socket: ScriptSocket): number {
    if (socket.livePort !== 0 || socket.liveFd < 0) return socket.livePort
    const name = this.live.getsockname(socket.liveFd)
    if (name instanceof SocketAddress) socket.livePort = name.port
    return socket.livePort
  }
}

/** Whether packets of strangers may come to a socket. */
function isServer(socket: ScriptSocket, protocol: ScriptSocket['protocol']): boolean {
  return socket.protocol === protocol && (socket.state === 'listening' || protocol === 'udp')
}

/** Whether a packet asks for a new connection. */
function isSyn({ body }: PacketSpec): boolean {
  return body.protocol === 'tcp' && (body.flags & (TCP_SYN | TCP_ACK)) === TCP_SYN
}

function protocolOf(packet: PacketSpec): ScriptSocket['protocol'] {
  const { body } = packet
  if (body.protocol !== 'icmp') return body.protocol
  const quoted = body.quoted?.protocol ?? 'raw'
  return quoted === 'raw' ? 'other' : quoted
}
