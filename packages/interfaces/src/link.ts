import type { MacAddress } from '@jackfield/addr'
import type { Packet, PacketPool } from '@jackfield/packet'

/** What a device carries: bare IP packets (TUN, tunnels) or Ethernet frames. */
export type LinkMedium = 'ip' | 'ethernet'

/** What a device does itself, so that the stack need not. All false and 0 for a plain one. */
export interface LinkOffload {
  /** Takes packets with `CHECKSUM_PARTIAL`; false: the stack completes them first. */
  readonly checksum: boolean
  /** Takes large TCP segments to be cut (`SEGMENT_TCP`). */
  readonly tcpSegmentation: boolean
  /** Takes large UDP packets to be cut (`SEGMENT_UDP`). */
  readonly udpSegmentation: boolean
  /** Largest packet, link header not counted, that it takes for cutting, in bytes; 0 without segmentation. */
  readonly maxSegmentedLength: number
}

/** A device without offloads. */
export const NO_OFFLOAD: LinkOffload = {
  checksum: false,
  tcpSegmentation: false,
  udpSegmentation: false,
  maxSegmentedLength: 0,
}

/** What a device counts: Linux's `rtnl_link_stats64`. Devices increment it in place. */
export interface LinkStatistics {
  rxPackets: number
  rxBytes: number
  rxDropped: number
  rxErrors: number
  txPackets: number
  txBytes: number
  txDropped: number
  txErrors: number
}

/** A source and sink of packets: what a stack stands on. */
export interface LinkDevice<Medium extends LinkMedium = LinkMedium> {
  /** As `tun0`: 1 to 15 characters without white space or `/`. */
  readonly name: string
  readonly medium: Medium
  /** Largest payload in bytes, link header not counted. */
  readonly mtu: number
  /** Whether it leads back to the host itself. */
  readonly loopback?: boolean
  readonly hardwareAddress?: MacAddress
  readonly offload: LinkOffload
  readonly statistics: LinkStatistics
  /** Begins delivery. Once. */
  open(receiver: LinkReceiver): void
  /**
   * Sends the window of the packet. Takes the packet, whatever it answers. Never calls `receive` before it returns.
   * @returns false: its queue is full (`writable` will follow) or it is closed; the packet was dropped and counted
   */
  transmit(packet: Packet): boolean
  /** End of a burst of transmissions. */
  flush(): void
  /** Ends delivery and frees everything, queued packets too. May be called twice. */
  close(): void | Promise<void>
}

/** What a device tells the one who opened it. */
export interface LinkReceiver {
  /** Where the device allocates the packets that it receives. */
  readonly pool: PacketPool
  /**
   * A packet came in; the window holds the frame (Ethernet) or the IP packet. Takes it. The device stamps
   * `timestamp` only if that costs nothing; it sets `checksum` and the segment fields where it knows them.
   */
  receive(packet: Packet): void
  /** The burst ended: now acknowledgements, wake-ups and transmissions that waited are due. */
  burstEnd(): void
  /** A full queue has room again. */
  writable(): void
  /** Carrier or MTU changed. */
  changed(state: LinkState): void
}

/** What may change in a device that is open. */
export interface LinkState {
  /** Whether the other side is there. */
  readonly carrier: boolean
  readonly mtu: number
}
