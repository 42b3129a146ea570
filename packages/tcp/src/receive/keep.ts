import type { Packet, PacketPool } from '@jackfield/packet'
import { copyBetween } from '../offload/copy-between.js'

/** What the pinned memory of all connections is added up in (`net.ipv4.tcp_mem`), in bytes. */
export interface MemoryTotal {
  memory: number
}

/** Buffers up to this size are kept as they are: a copy would not be smaller. In bytes. */
const COPY_FROM = 1024

/**
 * Makes a packet ready to be queued: one that pins more than four times what it carries is copied to a smaller buffer,
 * and whoever sent it on this host is told that it has arrived. Takes the packet; its headers may be gone.
 */
export function keepPacket(pool: PacketPool, packet: Packet): Packet {
  const held = packet.bytes.length
  const length = packet.end - packet.start
  if (held <= COPY_FROM || length * 4 >= held) {
    if (packet.owner !== null) packet.orphan()
    return packet
  }
  const copy = pool.allocate(length, 0)
  copyBetween(packet, packet.start, length, copy, copy.start)
  copy.timestamp = packet.timestamp
  packet.release()
  return copy
}

/** The most that is copied to spare a packet of its own, in bytes. */
const JOIN_LIMIT = 4096

/** Copies the payload of `packet` behind that of `to`, where there is room and the bytes are `to`'s alone. Borrows both. */
export function joinPacket(to: Packet, packet: Packet): boolean {
  const length = packet.end - packet.start
  if (length > JOIN_LIMIT || length > to.tailroom || to.shared) return false
  copyBetween(packet, packet.start, length, to, to.append(length))
  to.timestamp = packet.timestamp
  return true
}

/** Payload of the packets that `collapse` makes, in bytes. */
export const COLLAPSED_SIZE = 9600
