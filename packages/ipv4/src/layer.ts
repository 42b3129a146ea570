import type { IpAddress, Prefix } from '@jackfield/addr'
import {
  CAST_BROADCAST,
  CAST_MULTICAST,
  CAST_UNICAST,
  type ControlMessages,
  type CounterGroup,
  DELIVERED,
  ETH_P_IP,
  type Host,
  type IcmpReport,
  type InterfaceAddress,
  IPPROTO_IGMP,
  type NetworkFlow,
  NetworkHeader,
  type NetworkInterface,
  type NetworkLayer,
  type ProtocolTap,
  type RouteEntry,
  type RouteQuery,
  type RouteResult,
  type SendResult,
  type Setting,
  type TransportLayer,
  type Untap,
} from '@jackfield/interfaces'
import {
  Cutter,
  DestinationCache,
  ErrorRateLimit,
  errorCredit,
  GroupMembership,
  LoopQueue,
  ProtocolTable,
  Reassembler,
  RouteTable,
} from '@jackfield/ip'
import type { Packet } from '@jackfield/packet'
import { Addresses } from './addresses.js'
import { InputDecisions } from './classify.js'
import { Configurations } from './configuration.js'
import type { Ipv4Context } from './context.js'
import { createIpv4Counters, type Ipv4Counters } from './counters.js'
import { Ipv4ErrorsIn } from './errors-in.js'
import { Forwarder } from './forward.js'
import { Fragmenter } from './fragment.js'
import { Igmp } from './igmp/index.js'
import { Input } from './input.js'
import { fillHeader } from './network-header.js'
import { Ipv4Offload } from './offload.js'
import { OptionStamps } from './option-stamps.js'
import { Output } from './output.js'
import { acceptRedirect } from './redirect-in.js'
import { Ipv4Settings, ipv4SettingList } from './settings.js'
import { IPV4_HEADER_LENGTH, IPV4_PROTOCOL } from './wire/header.js'

/** How an IPv4 layer is made. */
export interface Ipv4Options {
  /** Route objects kept for reuse, 16 to 65536. Default 4096. */
  readonly maxCachedRoutes?: number
  /** Destinations of which a path MTU or redirect is kept. Default 2048. */
  readonly maxDestinations?: number
}

/** IPv4 as the contract has it. Made by `ipv4()`. */
export class Ipv4Layer implements NetworkLayer {
  readonly version = 4
  readonly etherType: number = ETH_P_IP
  readonly headerLength: number = IPV4_HEADER_LENGTH
  readonly maxPacketLength: number = 65_535
  readonly offload: Ipv4Offload
  readonly counters: Ipv4Counters = createIpv4Counters()
  /** `net.ipv4.conf.*`. */
  readonly configurations: Configurations
  /** What the layer adds to `net.ipv4.*`. */
  readonly settings: readonly Setting[]
  /** `IcmpOutRateLimitGlobal` and `IcmpOutRateLimitHost`. */
  readonly rateCounters: CounterGroup = { IcmpOutRateLimitGlobal: 0, IcmpOutRateLimitHost: 0 }
  readonly igmp: Igmp
  private readonly context: Ipv4Context
  private readonly table: RouteTable
  private readonly addressBook = new Addresses()
  private readonly decisions: InputDecisions
  private readonly input: Input
  private readonly output: Output
  private readonly errors: Ipv4ErrorsIn
  private readonly loop: LoopQueue
  private readonly reassembler: Reassembler
  private readonly rate: ErrorRateLimit
  private loopback: NetworkInterface | undefined

