import { hashFlow, type IpAddress } from '@jackfield/addr'
import {
  IPPROTO_DCCP,
  IPPROTO_SCTP,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
  type NetworkFlow,
} from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'

/**
 * A flow label for packets whose sender gave none (RFC 6437 3): a keyed hash of addresses, protocol and ports, so that all packets of
 * a flow have the same and nobody can tell the ports from it. The window begins at the transport header.
 * @returns 20 bits
 */
export function autoFlowLabel(
  packet: Packet,
  flow: NetworkFlow,
  source: IpAddress,
  destination: IpAddress,
  secret0: number,
  secret1: number,
): number {
  let hash = flow.flowHash
  if (hash === 0) {
    const { protocol } = flow
    let from = protocol
    let to = protocol
    if (hasPorts(protocol) && packet.end - packet.start >= 4) {
      from ^= packet.view.getUint16(packet.start)
      to ^= packet.view.getUint16(packet.start + 2)
    }
    hash = hashFlow(secret0, secret1, source, from, destination, to)
  }
  return (hash ^ (hash >>> 12)) & 0xfffff
}

function hasPorts(protocol: number): boolean {
  switch (protocol) {
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE:
    case IPPROTO_SCTP:
    case IPPROTO_DCCP:
      return true
    default:
      return false
  }
}

/**
 * Whether packets without a label of their own get one by their flow (Linux's `ip6_make_flowlabel`): 0 never, 1 unless the socket refuses,
 * 2 where it asks, 3 always.
 * @param setting `net.ipv6.auto_flowlabels`
 * @param wanted of the socket: 0, 1, or -1 where it leaves that to the host
 */
export function labelsFlow(setting: number, wanted: number): boolean {
  if (setting === 0 || setting === 3) return setting === 3
  return wanted < 0 ? setting === 1 : wanted === 1
}
