import { CHECKSUM_PARTIAL, type Packet } from '@jackfield/packet'

/** Where every message has its checksum (RFC 792, RFC 4443 2.1). */
const CHECKSUM_OFFSET = 2

/**
 * Whether the checksum of a message in the packet's window was left to be completed. The driver's word for where it is may be a
 * stranger's: it counts where it is the message's own.
 */
export function isPartialMessage(packet: Packet): boolean {
  return (
    packet.checksum === CHECKSUM_PARTIAL &&
    packet.checksumStart === packet.start &&
    packet.checksumOffset === CHECKSUM_OFFSET
  )
}
