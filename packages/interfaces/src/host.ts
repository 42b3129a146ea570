import type { Clock, RandomSource } from '@jackfield/clock'
import type { Packet, PacketPool } from '@jackfield/packet'
import type { CounterGroup, Setting } from './counters.js'
import type { LinkMedium } from './link.js'
import type { ControlMessages, NetworkLayer, Untap } from './network.js'
import type { LinkLayer, NetworkInterface } from './network-interface.js'
import type { AddressFamily, SocketProvider } from './socket.js'
import type { TransportLayer } from './transport.js'

/** A packet socket's view of the interfaces. */
export interface PacketTap {
  /**
   * A packet that came in (window at the network header, `linkHeader` set where there is one) or goes out
   * (`packetType` is `PACKET_OUTGOING`). Borrowed: `share()` it to keep it.
   */
  packet(packet: Packet, networkInterface: NetworkInterface): void
}

/** Told of interfaces. */
export interface InterfaceObserver {
  interfaceAdded?(networkInterface: NetworkInterface): void
  interfaceRemoved?(networkInterface: NetworkInterface): void
  interfaceChanged?(networkInterface: NetworkInterface): void
}

/** Told when a burst ends, after all transports: wake-ups go here. */
export interface BurstObserver {
  burstEnd(): void
}

/** The stack, as the modules that are installed into it see it. */
export interface Host {
  readonly clock: Clock
  readonly random: RandomSource
  readonly packets: PacketPool
  /** Secrets for keyed hashes, two int32, chosen when the stack is made. */
  readonly secret0: number
  readonly secret1: number
  readonly networks: readonly NetworkLayer[]
  readonly interfaces: readonly NetworkInterface[]
  /** By index; undefined where there is none. */
  interfaceByIndex(index: number): NetworkInterface | undefined
  interfaceByName(name: string): NetworkInterface | undefined
  /** The network layer of a version, if it is installed. */
  network(version: 4 | 6): NetworkLayer | undefined

  addNetwork(network: NetworkLayer): void
  /** Attaches it to every network layer, those to come too. */
  addTransport(transport: TransportLayer): void
  /** Called for every network layer, present and to come. */
  eachNetwork(callback: (network: NetworkLayer) => void): void
  /** How ICMP errors leave, for a transport that refuses a packet after it took it; null in a stack without ICMP. */
  readonly control: ControlMessages | null
  /** Called for every network layer, present and to come: how errors leave. */
  setControl(control: ControlMessages): void
  addLinkLayer(medium: LinkMedium, create: (networkInterface: NetworkInterface) => LinkLayer): void
  addSocketProvider(provider: SocketProvider): void
  addAddressFamily(family: AddressFamily): void
  addSettings(settings: readonly Setting[]): void
  /** Settings that exist for each interface, as `net.ipv4.conf.NAME.forwarding`. */
  addInterfaceSettings(create: (networkInterface: NetworkInterface | 'all' | 'default') => readonly Setting[]): void
  addCounters(counters: CounterGroup): void
  addPacketTap(tap: PacketTap): Untap
  /**
   * Shows the packet taps a received packet that a link layer keeps to itself (ARP): window at its header, `linkHeader`
   * and `etherType` set. Borrows it. What goes up, and what leaves by a device, the stack shows itself.
   */
  showToTaps?(packet: Packet, networkInterface: NetworkInterface): void
  addInterfaceObserver(observer: InterfaceObserver): Untap
  addBurstObserver(observer: BurstObserver): Untap

  /**
   * Says that something was queued that waits for the end of the burst: it comes when the outermost call ends.
   * Every send from a socket, and every timer that sends, calls it.
   */
  needBurstEnd(): void
  /** Sends a frame as it is by an interface (packet sockets). Takes it. 0 or an error number. */
  transmitFrame(networkInterface: NetworkInterface, packet: Packet): number
  /** Called when the stack closes, last installed first. */
  onClose(callback: () => void): void
}

/**
 * What a package gives to a stack: `createStack().with(udp())`. The type parameters name what it needs and what it
 * brings, so that a stack that lacks something is a compile-time error.
 */
export interface StackModule<Needs extends string = string, Provides extends string = string> {
  readonly name: string
  /** What it brings and needs, for the type checker and for the error at run time. */
  readonly provides: readonly Provides[]
  readonly needs: readonly Needs[]
  install(host: Host): void
}
