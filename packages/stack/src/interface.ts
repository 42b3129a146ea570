import type { IpAddress, MacAddress } from '@jackfield/addr'
import {
  ENETDOWN,
  ENOBUFS,
  ETH_P_IP,
  IFF_ALLMULTI,
  IFF_BROADCAST,
  IFF_LOOPBACK,
  IFF_MULTICAST,
  IFF_NOARP,
  IFF_POINTOPOINT,
  IFF_PROMISC,
  IFF_RUNNING,
  IFF_UP,
  type LinkDevice,
  type LinkLayer,
  type LinkMedium,
  type LinkOffload,
  type LinkReceiver,
  type LinkState,
  type LinkStatistics,
  type NetworkInterface,
  type NetworkLayer,
  type SegmentEmitter,
} from '@jackfield/interfaces'
import {
  CHECKSUM_PARTIAL,
  completeChecksum,
  PACKET_HOST,
  PACKET_OUTGOING,
  type Packet,
  type PacketPool,
  SEGMENT_NONE,
  SEGMENT_TCP,
} from '@jackfield/packet'
import { Egress, type EgressObserver } from './egress.js'
import { Merger } from './merging.js'
import type { Switchboard } from './switchboard.js'

/** One device in a stack: passes what comes in to the network layers, and cuts and completes what goes out. */
export class StackInterface implements NetworkInterface, LinkReceiver, SegmentEmitter, EgressObserver {
  readonly index: number
  readonly name: string
  readonly medium: LinkMedium
  readonly device: Egress
  readonly loopback: boolean
  readonly offload: LinkOffload
  readonly statistics: LinkStatistics
  readonly pool: PacketPool
  mtu: number
  flags: number
  private framing: LinkLayer | null = null
  private readonly board: Switchboard
  private readonly merger: Merger
  // Where the segments of the packet being cut go.
  private cutNetwork: NetworkLayer | null = null
  private cutNextHop: IpAddress | null = null
  private cutError = 0
  private cutLeft = 0

  constructor(board: Switchboard, index: number, device: LinkDevice) {
    this.board = board
    this.index = index
    this.name = device.name
    this.medium = device.medium
    this.device = new Egress(device)
    this.loopback = device.loopback ?? false
    this.offload = device.offload
    this.statistics = device.statistics
    this.pool = board.packets
    this.mtu = device.mtu
    this.flags = IFF_UP | IFF_RUNNING | IFF_MULTICAST
    if (this.loopback) this.flags |= IFF_LOOPBACK
    else if (device.medium === 'ethernet') this.flags |= IFF_BROADCAST
    else this.flags |= IFF_POINTOPOINT | IFF_NOARP
    this.merger = new Merger(this)
  }

  get hardwareAddress(): MacAddress | undefined {
    return this.device.hardwareAddress
  }

  get link(): LinkLayer {
    if (this.framing === null) throw new Error(`the interface ${this.name} has no link layer yet`)
    return this.framing
  }

  /** @internal */
  setLink(link: LinkLayer): void {
    this.framing = link
  }

  /** Whether packets for others are taken too; counts and masks as Linux's `IFF_PROMISC`. */
  setPromiscuous(on: boolean): void {
    this.flags = on ? this.flags | IFF_PROMISC : this.flags & ~IFF_PROMISC
  }

  setAllMulticast(on: boolean): void {
    this.flags = on ? this.flags | IFF_ALLMULTI : this.flags & ~IFF_ALLMULTI
  }

  // --- from the device

  receive(packet: Packet): void {
    const board = this.board
    if ((this.flags & IFF_UP) === 0) {
      board.counters.LinkInDown++
      packet.release()
      return
    }
    packet.interfaceIndex = this.index
    if (!this.link.input(packet)) return
    if (board.packetTaps.length > 0) board.showTaps(packet, this)
    const network = packet.etherType === ETH_P_IP ? board.network4 : board.networkFor(packet.etherType)
    if (network === null) {
      board.counters.LinkInUnknownProtocol++
      packet.release()
    } else if (board.merging && packet.segmentCount === 0 && packet.packetType === PACKET_HOST) {
      this.merger.add(packet, network, board.offloads)
    } else {
      // What the device merged itself may follow small packets of its flow that are held.
      this.merger.flush()
      network.receive(packet, this)
    }
  }

