import type { Configuration } from './configuration.js'
import { type IcmpSpec, type PacketSpec, TCP_ACK, TCP_SYN, type TcpOption, type TcpSpec } from './script.js'
import { ScriptError } from './script-error.js'
import type { ScriptSocket } from './script-socket.js'
import type { SocketBook } from './socket-book.js'
import { encodePacket } from './wire/encode.js'
import { icmpNumbers, isIcmpEcho, isIcmpError } from './wire/icmp-names.js'
import { signMd5 } from './wire/md5-digest.js'
import type { WireIcmp, WirePacket, WireTcp, WireUdp } from './wire/packet.js'

/** Of the packet that an error is about, the IP header and so many bytes are quoted (RFC 792). */
const QUOTED_BYTES = 8
const DEFAULT_TTL = 255

/** The bytes of a packet that the script sends, with live addresses, ports, sequence numbers and time stamps. */
export function inboundBytes(packet: PacketSpec, book: SocketBook, configuration: Configuration): Uint8Array {
  const socket = book.forScript(packet)
  if (isNewSyn(packet, socket)) socket.restart()
  const { tos, ttl, flowLabel } = packet.ip
  const wire: WirePacket = {
    source: socket.remote ?? configuration.remoteAddress,
    destination: configuration.localAddress,
    tos: tos.value,
    ttl: ttl === 0 ? DEFAULT_TTL : ttl,
    flowLabel,
    body: bodyOf(packet, socket, book, configuration),
  }
  return encodePacket(wire, (bytes) => {
    if (!wantsDigest(packet)) return
    if (book.md5Key === null)
      throw new ScriptError('semantic', packet.line, 'md5 without a digest needs a key: set TCP_MD5SIG')
    signMd5(bytes, book.md5Key)
  })
}

/** Whether a packet is to have a good MD5 digest. */
function wantsDigest({ body }: PacketSpec): boolean {
  return body.protocol === 'tcp' && (body.options ?? []).some((each) => each.kind === 'md5' && each.good === true)
}

/** Whether a packet opens a connection where one was before, which its program has closed. */
function isNewSyn({ body }: PacketSpec, socket: ScriptSocket): boolean {
  if (body.protocol !== 'tcp' || (body.flags & (TCP_SYN | TCP_ACK)) !== TCP_SYN) return false
  return socket.fd >= 0 && socket.liveFd < 0
}

function bodyOf(
  packet: PacketSpec,
  socket: ScriptSocket,
  book: SocketBook,
  configuration: Configuration,
): WireTcp | WireUdp | WireIcmp {
  const { body } = packet
  if (body.protocol === 'icmp') return icmpBody(packet.line, body, socket, book, configuration)
  const ports = { sourcePort: socket.remotePort, destinationPort: book.localPort(socket) }
  if (body.protocol === 'udp') return { protocol: 'udp', ...ports, length: body.length }
  return tcpBody(body, socket, ports)
}

function tcpBody(body: TcpSpec, socket: ScriptSocket, ports: { sourcePort: number; destinationPort: number }): WireTcp {
  const acks = (body.flags & TCP_ACK) !== 0
  return {
    protocol: 'tcp',
    ...ports,
    seq: body.seq,
    ack: acks ? socket.toLive(body.ack) : body.ack,
    flags: body.flags,
    window: body.window ?? 0,
    urgent: body.urgent,
    options: (body.options ?? []).map((option) => liveOption(option, socket, acks)),
    length: body.length,
  }
}

function liveOption(option: TcpOption, socket: ScriptSocket, acks: boolean): TcpOption {
  if (option.kind === 'sack') {
    return { kind: 'sack', blocks: option.blocks.map(([left, right]) => [socket.toLive(left), socket.toLive(right)]) }
  }
  if (option.kind !== 'timestamp' || !acks) return option
  return { ...option, echo: socket.timestampToLive(option.echo) }
}

function icmpBody(
  line: number,
  body: IcmpSpec,
  socket: ScriptSocket,
  book: SocketBook,
  configuration: Configuration,
): WireIcmp {
  const { version } = configuration.localAddress
  const numbers = icmpNumbers(version, body.type, body.code)
  if (typeof numbers === 'string') throw new ScriptError('semantic', line, numbers)
  const { type, code } = numbers
  if (isIcmpError(version, type)) {
    const payload = quote(body, socket, book, configuration)
    return { protocol: 'icmp', type, code, rest: body.mtu ?? 0, payload }
  }
  const length = body.quoted?.protocol === 'raw' ? body.quoted.length : 0
  const rest = isIcmpEcho(version, type) ? (body.id ?? 0) * 0x1_0000 : 0
  return { protocol: 'icmp', type, code, rest, payload: new Uint8Array(length) }
}

/** The beginning of the packet that an error is about, as the stack had sent it. */
function quote(body: IcmpSpec, socket: ScriptSocket, book: SocketBook, configuration: Configuration): Uint8Array {
  const { localAddress, remoteAddress } = configuration
  const about = body.quoted ?? { protocol: 'tcp', seq: 0, length: 0 }
  const ports = { sourcePort: book.localPort(socket), destinationPort: socket.remotePort }
  const ip: Omit<WirePacket, 'body'> = {
    source: localAddress,
    destination: socket.remote ?? remoteAddress,
    tos: 0,
    ttl: 64,
    flowLabel: 0,
    // As hosts that look for the path's MTU send.
    dontFragment: true,
  }
  const inner: WirePacket['body'] =
    about.protocol === 'udp'
      ? { protocol: 'udp', ...ports, length: about.length }
      : about.protocol === 'raw'
        ? { protocol: 'icmp', type: 8, code: 0, rest: 0, payload: new Uint8Array(about.length) }
        : {
            protocol: 'tcp',
            ...ports,
            seq: socket.toLive(about.seq),
            ack: 0,
            flags: TCP_ACK,
            window: 0,
            urgent: 0,
            options: [],
            length: about.length,
          }
  const bytes = encodePacket({ ...ip, body: inner })
  return bytes.slice(0, (localAddress.version === 4 ? 20 : 40) + QUOTED_BYTES)
}