  constructor(host: Host, options: Ipv4Options = {}) {
    const { clock, random, packets: pool, secret0, secret1 } = host
    const destinations = new DestinationCache({
      clock,
      secret0,
      secret1,
      minPmtu: 552,
      ...(options.maxDestinations === undefined ? {} : { maxEntries: options.maxDestinations }),
    })
    this.configurations = new Configurations(() => this.configured())
    this.table = new RouteTable({
      version: 4,
      secret0,
      secret1,
      destinations,
      interfaceByIndex: (index) => host.interfaceByIndex(index),
      loopback: () => this.loopback,
      selectSource: (target, networkInterface) => this.addressBook.select(target, networkInterface),
      ...(options.maxCachedRoutes === undefined ? {} : { maxCached: options.maxCachedRoutes }),
    })
    const groups = new GroupMembership({
      version: 4,
      secret0,
      secret1,
      changed: (networkInterface, group, before, after) => this.igmp.changed(networkInterface, group, before, after),
    })
    const settings = new Ipv4Settings()
    const context: Ipv4Context = {
      network: this,
      host,
      clock,
      pool,
      counters: this.counters,
      settings,
      configurations: this.configurations,
      destinations,
      routes: this.table,
      addresses: this.addressBook,
      groups,
      protocols: new ProtocolTable(),
      control: null,
    }
    this.context = context
    this.decisions = new InputDecisions(context)
    this.offload = new Ipv4Offload(context)
    this.loop = new LoopQueue({
      host,
      counters: this.counters,
      drops: 'IpExtLoopbackDrops',
      deliver: (packet, networkInterface) => this.input.receiveOwn(packet, networkInterface),
    })
    const fragmenter = new Fragmenter(context)
    const stamps = new OptionStamps(context)
    const cutter = new Cutter({
      protocols: context.protocols,
      protocolOf: (packet) => packet.view.getUint8(packet.start + IPV4_PROTOCOL),
      finish: (segment, index) => this.offload.finish(segment, index),
      fragment: (segment, mtu, route) => fragmenter.send(segment, mtu, route.interface, route.nextHop),
      hand: (segment, route) => this.output.hand(segment, route.interface, route.nextHop),
      failed: () => this.counters.IpFragFails++,
    })
    this.output = new Output(context, fragmenter, cutter, this.loop, stamps)
    this.igmp = new Igmp({
      clock,
      random,
      pool,
      groups,
      send: (packet, destination, networkInterface) => this.output.sendIgmp(packet, destination, networkInterface),
    })
    const header = new NetworkHeader()
    const forwarder = new Forwarder(context, this.output, stamps, header)
    this.errors = new Ipv4ErrorsIn(context, forwarder)
    this.reassembler = new Reassembler({
      clock,
      pool,
      secret0,
      secret1,
      counters: this.counters,
      names: {
        requests: 'IpReasmReqds',
        oks: 'IpReasmOKs',
        fails: 'IpReasmFails',
        timeouts: 'IpReasmTimeout',
        overlaps: 'IpExtReasmOverlaps',
      },
      timeout: 30_000_000,
      expired: (first) => this.input.reassemblyExpired(first),
    })
    this.input = new Input(context, this.decisions, forwarder, this.reassembler, stamps, header)
    this.rate = new ErrorRateLimit({
      clock,
      credit: errorCredit(host),
      secret0,
      secret1,
      types: '3-4,11-12',
      counters: this.rateCounters,
    })
    this.settings = ipv4SettingList(settings, this.configurations, this.reassembler, destinations, this.rate)
    this.attach(IPPROTO_IGMP, this.igmpTransport())
  }

  // --- to the transports

  attach(protocol: number, transport: TransportLayer): void {
    this.context.protocols.attach(protocol, transport)
  }

  tap(protocol: number, tap: ProtocolTap): Untap {
    return this.context.protocols.tap(protocol, tap)
  }

  route(query: RouteQuery): RouteResult {
    return this.table.lookup(query)
  }

  headersOf(flow: NetworkFlow): number {
    return flow.options === null ? IPV4_HEADER_LENGTH : IPV4_HEADER_LENGTH + flow.options.length
  }

  send(packet: Packet, flow: NetworkFlow): SendResult {
    return this.output.send(packet, flow)
  }

  sendRaw(packet: Packet, flow: NetworkFlow): SendResult {
    return this.output.sendRaw(packet, flow)
  }

  readHeader(packet: Packet, header: NetworkHeader): void {
    fillHeader(packet, header, packet.networkHeader)
    header.cast = this.castOf(header.destination, packet.interfaceIndex)
  }

  // --- ICMP

  setControl(control: ControlMessages): void {
    this.context.control = control
  }

  dispatchError(report: IcmpReport): void {
    this.errors.dispatch(report)
  }

  updatePathMtu(destination: IpAddress, mtu: number): void {
    this.table.updateMtu(destination, mtu)
  }

  redirect(destination: IpAddress, gateway: IpAddress, from: IpAddress, interfaceIndex: number): boolean {
    const believed = acceptRedirect(this.context, destination, gateway, from, interfaceIndex)
    if (!believed) this.counters.IpExtInRedirectsIgnored++
    return believed
  }

  neighborUnreachable(packet: Packet, networkInterface: NetworkInterface): void {
    this.errors.neighborUnreachable(packet, networkInterface)
  }

