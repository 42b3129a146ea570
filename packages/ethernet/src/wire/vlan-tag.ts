import { ETHERNET_HEADER_LENGTH, VLAN_TAG_LENGTH } from './ethernet-header.js'

/**
 * Puts a tag into a frame whose addresses begin at `at + 4`: they move down to `at`, the tag goes behind them.
 * Before `at + 4` there must be 4 free bytes.
 */
export function insertVlanTag(view: DataView, at: number, tagType: number, tci: number): void {
  view.setInt32(at, view.getInt32(at + VLAN_TAG_LENGTH))
  view.setInt32(at + 4, view.getInt32(at + 4 + VLAN_TAG_LENGTH))
  view.setInt32(at + 8, view.getInt32(at + 8 + VLAN_TAG_LENGTH))
  view.setUint16(at + 12, tagType)
  view.setUint16(at + 14, tci)
}

/**
 * Takes the tag out of the frame at `at`, which has one (18 bytes at least): its addresses move up.
 * @returns where the frame now begins
 */
export function removeVlanTag(view: DataView, at: number): number {
  view.setInt32(at + 8 + VLAN_TAG_LENGTH, view.getInt32(at + 8))
  view.setInt32(at + 4 + VLAN_TAG_LENGTH, view.getInt32(at + 4))
  view.setInt32(at + VLAN_TAG_LENGTH, view.getInt32(at))
  return at + VLAN_TAG_LENGTH
}

/** Bytes of a header with a tag. */
export const TAGGED_HEADER_LENGTH: number = ETHERNET_HEADER_LENGTH + VLAN_TAG_LENGTH