  burstEnd(): void {
    const loop = this.board.clock.loop
    loop.enter()
    try {
      this.merger.flush()
      this.board.needBurstEnd()
    } finally {
      loop.leave()
    }
  }

  writable(): void {
    const loop = this.board.clock.loop
    loop.enter()
    try {
      this.board.needBurstEnd()
    } finally {
      loop.leave()
    }
  }

  changed(state: LinkState): void {
    const flags = state.carrier ? this.flags | IFF_RUNNING : this.flags & ~IFF_RUNNING
    if (flags === this.flags && state.mtu === this.mtu) return
    this.flags = flags
    this.mtu = state.mtu
    this.board.interfaceChanged(this)
  }

  // --- from the network layers

  output(packet: Packet, etherType: number, nextHop: IpAddress): number {
    if ((this.flags & IFF_UP) === 0) {
      this.board.counters.LinkOutDown++
      packet.release()
      return ENETDOWN
    }
    packet.networkHeader = packet.start
    packet.etherType = etherType
    packet.interfaceIndex = this.index
    if (packet.segmentType !== 0 && !this.takesWhole(packet)) return this.cut(packet, etherType, nextHop)
    if (packet.checksum === CHECKSUM_PARTIAL && !this.offload.checksum) {
      packet.unshare()
      completeChecksum(packet)
    }
    return this.link.output(packet, etherType, nextHop)
  }

  private takesWhole(packet: Packet): boolean {
    const offload = this.offload
    const able = packet.segmentType === SEGMENT_TCP ? offload.tcpSegmentation : offload.udpSegmentation
    return able && packet.length <= offload.maxSegmentedLength
  }

  private cut(packet: Packet, etherType: number, nextHop: IpAddress): number {
    const network = this.board.networkFor(etherType)
    const protocol = this.board.offloadOfSegment(packet.segmentType)
    // One that a device merged and this host forwards: no transport has looked at it, but its checksum begins there.
    if (packet.transportHeader < 0 && packet.checksum === CHECKSUM_PARTIAL)
      packet.transportHeader = packet.checksumStart
    if (network === null || protocol === null || packet.transportHeader < packet.start) {
      this.board.counters.LinkOutUncuttable++
      packet.release()
      return ENOBUFS
    }
    this.cutNetwork = network
    this.cutNextHop = nextHop
    this.cutError = 0
    this.cutLeft = 0
    protocol.segment(packet, packet.segmentSize, this)
    this.cutNetwork = null
    this.cutNextHop = null
    // Of what left in part the rest is a loss on the way: whoever takes it for unsent does not know the answers to it.
    return this.cutLeft > 0 ? 0 : this.cutError
  }

  /** One segment of the packet that `cut` is at. */
  emit(segment: Packet, index: number): void {
    const network = this.cutNetwork
    const nextHop = this.cutNextHop
    if (network === null || nextHop === null) {
      segment.release()
      return
    }
    segment.segmentType = SEGMENT_NONE
    segment.segmentSize = 0
    segment.segmentCount = 0
    network.offload.finish(segment, index)
    const result = this.output(segment, network.etherType, nextHop)
    if (result === 0) this.cutLeft++
    else if (this.cutError === 0) this.cutError = result
  }

  // --- to packet sockets and the device

  leaving(packet: Packet): void {
    const { start, packetType } = packet
    if (packet.networkHeader > start) {
      packet.linkHeader = start
      packet.start = packet.networkHeader
    }
    packet.packetType = PACKET_OUTGOING
    this.board.showTaps(packet, this)
    packet.start = start
    packet.packetType = packetType
  }

  /** @internal Ends the burst for the device. */
  flush(): void {
    if (this.device.dirty) this.device.flush()
  }

  /** @internal */
  close(): void | Promise<void> {
    this.flags &= ~(IFF_UP | IFF_RUNNING)
    this.merger.close()
    this.framing?.close()
    return this.device.close()
  }
}
