import type { IpAddress } from '@jackfield/addr'
import type { TcpOption } from '../script.js'

/** A packet as it is on the wire: what the encoder takes and the decoder gives. */
export interface WirePacket {
  readonly source: IpAddress
  readonly destination: IpAddress
  /** Type of service, or traffic class. */
  readonly tos: number
  readonly ttl: number
  /** 0 for IPv4. */
  readonly flowLabel: number
  /** IPv4: whether it has the DF bit. What is decoded does not say. */
  readonly dontFragment?: boolean
  readonly body: WireTcp | WireUdp | WireIcmp | WireOther
}

export interface WireTcp {
  readonly protocol: 'tcp'
  readonly sourcePort: number
  readonly destinationPort: number
  readonly seq: number
  readonly ack: number
  /** The bits of `TCP_FIN` and so on, with `TCP_AE`. */
  readonly flags: number
  readonly window: number
  readonly urgent: number
  readonly options: readonly TcpOption[]
  /** Payload bytes. */
  readonly length: number
}

export interface WireUdp {
  readonly protocol: 'udp'
  readonly sourcePort: number
  readonly destinationPort: number
  readonly length: number
}

export interface WireIcmp {
  readonly protocol: 'icmp'
  readonly type: number
  readonly code: number
  /** The second word of the header: identifier and sequence, MTU, pointer. */
  readonly rest: number
  /** All behind the 8 bytes of the header. */
  readonly payload: Uint8Array
}

/** A protocol that scripts cannot name, or a fragment. */
export interface WireOther {
  readonly protocol: 'other'
  /** What it is, for people. */
  readonly text: string
}

export const IPPROTO_ICMP = 1
export const IPPROTO_TCP = 6
export const IPPROTO_UDP = 17
export const IPPROTO_ICMPV6 = 58