  permitMessage(destination: IpAddress, type: number): boolean {
    return this.isLocal(destination, 0) || this.rate.permit(destination, type)
  }

  // --- to the stack

  receive(packet: Packet, networkInterface: NetworkInterface): void {
    this.input.receive(packet, networkInterface)
  }

  burstEnd(): void {
    // Nothing waits for it here: what goes back to this host has its own place in the run loop.
  }

  addInterface(networkInterface: NetworkInterface): void {
    if (networkInterface.loopback && this.loopback === undefined) this.loopback = networkInterface
    this.igmp.addInterface(networkInterface)
    this.changed()
  }

  removeInterface(networkInterface: NetworkInterface): void {
    const { index } = networkInterface
    this.igmp.removeInterface(networkInterface)
    this.context.groups.removeInterface(networkInterface)
    this.addressBook.removeInterface(networkInterface)
    this.table.flush(index)
    this.reassembler.removeInterface(index)
    this.configurations.remove(index)
    this.configured()
    if (this.loopback === networkInterface) {
      this.loopback = this.context.host.interfaces.find((other) => other.loopback && other !== networkInterface)
    }
    this.changed()
  }

  interfaceChanged(networkInterface: NetworkInterface): void {
    this.igmp.interfaceChanged(networkInterface)
    this.changed()
  }

  // --- addresses, routes, groups

  addAddress(networkInterface: NetworkInterface, prefix: Prefix): void {
    this.addressBook.add(this.table, networkInterface, prefix)
    this.changed()
    networkInterface.link.addressChanged?.(this, prefix.address, true)
  }

  removeAddress(networkInterface: NetworkInterface, address: IpAddress): void {
    this.addressBook.remove(this.table, networkInterface, address)
    this.changed()
    networkInterface.link.addressChanged?.(this, address, false)
  }

  addresses(): readonly InterfaceAddress[] {
    return this.addressBook.list()
  }

  isLocal(address: IpAddress, interfaceIndex: number): boolean {
    if (interfaceIndex === 0 && this.addressBook.owns(address.w3)) return address.version === 4
    if (address.version !== 4 || address.isMulticast) return false
    return this.table.localEntry(address, interfaceIndex)?.type === 'local'
  }

  castOf(address: IpAddress, interfaceIndex: number): number {
    const word = address.w3
    if (word >>> 28 === 0xe) return CAST_MULTICAST
    if (word === -1) return CAST_BROADCAST
    if (this.addressBook.owns(word)) return CAST_UNICAST
    return this.table.localEntry(address, interfaceIndex)?.type === 'broadcast' ? CAST_BROADCAST : CAST_UNICAST
  }

  sourceFor(target: IpAddress, interfaceIndex: number): IpAddress | null {
    return this.addressBook.onInterface(target, interfaceIndex)
  }

  addRoute(entry: RouteEntry): void {
    this.table.add(entry)
    this.changed()
  }

  removeRoute(entry: RouteEntry): void {
    this.table.remove(entry)
    this.changed()
  }

  routes(): readonly RouteEntry[] {
    return this.table.list()
  }

  setGroupFilter(
    owner: object,
    networkInterface: NetworkInterface,
    group: IpAddress,
    mode: 'include' | 'exclude',
    sources: readonly IpAddress[],
  ): number {
    return this.context.groups.setFilter(owner, networkInterface, group, mode, sources)
  }

  /** Cancels all timers and releases all packets. */
  close(): void {
    this.igmp.close()
    this.reassembler.clear()
    this.loop.close()
  }

  /** Routes, addresses or interfaces changed: what was decided by them is asked anew. */
  private changed(): void {
    this.table.invalidate()
    this.decisions.invalidate()
  }

  /** A setting of an interface changed. */
  private configured(): void {
    this.decisions.invalidate()
    const { acceptsAny } = this.configurations
    if (this.table.anySource === acceptsAny) return
    this.table.anySource = acceptsAny
    this.table.invalidate()
  }

  private igmpTransport(): TransportLayer {
    const { host } = this.context
    return {
      protocol: IPPROTO_IGMP,
      receive: (packet, header) => {
        const networkInterface = host.interfaceByIndex(header.interfaceIndex)
        if (networkInterface === undefined) packet.release()
        else this.igmp.receive(packet, header, networkInterface)
        return DELIVERED
      },
      burstEnd() {},
      error() {},
    }
  }
}
