import { IpAddress, type IpAddressSlot, Prefix, setSlot } from '@jackfield/addr'
import { type Packet, PacketPool } from '@jackfield/packet'
import { EACCES, EMSGSIZE, ENETUNREACH } from '../errno.js'
import { IcmpReport } from '../icmp-report.js'
import {
  CAST_BROADCAST,
  CAST_MULTICAST,
  CAST_UNICAST,
  type ControlMessages,
  DELIVERED,
  type Delivery,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROTOCOL_UNREACHABLE,
  type InterfaceAddress,
  type NetworkFlow,
  NetworkHeader,
  type NetworkLayer,
  type NetworkOffload,
  type ProtocolTap,
  type RouteEntry,
  type RouteQuery,
  type RouteResult,
  type SendResult,
  UNREACHABLE,
  type Untap,
} from '../network.js'
import type { NetworkInterface } from '../network-interface.js'
import { ANY_PROTOCOL, ETH_P_IP, ETH_P_IPV6 } from '../protocol-numbers.js'
import type { TransportLayer } from '../transport.js'
import { readFakeHeader, writeFakeHeader } from './fake-header.js'
import { createFakeInterface, type FakeInterface } from './fake-interface.js'
import { FakeRoute } from './fake-route.js'
import type { Arrival, ArrivingError, FakeNetworkOptions, SentPacket } from './fake-traffic.js'

/** A `NetworkLayer` of a screenful: records what is sent, takes what a test puts in. */
export class FakeNetwork implements NetworkLayer {
  readonly version: 4 | 6
  readonly etherType: number
  readonly headerLength: number
  readonly maxPacketLength: number
  readonly pool: PacketPool
  readonly interface: FakeInterface
  mtu: number
  maxSegment: number
  /** What was sent, oldest first. */
  readonly sent: SentPacket[] = []
  /** Keeps the packets that are sent, in `sent[i].packet`, instead of releasing them. */
  hold = false
  /** Error number that `route` answers, 0 for none. */
  routeError = 0
  /** Error number that `send` answers after taking the packet, 0 for none. */
  sendError = 0
  /** What `permitMessage` answers. */
  permit = true
  control: ControlMessages | null = null
  readonly transports: Map<number, TransportLayer> = new Map()
  readonly pathMtus: { destination: string; mtu: number }[] = []
  readonly redirects: { destination: string; gateway: string; from: string; interfaceIndex: number }[] = []
  /** Group filters as last set: `mode` include with no sources is to have left. */
  readonly groups: { owner: object; interface: number; group: string; mode: string; sources: string[] }[] = []
  /** What `dispatchError` was given last. */
  readonly lastError: IcmpReport = new IcmpReport()
  readonly offload: NetworkOffload = { inspect: () => -1, mergeable: () => false, finish() {} }
  private readonly taps: { protocol: number; tap: ProtocolTap }[] = []
  private own: InterfaceAddress[] = []
  private readonly routeEntries: RouteEntry[] = []
  private readonly routesGiven: FakeRoute[] = []
  private readonly header = new NetworkHeader()
  private errors = 0

  constructor(options: FakeNetworkOptions = {}) {
    this.version = options.version ?? 4
    this.etherType = this.version === 4 ? ETH_P_IP : ETH_P_IPV6
    this.headerLength = this.version === 4 ? 20 : 40
    this.maxPacketLength = this.version === 4 ? 65_535 : 65_575
    this.pool = options.pool ?? new PacketPool()
    this.interface = options.interface ?? createFakeInterface()
    this.mtu = options.mtu ?? this.interface.mtu
    this.maxSegment = options.maxSegment ?? this.mtu
    for (const text of options.addresses ?? [this.version === 4 ? '10.0.0.1/24' : '2001:db8::1/64']) {
      this.addAddress(this.interface, Prefix.parse(text))
    }
  }

  /** How many times `dispatchError` was called. */
  get errorsDispatched(): number {
    return this.errors
  }

  attach(protocol: number, transport: TransportLayer): void {
    if (this.transports.has(protocol)) throw new Error(`protocol ${protocol} has a transport already`)
    this.transports.set(protocol, transport)
  }

  tap(protocol: number, tap: ProtocolTap): Untap {
    const entry = { protocol, tap }
    this.taps.push(entry)
    return () => {
      const at = this.taps.indexOf(entry)
      if (at >= 0) this.taps.splice(at, 1)
    }
  }

  route(query: RouteQuery): RouteResult {
    if (this.routeError !== 0) return this.routeError
    const source = query.source !== null && !query.source.isUnspecified ? query.source : this.own[0]?.prefix.address
    if (source === undefined) return ENETUNREACH
    const route = new FakeRoute(this, source.copy(), query.destination, this.interface)
    this.routesGiven.push(route)
    return route
  }

  headersOf(): number {
    return this.headerLength
  }

