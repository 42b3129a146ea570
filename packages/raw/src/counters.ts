import type { CounterGroup } from '@jackfield/interfaces'

/** What raw, ICMP and packet sockets count. Linux keeps these numbers for each socket only, hence has no names for them. */
export interface RawCounters extends CounterGroup {
  /** Packets queued on raw sockets, each copy counted. */
  RawInDatagrams: number
  /** Packets that a raw socket's receive buffer had no room for. */
  RawRcvbufErrors: number
  /** Packets with a checksum that `IPV6_CHECKSUM` found wrong. */
  RawInCsumErrors: number
  RawOutDatagrams: number
  /** Echo replies queued on ICMP datagram sockets. */
  PingInDatagrams: number
  PingRcvbufErrors: number
  PingOutDatagrams: number
  /** Frames queued on packet sockets, each copy counted. */
  PacketInFrames: number
  PacketRcvbufErrors: number
  PacketOutFrames: number
}

/** All at 0. */
export function createRawCounters(): RawCounters {
  return {
    RawInDatagrams: 0,
    RawRcvbufErrors: 0,
    RawInCsumErrors: 0,
    RawOutDatagrams: 0,
    PingInDatagrams: 0,
    PingRcvbufErrors: 0,
    PingOutDatagrams: 0,
    PacketInFrames: 0,
    PacketRcvbufErrors: 0,
    PacketOutFrames: 0,
  }
}
