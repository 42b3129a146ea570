import { type IpAddress, SocketAddress } from '@jackfield/addr'
import {
  AF_INET,
  type Delivery,
  EAGAIN,
  ECONNREFUSED,
  EINPROGRESS,
  EISCONN,
  ENOTCONN,
  type Host,
  IPPROTO_TCP,
  type Message,
  NetworkFlow,
  OptionFailure,
  type OptionValue,
  POLLIN,
  POLLOUT,
  type ReadinessWatcher,
  SO_ERROR,
  SOCK_STREAM,
  SOL_SOCKET,
  type Sockaddr,
  type SocketEndpoint,
  type StackModule,
  type TransportLayer,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import { TCP_ACK, TCP_FIN, TCP_PSH, TCP_RST, TCP_SYN, type TcpOption } from './script.js'
import { decodePacket } from './wire/decode.js'
import { encodePacket } from './wire/encode.js'
import type { WireTcp } from './wire/packet.js'

const MSS = 1000

/**
 * Just enough of a TCP for this tool's tests: it opens, answers and closes, acknowledges at once, retransmits nothing and
 * keeps no order. Its initial sequence numbers are near the wrap, and far from a script's.
 */
export function toyTcp(): StackModule<'network', 'tcp'> {
  return {
    name: 'toy-tcp',
    provides: ['tcp'],
    needs: ['network'],
    install(host: Host): void {
      const protocol = new ToyProtocol(host)
      host.addTransport(protocol)
      host.addSocketProvider({
        family: AF_INET,
        type: SOCK_STREAM,
        protocol: IPPROTO_TCP,
        isDefault: true,
        create: () => protocol.create(),
      })
    },
  }
}

class ToyProtocol implements TransportLayer {
  readonly protocol = IPPROTO_TCP
  readonly host: Host
  sockets: ToySocket[] = []
  private nextPort = 40_000
  private nextIsn = 0xffff_ff00

  constructor(host: Host) {
    this.host = host
  }

  create(): ToySocket {
    const socket = new ToySocket(this)
    this.sockets.push(socket)
    return socket
  }

  port(): number {
    return this.nextPort++
  }

  isn(): number {
    this.nextIsn = (this.nextIsn + 0x1000) >>> 0
    return this.nextIsn
  }

  receive(packet: Packet): Delivery {
    const { packet: wire } = decodePacket(packet.bytes.slice(packet.networkHeader, packet.end))
    packet.release()
    if (wire?.body.protocol !== 'tcp') return 0
    const { body, source } = wire
    const own = this.sockets.find((each) => each.isPeer(source, body.sourcePort, body.destinationPort))
    if (own !== undefined) own.segment(body)
    else {
      const listener = this.sockets.find((each) => each.listening && each.local.port === body.destinationPort)
      if (listener !== undefined && (body.flags & TCP_SYN) !== 0) listener.opened(wire.destination, source, body)
      else this.refuse(wire.destination, source, body)
    }
    return 0
  }

  private refuse(local: IpAddress, remote: IpAddress, body: WireTcp): void {
    if ((body.flags & TCP_RST) !== 0) return
    const reply = (body.flags & TCP_ACK) !== 0
    const length = body.length + ((body.flags & TCP_SYN) !== 0 ? 1 : 0)
    const flags = reply ? TCP_RST : TCP_RST | TCP_ACK
    const numbers = { seq: reply ? body.ack : 0, ack: reply ? 0 : (body.seq + length) >>> 0 }
    this.send(local, remote, { ...body, ...numbers, flags, window: 0, urgent: 0, options: [], length: 0 }, true)
  }

  /** `turned`: the ports are those of the segment that is answered. */
  send(source: IpAddress, destination: IpAddress, body: WireTcp, turned = false): void {
    const ports = turned ? { sourcePort: body.destinationPort, destinationPort: body.sourcePort } : {}
    const bytes = encodePacket({ source, destination, tos: 0, ttl: 64, flowLabel: 0, body: { ...body, ...ports } })
    const network = this.host.network(4)
    network?.sendRaw(this.host.packets.copyOf(bytes), new NetworkFlow(IPPROTO_TCP, source, destination))
    this.host.needBurstEnd()
  }

  burstEnd(): void {}

  error(): void {}
}

class ToySocket implements SocketEndpoint {
  readonly family = AF_INET
  readonly type = SOCK_STREAM
  readonly protocol = IPPROTO_TCP
  readonly local = new SocketAddress()
  readonly remote = new SocketAddress()
  listening = false
  private state: 'closed' | 'syn-sent' | 'syn-received' | 'open' = 'closed'
  private sndNxt = 0
  private rcvNxt = 0
  private received = 0
  private ended = false
  private errno = 0
  private echo: number | null = null
  /** Milliseconds since the time stamp that was echoed last. */
  private echoAge = 0
  private queue: ToySocket[] = []
  private parent: ToySocket | null = null
  private watcher: ReadinessWatcher | null = null
  private readonly tcp: ToyProtocol

  constructor(tcp: ToyProtocol) {
    this.tcp = tcp
  }

  isPeer(remote: IpAddress, remotePort: number, localPort: number): boolean {
    return this.remote.port === remotePort && this.local.port === localPort && this.remote.address.equals(remote)
  }

  bind(address: Sockaddr): number {
    if (address instanceof SocketAddress) this.local.set(AF_INET, address.address, address.port)
    return 0
  }

  connect(address: Sockaddr | null): number {
    if (!(address instanceof SocketAddress)) return -ENOTCONN
    if (this.state === 'open') return -EISCONN
    this.remote.set(AF_INET, address.address, address.port)
    const network = this.tcp.host.network(4)
    const source = network?.addresses().find((each) => each.interface.name === 'tun0')?.prefix.address
    if (source !== undefined) this.local.set(AF_INET, source, this.local.port === 0 ? this.tcp.port() : this.local.port)
    this.state = 'syn-sent'
    this.sndNxt = this.tcp.isn()
    this.emit(TCP_SYN, 0, [{ kind: 'mss', value: MSS }, { kind: 'sackOK' }, this.stamp()])
    return -EINPROGRESS
  }

  /** A SYN for this listening socket. */
  opened(local: IpAddress, remote: IpAddress, syn: WireTcp): void {
    const child = this.tcp.create()
    child.local.set(AF_INET, local, syn.destinationPort)
    child.remote.set(AF_INET, remote, syn.sourcePort)
    child.parent = this
    child.state = 'syn-received'
    child.sndNxt = this.tcp.isn()
    child.rcvNxt = (syn.seq + 1) >>> 0
    child.learnEcho(syn)
    const options: TcpOption[] = [{ kind: 'mss', value: MSS }]
    child.emit(TCP_SYN | TCP_ACK, 0, child.echo === null ? options : [...options, child.stamp()])
  }

  segment(body: WireTcp): void {
    this.learnEcho(body)
    if ((body.flags & TCP_RST) !== 0) {
      this.errno = ECONNREFUSED
      this.ended = true
    } else if (this.state === 'syn-sent') {
      this.rcvNxt = (body.seq + 1) >>> 0
      this.state = 'open'
      this.emit(TCP_ACK, 0)
    } else if (this.state === 'syn-received' && (body.flags & TCP_ACK) !== 0) {
      this.state = 'open'
      this.parent?.queue.push(this)
      this.parent?.notify()
    }
    if (body.length > 0 || (body.flags & TCP_FIN) !== 0) this.take(body)
    this.notify()
  }

  private take(body: WireTcp): void {
    const end = (body.seq + body.length) >>> 0
    if (body.seq !== this.rcvNxt) {
      this.emit(TCP_ACK, 0, [{ kind: 'nop' }, { kind: 'nop' }, { kind: 'sack', blocks: [[body.seq, end]] }])
      return
    }
    this.received += body.length
    this.ended = (body.flags & TCP_FIN) !== 0
    this.rcvNxt = (end + (this.ended ? 1 : 0)) >>> 0
    this.emit(TCP_ACK, 0)
  }

  private learnEcho(body: WireTcp): void {
    const option = body.options.find((each) => each.kind === 'timestamp')
    if (option === undefined) return
    this.echo = option.value
    this.echoAge = Math.floor(this.tcp.host.clock.now() / 1000) - option.echo
  }

  private stamp(): TcpOption {
    return { kind: 'timestamp', value: Math.floor(this.tcp.host.clock.now() / 1000), echo: this.echo ?? 0 }
  }

  private emit(flags: number, length: number, given?: TcpOption[]): void {
    const options = given ?? (this.echo === null ? [] : [{ kind: 'nop' }, { kind: 'nop' }, this.stamp()])
    const numbers = { seq: this.sndNxt, ack: (flags & TCP_ACK) === 0 ? 0 : this.rcvNxt, window: 500, urgent: 0 }
    const ports = { sourcePort: this.local.port, destinationPort: this.remote.port }
    const body: WireTcp = { protocol: 'tcp', ...ports, ...numbers, flags, options, length }
    this.sndNxt = (this.sndNxt + length + ((flags & (TCP_SYN | TCP_FIN)) === 0 ? 0 : 1)) >>> 0
    this.tcp.send(this.local.address, this.remote.address, body)
  }

  private notify(): void {
    const mask = this.readiness()
    this.watcher?.ready(mask, mask)
  }

  listen(): number {
    this.listening = true
    return 0
  }

  accept(peer: Sockaddr | null): SocketEndpoint | number {
    const child = this.queue.shift()
    if (child === undefined) return -EAGAIN
    if (peer instanceof SocketAddress) peer.set(AF_INET, child.remote.address, child.remote.port)
    return child
  }

  send(message: Message): number {
    if (this.state !== 'open') return -ENOTCONN
    for (let left = message.length; left > 0; left -= MSS)
      this.emit(TCP_ACK | (left > MSS ? 0 : TCP_PSH), Math.min(left, MSS))
    return message.length
  }

  receive(message: Message): number {
    if (this.errno !== 0) return -this.errno
    if (this.received === 0) return this.ended ? 0 : -EAGAIN
    const count = Math.min(message.length, this.received)
    this.received -= count
    return count
  }

  shutdown(): number {
    return 0
  }

  close(): void {
    if (this.state === 'open') this.emit(TCP_FIN | TCP_ACK, 0)
  }

  setOption(): number {
    return 0
  }

  getOption(level: number, name: number): OptionValue | OptionFailure {
    if (level === SOL_SOCKET && name === SO_ERROR) return this.errno
    return level === 6
      ? { state: this.state === 'open' ? 1 : 2, sndCwnd: 10, tcpi_rtt: 100_000, lastEchoAge: this.echoAge }
      : new OptionFailure(92)
  }

  ioctl(): number {
    return this.received
  }

  getName(address: Sockaddr): number {
    if (address instanceof SocketAddress) address.set(AF_INET, this.local.address, this.local.port)
    return 0
  }

  getPeer(address: Sockaddr): number {
    if (address instanceof SocketAddress) address.set(AF_INET, this.remote.address, this.remote.port)
    return 0
  }

  readiness(): number {
    const readable = this.queue.length > 0 || this.received > 0 || this.ended
    return (readable ? POLLIN : 0) | (this.state === 'open' || this.ended ? POLLOUT : 0)
  }

  setWatcher(watcher: ReadinessWatcher | null): void {
    this.watcher = watcher
  }
}
