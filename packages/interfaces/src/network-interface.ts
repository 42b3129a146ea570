import type { IpAddress, MacAddress } from '@jackfield/addr'
import type { Packet } from '@jackfield/packet'
import type { LinkDevice, LinkMedium, LinkOffload, LinkStatistics } from './link.js'
import type { NetworkLayer } from './network.js'

// Linux's interface flags (net/if.h).
export const IFF_UP = 0x1
export const IFF_BROADCAST = 0x2
export const IFF_LOOPBACK = 0x8
export const IFF_POINTOPOINT = 0x10
export const IFF_RUNNING = 0x40
export const IFF_NOARP = 0x80
export const IFF_PROMISC = 0x100
export const IFF_ALLMULTI = 0x200
export const IFF_MULTICAST = 0x1000

/** A device as the layers above see it. The stack makes them. */
export interface NetworkInterface {
  /** 1 and up, never used again in a stack. */
  readonly index: number
  readonly name: string
  readonly medium: LinkMedium
  readonly device: LinkDevice
  /** Largest network packet in bytes. */
  readonly mtu: number
  /** `IFF_UP` and the like. */
  readonly flags: number
  readonly loopback: boolean
  readonly hardwareAddress: MacAddress | undefined
  readonly offload: LinkOffload
  readonly statistics: LinkStatistics
  /** The framing in use. */
  readonly link: LinkLayer
  /**
   * Sends a network packet whose header is at `packet.start`. Takes it. The sender has set `packet.packetType` to
   * `PACKET_HOST`, `PACKET_BROADCAST` or `PACKET_MULTICAST` for how the link should address it.
   * Packets larger than the device takes are cut by the stack on the way.
   * @param nextHop the neighbour or group; not used on a medium without link addresses
   * @returns 0, or the number of the error (`ENOBUFS`, `ENETDOWN`, `EHOSTUNREACH`)
   */
  output(packet: Packet, etherType: number, nextHop: IpAddress): number
}

/** The framing of one interface over its device: bare, or Ethernet with its neighbour resolution. */
export interface LinkLayer {
  /** Bytes that it puts before a packet. */
  readonly headerLength: number
  /**
   * Reads and removes the link header of a received packet: sets `linkHeader`, `networkHeader`, `etherType`, `vlan`,
   * `packetType` and moves the window to the payload.
   * @returns true: the packet goes on to the network layers; false: the link layer took it (its own protocol, or dropped)
   */
  input(packet: Packet): boolean
  /** Puts the header on and sends, at once or when the neighbour is resolved. Takes the packet. 0 or an error number. */
  output(packet: Packet, etherType: number, nextHop: IpAddress): number
  /** Upper layers had proof that the neighbour answers (RFC 4861 7.3.1). */
  confirm(nextHop: IpAddress): void
  /** An address of this host came or went on the interface: time for gratuitous ARP and the like. */
  addressChanged?(network: NetworkLayer, address: IpAddress, added: boolean): void
  /** Gives a network layer's own resolution (NDP) to the link, by EtherType. */
  setResolver?(etherType: number, resolver: NeighborResolver): void
  /** The link came up or went down, or its device closed. */
  close(): void
}

/** How a network layer that resolves its neighbours itself (IPv6) is asked. */
export interface NeighborResolver {
  /**
   * The link address of a neighbour, if known. If not, the resolver takes the packet, queues it (bounded), and later
   * calls `LinkLayer.output` again or drops it.
   */
  resolve(packet: Packet, nextHop: IpAddress): MacAddress | null
  confirm(nextHop: IpAddress): void
}

/** One neighbour, for people (`ip neigh`). */
export interface NeighborEntry {
  readonly address: IpAddress
  readonly interfaceIndex: number
  readonly hardwareAddress: MacAddress | undefined
  readonly state: 'INCOMPLETE' | 'REACHABLE' | 'STALE' | 'DELAY' | 'PROBE' | 'FAILED' | 'PERMANENT' | 'NOARP'
  /** IPv6: it said that it is a router (RFC 4861 5.1). */
  readonly router: boolean
}