  send(packet: Packet, flow: NetworkFlow): SendResult {
    const error = this.refusal(packet, flow, this.headerLength)
    if (error !== 0) {
      packet.release()
      return error
    }
    this.record(packet, flow, false)
    return 0
  }

  sendRaw(packet: Packet, flow: NetworkFlow): SendResult {
    const error = this.refusal(packet, flow, 0)
    if (error !== 0) packet.release()
    else this.record(packet, flow, true)
    return error
  }

  readHeader(packet: Packet, header: NetworkHeader): void {
    readFakeHeader(packet, header, packet.networkHeader)
    header.interfaceIndex = packet.interfaceIndex
    header.cast = this.castOf(header.destination, packet.interfaceIndex)
  }

  /** Puts a packet in, as if it had come in by the interface. */
  inject(arrival: Arrival): Delivery {
    const { pool, version } = this
    const first = this.own[0]?.prefix.address ?? IpAddress.parse(version === 4 ? '10.0.0.1' : '2001:db8::1')
    const packet = pool.allocate(this.headerLength + arrival.payload.length)
    packet.networkHeader = packet.start
    packet.transportHeader = packet.start + this.headerLength
    packet.interfaceIndex = arrival.interfaceIndex ?? this.interface.index
    packet.etherType = this.etherType
    packet.bytes.set(arrival.payload, packet.transportHeader)
    const neighbour = new IpAddress(first.version, first.w0, first.w1, first.w2, first.w3 ^ 3)
    writeFakeHeader(
      packet,
      arrival.source === undefined ? neighbour : IpAddress.parse(arrival.source),
      arrival.destination === undefined ? first : IpAddress.parse(arrival.destination),
      arrival.protocol,
      arrival.ttl ?? 64,
      arrival.tos ?? 0,
    )
    packet.checksum = arrival.checksum ?? 0
    packet.start = packet.transportHeader
    arrival.prepare?.(packet)
    return this.deliver(packet, arrival.cast)
  }

  /** Puts an ICMP error in: builds the quote and calls the taps and the transport. */
  injectError(error: ArrivingError): void {
    const report = new IcmpReport()
    const packet = this.pool.allocate(this.headerLength + error.quote.length)
    packet.networkHeader = packet.start
    packet.bytes.set(error.quote, packet.start + this.headerLength)
    const source = error.source === undefined ? this.own[0]?.prefix.address : IpAddress.parse(error.source)
    const destination = IpAddress.parse(error.destination)
    writeFakeHeader(packet, source ?? destination, destination, error.protocol, 64, 0)
    report.version = this.version
    report.kind = error.kind
    report.errno = error.errno
    report.type = error.type ?? (this.version === 4 ? 3 : 1)
    report.code = error.code ?? 0
    report.info = error.info ?? 0
    report.fatal = error.fatal ?? false
    setSlot(
      report.offender as IpAddressSlot,
      error.offender === undefined ? destination : IpAddress.parse(error.offender),
    )
    report.interfaceIndex = this.interface.index
    report.packet = packet
    report.quoteStart = packet.start
    this.dispatchError(report)
    packet.release()
  }

  setControl(control: ControlMessages): void {
    this.control = control
  }

  dispatchError(report: IcmpReport): void {
    const packet = report.packet
    if (packet === null || packet.end - report.quoteStart < this.headerLength + 8) return
    const header = new NetworkHeader()
    readFakeHeader(packet, header, report.quoteStart)
    setSlot(report.source as IpAddressSlot, header.source)
    setSlot(report.destination as IpAddressSlot, header.destination)
    report.protocol = header.protocol
    report.quoteTransport = report.quoteStart + header.headerLength
    this.errors++
    Object.assign(this.lastError, report, {
      offender: report.offender.copy(),
      source: report.source.copy(),
      destination: report.destination.copy(),
      packet: null,
    })
    for (const entry of [...this.taps]) {
      if (entry.protocol === report.protocol || entry.protocol === ANY_PROTOCOL) entry.tap.error(report)
    }
    this.transports.get(report.protocol)?.error(report)
  }

  updatePathMtu(destination: IpAddress, mtu: number): void {
    this.pathMtus.push({ destination: destination.toString(), mtu })
  }

  redirect(destination: IpAddress, gateway: IpAddress, from: IpAddress, interfaceIndex: number): boolean {
    const text = { destination: `${destination}`, gateway: `${gateway}`, from: `${from}`, interfaceIndex }
    this.redirects.push(text)
    return true
  }

  permitMessage(): boolean {
    return this.permit
  }

  receive(packet: Packet, networkInterface: NetworkInterface): void {
    packet.networkHeader = packet.start
    packet.interfaceIndex = networkInterface.index
    if (packet.length < this.headerLength) {
      packet.release()
      return
    }
    packet.transportHeader = packet.start + this.headerLength
    packet.start = packet.transportHeader
    this.deliver(packet)
  }

  /** Ends the burst for every transport. */
  burstEnd(): void {
    for (const transport of this.transports.values()) transport.burstEnd()
  }

