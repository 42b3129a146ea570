import type { Clock, RandomSource } from '@jackfield/clock'
import {
  type AddressFamily,
  type BurstObserver,
  type ControlMessages,
  type CounterGroup,
  ENETDOWN,
  ENOBUFS,
  type Host,
  IFF_UP,
  type InterfaceObserver,
  type LinkLayer,
  type LinkMedium,
  type NetworkInterface,
  type NetworkLayer,
  type PacketTap,
  type Setting,
  type SocketProvider,
  type TransportLayer,
  type Untap,
} from '@jackfield/interfaces'
import type { Packet, PacketPool } from '@jackfield/packet'
import { BareLink } from './bare-link.js'
import type { StackInterface } from './interface.js'
import { SocketRegistry } from './registry.js'
import { Switchboard } from './switchboard.js'
import { Sysctl } from './sysctl.js'

type InterfaceSettings = (networkInterface: NetworkInterface | 'all' | 'default') => readonly Setting[]

/** The stack as its modules see it. */
export class StackHost implements Host {
  readonly clock: Clock
  readonly random: RandomSource
  readonly packets: PacketPool
  readonly secret0: number
  readonly secret1: number
  readonly networks: NetworkLayer[] = []
  readonly board: Switchboard
  readonly registry: SocketRegistry = new SocketRegistry()
  readonly sysctl: Sysctl = new Sysctl()
  readonly counterGroups: CounterGroup[] = []
  control: ControlMessages | null = null
  private readonly transports: TransportLayer[] = []
  private readonly networkCallbacks: ((network: NetworkLayer) => void)[] = []
  private readonly linkLayers = new Map<LinkMedium, (networkInterface: NetworkInterface) => LinkLayer>()
  private readonly interfaceSettings: InterfaceSettings[] = []
  private readonly settingsOf = new Map<NetworkInterface, Setting[]>()
  private readonly closers: (() => void)[] = []

  constructor(clock: Clock, random: RandomSource, packets: PacketPool) {
    this.clock = clock
    this.random = random
    this.packets = packets
    this.secret0 = random.uint32() | 0
    this.secret1 = random.uint32() | 0
    this.board = new Switchboard(clock, packets)
    this.counterGroups.push(this.board.counters)
    this.linkLayers.set('ip', (networkInterface) => new BareLink(networkInterface, this.board.counters))
  }

  get interfaces(): readonly StackInterface[] {
    return this.board.interfaces
  }

  interfaceByIndex(index: number): NetworkInterface | undefined {
    const interfaces = this.board.interfaces
    for (let i = 0; i < interfaces.length; i++) {
      const each = interfaces[i] as StackInterface
      if (each.index === index) return each
    }
    return undefined
  }

  interfaceByName(name: string): NetworkInterface | undefined {
    return this.board.interfaces.find((each) => each.name === name)
  }

  network(version: 4 | 6): NetworkLayer | undefined {
    return (version === 4 ? this.board.network4 : this.board.network6) ?? undefined
  }

  addNetwork(network: NetworkLayer): void {
    if (this.network(network.version) !== undefined) {
      throw new Error(`the stack has an IPv${network.version} layer already`)
    }
    this.networks.push(network)
    this.board.addNetwork(network)
    for (const each of this.board.interfaces) network.addInterface(each)
    for (const transport of this.transports) network.attach(transport.protocol, transport)
    for (const callback of this.networkCallbacks) callback(network)
  }

  addTransport(transport: TransportLayer): void {
    this.transports.push(transport)
    this.board.addTransport(transport)
    for (const network of this.networks) network.attach(transport.protocol, transport)
  }

  eachNetwork(callback: (network: NetworkLayer) => void): void {
    this.networkCallbacks.push(callback)
    for (const network of this.networks) callback(network)
  }

  setControl(control: ControlMessages): void {
    this.control = control
    this.eachNetwork((network) => network.setControl(control))
  }

  addLinkLayer(medium: LinkMedium, create: (networkInterface: NetworkInterface) => LinkLayer): void {
    if (this.linkLayers.has(medium)) throw new Error(`the stack has a link layer for ${medium} already`)
    this.linkLayers.set(medium, create)
  }

  createLink(networkInterface: NetworkInterface): LinkLayer {
    const create = this.linkLayers.get(networkInterface.medium)
    if (create === undefined) {
      throw new RangeError(
        `${networkInterface.name} carries ${networkInterface.medium} frames and the stack has no such link layer: ` +
          `add ${networkInterface.medium}() to it`,
      )
    }
    return create(networkInterface)
  }

  addSocketProvider(provider: SocketProvider): void {
    this.registry.addProvider(provider)
  }

  addAddressFamily(family: AddressFamily): void {
    this.registry.addFamily(family)
  }

  addSettings(settings: readonly Setting[]): void {
    this.sysctl.add(settings)
  }

  addInterfaceSettings(create: InterfaceSettings): void {
    this.interfaceSettings.push(create)
    this.sysctl.add(create('all'))
    this.sysctl.add(create('default'))
    for (const each of this.board.interfaces) this.settleInterface(each, create)
  }

  addCounters(counters: CounterGroup): void {
    this.counterGroups.push(counters)
  }

  addPacketTap(tap: PacketTap): Untap {
    return this.board.addPacketTap(tap)
  }

  addInterfaceObserver(observer: InterfaceObserver): Untap {
    return this.board.addInterfaceObserver(observer)
  }

  addBurstObserver(observer: BurstObserver): Untap {
    return this.board.addBurstObserver(observer)
  }

  needBurstEnd(): void {
    this.board.needBurstEnd()
  }

  transmitFrame(networkInterface: NetworkInterface, packet: Packet): number {
    if ((networkInterface.flags & IFF_UP) === 0) {
      this.board.counters.LinkOutDown++
      packet.release()
      return ENETDOWN
    }
    packet.interfaceIndex = networkInterface.index
    return networkInterface.device.transmit(packet) ? 0 : ENOBUFS
  }

  showToTaps(packet: Packet, networkInterface: NetworkInterface): void {
    if (this.board.packetTaps.length > 0) this.board.showTaps(packet, networkInterface)
  }

  onClose(callback: () => void): void {
    this.closers.push(callback)
  }

  // --- for the stack

  interfaceAdded(networkInterface: StackInterface): void {
    for (const create of this.interfaceSettings) this.settleInterface(networkInterface, create)
    this.board.interfaceAdded(networkInterface)
  }

  interfaceRemoved(networkInterface: StackInterface): void {
    this.board.interfaceRemoved(networkInterface)
    this.sysctl.remove(this.settingsOf.get(networkInterface) ?? [])
    this.settingsOf.delete(networkInterface)
  }

  close(): void {
    for (const closer of this.closers.splice(0).reverse()) closer()
  }

  private settleInterface(networkInterface: StackInterface, create: InterfaceSettings): void {
    const settings = create(networkInterface)
    this.sysctl.add(settings)
    this.settingsOf.set(networkInterface, [...(this.settingsOf.get(networkInterface) ?? []), ...settings])
  }
}
