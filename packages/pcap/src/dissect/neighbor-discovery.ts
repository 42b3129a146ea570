import { IpAddress, MacAddress } from '@jackfield/addr'
import * as icmp from '@jackfield/icmp/wire'
import type { DissectInput } from './dissectors.js'
import type { Layer } from './layer.js'
import { hex } from './number-format.js'

// Options of neighbour discovery (RFC 4861 4.6, RFC 4191, RFC 8106, RFC 3971).
const SOURCE_LINK_ADDRESS = 1
const TARGET_LINK_ADDRESS = 2
const PREFIX_INFORMATION = 3
const MTU = 5

const optionNames: Readonly<Record<number, string>> = {
  [SOURCE_LINK_ADDRESS]: 'source link-address',
  [TARGET_LINK_ADDRESS]: 'destination link-address',
  [PREFIX_INFORMATION]: 'prefix info',
  4: 'redirected header',
  [MTU]: 'mtu',
  14: 'nonce',
  24: 'route info',
  25: 'rdnss',
  31: 'dnssl',
}

/** Adds the fields of a message of types 133 to 137; what tcpdump tells of it, or null where it is cut short. */
export function addNeighborDiscovery(layer: Layer, input: DissectInput, type: number): string | null {
  const { view, start, end } = input
  const name = icmp.icmpv6TypeName(type)
  if (type === icmp.NDISC_ROUTER_SOLICITATION) {
    addOptions(layer, view, start + 8, end)
    return name
  }
  if (type === icmp.NDISC_ROUTER_ADVERTISEMENT) {
    if (end - start < 16) return null
    const lifetime = view.getUint16(start + 6)
    layer.add('icmpv6.nd.ra.cur_hop_limit', 'Hop Limit', view.getUint8(start + 4), start + 4, start + 5)
    layer.add(
      'icmpv6.nd.ra.flag',
      'Flags',
      view.getUint8(start + 5),
      start + 5,
      start + 6,
      hex(view.getUint8(start + 5), 2),
    )
    layer.add('icmpv6.nd.ra.router_lifetime', 'Router Lifetime', lifetime, start + 6, start + 8, `${lifetime} s`)
    layer.add('icmpv6.nd.ra.reachable_time', 'Reachable Time', view.getUint32(start + 8), start + 8, start + 12)
    layer.add('icmpv6.nd.ra.retrans_timer', 'Retrans Timer', view.getUint32(start + 12), start + 12, start + 16)
    addOptions(layer, view, start + 16, end)
    return name
  }
  if (end - start < 24) return null
  const target = IpAddress.readV6(view, start + 8).toString()
  layer.add('icmpv6.nd.target_address', 'Target Address', target, start + 8, start + 24)
  if (type === icmp.NDISC_REDIRECT) {
    if (end - start < 40) return null
    const destination = IpAddress.readV6(view, start + 24).toString()
    layer.add('icmpv6.rd.na.destination', 'Destination Address', destination, start + 24, start + 40)
    addOptions(layer, view, start + 40, end)
    return `${name}, ${destination} to ${target}`
  }
  addOptions(layer, view, start + 24, end)
  if (type === icmp.NDISC_NEIGHBOUR_SOLICITATION) return `${name}, who has ${target}`
  const flags = view.getUint8(start + 4)
  const text = ['router', 'solicited', 'override'].filter((_, bit) => (flags & (0x80 >>> bit)) !== 0).join(', ')
  layer.add('icmpv6.nd.na.flag', 'Flags', flags, start + 4, start + 5, text === '' ? 'none' : text)
  return `${name}, tgt is ${target}`
}

function addOptions(layer: Layer, view: DataView, from: number, end: number): void {
  for (let at = from; at + 8 <= end; ) {
    const type = view.getUint8(at)
    const size = 8 * view.getUint8(at + 1)
    if (size === 0 || at + size > end) {
      layer.fault = 'bad option length'
      return
    }
    const name = optionNames[type] ?? `option ${type}`
    layer.add('icmpv6.opt', 'Option', type, at, at + size, `${name}${optionText(view, at, type, size)}`)
    at += size
  }
}

function optionText(view: DataView, at: number, type: number, size: number): string {
  if ((type === SOURCE_LINK_ADDRESS || type === TARGET_LINK_ADDRESS) && size === 8) {
    return ` ${MacAddress.read(view, at + 2)}`
  }
  if (type === MTU) return ` ${view.getUint32(at + 4)}`
  if (type !== PREFIX_INFORMATION || size !== 32) return ` (${size} bytes)`
  const prefix = `${IpAddress.readV6(view, at + 16)}/${view.getUint8(at + 2)}`
  return ` ${prefix}, valid ${view.getUint32(at + 4)} s, preferred ${view.getUint32(at + 8)} s`
}
