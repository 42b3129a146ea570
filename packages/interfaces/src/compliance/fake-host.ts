import { createSeededRandom, createVirtualClock, type RandomSource, type VirtualClock } from '@jackfield/clock'
import { type Packet, PacketPool } from '@jackfield/packet'
import type { CounterGroup, Setting } from '../counters.js'
import type { BurstObserver, Host, InterfaceObserver, PacketTap } from '../host.js'
import type { ControlMessages, NetworkLayer, Untap } from '../network.js'
import type { NetworkInterface } from '../network-interface.js'
import { ANY_PROTOCOL } from '../protocol-numbers.js'
import type { AddressFamily, SocketEndpoint, SocketProvider } from '../socket.js'
import type { TransportLayer } from '../transport.js'
import type { FakeNetwork } from './fake-network.js'

/** A `Host` for the tests of modules: keeps what they register, on a virtual clock. */
export class FakeHost implements Host {
  readonly clock: VirtualClock = createVirtualClock()
  readonly random: RandomSource = createSeededRandom(1)
  readonly packets: PacketPool
  readonly secret0 = 0x5eed_0001
  readonly secret1 = 0x5eed_0002
  readonly networks: NetworkLayer[] = []
  readonly interfaces: NetworkInterface[] = []
  readonly providers: SocketProvider[] = []
  readonly families: AddressFamily[] = []
  readonly settings: Map<string, Setting> = new Map()
  readonly packetTaps: PacketTap[] = []
  control: ControlMessages | null = null
  /** Frames given to `transmitFrame`; whoever takes them out releases them. */
  readonly frames: { packet: Packet; networkInterface: NetworkInterface }[] = []
  private readonly counterGroups: CounterGroup[] = []
  private readonly interfaceObservers: InterfaceObserver[] = []
  private readonly burstObservers: BurstObserver[] = []
  private readonly transports: TransportLayer[] = []
  private readonly callbacks: ((network: NetworkLayer) => void)[] = []
  private readonly closers: (() => void)[] = []

  constructor(networks: readonly FakeNetwork[], interfaces: readonly NetworkInterface[] = []) {
    this.packets = networks[0]?.pool ?? new PacketPool()
    for (const network of networks) {
      this.networks.push(network)
      if (!interfaces.includes(network.interface)) this.interfaces.push(network.interface)
    }
    this.interfaces.push(...interfaces)
  }

  interfaceByIndex(index: number): NetworkInterface | undefined {
    return this.interfaces.find((each) => each.index === index)
  }

  interfaceByName(name: string): NetworkInterface | undefined {
    return this.interfaces.find((each) => each.name === name)
  }

  network(version: 4 | 6): NetworkLayer | undefined {
    return this.networks.find((each) => each.version === version)
  }

  addNetwork(network: NetworkLayer): void {
    this.networks.push(network)
    for (const transport of this.transports) network.attach(transport.protocol, transport)
    for (const callback of this.callbacks) callback(network)
  }

  addTransport(transport: TransportLayer): void {
    this.transports.push(transport)
    for (const network of this.networks) network.attach(transport.protocol, transport)
  }

  eachNetwork(callback: (network: NetworkLayer) => void): void {
    this.callbacks.push(callback)
    for (const network of this.networks) callback(network)
  }

  setControl(control: ControlMessages): void {
    this.control = control
    this.eachNetwork((network) => network.setControl(control))
  }

  addLinkLayer(): void {}

  addSocketProvider(provider: SocketProvider): void {
    this.providers.push(provider)
  }

  addAddressFamily(family: AddressFamily): void {
    this.families.push(family)
  }

  addSettings(settings: readonly Setting[]): void {
    for (const setting of settings) this.settings.set(setting.name, setting)
  }

  addInterfaceSettings(create: (networkInterface: NetworkInterface | 'all' | 'default') => readonly Setting[]): void {
    for (const each of ['all', 'default', ...this.interfaces] as const) this.addSettings(create(each))
  }

  addCounters(counters: CounterGroup): void {
    this.counterGroups.push(counters)
  }

  addPacketTap(tap: PacketTap): Untap {
    return register(this.packetTaps, tap)
  }

  addInterfaceObserver(observer: InterfaceObserver): Untap {
    return register(this.interfaceObservers, observer)
  }

  addBurstObserver(observer: BurstObserver): Untap {
    return register(this.burstObservers, observer)
  }

  needBurstEnd(): void {}

  transmitFrame(networkInterface: NetworkInterface, packet: Packet): number {
    this.frames.push({ packet, networkInterface })
    return 0
  }

  onClose(callback: () => void): void {
    this.closers.push(callback)
  }

  // --- for the test

  /** A counter by name; undefined where no group has it. */
  counter(name: string): number | undefined {
    return this.counterGroups.find((group) => name in group)?.[name]
  }

  /** Sets a setting by its sysctl name; an error where nobody registered it. */
  set(name: string, value: number | string): void {
    const setting = this.settings.get(name)
    if (setting === undefined) throw new Error(`no setting ${name}`)
    setting.set(value)
  }

  /** `socket(family, type, protocol)`: the endpoint, or the negative error number; an error where nobody provides it. */
  socket(family: number, type: number, protocol = 0): SocketEndpoint | number {
    const fitting = this.providers.filter((each) => each.family === family && each.type === type)
    const found =
      fitting.find((each) => (protocol === 0 ? each.isDefault : each.protocol === protocol)) ??
      fitting.find((each) => each.protocol === ANY_PROTOCOL)
    if (found === undefined) throw new Error(`no provider for family ${family}, type ${type}, protocol ${protocol}`)
    return found.create(protocol === 0 && found.protocol !== ANY_PROTOCOL ? found.protocol : protocol)
  }

  /** Shows a packet to the packet taps; the caller keeps it. */
  show(packet: Packet, networkInterface: NetworkInterface): void {
    for (const tap of [...this.packetTaps]) tap.packet(packet, networkInterface)
  }

  /** Tells the interface observers of a change. */
  interfaceChanged(networkInterface: NetworkInterface): void {
    for (const observer of [...this.interfaceObservers]) observer.interfaceChanged?.(networkInterface)
  }

  /** Takes an interface away. */
  removeInterface(networkInterface: NetworkInterface): void {
    this.interfaces.splice(this.interfaces.indexOf(networkInterface), 1)
    for (const observer of [...this.interfaceObservers]) observer.interfaceRemoved?.(networkInterface)
  }

  /** Ends the burst: transports, then observers. */
  burstEnd(): void {
    for (const transport of this.transports) transport.burstEnd()
    for (const observer of [...this.burstObservers]) observer.burstEnd()
  }

  /** Closes what was installed, last first. */
  close(): void {
    for (const closer of this.closers.splice(0).reverse()) closer()
  }
}

function register<T>(list: T[], item: T): Untap {
  list.push(item)
  return () => {
    const at = list.indexOf(item)
    if (at >= 0) list.splice(at, 1)
  }
}

/** A host for the tests of modules, with these networks and their interfaces, and perhaps further interfaces. */
export function createFakeHost(
  networks: readonly FakeNetwork[] = [],
  interfaces: readonly NetworkInterface[] = [],
): FakeHost {
  return new FakeHost(networks, interfaces)
}
