// Signatures first: the bodies follow in files of their own, with these names.
import type { IpAddress } from '@jackfield/addr'
import type {
  ControlMessage,
  ExtendedError,
  Host,
  IcmpReport,
  Message,
  NetworkFlow,
  NetworkHeader,
  NetworkLayer,
  OptionFailure,
  OptionValue,
  ReadinessWatcher,
  Setting,
} from '@jackfield/interfaces'
import type { Packet, PacketOwner, PacketPool } from '@jackfield/packet'

// --- checksum.ts

/**
 * The sum of the pseudo-header (RFC 768, RFC 8200 8.1) as `sumBytes` counts, for its `initial`. One form for both
 * versions: the ffff words of a mapped IPv4 address change nothing modulo 65535.
 */
export declare function pseudoHeaderSum(
  source: IpAddress,
  destination: IpAddress,
  protocol: number,
  length: number,
): number
/** Whether the transport checksum over the packet's window is good; true at once where the device verified it or it is partial. */
export declare function verifyChecksum(packet: Packet, header: NetworkHeader, protocol: number): boolean
/** Leaves the checksum to whoever sends the packet: stores the folded pseudo-header sum at `packet.start + fieldOffset`. */
export declare function setPartialChecksum(packet: Packet, fieldOffset: number, pseudoSum: number): void

// --- hash.ts

/** A keyed hash of a flow, int32 (HalfSipHash-1-3). */
export declare function flowHash(
  secret0: number,
  secret1: number,
  local: IpAddress,
  localPort: number,
  remote: IpAddress,
  remotePort: number,
): number

// --- settings.ts

/** The settings that sockets of every transport of one stack share. */
export interface TransportSettings {
  /** `net.core.rmem_default` and so on, in bytes. */
  rmemDefault: number
  rmemMax: number
  wmemDefault: number
  wmemMax: number
  /** `net.core.optmem_max`, bytes of options and filters a socket. */
  optmemMax: number
  /** `net.ipv4.ip_local_port_range`. */
  portLow: number
  portHigh: number
  /** `net.ipv4.ip_unprivileged_port_start`: ports below it give `EACCES`; default 0. */
  unprivilegedPortStart: number
  /** `net.ipv4.ip_nonlocal_bind`. */
  nonlocalBind: boolean
  /** Whether a port is in `net.ipv4.ip_local_reserved_ports`. */
  isReserved(port: number): boolean
}
/** The shared settings of a stack: made and registered with the host at the first call. */
export declare function transportSettings(host: Host): TransportSettings
/** A `Setting` for an integer field of an object. */
export declare function integerSetting<K extends string>(
  name: string,
  target: Record<K, number>,
  key: K,
  minimum: number,
  maximum: number,
): Setting

// --- readiness.ts

/** Tells a socket's watcher what holds, once, at the end of the burst in which it changed. */
export declare class Readiness {
  /** @param source asked for the `POLL*` bits that hold at the end of the burst */
  constructor(host: Host, source: { readiness(): number })
  setWatcher(watcher: ReadinessWatcher | null): void
  /** These `POLL*` bits may have come to hold. Cheap; may be called for each packet. */
  changed(bits: number): void
  /** No more calls. */
  close(): void
}

// --- send-account.ts

/** Bytes of memory that a socket's packets pin until their last holder lets go (Linux's `sk_wmem_alloc`). */
export declare class SendAccount implements PacketOwner {
  constructor(limit: number, readiness: Readiness | null)
  /** `SO_SNDBUF` as Linux keeps it (doubled), in bytes. */
  limit: number
  /** Bytes charged at present (`SIOCOUTQ`). */
  readonly used: number
  /** Whether a packet may be sent now; else `EAGAIN`. */
  readonly hasRoom: boolean
  /** Whether `POLLOUT` holds: under half used. */
  readonly writable: boolean
  /** Charges a packet that is about to be sent by its truesize. */
  charge(packet: Packet): void
  packetReleased(charge: number): void
}

// --- receive-queue.ts

/** Memory shared by the receive queues of a protocol (`net.ipv4.udp_mem`). */
export declare class MemoryPool {
  constructor(limit: number)
  /** Bytes. */
  limit: number
  readonly used: number
}

