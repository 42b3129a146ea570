import { createAddressSlot, IpAddress, type IpAddressSlot, type SocketAddress, setSlot } from '@jackfield/addr'
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  CAST_BROADCAST,
  CAST_UNICAST,
  EACCES,
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  EAGAIN,
  EBADF,
  EBUSY,
  EINVAL,
  ENETUNREACH,
  ENOTCONN,
  ENOTTY,
  EOPNOTSUPP,
  FIONREAD,
  IP_RECVERR,
  IPV6_RECVERR,
  type Message,
  type NetworkFlow,
  type OptionFailure,
  type OptionValue,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDHUP,
  type ReadinessWatcher,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SIOCOUTQ,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SOCK_DGRAM,
  SOL_SOCKET,
  SOL_UDP,
  SOL_UDPLITE,
  type Sockaddr,
  type SocketEndpoint,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import {
  aimFlow,
  bindZone,
  checkBindAddress,
  connectZone,
  createFlow,
  ErrorQueue,
  fillName,
  flowLabelOf,
  IpSocketOptions,
  ipName,
  PortEntry,
  Readiness,
  ReceiveQueue,
  readName,
  routeFlow,
  SendAccount,
  sourceOf,
  toLoopback,
  transportSettings,
} from '@jackfield/transport'
import type { Cork } from './cork.js'
import { receiveDatagram } from './receive.js'
import { sendDatagram } from './send.js'
import { SHUT_RECEIVE, SHUT_SEND } from './shut.js'
import { getUdpOption, setUdpOption } from './udp-options.js'
import type { UdpProtocol } from './udp-protocol.js'
import { UDP_HEADER_LENGTH } from './wire/udp.js'

const ANY_V4 = IpAddress.v4(0)
const ANY_V6 = IpAddress.v6(0, 0, 0, 0)
const EVERYTHING = POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDHUP

/** One UDP or UDP-Lite socket. */
export class UdpSocket extends PortEntry implements SocketEndpoint {
  readonly type: number = SOCK_DGRAM
  readonly protocol: number
  readonly udp: UdpProtocol
  readonly wake: Readiness
  readonly account: SendAccount
  readonly queue: ReceiveQueue
  readonly errors: ErrorQueue
  readonly flow: NetworkFlow
  readonly options: IpSocketOptions
  /** The peer, once connected; an IPv4 one as IPv4 whatever the family. */
  readonly peer: IpAddressSlot = createAddressSlot()
  /** Source of what it sends, unspecified for the route's. */
  readonly source: IpAddressSlot = createAddressSlot()
  /** Zone of the peer. */
  scopeId = 0
  /** `SHUT_RECEIVE`, `SHUT_SEND`. */
  shut = 0
  /** `UDP_CORK`. */
  corked = false
  /** What `MSG_MORE` or `UDP_CORK` holds back. */
  pending: Cork | null = null
  /** `UDP_SEGMENT`, 0 for none. */
  segmentSize = 0
  /** `UDP_GRO`. */
  gro = false
  noCheck6Tx = false
  noCheck6Rx = false
  /** `UDPLITE_SEND_CSCOV`, -1 until it is set; 0: everything. */
  sendCoverage = -1
  /** `UDPLITE_RECV_CSCOV`, -1 until it is set; 0: only datagrams that are covered whole. */
  receiveCoverage = -1
  private addressBound = false
  /** `bind` named an IPv4 address. */
  private bound4 = false
  private portBound = false
  private closed = false

  constructor(udp: UdpProtocol, family: number) {
    super(family)
    const { host } = udp
    const settings = transportSettings(host)
    this.udp = udp
    this.protocol = udp.protocol
    this.wake = new Readiness(host, this)
    this.account = new SendAccount(settings.wmemDefault, this.wake)
    this.queue = new ReceiveQueue(host.packets, settings.rmemDefault, udp.memory)
    this.errors = new ErrorQueue(host.packets, this.queue)
    this.flow = createFlow(udp.protocol)
    this.options = new IpSocketOptions(host, this, this.flow, this.queue, this.account, this.wake)
    udp.sockets.add(this)
  }

  bind(name: Sockaddr): number {
    const address = createAddressSlot()
    const { host } = this.udp
    const { options } = this
    const bad = readName(name, this.family, address)
    const ip = ipName(name)
    if (bad !== 0 || ip === null) return -EAFNOSUPPORT
    if (this.closed) return -EBADF
    if (options.v6only && address.version === 4) return -EINVAL
    if (this.localPort !== 0 || this.connected) return -EINVAL
    const zone = bindZone(options, address, ip.scopeId)
    if (zone !== 0) return zone
    const refused = checkBindAddress(host, options, address, ip.scopeId)
    if (refused !== 0) return refused
    if (ip.port === 0 && options.bindAddressNoPort) this.setLocal(address)
    else {
      const error = this.udp.table.bind(this, address, ip.port, options)
      if (error !== 0) return error
    }
    this.addressBound = !address.isUnspecified
    this.bound4 = address.version === 4
    this.portBound = ip.port !== 0
    // A group or broadcast address receives; what is sent has the interface's address.
    const cast = address.isUnspecified ? CAST_UNICAST : (host.network(address.version)?.castOf(address, 0) ?? 0)
    if (cast === CAST_UNICAST) setSlot(this.source, address)
    return 0
  }

