import type { IpAddress } from '@jackfield/addr'
import type { Packet, PacketPool } from '@jackfield/packet'
import type { FakeInterface } from './fake-interface.js'

/** How a fake network is made. */
export interface FakeNetworkOptions {
  /** Default 4. */
  version?: 4 | 6
  /** Own addresses with their subnets; default `10.0.0.1/24` or `2001:db8::1/64`. Everything else is reached by a gateway. */
  addresses?: readonly string[]
  /** Default: one with index 1. */
  interface?: FakeInterface
  /** Path MTU of every route, in bytes; default the interface's. */
  mtu?: number
  /** What routes answer for `maxSegment`; default the MTU. */
  maxSegment?: number
  /** Where received packets are allocated; default a pool of its own. */
  pool?: PacketPool
}

/** What a transport sent through a fake network. Addresses are copies. */
export interface SentPacket {
  readonly source: IpAddress
  readonly destination: IpAddress
  readonly protocol: number
  /** -1: the host's default. */
  readonly ttl: number
  readonly tos: number
  /** Whether the network header is in `bytes` (`sendRaw`). */
  readonly raw: boolean
  /** From the transport header on; `CHECKSUM_PARTIAL` is left as it was. */
  readonly bytes: Uint8Array
  readonly checksum: number
  readonly checksumStart: number
  readonly segmentType: number
  readonly segmentSize: number
  /** The packet where the network was told to `hold`, else null. Its holder releases it. */
  readonly packet: Packet | null
}

/** A packet to put in. */
export interface Arrival {
  /** Default: an address on the subnet of the first own address. */
  source?: string
  /** Default: the first own address. */
  destination?: string
  protocol: number
  /** The transport's bytes. */
  payload: Uint8Array
  ttl?: number
  tos?: number
  cast?: number
  interfaceIndex?: number
  /** `CHECKSUM_NONE` and the like, default none. */
  checksum?: number
  /** Changes the packet just before it is delivered (segment fields, timestamp...). */
  prepare?(packet: Packet): void
}

/** An error about a packet that the transport sent. Addresses are those of that packet. */
export interface ArrivingError {
  kind: number
  errno: number
  protocol: number
  source?: string
  destination: string
  /** The quoted transport bytes, at least 8. */
  quote: Uint8Array
  offender?: string
  type?: number
  code?: number
  info?: number
  fatal?: boolean
}