/** Received packets, oldest first, accounted by what they pin. */
export declare class ReceiveQueue {
  /** @param limit `SO_RCVBUF` as Linux keeps it (doubled), in bytes @param memory shared by all, or null */
  constructor(pool: PacketPool, limit: number, memory: MemoryPool | null)
  limit: number
  /** Bytes pinned at present. */
  readonly used: number
  /** Packets queued. */
  readonly length: number
  /** Packets refused since it was made. */
  drops: number
  /**
   * Takes the packet, whatever it answers; one that pins far more than it carries is copied to a smaller buffer.
   * As in Linux the queue may go over its limit by one packet.
   * @returns 0, `ENOMEM` (over `SO_RCVBUF`) or `ENOBUFS` (over the shared memory): it was released and counted in `drops`
   */
  push(packet: Packet): number
  /** The oldest, which stays queued; null when empty. */
  peek(): Packet | null
  /** The oldest, which is the caller's from now on; null when empty. */
  shift(): Packet | null
  /** Releases all. */
  clear(): void
}

// --- error-queue.ts

/** Extended errors (`IP_RECVERR`), read with `MSG_ERRQUEUE`. Shares the receive queue's limit. */
export declare class ErrorQueue {
  constructor(pool: PacketPool, queue: ReceiveQueue)
  readonly length: number
  /**
   * Queues an ICMP error. `payloadStart` is where the offending payload begins in `report.packet`; `port` is the
   * destination port of the offending packet (0 for raw).
   * @returns false where there was no room
   */
  pushIcmp(report: IcmpReport, payloadStart: number, port: number): boolean
  /** Queues an error that this host found itself (`EMSGSIZE` with the MTU in `info`). */
  pushLocal(errno: number, info: number, destination: IpAddress, port: number): boolean
  /**
   * `MSG_ERRQUEUE`: the payload into the message's buffer, the original destination into its name, the error and
   * its offender into its control; `message.flags` gets `MSG_ERRQUEUE` and perhaps `MSG_TRUNC`.
   * @returns the bytes copied, or `-EAGAIN` when empty
   */
  receive(message: Message, options: IpSocketOptions): number
  clear(): void
}

// --- group-membership.ts

/** The multicast groups of one socket. */
export declare class GroupMembership {
  constructor(host: Host)
  /** Whether the socket wants what this source sends to this group (`ip_mc_sf_allow`). `fallback`: `IP_MULTICAST_ALL`. */
  accepts(group: IpAddress, source: IpAddress, interfaceIndex: number, fallback: boolean): boolean
  /** Leaves all. */
  close(): void
}

// --- ip-socket-options.ts

/** What `IpSocketOptions` needs to know of its socket. */
export interface OptionsSocket {
  readonly family: number
  readonly type: number
  readonly protocol: number
}

/** SOL_SOCKET, SOL_IP and SOL_IPV6 options that all transports share: the state, and get and set as Linux has them. */
export declare class IpSocketOptions {
  constructor(
    host: Host,
    socket: OptionsSocket,
    flow: NetworkFlow,
    receiveQueue: ReceiveQueue,
    sendAccount: SendAccount,
    readiness: Readiness,
  )
  readonly settings: TransportSettings
  readonly flow: NetworkFlow
  readonly groups: GroupMembership
  reuseAddress: boolean
  reusePort: boolean
  broadcast: boolean
  /** `SO_BINDTODEVICE`: interface index, 0 for any. */
  boundInterface: number
  v6only: boolean
  noCheck: boolean
  recvErr: boolean
  hdrIncl: boolean
  freebind: boolean
  transparent: boolean
  minTtl: number
  multicastAll: boolean
  bindAddressNoPort: boolean
  /** Not 0 where any received control message is wanted (`addReceiveControl`). */
  wantedControl: number
  /** `SO_ERROR`, positive, 0 for none. */
  error: number
  /** Sets `SO_ERROR` and wakes the socket. */
  fail(errno: number): void
  /** Reads and clears `SO_ERROR`: the positive number, or 0. */
  takeError(): number
  /** 0 or a negative error number; `-ENOPROTOOPT` for what is not here: try the transport's own first. */
  set(level: number, name: number, value: OptionValue): number
  get(level: number, name: number): OptionValue | OptionFailure
  /** Leaves all groups. */
  close(): void
}
/** The integer in an option's value (a number, or 1 to 4 little-endian bytes); NaN where there is none. */
export declare function optionInteger(value: OptionValue): number

