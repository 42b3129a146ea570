import type { Clock, Task } from '@jackfield/clock'
import {
  type BurstObserver,
  ETH_P_IP,
  ETH_P_IPV6,
  type InterfaceObserver,
  type NetworkInterface,
  type NetworkLayer,
  type OffloadProtocol,
  type PacketTap,
  type TransportLayer,
  type Untap,
} from '@jackfield/interfaces'
import type { Packet, PacketPool } from '@jackfield/packet'
import { createStackCounters, type StackCounters } from './counters.js'
import type { StackInterface } from './interface.js'

/** The wiring that packets use: who gets what by EtherType, and the end of a burst. One object, read on the packet path. */
export class Switchboard implements Task {
  readonly clock: Clock
  readonly packets: PacketPool
  readonly counters: StackCounters = createStackCounters()
  network4: NetworkLayer | null = null
  network6: NetworkLayer | null = null
  readonly interfaces: StackInterface[] = []
  packetTaps: readonly PacketTap[] = []
  /** By transport protocol number. */
  readonly offloads: (OffloadProtocol | null)[] = new Array<OffloadProtocol | null>(256).fill(null)
  /** Whether any transport wants merged packets at present. */
  merging = false
  queued = false
  private networks: readonly NetworkLayer[] = []
  private transports: readonly TransportLayer[] = []
  private burstObservers: readonly BurstObserver[] = []
  private interfaceObservers: readonly InterfaceObserver[] = []

  constructor(clock: Clock, packets: PacketPool) {
    this.clock = clock
    this.packets = packets
  }

  networkFor(etherType: number): NetworkLayer | null {
    if (etherType === ETH_P_IP) return this.network4
    return etherType === ETH_P_IPV6 ? this.network6 : null
  }

  offloadOfSegment(segmentType: number): OffloadProtocol | null {
    for (const transport of this.transports) {
      if (transport.offload?.segmentType === segmentType) return transport.offload
    }
    return null
  }

  addNetwork(network: NetworkLayer): void {
    if (network.version === 4) this.network4 = network
    else this.network6 = network
    this.networks = [...this.networks, network]
  }

  addTransport(transport: TransportLayer): void {
    this.transports = [...this.transports, transport]
    if (transport.offload !== undefined) this.offloads[transport.protocol] = transport.offload
  }

  addBurstObserver(observer: BurstObserver): Untap {
    this.burstObservers = [...this.burstObservers, observer]
    return () => {
      this.burstObservers = this.burstObservers.filter((other) => other !== observer)
    }
  }

  addInterfaceObserver(observer: InterfaceObserver): Untap {
    this.interfaceObservers = [...this.interfaceObservers, observer]
    return () => {
      this.interfaceObservers = this.interfaceObservers.filter((other) => other !== observer)
    }
  }

  addPacketTap(tap: PacketTap): Untap {
    this.packetTaps = [...this.packetTaps, tap]
    this.watchEgress()
    return () => {
      this.packetTaps = this.packetTaps.filter((other) => other !== tap)
      this.watchEgress()
    }
  }

  showTaps(packet: Packet, networkInterface: NetworkInterface): void {
    for (const tap of this.packetTaps) tap.packet(packet, networkInterface)
  }

  interfaceAdded(networkInterface: StackInterface): void {
    this.interfaces.push(networkInterface)
    this.watchEgress()
    for (const network of this.networks) network.addInterface(networkInterface)
    for (const observer of this.interfaceObservers) observer.interfaceAdded?.(networkInterface)
  }

  interfaceRemoved(networkInterface: StackInterface): void {
    const at = this.interfaces.indexOf(networkInterface)
    if (at < 0) return
    this.interfaces.splice(at, 1)
    for (const observer of this.interfaceObservers) observer.interfaceRemoved?.(networkInterface)
    for (const network of this.networks) network.removeInterface(networkInterface)
  }

  interfaceChanged(networkInterface: StackInterface): void {
    for (const network of this.networks) network.interfaceChanged(networkInterface)
    for (const observer of this.interfaceObservers) observer.interfaceChanged?.(networkInterface)
  }

  needBurstEnd(): void {
    if (!this.queued) this.clock.loop.defer(this)
  }

  /** The end of a burst, for every layer from the bottom up, then for the devices, then for those who wait. */
  run(): void {
    const { networks, transports, interfaces } = this
    for (let i = 0; i < networks.length; i++) networks[i]?.burstEnd()
    for (let i = 0; i < transports.length; i++) transports[i]?.burstEnd()
    for (let i = 0; i < interfaces.length; i++) interfaces[i]?.flush()
    const observers = this.burstObservers
    for (let i = 0; i < observers.length; i++) observers[i]?.burstEnd()
    let merging = false
    for (let i = 0; i < transports.length; i++) if (transports[i]?.offload?.mergeWanted === true) merging = true
    this.merging = merging
  }

  private watchEgress(): void {
    const watched = this.packetTaps.length > 0
    for (const each of this.interfaces) each.device.observer = watched ? each : null
  }
}
