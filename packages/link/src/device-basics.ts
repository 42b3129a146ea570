import type { LinkOffload, LinkStatistics } from '@jackfield/interfaces'
import { PACKET_HOST, type Packet, SEGMENT_NONE } from '@jackfield/packet'

/** Packets handed over in one burst, so that a long queue on one device does not keep the others waiting. */
export const BURST = 64

/** Packets that a device queues by default: Linux's `txqueuelen`. */
export const DEFAULT_QUEUE = 1000

/** An Ethernet header with two VLAN tags, in bytes. */
export const ETHERNET_OVERHEAD = 22

/** Linux's loopback and veth: checksums stay partial, large segments stay whole. */
export const FULL_OFFLOAD: LinkOffload = {
  checksum: true,
  tcpSegmentation: true,
  udpSegmentation: true,
  maxSegmentedLength: 65_535,
}

/** Statistics at zero. */
export function emptyStatistics(): LinkStatistics {
  return {
    rxPackets: 0,
    rxBytes: 0,
    rxDropped: 0,
    rxErrors: 0,
    txPackets: 0,
    txBytes: 0,
    txDropped: 0,
    txErrors: 0,
  }
}

/** The name of a device as it was given. @throws RangeError unless it is 1 to 15 characters without white space or `/` */
export function checkName(name: string): string {
  if (!/^[^\s/]{1,15}$/.test(name)) {
    throw new RangeError(`a device name has 1 to 15 characters without white space or "/", not ${JSON.stringify(name)}`)
  }
  return name
}

/** @throws RangeError unless `value` is an integer in the range */
export function checkInteger(what: string, value: number, minimum: number, maximum: number): number {
  if (!Number.isInteger(value) || value < minimum || value > maximum) {
    throw new RangeError(`${what} must be an integer from ${minimum} to ${maximum}, not ${value}`)
  }
  return value
}

/** Whether a packet is longer than a device may carry; large ones to be cut have a limit of their own. */
export function tooLong(packet: Packet, overhead: number, mtu: number, offload: LinkOffload): boolean {
  const limit = packet.segmentType === SEGMENT_NONE ? mtu : offload.maxSegmentedLength
  return packet.end - packet.start > limit + overhead
}

/**
 * What a packet knew of the host that sent it means nothing to the one that receives it: the sender's socket is
 * told that it left, and only the bytes, the checksum state and the segment fields go on.
 */
export function leaveHost(packet: Packet): void {
  packet.orphan()
  packet.linkHeader = -1
  packet.networkHeader = -1
  packet.transportHeader = -1
  packet.interfaceIndex = 0
  packet.packetType = PACKET_HOST
  packet.etherType = 0
  packet.vlan = -1
  packet.mark = 0
  packet.priority = 0
  packet.timestamp = 0
}
