import { createAddressSlot, type IpAddress, type Prefix } from '@jackfield/addr'
import type { Packet } from '@jackfield/packet'
import type { IcmpReport } from './icmp-report.js'
import type { NetworkInterface } from './network-interface.js'
import type { TransportLayer } from './transport.js'

/** What a destination address means to the host that received or sends the packet. */
export const CAST_UNICAST = 0
export const CAST_BROADCAST = 1
export const CAST_MULTICAST = 2
/** An address that this host shares with others (RFC 4291 2.6): for one of them, and the source of none. */
export const CAST_ANYCAST = 3

/**
 * What a transport needs to know of a received packet's network header. Layers reuse one object, and the address
 * slots in it, for every packet: read it during the call, copy what must be kept.
 * A transport that queues a packet can have it read again later with `NetworkLayer.readHeader`.
 */
export class NetworkHeader {
  version: 4 | 6 = 4
  readonly source: IpAddress = createAddressSlot()
  readonly destination: IpAddress = createAddressSlot()
  /** The transport's protocol number. */
  protocol = 0
  /** TTL or hop limit. */
  ttl = 0
  /** Type of service or traffic class, with its ECN bits. */
  tos = 0
  flowLabel = 0
  /** Interface that it came in by. */
  interfaceIndex = 0
  /** `CAST_UNICAST`, `CAST_BROADCAST`, `CAST_MULTICAST` or `CAST_ANYCAST`. */
  cast = 0
  /** Bytes of header before the transport's, extension headers included. */
  headerLength = 0
  /** Whether it carries options or extension headers. */
  hasOptions = false
  /** Size of the largest fragment if it was reassembled, else 0. */
  fragmentSize = 0
}

/** What a route is asked for. Reused objects are welcome. */
export interface RouteQuery {
  destination: IpAddress
  /** The address already chosen, or null for any. */
  source: IpAddress | null
  /** Index of the interface it must leave by, 0 for any. */
  interface: number
  /** Zone of a link-local destination, as an interface index; 0 for none. */
  scope: number
  tos: number
  mark: number
  /** Chooses among equal paths. */
  flowHash: number
  /** Whether `source` may be an address that is not the host's (`IP_TRANSPARENT`, `IP_FREEBIND`). */
  anySource?: boolean
  /** IPv6: which sources come first (RFC 5014): `IPV6_PREFER_SRC_TMP`, `IPV6_PREFER_SRC_PUBLIC`, 0 or absent as the host has it. */
  sourcePreference?: number
}

/** A query for the way to a destination, with nothing else asked. */
export function createRouteQuery(destination: IpAddress, anySource = false): RouteQuery {
  return {
    destination,
    source: null,
    interface: 0,
    scope: 0,
    tos: 0,
    mark: 0,
    flowHash: 0,
    anySource,
    sourcePreference: 0,
  }
}

/** Has a query ask for the way of a flow's packets. */
export function aimRouteQuery(query: RouteQuery, flow: NetworkFlow): void {
  query.destination = flow.destination
  query.source = flow.source.isUnspecified ? null : flow.source
  query.interface = flow.interfaceIndex
  query.scope = flow.scopeId
  query.tos = flow.tos
  query.mark = flow.mark
  query.flowHash = flow.flowHash
  query.anySource = flow.anySource
  query.sourcePreference = flow.sourcePreference
}

/** Where packets to a destination go. Kept by flows; asked again when no longer valid. */
export interface Route {
  /** False once a route, address or interface changed so that this one must be looked up again. */
  readonly valid: boolean
  /** The source address that goes with it. */
  readonly source: IpAddress
  readonly interface: NetworkInterface
  readonly nextHop: IpAddress
  /** `CAST_UNICAST`, `CAST_BROADCAST` or `CAST_MULTICAST`: what the destination is. */
  readonly cast: number
  /** Whether the destination is this host. */
  readonly local: boolean
  /** Path MTU at present, in bytes of whole network packet. */
  readonly mtu: number
  /** The largest whole network packet that may be handed down to be cut (`segmentType`); `mtu` where nothing may. */
  readonly maxSegment: number
  /** The TCP segment size to advertise for it, in bytes. Absent: what fits `mtu`. */
  readonly advertisedMss?: number | undefined
  /** Whether the path's MTU is below what this host goes to, so that packets leave without DF (RFC 1191 3). Absent: no. */
  readonly mtuLocked?: boolean
  /** Upper layers had proof that the next hop answers. */
  confirm(): void
}

