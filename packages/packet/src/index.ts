export { doubleReleases, setPacketChecks } from './checks.js'
export { checksum, completeChecksum, foldSum, sumBytes, sumWord, updateChecksum } from './checksum.js'
export {
  CHECKSUM_NONE,
  CHECKSUM_PARTIAL,
  CHECKSUM_VERIFIED,
  PACKET_BROADCAST,
  PACKET_HOST,
  PACKET_MULTICAST,
  PACKET_OTHERHOST,
  PACKET_OUTGOING,
  PACKET_OVERHEAD,
  Packet,
  type PacketOwner,
  SEGMENT_NONE,
  SEGMENT_TCP,
  SEGMENT_UDP,
} from './packet.js'
export { PacketPool, type PacketPoolOptions } from './packet-pool.js'
export { type AddressWords, pseudoHeaderSum } from './pseudo-header.js'