  addInterface(): void {}
  removeInterface(): void {}
  interfaceChanged(): void {
    for (const route of this.routesGiven) route.valid = false
  }

  addAddress(networkInterface: NetworkInterface, prefix: Prefix): void {
    this.own = [...this.own, { interface: networkInterface, prefix, broadcast: prefix.broadcast }]
    this.interfaceChanged()
  }

  removeAddress(_networkInterface: NetworkInterface, address: IpAddress): void {
    this.own = this.own.filter((entry) => !entry.prefix.address.equals(address))
    this.interfaceChanged()
  }

  addresses(): readonly InterfaceAddress[] {
    return this.own
  }

  isLocal(address: IpAddress, _interfaceIndex: number): boolean {
    if (address.version === 4 && address.w3 >>> 24 === 127) return true
    return this.own.some((entry) => entry.prefix.address.equals(address))
  }

  castOf(address: IpAddress, _interfaceIndex: number): number {
    if (address.isMulticast) return CAST_MULTICAST
    if (address.version === 6) return CAST_UNICAST
    if (address.w3 === -1) return CAST_BROADCAST
    return this.own.some((entry) => entry.broadcast?.equals(address) === true) ? CAST_BROADCAST : CAST_UNICAST
  }

  sourceFor(): IpAddress | null {
    return this.own[0]?.prefix.address ?? null
  }

  addRoute(entry: RouteEntry): void {
    this.routeEntries.push(entry)
  }

  removeRoute(entry: RouteEntry): void {
    const at = this.routeEntries.indexOf(entry)
    if (at >= 0) this.routeEntries.splice(at, 1)
  }

  routes(): readonly RouteEntry[] {
    return this.routeEntries
  }

  setGroupFilter(
    owner: object,
    networkInterface: NetworkInterface,
    group: IpAddress,
    mode: 'include' | 'exclude',
    sources: readonly IpAddress[],
  ): number {
    this.groups.push({
      owner,
      interface: networkInterface.index,
      group: `${group}`,
      mode,
      sources: sources.map(String),
    })
    return 0
  }

  /** Releases what `hold` kept and forgets what was sent. */
  clear(): void {
    for (const sent of this.sent.splice(0)) sent.packet?.release()
  }

  private refusal(packet: Packet, flow: NetworkFlow, header: number): number {
    if (this.sendError !== 0) return this.sendError
    if (this.castOf(flow.destination, 0) === CAST_BROADCAST && !flow.allowBroadcast) return EACCES
    const whole = packet.length + header
    if (packet.segmentType === 0 && whole > this.mtu && flow.mtuDiscover === 2) return EMSGSIZE
    if (whole > this.maxPacketLength) return EMSGSIZE
    const route = flow.route
    if (route?.valid) return 0
    const { destination, source, interfaceIndex, scopeId, tos, mark, flowHash } = flow
    const query = { destination, source, interface: interfaceIndex, scope: scopeId, tos, mark, flowHash }
    const found = this.route(query)
    if (typeof found === 'number') return found
    flow.route = found
    return 0
  }

  private record(packet: Packet, flow: NetworkFlow, raw: boolean): void {
    const source = flow.source.isUnspecified ? (flow.route?.source ?? flow.source) : flow.source
    this.sent.push({
      source: source.copy(),
      destination: flow.destination.copy(),
      protocol: flow.protocol,
      ttl: flow.destination.isMulticast ? flow.multicastTtl : flow.ttl,
      tos: flow.tos,
      raw,
      bytes: packet.toBytes(),
      checksum: packet.checksum,
      checksumStart: packet.checksumStart - packet.start,
      segmentType: packet.segmentType,
      segmentSize: packet.segmentSize,
      packet: this.hold ? packet : null,
    })
    if (!this.hold) packet.release()
  }

  private deliver(packet: Packet, cast?: number): Delivery {
    const header = this.header
    this.readHeader(packet, header)
    if (cast !== undefined) header.cast = cast
    let taken = false
    for (const entry of [...this.taps]) {
      if (entry.protocol === header.protocol || entry.protocol === ANY_PROTOCOL) {
        if (entry.tap.receive(packet, header)) taken = true
      }
    }
    const transport = this.transports.get(header.protocol)
    if (transport !== undefined && transport.receive(packet, header) === DELIVERED) return DELIVERED
    if (transport !== undefined || !taken) {
      const kind = transport === undefined ? ERROR_PROTOCOL_UNREACHABLE : ERROR_PORT_UNREACHABLE
      if (header.cast === CAST_UNICAST) this.control?.sendError(this, packet, header, kind, 0, null)
    }
    packet.release()
    return UNREACHABLE
  }
}

/** A network layer for the tests of transports: records what is sent, takes what the test puts in. */
export function createFakeNetwork(options: FakeNetworkOptions = {}): FakeNetwork {
  return new FakeNetwork(options)
}
