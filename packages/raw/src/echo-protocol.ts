import type { IpAddress } from '@jackfield/addr'
import { AF_INET, AF_INET6, IPPROTO_ICMP, IPPROTO_ICMPV6, type NetworkHeader } from '@jackfield/interfaces'
import { CHECKSUM_NONE, CHECKSUM_VERIFIED, checksum, foldSum, type Packet, sumBytes } from '@jackfield/packet'
import { pseudoHeaderSum, verifyChecksum } from '@jackfield/transport'

/** Bytes of an echo message before its data (RFC 792, RFC 4443 4.1). */
export const ECHO_HEADER_LENGTH = 8

/** Echo as one version of ICMP has it: the messages are alike but for their numbers and what their checksum covers. */
export interface EchoProtocol {
  readonly version: 4 | 6
  readonly family: number
  readonly protocol: number
  readonly request: number
  readonly reply: number
  /** The checksum of a message in the packet's window, of which the field is 0. */
  checksum(packet: Packet, source: IpAddress, destination: IpAddress): number
  /** Whether a received message's checksum is right; the packet then says so. */
  verify(packet: Packet, header: NetworkHeader): boolean
}

/** RFC 792. */
export const ICMP_ECHO_PROTOCOL: EchoProtocol = {
  version: 4,
  family: AF_INET,
  protocol: IPPROTO_ICMP,
  request: 8,
  reply: 0,
  checksum: (packet) => checksum(packet.view, packet.start, packet.end),
  verify(packet) {
    if (packet.checksum !== CHECKSUM_NONE) return true
    if (foldSum(sumBytes(packet.view, packet.start, packet.end)) !== 0xffff) return false
    packet.checksum = CHECKSUM_VERIFIED
    return true
  },
}

/** RFC 4443 4.1 and 4.2; the checksum covers a pseudo-header too (2.3). */
export const ICMPV6_ECHO_PROTOCOL: EchoProtocol = {
  version: 6,
  family: AF_INET6,
  protocol: IPPROTO_ICMPV6,
  request: 128,
  reply: 129,
  checksum(packet, source, destination) {
    const { view, start, end } = packet
    return checksum(view, start, end, pseudoHeaderSum(source, destination, IPPROTO_ICMPV6, end - start))
  },
  verify: (packet, header) => verifyChecksum(packet, header, IPPROTO_ICMPV6),
}
