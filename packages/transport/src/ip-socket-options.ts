import {
  AF_INET6,
  EINVAL,
  ENOPROTOOPT,
  EOPNOTSUPP,
  EPROTO,
  type Host,
  IP_DROP_MEMBERSHIP,
  IPPROTO_ICMPV6,
  IPV6_DROP_MEMBERSHIP,
  type NetworkFlow,
  OptionFailure,
  type OptionValue,
  type PathMtu,
  POLLERR,
  POLLIN,
  POLLOUT,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_STREAM,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
} from '@jackfield/interfaces'
import { changeGroups, groupAction } from './group-options.js'
import { getIpOption, setIpOption } from './ip-level-options.js'
import { SharedOptionValues } from './ip-option-values.js'
import { getIpv6Option, setIpv6Option } from './ipv6-level-options.js'
import { optionInteger } from './option-integer.js'
import type { VersionOptionValues } from './rare-option-values.js'
import type { Readiness } from './readiness.js'
import { type TransportSettings, transportSettings } from './settings.js'
import { SocketGroups } from './socket-groups.js'
import { getSocketOption, setSocketOption } from './socket-level-options.js'

/** A buffer of a socket, of which `SO_RCVBUF` or `SO_SNDBUF` sets the size. */
export interface BufferLimit {
  /** As Linux keeps it (doubled), in bytes. */
  limit: number
}

/** What `IpSocketOptions` needs to know of its socket. */
export interface OptionsSocket {
  readonly family: number
  readonly type: number
  readonly protocol: number
  /** Not 0 once bound: `IPV6_V6ONLY` is then fixed. */
  readonly localPort?: number
  /**
   * Points the flow at the peer and finds its route: 0, or a negative error number (`-ENOTCONN` without a peer).
   * Where a socket has no such method its flow leads to nowhere but the peer.
   */
  routeToPeer?(): number
  /** Whether it has a peer at present (a stream: the handshake is done). Only where there is `becomeIpv4`. */
  readonly established?: boolean
  /** An `AF_INET6` socket whose peer is one of IPv4 becomes one of `AF_INET`: 0 or a negative error number (`IPV6_ADDRFORM`). */
  becomeIpv4?(): number
}

/** The `SOL_SOCKET`, `SOL_IP` and `SOL_IPV6` options that all transports share: their state, and get and set as Linux has them. */
export class IpSocketOptions extends SharedOptionValues {
  readonly host: Host
  readonly settings: TransportSettings
  readonly socket: OptionsSocket
  /** The socket's flow. `aimFlow` puts the options into it. */
  readonly flow: NetworkFlow
  readonly receiveQueue: BufferLimit
  readonly sendAccount: BufferLimit
  private readonly readiness: Readiness
  /** Made when it is asked for: most sockets join none. */
  private joined: SocketGroups | null = null

  /** `SO_ERROR`, positive, 0 for none. */
  error = 0
  /** What `IPV6_RECVPATHMTU` is still to be told of. */
  pathMtu: PathMtu | null = null

  constructor(
    host: Host,
    socket: OptionsSocket,
    flow: NetworkFlow,
    receiveQueue: BufferLimit,
    sendAccount: BufferLimit,
    readiness: Readiness,
  ) {
    super()
    this.host = host
    this.settings = transportSettings(host)
    this.socket = socket
    const echo = socket.type === SOCK_DGRAM && socket.protocol === IPPROTO_ICMPV6
    this.v6only = socket.family === AF_INET6 && (this.settings.bindv6only !== 0 || echo)
    this.flow = flow
    this.receiveQueue = receiveQueue
    this.sendAccount = sendAccount
    this.readiness = readiness
  }

  /** The groups that the socket joined. */
  get groups(): SocketGroups {
    this.joined ??= new SocketGroups(this.host)
    return this.joined
  }

  /** `AF_INET` or `AF_INET6`. */
  get family(): number {
    return this.socket.family
  }

  /** Sets `SO_ERROR` and wakes the socket. */
  fail(errno: number): void {
    this.error = errno
    this.readiness.changed(POLLERR | POLLIN | POLLOUT)
  }

  /** Reads and clears `SO_ERROR`: a positive number, or 0. */
  takeError(): number {
    const error = this.error
    this.error = 0
    return error
  }

  /**
   * 0 or a negative error number; `-ENOPROTOOPT` for what is not here: try the transport's own first. What a port
   * table knows of the socket is its own: call `PortTable.refresh` afterwards. With `IP_RECVERR` off, clear the error queue.
   */
  set(level: number, name: number, value: OptionValue): number {
    if (level === SOL_SOCKET) return setSocketOption(this, name, value)
    if (level === SOL_IP ? this.onlyIpv6 : level !== SOL_IPV6 || this.family !== AF_INET6) return -ENOPROTOOPT
    const action = groupAction(level, name)
    // Streams have no groups (`IP_ADD_MEMBERSHIP` and its kin).
    const simple = level === SOL_IP ? name <= IP_DROP_MEMBERSHIP : name <= IPV6_DROP_MEMBERSHIP
    if (action !== undefined && simple && this.socket.type === SOCK_STREAM) {
      return level === SOL_IPV6 && typeof value !== 'object' ? -EINVAL : -EPROTO
    }
    if (action !== undefined) return changeGroups(this, level, action, value)
    return level === SOL_IP ? setIpOption(this, name, value) : setIpv6Option(this, name, value)
  }

  /** The value, or why there is none. Flags are 0 or 1. */
  get(level: number, name: number): OptionValue | OptionFailure {
    if (level === SOL_SOCKET) return getSocketOption(this, name)
    if (level === SOL_IP && !this.onlyIpv6) return getIpOption(this, name)
    if (level === SOL_IPV6 && this.family === AF_INET6) return getIpv6Option(this, name)
    return new OptionFailure(this.family === AF_INET6 ? ENOPROTOOPT : EOPNOTSUPP)
  }

  /** Raw sockets of IPv6, and those of its echo requests, never speak IPv4 and have no `SOL_IP`. */
  private get onlyIpv6(): boolean {
    const { family, type, protocol } = this.socket
    return family === AF_INET6 && (type === SOCK_RAW || protocol === IPPROTO_ICMPV6)
  }

  /** What the socket has for packets of an IP version: a socket of both has them apart, as in Linux. */
  forVersion(version: 4 | 6): VersionOptionValues {
    return version === 4 && this.socket.family === AF_INET6 ? this.rare.mapped : this
  }

  /** The socket becomes one of `AF_INET`, and what `SOL_IP` set is its own; it leaves the groups of IPv6. */
  becomeIpv4(): void {
    Object.assign(this, this.rare.mapped)
    this.joined?.leaveVersion(6)
  }

  /** Sets the type of service or traffic class of packets of a version. */
  setTos(version: 4 | 6, tos: number): void {
    if (version === 4 && this.socket.family === AF_INET6) this.setRare({ mapped: { ...this.rare.mapped, tos } })
    else this.tos = tos
  }

  /** Whether it hears of a group that it did not join (`IP_MULTICAST_ALL`, `IPV6_MULTICAST_ALL`). */
  hearsGroups(version: 4 | 6): boolean {
    return this.forVersion(version).multicastAll
  }

  /** @internal Sets or clears bits of `wantedControl`. */
  want(bits: number, value: OptionValue): number {
    const on = optionInteger(value)
    if (Number.isNaN(on)) return -EINVAL
    this.wantedControl = on !== 0 ? this.wantedControl | bits : this.wantedControl & ~bits
    return 0
  }

  /** The socket closes: leaves all groups. */
  close(): void {
    this.joined?.close()
  }
}
