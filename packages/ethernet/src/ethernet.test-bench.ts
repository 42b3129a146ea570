import { IpAddress, MacAddress, Prefix } from '@jackfield/addr'
import {
  ETH_P_ARP,
  type Host,
  IFF_BROADCAST,
  IFF_MULTICAST,
  IFF_RUNNING,
  IFF_UP,
  type LinkDevice,
  type LinkLayer,
  type LinkReceiver,
  type NetworkInterface,
  NO_OFFLOAD,
} from '@jackfield/interfaces'
import {
  createFakeHost,
  createFakeInterface,
  createFakeNetwork,
  type FakeHost,
  type FakeNetwork,
} from '@jackfield/interfaces/compliance'
import { PACKET_HOST, type Packet } from '@jackfield/packet'
import { type EthernetModule, type EthernetOptions, ethernet } from './ethernet.js'
import { ArpPacket, EthernetHeader, parseArp, parseEthernet, writeArp, writeEthernet } from './wire.js'

/** A device that keeps what it is given as bytes. */
export class BenchDevice implements LinkDevice<'ethernet'> {
  readonly name: string
  readonly medium = 'ethernet' as const
  readonly mtu = 1500
  readonly hardwareAddress: MacAddress
  readonly offload = NO_OFFLOAD
  readonly statistics = {
    rxPackets: 0,
    rxBytes: 0,
    rxDropped: 0,
    rxErrors: 0,
    txPackets: 0,
    txBytes: 0,
    txDropped: 0,
    txErrors: 0,
  }
  readonly frames: Uint8Array[] = []
  full = false
  flushes = 0
  closes = 0
  receiver: LinkReceiver | null = null

  constructor(name: string, hardwareAddress: MacAddress) {
    this.name = name
    this.hardwareAddress = hardwareAddress
  }

  open(receiver: LinkReceiver): void {
    this.receiver = receiver
  }

  transmit(packet: Packet): boolean {
    if (!this.full) this.frames.push(packet.toBytes())
    packet.release()
    return !this.full
  }

  flush(): void {
    this.flushes++
  }

  close(): void {
    this.closes++
  }

  /** The frames sent since the last call. */
  take(): Uint8Array[] {
    return this.frames.splice(0)
  }
}

export const OWN: MacAddress = MacAddress.parse('02:00:00:00:00:01')
export const PEER: MacAddress = MacAddress.parse('02:00:00:00:00:02')
export const BROADCAST: MacAddress = MacAddress.parse('ff:ff:ff:ff:ff:ff')
const ZERO = new MacAddress(0, 0)

/** A host with one Ethernet interface, 10.0.0.1/24, and another network behind interface 9. */
export class Bench {
  readonly device: BenchDevice = new BenchDevice('eth0', OWN)
  readonly network: FakeNetwork = createFakeNetwork({ addresses: [], interface: createFakeInterface({ index: 9 }) })
  readonly interface: NetworkInterface & { flags: number }
  readonly host: FakeHost
  readonly module: EthernetModule
  readonly link: LinkLayer
  /** What the module gave to the host. */
  readonly createLink: (networkInterface: NetworkInterface) => LinkLayer
  /** Marks of the packets given back as unreachable. */
  readonly unreachable: number[] = []
  /** EtherTypes shown to packet taps. */
  readonly shown: number[] = []
  burstEnds = 0

  constructor(options: EthernetOptions = {}) {
    const device = this.device
    const bench = this
    this.interface = {
      index: 1,
      name: device.name,
      medium: 'ethernet',
      device,
      mtu: device.mtu,
      flags: IFF_UP | IFF_RUNNING | IFF_BROADCAST | IFF_MULTICAST,
      loopback: false,
      hardwareAddress: device.hardwareAddress,
      offload: device.offload,
      statistics: device.statistics,
      get link() {
        return bench.link
      },
      output: (packet, etherType, nextHop) => bench.link.output(packet, etherType, nextHop),
    }
    this.network.addAddress(this.interface, Prefix.parse('10.0.0.1/24'))
    Object.assign(this.network, {
      neighborUnreachable: (packet: Packet) => {
        this.unreachable.push(packet.mark)
        packet.release()
      },
    })
    this.host = createFakeHost([this.network], [this.interface])
    let create: ((networkInterface: NetworkInterface) => LinkLayer) | null = null
    const host: Host = Object.assign(this.host, {
      addLinkLayer: (_medium: string, maker: (networkInterface: NetworkInterface) => LinkLayer) => {
        create = maker
      },
      showToTaps: (packet: Packet) => {
        this.shown.push(packet.etherType)
      },
      needBurstEnd: () => {
        this.burstEnds++
      },
    })
    this.module = ethernet(options)
    this.module.install(host)
    const maker = create as ((networkInterface: NetworkInterface) => LinkLayer) | null
    if (maker === null) throw new Error('no link layer was given to the host')
    this.createLink = maker
    this.link = maker(this.interface)
  }

