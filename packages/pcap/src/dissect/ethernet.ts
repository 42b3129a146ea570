import { MacAddress } from '@jackfield/addr'
import {
  ETHERNET_HEADER_LENGTH,
  ETHERNET_TYPE_MINIMUM,
  isVlanTag,
  VLAN_ID_MASK,
  VLAN_TAG_LENGTH,
} from '@jackfield/ethernet/wire'
import { ETH_P_8021AD, ETH_P_8021Q, ETH_P_ARP, ETH_P_IP, ETH_P_IPV6 } from '@jackfield/interfaces'
import { dataLayer } from './data.js'
import { type DissectInput, dissectPayload } from './dissectors.js'
import { Layer } from './layer.js'
import { hex } from './number-format.js'

const names: Readonly<Record<number, string>> = {
  [ETH_P_IP]: 'IPv4',
  [ETH_P_ARP]: 'ARP',
  [ETH_P_8021Q]: '802.1Q',
  [ETH_P_IPV6]: 'IPv6',
  [ETH_P_8021AD]: '802.1Q-QinQ',
}

function typeText(etherType: number): string {
  return `ethertype ${names[etherType] ?? 'Unknown'} (${hex(etherType, 4)})`
}

/** An Ethernet II frame, or an 802.3 one, of which no more than the header is read. */
export function dissectEthernet(input: DissectInput): Layer {
  const { view, start, end } = input
  const layer = new Layer('eth', 'Ethernet II', start, end)
  if (end - start < ETHERNET_HEADER_LENGTH) return layer.truncate('ether')
  const destination = MacAddress.read(view, start).toString()
  const source = MacAddress.read(view, start + 6).toString()
  const type = view.getUint16(start + 12)
  layer.title = `Ethernet II, Src: ${source}, Dst: ${destination}`
  layer.add('eth.dst', 'Destination', destination, start, start + 6)
  layer.add('eth.src', 'Source', source, start + 6, start + 12)
  const ways = `${source} > ${destination}`
  if (type < ETHERNET_TYPE_MINIMUM) {
    layer.add('eth.len', 'Length', type, start + 12, start + 14)
    layer.payload = dataLayer(view, start + 14, end, input.length - 14)
    layer.line = `${ways}, 802.3, length ${type}`
    return layer
  }
  layer.add('eth.type', 'Type', type, start + 12, start + 14, `${names[type] ?? 'Unknown'} (${hex(type, 4)})`)
  const header = `${ways}, ${typeText(type)}, length ${input.length}`
  return carry(layer, input, type, start + ETHERNET_HEADER_LENGTH, header, ': ')
}

/** A VLAN tag (IEEE 802.1Q 9.6) behind its type. */
export function dissectVlan(input: DissectInput): Layer {
  const { view, start, end } = input
  const layer = new Layer('vlan', '802.1Q Virtual LAN', start, end)
  if (end - start < VLAN_TAG_LENGTH) return layer.truncate('vlan')
  const tci = view.getUint16(start)
  const id = tci & VLAN_ID_MASK
  const dropEligible = (tci >>> 12) & 1
  const type = view.getUint16(start + 2)
  layer.title = `802.1Q Virtual LAN, PRI: ${tci >>> 13}, DEI: ${dropEligible}, ID: ${id}`
  layer.add('vlan.priority', 'Priority', tci >>> 13, start, start + 1)
  layer.add('vlan.dei', 'DEI', dropEligible, start, start + 1)
  layer.add('vlan.id', 'ID', id, start, start + 2)
  layer.add('vlan.etype', 'Type', type, start + 2, start + 4, `${names[type] ?? 'Unknown'} (${hex(type, 4)})`)
  const header = `vlan ${id}, p ${tci >>> 13}${dropEligible === 1 ? ', DEI' : ''}, ${typeText(type)}`
  return carry(layer, input, type, start + VLAN_TAG_LENGTH, header, ', ')
}

function carry(layer: Layer, input: DissectInput, type: number, at: number, header: string, separator: string): Layer {
  const length = input.length - (at - input.start)
  const dissector = input.dissectors.etherTypes.get(type) ?? (isVlanTag(type) ? dissectVlan : undefined)
  const payload = dissectPayload(dissector, input, at, input.end, length)
  layer.payload = payload ?? dataLayer(input.view, at, input.end, length)
  if (payload === null) layer.line = header
  else layer.linkHeader = header + separator
  return layer
}