/** A route, or the positive number of the error: `ENETUNREACH`, `EHOSTUNREACH`, `EACCES` (prohibit), `EINVAL` (blackhole). */
export type RouteResult = Route | number

/**
 * What the network layer needs to know to send a socket's packets: one per socket or connection, never one per packet.
 * Fields are set by the transport; `route` is kept by the network layer.
 */
export class NetworkFlow {
  /** The transport's protocol number. */
  protocol: number
  /** Source to put in the header; unspecified: the route's. */
  source: IpAddress
  destination: IpAddress
  /** The route in use; null to have it looked up. */
  route: Route | null = null
  /** Interface that it is bound to, 0 for any. */
  interfaceIndex = 0
  /** Zone of a link-local destination. */
  scopeId = 0
  /** TTL or hop limit of unicast; -1: the host's default. */
  ttl = -1
  /** TTL or hop limit of multicast. */
  multicastTtl = 1
  /** Whether multicast comes back to this host's own members. */
  multicastLoop = true
  tos = 0
  /** IPv6; 0: none of its own. */
  flowLabel = 0
  /** Whether packets without a label get one by their flow: 0 no, 1 yes, -1 as the host has it. */
  autoFlowLabel = -1
  mark = 0
  priority = 0
  /** `IP_PMTUDISC_DONT`, `WANT`, `DO`, `PROBE`, `INTERFACE` or `OMIT`. */
  mtuDiscover = 1
  /** `SO_BROADCAST`; without it a broadcast gives `EACCES`. */
  allowBroadcast = false
  /** The source may be any address. */
  anySource = false
  /** `SO_DONTROUTE`, `MSG_DONTROUTE`: only to hosts on the link. */
  onLink = false
  /** IPv4 options to put in the header, padded to a multiple of 4; null for none. */
  options: Uint8Array | null = null
  /** IPv6: options headers to put before the transport's, whole and padded to a multiple of 8; null for none. */
  hopByHop: Uint8Array | null = null
  destinationOptions: Uint8Array | null = null
  /** IPv6: the longest packet or fragment to send, 0: as the path takes it (`IPV6_MTU`). */
  fragmentSize = 0
  /** As `RouteQuery.sourcePreference`. */
  sourcePreference = 0
  flowHash = 0

  constructor(protocol: number, source: IpAddress, destination: IpAddress) {
    this.protocol = protocol
    this.source = source
    this.destination = destination
  }
}

/** 0, or the positive number of the error: `EMSGSIZE`, `ENETUNREACH`, `EACCES`, `ENOBUFS`... */
export type SendResult = number

/** An answer to `TransportLayer.receive`. */
export const DELIVERED = 0
/** Nobody there: the packet is still the network layer's, which quotes it in an ICMP error and releases it. */
export const UNREACHABLE = 1
export type Delivery = typeof DELIVERED | typeof UNREACHABLE

/** A raw socket's view of a protocol. */
export interface ProtocolTap {
  /**
   * A packet for this host, whole (after reassembly), before the transport has it. The window begins at the transport
   * header; `networkHeader` is set. The packet is borrowed: `share()` it to keep it.
   * @returns whether somebody took it, so that no "protocol unreachable" is due
   */
  receive(packet: Packet, header: NetworkHeader): boolean
  /** An ICMP error about a packet of this protocol. */
  error(report: IcmpReport): void
}

/** Ends a tap or an observation. */
export type Untap = () => void