  /**
   * For a forwarder: connects a new socket as the host that a datagram was sent to.
   * @returns false where a socket has these addresses
   */
  adopt(local: SocketAddress, remote: SocketAddress): boolean {
    // Its port is not in the way of those that bind or choose it.
    this.options.transparent = true
    this.options.reuseAddress = true
    this.reuseAddress = true
    if (this.udp.table.adopt(this, local.address, local.port, remote.address, remote.port) !== 0) return false
    setSlot(this.source, local.address)
    setSlot(this.peer, remote.address)
    this.scopeId = remote.address.w0 >>> 22 === 0x3fa ? remote.scopeId : 0
    this.addressBound = true
    this.portBound = true
    return true
  }

  /** Chooses a port for a socket that sends before it was bound: 0 or `-EAGAIN`. */
  autobind(): number {
    if (this.localPort !== 0) return 0
    const address = createAddressSlot()
    this.readLocal(address)
    return this.udp.table.bind(this, address, 0, this.options) === 0 ? 0 : -EAGAIN
  }

  connect(name: Sockaddr | null): number {
    if (name === null || (name.family as number) === AF_UNSPEC) return this.disconnect()
    const { options, flow, source } = this
    const { host, table } = this.udp
    const remote = createAddressSlot()
    const ip = ipName(name)
    if (readName(name, this.family, remote) !== 0 || ip === null) return -EAFNOSUPPORT
    if (this.closed) return -EBADF
    const unbound = this.autobind()
    if (unbound !== 0) return unbound
    const other = this.versionRefused(remote)
    if (other !== 0) return other
    toLoopback(remote, source)
    const network = host.network(remote.version)
    if (network === undefined) return -ENETUNREACH
    const zone = connectZone(options, remote, ip.scopeId)
    if (zone !== 0) return zone
    table.refresh(this, options)
    options.flowLabel = flowLabelOf(options, ip)
    aimFlow(options, source, remote, ip.scopeId, null)
    flow.route = null
    const unreachable = routeFlow(network, flow)
    if (unreachable !== 0) return -unreachable
    if (this.broadcastRefused()) return -EACCES
    const own = sourceOf(flow)
    if (source.isUnspecified) setSlot(source, own)
    const local = createAddressSlot()
    this.readLocal(local)
    const error = table.connect(this, this.localAny ? source : local, remote, ip.port)
    if (error !== 0) return error
    setSlot(this.peer, remote)
    this.scopeId = ip.scopeId
    aimFlow(options, source, remote, ip.scopeId, null)
    this.wake.changed(POLLOUT)
    return 0
  }

  /** `OptionsSocket.routeToPeer`, for `IP_MTU`: the last datagram may have gone elsewhere, or the route be outdated. */
  routeToPeer(): number {
    const { peer, flow } = this
    const network = this.connected ? this.udp.host.network(peer.version) : undefined
    if (network === undefined) return -ENOTCONN
    aimFlow(this.options, this.source, peer, this.scopeId, null)
    return -routeFlow(network, flow)
  }

  /** `IP_RECVERR` or `IPV6_RECVERR`. */
  private get hearsErrors(): boolean {
    return this.options.recvErr || this.options.forVersion(4).recvErr
  }

  /** `OptionsSocket.established`. */
  get established(): boolean {
    return this.connected
  }

  /** `OptionsSocket.becomeIpv4`. */
  becomeIpv4(): number {
    if (this.pending !== null && this.pending.destination.version === 6) return -EBUSY
    if (!this.connected) return -ENOTCONN
    if (this.options.v6only || this.peer.version !== 4) return -EADDRNOTAVAIL
    this.options.becomeIpv4()
    this.family = AF_INET
    return 0
  }

  private disconnect(): number {
    const { table } = this.udp
    this.flow.route = null
    this.scopeId = 0
    const local = createAddressSlot()
    this.readLocal(local)
    const any = this.family === AF_INET6 ? ANY_V6 : ANY_V4
    if (!this.addressBound) {
      setSlot(local, any)
      setSlot(this.source, any)
    }
    if (this.portBound) table.disconnect(this, local)
    else {
      table.remove(this)
      this.setLocal(local)
    }
    return 0
  }

