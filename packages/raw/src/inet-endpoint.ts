import { createAddressSlot, type IpAddressSlot, setSlot, setSlotV4, setSlotV6 } from '@jackfield/addr'
import {
  AF_INET,
  CAST_BROADCAST,
  EACCES,
  EADDRNOTAVAIL,
  EAGAIN,
  EDESTADDRREQ,
  EINVAL,
  EMSGSIZE,
  ENETUNREACH,
  ENOTCONN,
  EOPNOTSUPP,
  EPIPE,
  ERROR_PACKET_TOO_BIG,
  type Host,
  type IcmpReport,
  IP_PMTUDISC_DONT,
  IP_RECVERR,
  IPV6_RECVERR,
  type Message,
  MSG_DONTROUTE,
  MSG_ERRQUEUE,
  MSG_OOB,
  MSG_PEEK,
  NetworkHeader,
  type NetworkLayer,
  type OptionFailure,
  type OptionValue,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDHUP,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SOCK_DGRAM,
  type Sockaddr,
} from '@jackfield/interfaces'
import {
  addReceiveControl,
  aimFlow,
  bindZone,
  checkBindAddress,
  connectZone,
  createFlow,
  ErrorQueue,
  fillName,
  flowLabelOf,
  flowMtu,
  ipName,
  notePathMtu,
  readName,
  receivePathMtu,
  routeFlow,
  SendControl,
  toLoopback,
} from '@jackfield/transport'
import { DatagramEndpoint } from './endpoint.js'

/** The longest thing an IP packet can hold, in bytes. */
const LONGEST = 0xffff

// One of each for all sockets: calls and deliveries never nest.
const control = new SendControl()
const destination = createAddressSlot()
const header = new NetworkHeader()

/** What raw and ICMP datagram sockets share: Linux's datagram calls over a network layer. */
export abstract class InetEndpoint extends DatagramEndpoint {
  /** What packets must have been sent to (`inet_rcv_saddr`); unspecified: anything. */
  protected readonly bound: IpAddressSlot = createAddressSlot()
  /** What is sent from (`inet_saddr`); unspecified: the route's. */
  protected readonly local: IpAddressSlot = createAddressSlot()
  protected readonly peer: IpAddressSlot = createAddressSlot()
  protected connected = false
  protected readonly errors: ErrorQueue
  /** It speaks this version alone: a mapped address is none of an `AF_INET6` socket's. */
  private readonly version: 4 | 6
  private peerPort = 0
  private peerScope = 0
  /** Whether `bind` chose the address, so that it outlives a connection. */
  private addressBound = false

  constructor(host: Host, family: number, type: number, protocol: number) {
    super(host, family, type, protocol, createFlow(protocol))
    this.version = family === AF_INET ? 4 : 6
    this.errors = new ErrorQueue(host.packets, this.queue)
    this.clear(this.bound)
    this.clear(this.local)
    this.clear(this.peer)
  }

  /** What `getsockname` shows as the port. */
  protected abstract readonly shownPort: number
  /** Whether `bind` may name a group or broadcast address. */
  protected abstract readonly bindsGroups: boolean
  /** Chooses a port (identifier), where the kind of socket has any; 0 for the host to choose. 0 or a negative error number. */
  protected abstract take(port: number): number
  /** Chooses one before connecting or sending, if that is still to be done. */
  protected abstract autobind(): number
  /** 0, or the negative error number for a message that must not be sent. */
  protected abstract check(message: Message): number
  /** Sends to where the flow points. 0 or a positive error number. */
  protected abstract transmit(message: Message, network: NetworkLayer): number