  /** Gives the link a frame. The packet, if it goes up: release it. */
  receive(frame: Uint8Array): Packet | null {
    const packet = this.host.packets.copyOf(frame)
    packet.interfaceIndex = 1
    return this.link.input(packet) ? packet : null
  }

  /** An IPv4 packet from 10.0.0.1 for a neighbour. */
  send(nextHop: string, mark = 0, packetType = PACKET_HOST, source = '10.0.0.1'): number {
    const packet = this.host.packets.allocate(20)
    packet.bytes.fill(0, packet.start, packet.end)
    IpAddress.parse(source).writeTo(packet.view, packet.start + 12)
    packet.mark = mark
    packet.packetType = packetType
    return this.link.output(packet, 0x0800, IpAddress.parse(nextHop))
  }

  /** The state of a neighbour by its address. */
  state(address: string): string | undefined {
    return this.module.neighbors().find((entry) => entry.address.toString() === address)?.state
  }

  counter(name: string): number | undefined {
    return this.host.counter(name)
  }
}

/** What an ARP frame says, as text. */
export interface ArpText {
  readonly operation: number
  readonly sender: string
  readonly target: string
  /** Default: broadcast for a request, `OWN` for a reply. */
  readonly to?: MacAddress
  /** Default `PEER`. */
  readonly from?: MacAddress
  /** Default 0. */
  readonly targetAddress?: MacAddress
}

export function arpFrame(text: ArpText): Uint8Array {
  const bytes = new Uint8Array(60)
  const view = new DataView(bytes.buffer)
  const from = text.from ?? PEER
  const to = text.to ?? (text.operation === 1 ? BROADCAST : OWN)
  const targetAddress = text.targetAddress ?? ZERO
  const header = new EthernetHeader()
  header.destinationHigh = to.high
  header.destinationLow = to.low
  header.sourceHigh = from.high
  header.sourceLow = from.low
  header.etherType = ETH_P_ARP
  const arp = new ArpPacket()
  arp.operation = text.operation
  arp.senderHigh = from.high
  arp.senderLow = from.low
  arp.sender = IpAddress.parse(text.sender).w3
  arp.targetHigh = targetAddress.high
  arp.targetLow = targetAddress.low
  arp.target = IpAddress.parse(text.target).w3
  writeArp(view, writeEthernet(view, 0, header), arp)
  return bytes
}

/** A frame in one line: `destination < source: who-has ...`. */
export function describeFrame(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const header = new EthernetHeader()
  const payload = parseEthernet(view, 0, bytes.length, header)
  const to = new MacAddress(header.destinationHigh, header.destinationLow)
  const from = new MacAddress(header.sourceHigh, header.sourceLow)
  const addresses = `${to} < ${from}:`
  const arp = new ArpPacket()
  if (header.etherType !== ETH_P_ARP || !parseArp(view, payload, bytes.length, arp)) {
    return `${addresses} ${header.etherType.toString(16)} ${bytes.length - payload}`
  }
  const sender = IpAddress.v4(arp.sender)
  const target = IpAddress.v4(arp.target)
  if (arp.operation === 1) return `${addresses} who-has ${target} tell ${sender}`
  const at = new MacAddress(arp.senderHigh, arp.senderLow)
  return `${addresses} ${sender} is-at ${at} to ${target} ${new MacAddress(arp.targetHigh, arp.targetLow)}`
}