/** Kinds of ICMP error, for both versions. */
export const ERROR_NET_UNREACHABLE = 1
export const ERROR_HOST_UNREACHABLE = 2
export const ERROR_PROTOCOL_UNREACHABLE = 3
export const ERROR_PORT_UNREACHABLE = 4
/** `info` is the next hop's MTU. */
export const ERROR_PACKET_TOO_BIG = 5
export const ERROR_SOURCE_ROUTE_FAILED = 6
export const ERROR_PROHIBITED = 7
export const ERROR_TTL_EXCEEDED = 8
export const ERROR_REASSEMBLY_TIMEOUT = 9
/** `info` is the offset of the bad byte in the packet. */
export const ERROR_PARAMETER_PROBLEM = 10
/** `gateway` is the better first hop; `info` 0 for a network, 1 for a host. */
export const ERROR_REDIRECT = 11
/** IPv6: unrecognized next header (`info`: offset). */
export const ERROR_UNKNOWN_HEADER = 12
/** IPv6: unrecognized option (`info`: offset). */
export const ERROR_UNKNOWN_OPTION = 13
/** IPv6: a first fragment that does not hold all headers (`info`: offset; RFC 7112). */
export const ERROR_INCOMPLETE_HEADERS = 14
/** IPv6: the packet would have to leave the scope of its source address (RFC 4443 3.1). */
export const ERROR_BEYOND_SCOPE = 15

/** How errors leave: ICMP, as the network layers see it. */
export interface ControlMessages {
  /**
   * Sends an error about a received packet, unless RFC 1122 3.2.2 or RFC 4443 2.4 forbid it or the rate is spent.
   * The packet is borrowed; its whole network packet is quoted from `networkHeader` to `end`.
   * @returns whether it went out
   */
  sendError(
    network: NetworkLayer,
    packet: Packet,
    header: NetworkHeader,
    kind: number,
    info: number,
    gateway: IpAddress | null,
  ): boolean
  /** A network layer sent a control message of its own (NDP, MLD): counts it by its type. */
  countSent?(network: NetworkLayer, type: number): void
}

/** What the stack needs of a network layer to merge and cut packets. */
export interface NetworkOffload {
  /**
   * For merging: checks a received network packet at `packet.start` and sets `networkHeader` and `transportHeader`.
   * @returns the transport protocol, or -1 where it must not be merged (options, fragment, bad header, not for this host)
   */
  inspect(packet: Packet): number
  /** Whether two inspected packets have the same addresses and the same fields that a merge must not lose. */
  mergeable(head: Packet, packet: Packet): boolean
  /** Rewrites lengths, identification and header checksum after the payload changed; `index` is the segment's place. */
  finish(packet: Packet, index: number): void
}

/** An address of an interface. */
export interface InterfaceAddress {
  readonly interface: NetworkInterface
  /** The address, with the length of its subnet. */
  readonly prefix: Prefix
  /** Directed broadcast, where there is one. */
  readonly broadcast: IpAddress | null
  /** IPv6: how far the address may be used (RFC 4862 2). Absent: in full. */
  readonly state?: 'tentative' | 'preferred' | 'deprecated' | 'duplicate'
}

/** Type of a route, as `ip route` names them. */
export type RouteType = 'unicast' | 'local' | 'broadcast' | 'anycast' | 'blackhole' | 'unreachable' | 'prohibit'

/** A route of the table. */
export interface RouteEntry {
  readonly destination: Prefix
  readonly type: RouteType
  /** Absent for a destination on the link. */
  readonly gateway?: IpAddress
  /** Interface index; may be absent where a gateway shows it, and for types that need none. */
  readonly interface?: number
  /** Lower wins; default 0. */
  readonly metric?: number
  /** Preferred source. */
  readonly source?: IpAddress
  /** Path MTU, fixed. */
  readonly mtu?: number
  /** The TCP segment size to advertise, in bytes, 1 to 65535 (`advmss` of `ip route`). Absent: what fits the MTU. */
  readonly advertisedMss?: number
}

/** IPv4, IPv6, or a test's fake. */
export interface NetworkLayer {
  readonly version: 4 | 6
  readonly etherType: number
  /** The header that it puts before a transport's packet, in bytes, without options. */
  readonly headerLength: number
  /** Bytes of header that a packet of the flow gets, with its options or extension headers. */
  headersOf(flow: NetworkFlow): number
  /** The longest packet that its length field can tell, header included, in bytes. */
  readonly maxPacketLength: number
  /** TTL or hop limit of packets whose flow has none of its own. */
  readonly defaultTtl?: number
  readonly offload: NetworkOffload