  bind(address: Sockaddr): number {
    if (this.connected || !this.mayBind()) return -EINVAL
    const error = readName(address, this.family, destination)
    if (error !== 0) return -error
    // Linux's `pingv6` has another error than its others.
    const unfit = this.version === 6 && this.type === SOCK_DGRAM ? -EINVAL : -EADDRNOTAVAIL
    if (destination.version !== this.version) return unfit
    const name = ipName(address)
    const scope = name === null ? 0 : name.scopeId
    const zone = bindZone(this.options, destination, scope)
    if (zone !== 0) return zone
    const refused = checkBindAddress(this.host, this.options, destination, scope)
    if (refused !== 0) return refused
    const network = this.host.network(destination.version)
    const many = network !== undefined && network.castOf(destination, 0) !== 0
    if (many && !this.bindsGroups) return unfit
    const taken = this.take(name === null ? 0 : name.port)
    if (taken !== 0) return taken
    setSlot(this.bound, destination)
    // A group or broadcast address is no source: "use device" (`raw_bind`).
    if (many) this.clear(this.local)
    else setSlot(this.local, destination)
    this.addressBound = !destination.isUnspecified
    return 0
  }

  connect(address: Sockaddr | null): number {
    if (address === null) return this.disconnect()
    const error = readName(address, this.family, destination)
    if (error !== 0) return -error
    if (destination.version !== this.version) return -ENETUNREACH
    const bound = this.autobind()
    if (bound !== 0) return bound
    const name = ipName(address)
    const scope = name === null ? 0 : name.scopeId
    const zone = connectZone(this.options, destination, scope)
    if (zone !== 0) return zone
    if (name !== null) this.options.flowLabel = flowLabelOf(this.options, name)
    toLoopback(destination, this.local)
    aimFlow(this.options, this.local, destination, scope, null)
    const { flow } = this.options
    const network = this.host.network(destination.version)
    const unreachable = network === undefined ? ENETUNREACH : routeFlow(network, flow)
    if (unreachable !== 0) return -unreachable
    const { route } = flow
    if (route === null) return -ENETUNREACH
    if (route.cast === CAST_BROADCAST && !this.options.broadcast) return -EACCES
    if (this.local.isUnspecified) setSlot(this.local, route.source)
    if (this.bound.isUnspecified) setSlot(this.bound, route.source)
    setSlot(this.peer, destination)
    this.peerPort = name === null ? 0 : name.port
    this.peerScope = scope
    this.connected = true
    return 0
  }

  /** `OptionsSocket.routeToPeer`, for `IP_MTU`: the last datagram may have gone elsewhere, or the route be outdated. */
  routeToPeer(): number {
    const { peer, options } = this
    const network = this.connected ? this.host.network(peer.version) : undefined
    if (network === undefined) return -ENOTCONN
    aimFlow(options, this.local, peer, this.peerScope, null)
    return -routeFlow(network, options.flow)
  }

  send(message: Message): number {
    const { options } = this
    if ((message.flags & MSG_OOB) !== 0) return -EOPNOTSUPP
    if (message.length > LONGEST) return -EMSGSIZE
    const refused = this.check(message)
    if (refused !== 0) return refused
    let scope = this.peerScope
    if (message.name !== null) {
      const error = readName(message.name, this.family, destination)
      if (error !== 0) return -error
      if (destination.version !== this.version) return -ENETUNREACH
      scope = ipName(message.name)?.scopeId ?? 0
    } else if (this.connected) setSlot(destination, this.peer)
    else return -EDESTADDRREQ
    const bound = this.autobind()
    if (bound !== 0) return bound
    const given = message.control
    if (given !== null) {
      const error = control.read(given, this.family, this.host)
      if (error !== 0) return error
    }
    toLoopback(destination, this.local)
    aimFlow(options, this.local, destination, scope, given === null ? null : control)
    if ((message.flags & MSG_DONTROUTE) !== 0) options.flow.onLink = true
    const network = this.host.network(this.version)
    if (network === undefined) return -ENETUNREACH
    const unreachable = routeFlow(network, options.flow)
    if (unreachable !== 0) return -unreachable
    if (options.flow.route?.cast === CAST_BROADCAST && !options.broadcast) return -EACCES
    const error = options.takeError()
    if (error !== 0) return -error
    if (this.writeShut) return -EPIPE
    if (!this.account.hasRoom) return -EAGAIN
    this.host.needBurstEnd()
    const result = this.transmit(message, network)
    if (result === 0) return message.length
    const { flow } = options
    if (result === EMSGSIZE && flow.route !== null) {
      const mtu = flowMtu(flow, flow.route)
      notePathMtu(options, mtu)
      if (options.recvErr) this.errors.pushLocal(EMSGSIZE, mtu, destination, this.peerPort)
    }
    return -result
  }