// --- bind-address.ts

/** 0, or the negative error for binding to an address that is not this host's (`-EADDRNOTAVAIL`). */
export declare function checkBindAddress(
  host: Host,
  options: IpSocketOptions,
  address: IpAddress,
  scopeId: number,
): number

// --- flow.ts

/** A flow with address slots of its own. */
export declare function createFlow(protocol: number): NetworkFlow
/**
 * Points a socket's flow at a destination, with the socket's options and a message's control data; keeps the flow's
 * route where nothing that chose it changed. `source` unspecified: the route's.
 */
export declare function aimFlow(
  options: IpSocketOptions,
  source: IpAddress,
  destination: IpAddress,
  scopeId: number,
  control: SendControl | null,
): void
/** Looks the flow's route up where it has none that is valid. 0 or a positive error number. */
export declare function routeFlow(network: NetworkLayer, flow: NetworkFlow): number
/** The source address that the flow's packets will carry. `routeFlow` must have answered 0. */
export declare function sourceOf(flow: NetworkFlow): IpAddress

// --- control.ts

/** What a send call's ancillary data asks for. One reused object a transport. */
export declare class SendControl {
  /** -1: the socket's. */
  ttl: number
  tos: number
  mark: number
  priority: number
  /** Interface to send by, 0: the socket's. */
  interfaceIndex: number
  /** Source to use, or null. */
  source: IpAddress | null
  /** Reads SOL_SOCKET, SOL_IP and SOL_IPV6 messages; other levels are the transport's. 0 or a negative error number. */
  read(control: readonly ControlMessage[], family: number): number
}
/**
 * Adds what the socket asked to be told of a received packet to `message.control`. Call it where
 * `options.wantedControl !== 0 && message.control !== null`.
 */
export declare function addReceiveControl(
  options: IpSocketOptions,
  packet: Packet,
  header: NetworkHeader,
  message: Message,
  destinationPort: number,
): void
/** What `addReceiveControl` makes of an error, for transports that build their own. */
export type { ExtendedError }

// --- port-entry.ts, port-table.ts

/** What a port table knows of a socket; sockets extend it. Addresses are four int32 words, IPv4 mapped. */
export declare class PortEntry {
  family: number
  local0: number
  local1: number
  local2: number
  local3: number
  /** 0: not bound. */
  localPort: number
  remote0: number
  remote1: number
  remote2: number
  remote3: number
  remotePort: number
  connected: boolean
  boundInterface: number
  v6only: boolean
  reuseAddress: boolean
  reusePort: boolean
  /** Streams: it listens. */
  listening: boolean
  /** The next entry with the same local port. */
  nextOnPort: PortEntry | null
}

/** Who has which port of one protocol, and whose a packet is. */
export declare class PortTable<E extends PortEntry> {
  /** @param rule `'datagram'` (UDP) or `'stream'` (TCP): what SO_REUSEADDR allows, and whether 4-tuples are unique */
  constructor(host: Host, rule: 'datagram' | 'stream')
  /** Binds; port 0 chooses an ephemeral one. 0 or `-EADDRINUSE`, `-EACCES`. Addresses are the caller's to check. */
  bind(entry: E, address: IpAddress, port: number, options: IpSocketOptions): number
  /** Fixes the peer (and the local address, if it was a wildcard). 0; streams `-EADDRNOTAVAIL` where the 4-tuple is taken. */
  connect(entry: E, local: IpAddress, remote: IpAddress, remotePort: number): number
  /** Dissolves the association: the local address becomes `local` again. */
  disconnect(entry: E, local: IpAddress): void
  /** Gives the port back. */
  remove(entry: E): void
  /** The socket for a packet (or, with the addresses of its quote swapped, for an ICMP error). */
  lookup(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number, interfaceIndex: number): E | null
  /** The first entry on a local port, for multicast and broadcast: follow `nextOnPort`, ask `matches`. */
  firstOnPort(port: number): E | null
  matches(
    entry: E,
    local: IpAddress,
    localPort: number,
    remote: IpAddress,
    remotePort: number,
    interfaceIndex: number,
  ): boolean
}
