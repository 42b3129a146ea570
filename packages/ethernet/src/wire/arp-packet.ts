import { ETH_P_IP } from '@jackfield/interfaces'

/** An ARP packet for Ethernet and IPv4, in bytes. */
export const ARP_LENGTH = 28
/** `ar$op` (RFC 826). */
export const ARP_REQUEST = 1
export const ARP_REPLY = 2
/** `ar$hrd`: Ethernet, and IEEE 802 networks, which Linux takes for the same. */
export const ARP_HARDWARE_ETHERNET = 1
export const ARP_HARDWARE_IEEE802 = 6

/** What an ARP packet says. Reused objects are welcome. */
export class ArpPacket {
  operation: number = ARP_REQUEST
  /** First two octets of the address, and the last four as int32. */
  senderHigh = 0
  senderLow = 0
  /** IPv4 address as int32. */
  sender = 0
  targetHigh = 0
  targetLow = 0
  target = 0
}

/**
 * Reads the ARP packet in `[start, end)`; bytes after it are padding.
 * @returns false where it is too short or not for Ethernet and IPv4
 */
export function parseArp(view: DataView, start: number, end: number, arp: ArpPacket): boolean {
  if (end - start < ARP_LENGTH) return false
  const hardware = view.getUint16(start)
  if (hardware !== ARP_HARDWARE_ETHERNET && hardware !== ARP_HARDWARE_IEEE802) return false
  if (view.getUint16(start + 2) !== ETH_P_IP) return false
  // Lengths of the addresses: 6 and 4.
  if (view.getUint16(start + 4) !== 0x0604) return false
  arp.operation = view.getUint16(start + 6)
  arp.senderHigh = view.getUint16(start + 8)
  arp.senderLow = view.getInt32(start + 10)
  arp.sender = view.getInt32(start + 14)
  arp.targetHigh = view.getUint16(start + 18)
  arp.targetLow = view.getInt32(start + 20)
  arp.target = view.getInt32(start + 24)
  return true
}

/** Writes an ARP packet of 28 bytes. */
export function writeArp(view: DataView, at: number, arp: ArpPacket): void {
  view.setUint16(at, ARP_HARDWARE_ETHERNET)
  view.setUint16(at + 2, ETH_P_IP)
  view.setUint16(at + 4, 0x0604)
  view.setUint16(at + 6, arp.operation)
  view.setUint16(at + 8, arp.senderHigh)
  view.setInt32(at + 10, arp.senderLow)
  view.setInt32(at + 14, arp.sender)
  view.setUint16(at + 18, arp.targetHigh)
  view.setInt32(at + 20, arp.targetLow)
  view.setInt32(at + 24, arp.target)
}