  receive(message: Message): number {
    const { flags } = message
    if ((flags & MSG_OOB) !== 0) return -EOPNOTSUPP
    if ((flags & MSG_ERRQUEUE) !== 0) return this.errors.receive(message, this.options)
    message.named = false
    if (this.options.pathMtu !== null && receivePathMtu(this.options, message)) return 0
    const error = this.options.takeError()
    if (error !== 0) return -error
    const packet = this.queue.peek()
    if (packet === null) return this.readShut ? 0 : -EAGAIN
    const result = this.copyOut(packet, message, flags)
    const name = ipName(message.name)
    const wanted = this.options.wantedControl !== 0 && message.control !== null
    if (name !== null || wanted) {
      this.host.network(this.version)?.readHeader(packet, header)
      message.named = name !== null
      if (name !== null) fillName(name, this.family, header.source, 0, header.interfaceIndex)
      if (wanted) addReceiveControl(this.options, packet, header, message, 0, this.queue.drops)
    }
    if ((flags & MSG_PEEK) === 0) this.queue.shift()?.release()
    return result
  }

  shutdown(how: number): number {
    if (how !== SHUT_RD && how !== SHUT_WR && how !== SHUT_RDWR) return -EINVAL
    if (how !== SHUT_WR) this.readShut = true
    if (how !== SHUT_RD) this.writeShut = true
    this.events.changed(POLLIN | POLLOUT | POLLHUP | POLLRDHUP)
    // Linux shuts it down all the same.
    return this.connected ? 0 : -ENOTCONN
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.events.close()
    this.options.close()
    this.errors.clear()
    this.queue.clear()
  }

  setOption(level: number, name: number, value: OptionValue): number {
    const result = this.options.set(level, name, value)
    if ((name === IP_RECVERR || name === IPV6_RECVERR) && !this.options.recvErr) this.errors.clear()
    return result
  }

  getOption(level: number, name: number): OptionValue | OptionFailure {
    return this.options.get(level, name)
  }

  getName(address: Sockaddr): number {
    const name = ipName(address)
    if (name === null) return -EINVAL
    const shown = this.local.isUnspecified ? this.bound : this.local
    fillName(name, this.family, shown, this.shownPort, this.options.boundInterface)
    return 0
  }

  getPeer(address: Sockaddr): number {
    if (!this.connected) return -ENOTCONN
    const name = ipName(address)
    if (name === null) return -EINVAL
    fillName(name, this.family, this.peer, this.peerPort, this.peerScope || this.options.boundInterface)
    return 0
  }

  /** Whether `bind` may be called now. */
  protected mayBind(): boolean {
    return true
  }

  protected override pendingErrors(): number {
    return this.errors.length
  }

  /**
   * An ICMP error about a packet of this socket (`raw_err`, `ping_err`): it is reported where `IP_RECVERR` asks for it, or to a
   * connected socket where it is final.
   * @param payloadStart what `MSG_ERRQUEUE` gives of the quoted packet
   */
  protected fail(report: IcmpReport, payloadStart: number): void {
    const { options } = this
    const fatal = report.kind === ERROR_PACKET_TOO_BIG ? options.mtuDiscover !== IP_PMTUDISC_DONT : report.fatal
    if (options.recvErr) {
      if (this.errors.pushIcmp(report, payloadStart, 0)) this.events.changed(POLLERR)
    } else if (!this.connected || !fatal) return
    options.fail(report.errno)
  }

  private disconnect(): number {
    this.connected = false
    this.clear(this.peer)
    this.peerPort = 0
    this.peerScope = 0
    if (!this.addressBound) {
      this.clear(this.local)
      this.clear(this.bound)
    }
    return 0
  }

  private clear(slot: IpAddressSlot): void {
    if (this.family === AF_INET) setSlotV4(slot, 0)
    else setSlotV6(slot, 0, 0, 0, 0)
  }
}
