import type { IpAddress } from '@jackfield/addr'
import { IPPROTO_TCP } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import { pseudoHeaderSum, setPartialChecksum } from '@jackfield/transport'
import { md5Sign } from '../md5/md5-digest.js'
import { TCP_CHECKSUM } from '../wire/segment.js'

/** Signs a segment that is complete (RFC 2385), where there is a key, and leaves its checksum to whoever sends it. The packet's window is the segment. */
export function sealSegment(
  packet: Packet,
  source: IpAddress,
  destination: IpAddress,
  md5Key: Uint8Array | null,
): void {
  packet.transportHeader = packet.start
  if (md5Key !== null) md5Sign(md5Key, source, destination, packet)
  const length = packet.end - packet.start
  setPartialChecksum(packet, TCP_CHECKSUM, pseudoHeaderSum(source, destination, IPPROTO_TCP, length))
}
