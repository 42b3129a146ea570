import { type IpAddress, isLinkLocal, type Prefix } from '@jackfield/addr'
import {
  CAST_ANYCAST,
  CAST_MULTICAST,
  CAST_UNICAST,
  type ControlMessages,
  type CounterGroup,
  ETH_P_IPV6,
  type Host,
  type IcmpReport,
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
import { Cutter, GroupMembership, LoopQueue, ProtocolTable, type Reassembler } from '@jackfield/ip'
import type { Packet } from '@jackfield/packet'
import type { AddressOptions, Ipv6Address } from './address.js'
import { Addresses } from './addresses.js'
import { Anycasts } from './anycasts.js'
import { type ConfigurationKey, Configurations } from './configuration.js'
import type { Ipv6Context } from './context.js'
import { ControlIn } from './control-in.js'
import { ControlOut } from './control-out.js'
import { createIpv6Counters, type Ipv6Counters } from './counters.js'
import { Ipv6ErrorsIn } from './errors-in.js'
import { Forwarder } from './forward.js'
import { Fragmenter } from './fragment.js'
import { createReassembler } from './fragments.js'
import type { GroupReporter } from './group-reporter.js'
import { Input } from './input.js'
import { InterfaceIdentifiers } from './interface-identifier.js'
import { Interfaces } from './interfaces.js'
import type { NeighborDiscovery } from './neighbor-discovery.js'
import { fillWholeHeader } from './network-header.js'
import { Ipv6Offload } from './offload.js'
import { extensionLength, Output } from './output.js'
import { PolicyTable } from './policy-table.js'
import { createRateLimit } from './rate-limit.js'
import { createDestinations, createRoutes, type Ipv6Options } from './routes.js'
import { Ipv6Settings, ipv6SettingList } from './settings.js'
import { SourceSelection } from './source-selection.js'
import { IPV6_HEADER_LENGTH, IPV6_MIN_MTU, IPV6_NEXT_HEADER } from './wire/header.js'
import { ZonedRoutes } from './zoned-routes.js'

/** Linux's metric of routes that people add (`IP6_RT_PRIO_USER`). */
const USER_METRIC = 1024

/** IPv6 as the contract has it. Made by `ipv6()`. */
export class Ipv6Layer implements NetworkLayer {
  readonly version = 6
  readonly etherType: number = ETH_P_IPV6
  readonly headerLength: number = IPV6_HEADER_LENGTH
  /** The field counts what follows the header (RFC 8200 3). */
  readonly maxPacketLength: number = IPV6_HEADER_LENGTH + 65_535
  readonly offload: Ipv6Offload
  readonly counters: Ipv6Counters = createIpv6Counters()
  /** `net.ipv6.conf.*`. */
  readonly configurations: Configurations
  /** What the layer adds to `net.ipv6.*`. */
  readonly settings: readonly Setting[]
  /** `Icmp6OutRateLimitHost` and what the whole host may send. */
  readonly rateCounters: CounterGroup = { Icmp6OutRateLimitGlobal: 0, Icmp6OutRateLimitHost: 0 }
  /** By what sources and destinations are chosen (RFC 6724). */
  readonly policy: PolicyTable = new PolicyTable()
  private readonly context: Ipv6Context
  private readonly interfaces: Interfaces
  private readonly input: Input
  private readonly output: Output
  private readonly errors: Ipv6ErrorsIn
  private readonly controlIn: ControlIn
  private readonly controlOut: ControlOut
  private readonly loop: LoopQueue
  private readonly reassembler: Reassembler
  private readonly zonedRoutes: ZonedRoutes
  private loopback: NetworkInterface | undefined

  constructor(host: Host, options: Ipv6Options = {}) {
    const { clock, secret0, secret1 } = host
    const destinations = createDestinations(host, options)
    this.configurations = new Configurations((index, key) => this.configurationChanged(index, key))
    const sources = new SourceSelection({
      policy: this.policy,
      list: () => this.context.addresses.list(),
      prefersTemporary: (index) => this.configurations.of(index).use_tempaddr === 2,
    })
    const { configurations } = this
    const routes = createRoutes({ host, configurations, sources, loopback: () => this.loopback }, destinations, options)
    const groups = new GroupMembership({
      version: 6,
      secret0,
      secret1,
      changed: (networkInterface, group, before, after) =>
        this.context.reporter?.changed(networkInterface, group, before, after),
    })
    const rate = createRateLimit(host, this.rateCounters)
    const settings = new Ipv6Settings()
    const addresses = new Addresses(clock, routes, groups, {
      added: (entry) => this.context.discovery?.addressAdded(entry) === true,
      removed: (entry) => this.context.discovery?.addressRemoved(entry),
      changed: (entry) => this.addressChanged(entry),
    })
    this.context = {
      network: this,
      host,
      clock,
      random: host.random,
      pool: host.packets,
      counters: this.counters,
      settings,
      configurations,
      destinations,
      routes,
      addresses,
      identifiers: new InterfaceIdentifiers(this.configurations, host.random),
      sources,
      groups,
      anycasts: new Anycasts(routes, groups),
      protocols: new ProtocolTable(),
      rate,
      control: null,
      discovery: null,
      reporter: null,
    }
    const { context } = this
    this.zonedRoutes = new ZonedRoutes(routes, sources)
    this.offload = new Ipv6Offload(context)
    this.interfaces = new Interfaces(context)
    this.loop = new LoopQueue({
      host,
      counters: this.counters,
      drops: 'Ip6ExtLoopbackDrops',
      deliver: (packet, networkInterface) => this.input.receiveOwn(packet, networkInterface),
    })
    const fragmenter = new Fragmenter(context)
    const cutter = new Cutter({
      protocols: context.protocols,
      protocolOf: (packet) => packet.view.getUint8(packet.start + IPV6_NEXT_HEADER),
      finish: (segment, index) => this.offload.finish(segment, index),
      fragment: (segment, mtu, route) =>
        fragmenter.send(segment, mtu, IPV6_HEADER_LENGTH, route.interface, route.nextHop),
      hand: (segment, route) => this.output.hand(segment, route.interface, route.nextHop),
      failed: () => this.counters.Ip6FragFails++,
    })
    this.output = new Output(context, fragmenter, cutter, this.loop, this.zonedRoutes)
    const header = new NetworkHeader()
    const forwarder = new Forwarder(context, this.output, header)
    this.errors = new Ipv6ErrorsIn(context, forwarder)
    this.reassembler = createReassembler(host, this.counters, (first) => this.input.reassemblyExpired(first))
    this.input = new Input(context, forwarder, this.reassembler, header)
    this.controlIn = new ControlIn(context, this.input)
    this.controlOut = new ControlOut(context, this.output)
    this.settings = ipv6SettingList(settings, this.reassembler, destinations, rate)
  }

  /** Where the addresses that the host makes itself get their last half from. */
  get identifiers(): InterfaceIdentifiers {
    return this.context.identifiers
  }

  // --- to the transports

  attach(protocol: number, transport: TransportLayer): void {
    this.context.protocols.attach(protocol, transport)
  }

  tap(protocol: number, tap: ProtocolTap): Untap {
    return this.context.protocols.tap(protocol, tap)
  }

  get defaultTtl(): number {
    return this.configurations.default.hop_limit
  }

  /** As `ZonedRoutes.lookup`. */
  route(query: RouteQuery): RouteResult {
    return this.zonedRoutes.lookup(query)
  }

  headersOf(flow: NetworkFlow): number {
    return IPV6_HEADER_LENGTH + extensionLength(flow)
  }

  send(packet: Packet, flow: NetworkFlow): SendResult {
    return this.output.send(packet, flow)
  }

  sendRaw(packet: Packet, flow: NetworkFlow): SendResult {
    return this.output.sendRaw(packet, flow)
  }

  readHeader(packet: Packet, header: NetworkHeader): void {
    fillWholeHeader(packet, header, packet.networkHeader)
  }

  // --- ICMPv6, neighbour discovery, multicast listener discovery

  setControl(control: ControlMessages): void {
    this.context.control = control
  }

  dispatchError(report: IcmpReport): void {
    this.errors.dispatch(report)
  }

  updatePathMtu(destination: IpAddress, mtu: number): void {
    this.context.routes.updateMtu(destination, mtu)
  }

  /** Takes a redirect that was found well-formed (RFC 4861 8.1), or does not; `gateway` may be the destination itself. */
  redirect(destination: IpAddress, gateway: IpAddress, from: IpAddress, interfaceIndex: number): boolean {
    const wanted = this.configurations.acceptRedirects(interfaceIndex) && !destination.isMulticast
    const known = isLinkLocal(gateway) || gateway.equals(destination)
    const believed = wanted && known && this.context.routes.redirect(destination, gateway, from, interfaceIndex)
    if (!believed) this.counters.Ip6ExtInRedirectsIgnored++
    return believed
  }

  neighborUnreachable(packet: Packet, networkInterface: NetworkInterface): void {
    this.errors.neighborUnreachable(packet, networkInterface)
  }

  receiveControl(packet: Packet, header: NetworkHeader): boolean {
    return this.controlIn.receive(packet, header)
  }

  permitMessage(destination: IpAddress, type: number): boolean {
    return this.isLocal(destination, 0) || this.context.rate.permit(destination, type)
  }

  /** Gives the layer its neighbour discovery, which is told of the interfaces that are there. One at most. */
  setDiscovery<Discovery extends NeighborDiscovery>(
    create: (context: Ipv6Context, out: ControlOut) => Discovery,
  ): Discovery {
    const { context } = this
    if (context.discovery !== null) throw new Error('the layer has its neighbour discovery already')
    const discovery = create(context, this.controlOut)
    context.discovery = discovery
    for (const networkInterface of context.host.interfaces) discovery.addInterface(networkInterface)
    return discovery
  }

  /** Gives the layer what reports groups to routers. One at most, before there are interfaces. */
  setReporter(create: (context: Ipv6Context, out: ControlOut) => GroupReporter): void {
    const { context } = this
    if (context.reporter !== null) throw new Error('the layer has its multicast listener discovery already')
    context.reporter = create(context, this.controlOut)
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
    this.interfaces.add(networkInterface)
    this.changed()
  }

  removeInterface(networkInterface: NetworkInterface): void {
    this.interfaces.remove(networkInterface)
    this.reassembler.removeInterface(networkInterface.index)
    this.configurations.remove(networkInterface.index)
    if (this.loopback === networkInterface) {
      this.loopback = this.context.host.interfaces.find((other) => other.loopback && other !== networkInterface)
    }
    this.changed()
  }

  interfaceChanged(networkInterface: NetworkInterface): void {
    this.interfaces.update(networkInterface)
    this.context.reporter?.interfaceChanged(networkInterface)
    this.context.discovery?.interfaceChanged(networkInterface)
    this.changed()
  }

  // --- addresses, routes, groups

  /** @throws RangeError, SocketError EEXIST as `Addresses.add`; RangeError where IPv6 does not run on the interface */
  addAddress(networkInterface: NetworkInterface, prefix: Prefix, options: AddressOptions = {}): void {
    if (!this.interfaces.allows(networkInterface)) {
      throw new RangeError(
        `IPv6 does not run on ${networkInterface.name}: it needs an MTU of ${IPV6_MIN_MTU} and disable_ipv6 at 0`,
      )
    }
    this.context.addresses.add(networkInterface, prefix, options)
    networkInterface.link.addressChanged?.(this, prefix.address, true)
  }

  removeAddress(networkInterface: NetworkInterface, address: IpAddress): void {
    this.context.addresses.remove(networkInterface, address)
    networkInterface.link.addressChanged?.(this, address, false)
  }

  addresses(): readonly Ipv6Address[] {
    return this.context.addresses.list()
  }

  isLocal(address: IpAddress, interfaceIndex: number): boolean {
    if (address.version !== 6 || address.isMulticast) return false
    return this.context.routes.localEntry(address, interfaceIndex)?.type === 'local'
  }

  castOf(address: IpAddress, interfaceIndex: number): number {
    if (address.isMulticast) return CAST_MULTICAST
    return this.context.routes.localEntry(address, interfaceIndex)?.type === 'anycast' ? CAST_ANYCAST : CAST_UNICAST
  }

  sourceFor(target: IpAddress, interfaceIndex: number): IpAddress | null {
    const networkInterface = this.context.host.interfaceByIndex(interfaceIndex)
    return networkInterface === undefined ? null : this.context.sources.select(target, networkInterface, true)
  }

  addRoute(entry: RouteEntry): void {
    this.context.routes.add(entry.metric === undefined ? { ...entry, metric: USER_METRIC } : entry)
  }

  removeRoute(entry: RouteEntry): void {
    this.context.routes.remove(entry)
  }

  routes(): readonly RouteEntry[] {
    return this.context.routes.list()
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
    const { discovery, reporter, addresses } = this.context
    discovery?.close()
    reporter?.close()
    addresses.close()
    this.reassembler.clear()
    this.loop.close()
  }

  /** Routes, addresses or interfaces changed: what was decided by them is asked anew. */
  private changed(): void {
    const { configurations, routes } = this.context
    routes.anySource = configurations.acceptsAny
    routes.invalidate()
  }

  private addressChanged(entry: Ipv6Address): void {
    this.interfaces.updateAnycasts()
    this.changed()
    if (entry.origin === 'link-local') this.context.reporter?.linkLocalChanged(entry.interface)
  }

  private configurationChanged(index: number, key: ConfigurationKey): void {
    const networkInterface = this.context.host.interfaceByIndex(index)
    if (networkInterface !== undefined) {
      this.interfaces.update(networkInterface)
      if (key === 'addr_gen_mode') this.interfaces.addOwnAddresses(networkInterface)
    }
    this.context.discovery?.configurationChanged(index, key)
    this.changed()
  }
}