  /** Whether its flow's route is to a broadcast address and the socket is without `SO_BROADCAST`. */
  broadcastRefused(): boolean {
    return this.flow.route?.cast === CAST_BROADCAST && !this.options.broadcast
  }

  /** 0, or the negative error number where the socket, for its options or the address it is bound to, may not use such addresses. */
  versionRefused(address: IpAddress): number {
    if (address.version === 4) {
      return this.options.v6only || (this.addressBound && this.source.version === 6) ? -ENETUNREACH : 0
    }
    // Bound to an IPv4 address, be it 0.0.0.0, in its mapped form; or connected to one.
    return this.bound4 || (this.connected && this.peer.version === 4) ? -EAFNOSUPPORT : 0
  }

  listen(): number {
    return -EOPNOTSUPP
  }

  accept(): number {
    return -EOPNOTSUPP
  }

  send(message: Message): number {
    return this.closed ? -EBADF : sendDatagram(this, message)
  }

  receive(message: Message): number {
    return this.closed ? -EBADF : receiveDatagram(this, message)
  }

  shutdown(how: number): number {
    if (how !== SHUT_RD && how !== SHUT_WR && how !== SHUT_RDWR) return -EINVAL
    if (how !== SHUT_WR) this.shut |= SHUT_RECEIVE
    if (how !== SHUT_RD) this.shut |= SHUT_SEND
    this.wake.changed(EVERYTHING)
    // As in Linux it holds all the same, so that whoever polls the socket wakes up.
    return this.connected ? 0 : -ENOTCONN
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.udp.sockets.delete(this)
    this.wake.close()
    this.udp.table.remove(this)
    this.options.close()
    this.pending?.drop()
    this.pending = null
    this.queue.clear()
    this.errors.clear()
    this.setGro(false)
  }

  setOption(level: number, name: number, value: OptionValue): number {
    if (level === SOL_UDP || level === SOL_UDPLITE) return setUdpOption(this, level, name, value)
    const error = this.options.set(level, name, value)
    if (error !== 0) return error
    if (level === SOL_SOCKET) {
      if (this.localPort !== 0) this.udp.table.refresh(this, this.options)
      if (name === SO_SNDBUF || name === SO_SNDBUFFORCE) this.wake.changed(POLLOUT)
    } else if ((name === IP_RECVERR || name === IPV6_RECVERR) && !this.hearsErrors) this.errors.clear()
    return 0
  }

  getOption(level: number, name: number): OptionValue | OptionFailure {
    if (level === SOL_UDP || level === SOL_UDPLITE) return getUdpOption(this, level, name)
    return this.options.get(level, name)
  }

  ioctl(request: number): number {
    if (request === SIOCOUTQ) return this.account.used
    if (request !== FIONREAD) return -ENOTTY
    const packet = this.queue.peek()
    return packet === null ? 0 : packet.length
  }

  getName(name: Sockaddr): number {
    const ip = ipName(name)
    if (ip === null) return -EINVAL
    const local = createAddressSlot()
    this.readLocal(local)
    fillName(ip, this.family, local, this.localPort, this.boundInterface)
    return 0
  }

  getPeer(name: Sockaddr): number {
    const ip = ipName(name)
    if (ip === null) return -EINVAL
    if (!this.connected || this.remotePort === 0) return -ENOTCONN
    fillName(ip, this.family, this.peer, this.remotePort, this.scopeId || this.boundInterface)
    return 0
  }

  readiness(): number {
    let mask = 0
    if (this.options.error !== 0 || this.errors.length > 0) mask |= POLLERR
    if ((this.shut & SHUT_RECEIVE) !== 0) mask |= POLLRDHUP | POLLIN
    if (this.shut === (SHUT_RECEIVE | SHUT_SEND)) mask |= POLLHUP
    if (this.queue.length > 0) mask |= POLLIN
    if (this.account.writable) mask |= POLLOUT
    return mask
  }

  setWatcher(watcher: ReadinessWatcher | null): void {
    this.wake.setWatcher(watcher)
  }

  /** `UDP_GRO`. */
  setGro(on: boolean): void {
    if (on !== this.gro) this.udp.groSockets += on ? 1 : -1
    this.gro = on
  }

  /** UDP-Lite: whether a received datagram's checksum covers what the socket wants (RFC 3828 3.1). */
  coversEnough(packet: Packet): boolean {
    const wanted = this.receiveCoverage
    const at = packet.transportHeader
    const length = packet.end - at
    const field = packet.view.getUint16(at + 4)
    if (wanted < 0 || field === 0 || field === length) return true
    return wanted !== 0 && field >= Math.max(wanted, UDP_HEADER_LENGTH)
  }
}
