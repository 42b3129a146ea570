import type { IpAddress, MacAddress } from '@jackfield/addr'
import type { Packet, PacketPool } from '@jackfield/packet'
import { type LinkDevice, type LinkMedium, type LinkOffload, type LinkStatistics, NO_OFFLOAD } from '../link.js'
import {
  IFF_BROADCAST,
  IFF_LOOPBACK,
  IFF_MULTICAST,
  IFF_RUNNING,
  IFF_UP,
  type LinkLayer,
  type NetworkInterface,
} from '../network-interface.js'

/** How a fake interface is made. */
export interface FakeInterfaceOptions {
  /** Default 1. */
  index?: number
  /** Default `'fake' + index`, or `'lo'`. */
  name?: string
  /** Default 1500, 65536 for a loopback. */
  mtu?: number
  medium?: LinkMedium
  loopback?: boolean
  /** Default up, running, broadcast and multicast; up, running and loopback for a loopback. */
  flags?: number
  hardwareAddress?: MacAddress
  offload?: LinkOffload
}

/** A packet that was given to a fake interface. */
export interface FakeOutput {
  readonly packet: Packet
  readonly etherType: number
  /** A copy. */
  readonly nextHop: IpAddress
}

/** A `NetworkInterface` that keeps what it is given until the test asks for it. */
export class FakeInterface implements NetworkInterface {
  readonly index: number
  readonly name: string
  readonly medium: LinkMedium
  readonly device: LinkDevice
  mtu: number
  flags: number
  readonly loopback: boolean
  readonly hardwareAddress: MacAddress | undefined
  offload: LinkOffload
  readonly statistics: LinkStatistics
  readonly link: LinkLayer
  /** What was sent and not yet taken. */
  readonly outputs: FakeOutput[] = []
  /** Addresses of which the link was told, as `+10.0.0.1` and `-10.0.0.1`. */
  readonly addressChanges: string[] = []
  /** Next hops that were confirmed. */
  readonly confirmed: string[] = []
  /** Error number that `output` answers (it still takes the packet); 0 for success. */
  outputError = 0

  constructor(options: FakeInterfaceOptions = {}) {
    this.index = options.index ?? 1
    this.loopback = options.loopback ?? false
    this.name = options.name ?? (this.loopback ? 'lo' : `fake${this.index}`)
    this.medium = options.medium ?? 'ip'
    this.mtu = options.mtu ?? (this.loopback ? 65_536 : 1500)
    const kind = this.loopback ? IFF_LOOPBACK : IFF_BROADCAST | IFF_MULTICAST
    this.flags = options.flags ?? IFF_UP | IFF_RUNNING | kind
    this.hardwareAddress = options.hardwareAddress
    this.offload = options.offload ?? NO_OFFLOAD
    this.statistics = {
      rxPackets: 0,
      rxBytes: 0,
      rxDropped: 0,
      rxErrors: 0,
      txPackets: 0,
      txBytes: 0,
      txDropped: 0,
      txErrors: 0,
    }
    this.device = {
      name: this.name,
      medium: this.medium,
      mtu: this.mtu,
      loopback: this.loopback,
      offload: this.offload,
      statistics: this.statistics,
      open() {},
      transmit: (packet) => {
        packet.release()
        return true
      },
      flush() {},
      close() {},
    }
    const { addressChanges, confirmed } = this
    this.link = {
      headerLength: 0,
      input: () => true,
      output: (packet, etherType, nextHop) => this.output(packet, etherType, nextHop),
      confirm(nextHop) {
        confirmed.push(nextHop.toString())
      },
      addressChanged(_network, address, added) {
        addressChanges.push(`${added ? '+' : '-'}${address}`)
      },
      close() {},
    }
  }

  output(packet: Packet, etherType: number, nextHop: IpAddress): number {
    if (this.outputError !== 0) {
      packet.release()
      return this.outputError
    }
    this.outputs.push({ packet, etherType, nextHop: nextHop.copy() })
    return 0
  }

  /** The packets sent since the last call. The caller releases them. */
  take(): Packet[] {
    return this.outputs.splice(0).map((output) => output.packet)
  }

  /** The bytes of the packets sent since the last call; the packets are released. */
  takeBytes(): Uint8Array[] {
    return this.take().map((packet) => {
      const bytes = packet.toBytes()
      packet.release()
      return bytes
    })
  }
}

/** An interface that keeps what it is given. */
export function createFakeInterface(options: FakeInterfaceOptions = {}): FakeInterface {
  return new FakeInterface(options)
}

/** A packet of these bytes that came in by an interface, its window at the network header. */
export function receivedPacket(pool: PacketPool, bytes: Uint8Array, networkInterface: NetworkInterface): Packet {
  const packet = pool.allocate(bytes.length)
  packet.bytes.set(bytes, packet.start)
  packet.interfaceIndex = networkInterface.index
  packet.networkHeader = packet.start
  return packet
}
