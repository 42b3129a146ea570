export {
  ARP_HARDWARE_ETHERNET,
  ARP_HARDWARE_IEEE802,
  ARP_LENGTH,
  ARP_REPLY,
  ARP_REQUEST,
  ArpPacket,
  parseArp,
  writeArp,
} from './wire/arp-packet.js'
export {
  ETHERNET_HEADER_LENGTH,
  ETHERNET_MINIMUM_LENGTH,
  ETHERNET_TRUNCATED,
  ETHERNET_TYPE_MINIMUM,
  EthernetHeader,
  ethernetLength,
  isVlanTag,
  parseEthernet,
  VLAN_ID_MASK,
  VLAN_TAG_LENGTH,
  writeEthernet,
} from './wire/ethernet-header.js'
export { insertVlanTag, removeVlanTag, TAGGED_HEADER_LENGTH } from './wire/vlan-tag.js'
