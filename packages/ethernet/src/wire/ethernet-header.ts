import { ETH_P_8021AD, ETH_P_8021Q } from '@jackfield/interfaces'

/** Destination, source and EtherType, in bytes. */
export const ETHERNET_HEADER_LENGTH = 14
/** An 802.1Q tag, in bytes. */
export const VLAN_TAG_LENGTH = 4
/** The smallest frame on a wire, without its check sequence, in bytes (IEEE 802.3 4.2.3.3): shorter ones are padded. */
export const ETHERNET_MINIMUM_LENGTH = 60
/** The smallest EtherType; anything less is the length of an 802.3 frame (IEEE 802.3 3.2.6). */
export const ETHERNET_TYPE_MINIMUM = 0x0600
/** The VLAN identifier in a tag (IEEE 802.1Q 9.6). */
export const VLAN_ID_MASK = 0x0fff

/** The frame is too short for its header. */
export const ETHERNET_TRUNCATED = -1

/** What an Ethernet header says. Reused objects are welcome. */
export class EthernetHeader {
  /** First two octets of the address. */
  destinationHigh = 0
  /** Last four octets, as int32. */
  destinationLow = 0
  sourceHigh = 0
  sourceLow = 0
  /** The EtherType of the payload (after the tag, if there is one), or a length below `ETHERNET_TYPE_MINIMUM`. */
  etherType = 0
  /** `ETH_P_8021Q` or `ETH_P_8021AD` for a tagged frame, else 0. */
  tagType = 0
  /** The tag control information of the outermost tag, -1 for an untagged frame. */
  vlan = -1
}

/** Whether an EtherType announces a VLAN tag. */
export function isVlanTag(etherType: number): boolean {
  return etherType === ETH_P_8021Q || etherType === ETH_P_8021AD
}

/**
 * Reads the header of the frame in `[start, end)`, with its outermost VLAN tag. A second tag is left in the payload, its
 * type in `etherType`.
 * @returns where the payload begins, or `ETHERNET_TRUNCATED`
 */
export function parseEthernet(view: DataView, start: number, end: number, header: EthernetHeader): number {
  if (end - start < ETHERNET_HEADER_LENGTH) return ETHERNET_TRUNCATED
  header.destinationHigh = view.getUint16(start)
  header.destinationLow = view.getInt32(start + 2)
  header.sourceHigh = view.getUint16(start + 6)
  header.sourceLow = view.getInt32(start + 8)
  const type = view.getUint16(start + 12)
  if (!isVlanTag(type)) {
    header.etherType = type
    header.tagType = 0
    header.vlan = -1
    return start + ETHERNET_HEADER_LENGTH
  }
  if (end - start < ETHERNET_HEADER_LENGTH + VLAN_TAG_LENGTH) return ETHERNET_TRUNCATED
  header.tagType = type
  header.vlan = view.getUint16(start + 14)
  header.etherType = view.getUint16(start + 16)
  return start + ETHERNET_HEADER_LENGTH + VLAN_TAG_LENGTH
}

/** How many bytes `writeEthernet` writes for a header: 14, or 18 with a tag. */
export function ethernetLength(header: EthernetHeader): number {
  return header.vlan < 0 ? ETHERNET_HEADER_LENGTH : ETHERNET_HEADER_LENGTH + VLAN_TAG_LENGTH
}

/** Writes a header, with its tag if it has one (`ETH_P_8021Q` where no type is given). Returns where the payload goes. */
export function writeEthernet(view: DataView, at: number, header: EthernetHeader): number {
  view.setUint16(at, header.destinationHigh)
  view.setInt32(at + 2, header.destinationLow)
  view.setUint16(at + 6, header.sourceHigh)
  view.setInt32(at + 8, header.sourceLow)
  if (header.vlan < 0) {
    view.setUint16(at + 12, header.etherType)
    return at + ETHERNET_HEADER_LENGTH
  }
  view.setUint16(at + 12, header.tagType === 0 ? ETH_P_8021Q : header.tagType)
  view.setUint16(at + 14, header.vlan)
  view.setUint16(at + 16, header.etherType)
  return at + ETHERNET_HEADER_LENGTH + VLAN_TAG_LENGTH
}