  // --- to the transports
  /** One transport each protocol; a second is an error. */
  attach(protocol: number, transport: TransportLayer): void
  /** Shows a protocol (or `ANY_PROTOCOL`) before the transport has it. */
  tap(protocol: number, tap: ProtocolTap): Untap
  route(query: RouteQuery): RouteResult
  /**
   * Sends a transport packet (header at `packet.start`). Takes the packet, whatever it answers. Puts the header on,
   * fragments where it may. `packet.checksum` is partial, or the checksum is complete.
   * @returns 0 or an error number
   */
  send(packet: Packet, flow: NetworkFlow): SendResult
  /** Sends a network packet whose header the sender made (`IP_HDRINCL`). Takes it. */
  sendRaw(packet: Packet, flow: NetworkFlow): SendResult
  /** Fills `header` again from a packet that this layer delivered: `networkHeader` and `transportHeader` must be set. */
  readHeader(packet: Packet, header: NetworkHeader): void

  // --- ICMP
  setControl(control: ControlMessages): void
  /** An ICMP error came in: matches the quoted packet to a transport. Borrows `report`. */
  dispatchError(report: IcmpReport): void
  /** A path's MTU became known, in bytes: a report was believed (see `TransportLayer.believesMtu`). */
  updatePathMtu(destination: IpAddress, mtu: number): void
  /**
   * A router knows a better first hop.
   * @returns whether it was believed: it comes from the first hop in use, and names a neighbour
   */
  redirect(destination: IpAddress, gateway: IpAddress, from: IpAddress, interfaceIndex: number): boolean
  /**
   * The link gave up on the next hop of a packet that this layer sent (network header at `packet.start`). Takes it:
   * a forwarded one is answered with "host unreachable", the sender of a local one gets `EHOSTUNREACH`. A link
   * releases the packet itself where a layer does not have this.
   */
  neighborUnreachable?(packet: Packet, networkInterface: NetworkInterface): void
  /**
   * An ICMP message that is the network layer's own business came in (IPv6: neighbour discovery, multicast listeners): whole,
   * its checksum right, the window at its header. Borrows it.
   * @returns whether it was good; a bad one is counted as such
   */
  receiveControl?(packet: Packet, header: NetworkHeader): boolean
  /** Whether an ICMP message of this type may be sent to this destination now; spends from the rate. */
  permitMessage(destination: IpAddress, type: number): boolean

  // --- to the stack
  /** A packet came in; the window begins at the network header. Takes it. */
  receive(packet: Packet, networkInterface: NetworkInterface): void
  burstEnd(): void
  addInterface(networkInterface: NetworkInterface): void
  removeInterface(networkInterface: NetworkInterface): void
  /** Carrier, flags or MTU changed. */
  interfaceChanged(networkInterface: NetworkInterface): void

  // --- addresses, routes, groups
  addAddress(networkInterface: NetworkInterface, prefix: Prefix): void
  removeAddress(networkInterface: NetworkInterface, address: IpAddress): void
  addresses(): readonly InterfaceAddress[]
  /** Whether packets to it are for this host (own addresses, `local` routes); `interfaceIndex` 0 for any. */
  isLocal(address: IpAddress, interfaceIndex: number): boolean
  /** What an address is to this host: `CAST_*`. */
  castOf(address: IpAddress, interfaceIndex: number): number
  /** The source address with which to ask a neighbour on this interface for `target`; null where there is none. */
  sourceFor(target: IpAddress, interfaceIndex: number): IpAddress | null
  addRoute(entry: RouteEntry): void
  removeRoute(entry: RouteEntry): void
  routes(): readonly RouteEntry[]
  /**
   * What one socket wants of a group on an interface: `include` of no sources is to leave.
   * @returns 0 or an error number (`EADDRNOTAVAIL`, `ENODEV`, `ENOBUFS`)
   */
  setGroupFilter(
    owner: object,
    networkInterface: NetworkInterface,
    group: IpAddress,
    mode: 'include' | 'exclude',
    sources: readonly IpAddress[],
  ): number
}
