import type { Packet } from '@jackfield/packet'

const ETHERNET_HEADER = 14
const VLAN_TAG = 4
const ETHERTYPE_VLAN = 0x8100
const IPV4_HEADER = 20
const IPV6_HEADER = 40
const PROTOCOL_TCP = 6
const PROTOCOL_UDP = 17

/** Where the IP header of a frame begins; -1 where the frame is too short for one. */
export function readNetworkOffset(packet: Packet, ethernet: boolean): number {
  let at = packet.start
  if (ethernet) {
    at += ETHERNET_HEADER
    if (at + VLAN_TAG > packet.end) return -1
    if (packet.view.getUint16(at - 2) === ETHERTYPE_VLAN) at += VLAN_TAG
  }
  return at + IPV4_HEADER <= packet.end ? at : -1
}

/** The IP version of a frame: 4 or 6; 0 where it holds neither. */
export function readVersion(packet: Packet, ethernet: boolean): 0 | 4 | 6 {
  const at = readNetworkOffset(packet, ethernet)
  if (at < 0) return 0
  const version = packet.view.getUint8(at) >>> 4
  return version === 4 || version === 6 ? version : 0
}

/** Where the TCP or UDP header begins, straight behind the IP header; -1 where another protocol or a fragment follows. */
export function readTransportOffset(packet: Packet, ethernet: boolean): number {
  const at = readNetworkOffset(packet, ethernet)
  if (at < 0) return -1
  const view = packet.view
  let protocol = 0
  let transport = at + IPV6_HEADER
  if (view.getUint8(at) >>> 4 === 4) {
    // A fragment has no ports of its own, but for the first: none is looked at, so that all go one way.
    if ((view.getUint16(at + 6) & 0x3fff) !== 0) return -1
    protocol = view.getUint8(at + 9)
    transport = at + (view.getUint8(at) & 0x0f) * 4
    if (transport < at + IPV4_HEADER) return -1
  } else {
    if (transport > packet.end || view.getUint8(at) >>> 4 !== 6) return -1
    protocol = view.getUint8(at + 6)
  }
  if (protocol !== PROTOCOL_TCP && protocol !== PROTOCOL_UDP) return -1
  return transport + 8 <= packet.end ? transport : -1
}

/** A number that is the same for all packets of a flow in one direction: addresses and, where they are to be seen, ports. */
export function flowHash(packet: Packet, ethernet: boolean): number {
  const at = readNetworkOffset(packet, ethernet)
  if (at < 0) return 0
  const view = packet.view
  let hash = 0
  if (view.getUint8(at) >>> 4 === 4) {
    hash = mix(mix(hash, view.getInt32(at + 12)), view.getInt32(at + 16))
  } else if (at + IPV6_HEADER <= packet.end) {
    for (let i = 8; i < IPV6_HEADER; i += 4) hash = mix(hash, view.getInt32(at + i))
  }
  const transport = readTransportOffset(packet, ethernet)
  if (transport >= 0) hash = mix(hash, view.getInt32(transport))
  return mix(hash, 0) >>> 0
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1)
  return mixed ^ (mixed >>> 16)
}
