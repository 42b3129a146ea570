import type { SocketAddress } from '@jackfield/addr'
import type { Forwarder } from './forwarder.js'

/** The address of a packet socket: `sockaddr_ll`. */
export interface LinkSocketAddress {
  family: 17
  /** EtherType. */
  protocol: number
  interfaceIndex: number
  /** `PACKET_HOST` and the like; 0 when sending. */
  packetType: number
  /** The peer's hardware address, 6 bytes; empty on a medium without. */
  hardwareAddress: Uint8Array
}

/** The address of a UNIX domain socket: `sockaddr_un`. */
export interface UnixSocketAddress {
  family: 1
  path: string
}

/** The address of any family. Families of others add their own with another `family`. */
export type Sockaddr = SocketAddress | LinkSocketAddress | UnixSocketAddress

/** One piece of ancillary data (`cmsghdr`). */
export interface ControlMessage {
  /** `SOL_IP` and the like. */
  readonly level: number
  /** `IP_PKTINFO` and the like. */
  readonly type: number
  readonly data: ControlData
}

/** A number (TTL, TOS), packet information, an extended error, time stamps, or the bytes of one this package does not know. */
export type ControlData = number | PacketInfo | PathMtu | ExtendedError | Timestamping | SocketAddress | Uint8Array

/** `in_pktinfo`, `in6_pktinfo`. Addresses are copies. */
export interface PacketInfo {
  readonly interfaceIndex: number
  /** Where it was sent to, or (when sending) the source to use. */
  readonly address: SocketAddress['address']
  /** IPv4: the local address that took it (`ipi_spec_dst`). */
  readonly specific?: SocketAddress['address']
}

/** `ip6_mtuinfo`: what `IPV6_PATHMTU` gives. */
export interface PathMtu {
  /** Where to; unspecified in what `getsockopt` gives, which is about the peer. */
  readonly destination: SocketAddress
  /** In bytes of whole packet. */
  readonly mtu: number
}

/** `scm_timestamping`: microseconds since 1970; 0: there is none. */
export interface Timestamping {
  readonly software: number
  readonly hardware: number
}

/** `sock_extended_err`, with the address of the offender. */
export interface ExtendedError {
  readonly errno: number
  /** `SO_EE_ORIGIN_ICMP` and the like. */
  readonly origin: number
  readonly type: number
  readonly code: number
  /** The MTU for `EMSGSIZE`. */
  readonly info: number
  readonly data: number
  readonly offender: SocketAddress | null
}

/** What a send or receive call carries: `msghdr`. Reused objects are welcome. */
export class Message {
  /** The buffer and the part of it to send from or receive into. */
  buffer: Uint8Array
  offset: number
  length: number
  /** Sending: where to, or null. Receiving: filled with where from, if not null and of the socket's family. */
  name: Sockaddr | null = null
  /** Receiving: whether `name` was filled. */
  named = false
  /** `MSG_*` in; receiving: `MSG_TRUNC` and the like out. */
  flags = 0
  /** Sending: ancillary data to use. Receiving: an array to fill, or null if it is not wanted. */
  control: ControlMessage[] | null = null
  /** Sending: it goes on with the message before, which was taken in part: for the user both are one call. */
  resumed = false
  /** Sending: where it is taken in part, the rest will come in another one. */
  continues = false

  constructor(buffer: Uint8Array, offset = 0, length: number = buffer.length - offset) {
    this.buffer = buffer
    this.offset = offset
    this.length = length
  }
}

/** What options take and give: integers and flags, a name, bytes, or the structures below. */
export type OptionValue = number | string | Uint8Array | Readonly<Record<string, unknown>>

/** For `SO_LINGER`. */
export interface Linger {
  readonly onoff: boolean
  /** Seconds. */
  readonly linger: number
}

/** For `IP_ADD_MEMBERSHIP` and its kin: `ip_mreqn`, `ip_mreq_source`, `group_req`. Addresses as text or objects. */
export interface Membership {
  readonly group: SocketAddress['address'] | string
  /** Index, name or local address of the interface; absent: by the route to the group. */
  readonly interface?: number | string | SocketAddress['address']
  /** For the source-specific forms. */
  readonly source?: SocketAddress['address'] | string
}

/** Told when a socket becomes ready: after the burst, once, with what is new. */
export interface ReadinessWatcher {
  /**
   * @param mask the `POLL*` bits that hold now
   * @param changed those of them that came, or came again, in this burst: what an edge-triggered watcher goes by
   */
  ready(mask: number, changed: number): void
}

/**
 * A socket of one transport, without its descriptor. Calls never wait. They return 0 or a count, or the negative of an
 * error number (`-EAGAIN` where a blocking call would wait); `sockets` makes exceptions or promises of that.
 */
export interface SocketEndpoint {
  readonly family: number
  readonly type: number
  readonly protocol: number
  bind(address: Sockaddr): number
  /**
   * 0, `-EINPROGRESS`, or another error: then `-EALREADY` while it goes on, and 0 or `-EISCONN` when it is done. A family of
   * `AF_UNSPEC` (address null) dissolves the association.
   */
  connect(address: Sockaddr | null): number
  listen(backlog: number): number
  /** A connection, or the negative error number. `peer` is filled if given. */
  accept(peer: Sockaddr | null): SocketEndpoint | number
  send(message: Message): number
  receive(message: Message): number
  /** `SHUT_RD`, `SHUT_WR` or `SHUT_RDWR`. */
  shutdown(how: number): number
  /**
   * The socket is no more, for its user. `done` is called, once and perhaps at once, when what it had to send has been taken by the
   * peer or never will be: who lingers waits for it (`SO_LINGER`). An endpoint without such a wait need not heed it.
   */
  close(done?: () => void): void
  /** 0 or a negative error number. */
  setOption(level: number, name: number, value: OptionValue): number
  /** The value, or a negative error number wrapped by `optionError`. */
  getOption(level: number, name: number): OptionValue | OptionFailure
  /** A value, or the negative error number. `FIONREAD` and the like. */
  ioctl(request: number): number
  getName(address: Sockaddr): number
  getPeer(address: Sockaddr): number
  /** The `POLL*` bits that hold now. */
  readiness(): number
  /** Who is told of changes; null for nobody. */
  setWatcher(watcher: ReadinessWatcher | null): void
}

/** How `getOption` fails, told apart from a negative value. */
export class OptionFailure {
  /** Positive error number. */
  readonly errno: number
  constructor(errno: number) {
    this.errno = errno
  }
}

/** What a transport or family registers for `socket(family, type, protocol)`. */
export interface SocketProvider {
  readonly family: number
  readonly type: number
  /** The protocol, or `ANY_PROTOCOL` where it takes any (raw sockets). */
  readonly protocol: number
  /** Whether protocol 0 means this one. */
  readonly isDefault: boolean
  /** A new socket, or the negative error number (`-EPROTONOSUPPORT`). */
  create(protocol: number): SocketEndpoint | number
  /**
   * Sets who is asked about connections and flows that no socket is there for, of every address family of this protocol; null
   * for nobody. Absent where the protocol cannot ask. Throws a RangeError for settings out of range.
   */
  setForwarder?(forwarder: Forwarder | null): void
}

/** What an address family registers, so that `sockets` can take its addresses in the forms people write. */
export interface AddressFamily {
  readonly family: number
  /** An empty address, to be filled. */
  createAddress(): Sockaddr
  /** An address from text (`'10.0.0.1:80'`) or an object; throws a TypeError that says what would be right. */
  parseAddress(input: unknown): Sockaddr
  formatAddress(address: Sockaddr): string
}
