import { IpAddress } from '@jackfield/addr'
import {
  FRAGMENT_HEADER_LENGTH,
  FRAGMENT_ID,
  FRAGMENT_MORE,
  FRAGMENT_OFFSET,
  FRAGMENT_OFFSET_MASK,
  IPV6_DESTINATION,
  IPV6_HEADER_LENGTH,
  IPV6_HOP_LIMIT,
  IPV6_NEXT_HEADER,
  IPV6_PAYLOAD_LENGTH,
  IPV6_SOURCE,
  MAX_EXTENSION_HEADERS,
  NEXT_DESTINATION_OPTIONS,
  NEXT_FRAGMENT,
  NEXT_HOP_BY_HOP,
  NEXT_NONE,
  NEXT_ROUTING,
  ROUTING_SEGMENTS_LEFT,
  ROUTING_TYPE,
  readFlowLabel,
  readTrafficClass,
} from '@jackfield/ipv6/wire'
import { sumBytes } from '@jackfield/packet'
import { dataLayer } from './data.js'
import { type DissectInput, dissectPayload } from './dissectors.js'
import { Layer } from './layer.js'
import { hex } from './number-format.js'

/** Where reading a chain of extension headers has come to. */
interface Chain {
  at: number
  /** The header there, or the transport's protocol. */
  next: number
  /** What the line tells of the headers, as `'HBH '`. */
  text: string
  /** Offset in bytes, of a fragment that is not the first. */
  laterFragment: boolean
  fragmented: boolean
  truncated: boolean
}

/** IPv6 (RFC 8200) with its extension headers, and what it carries by the registry of protocols. */
export function dissectIpv6(input: DissectInput): Layer {
  const { view, start, length } = input
  const layer = new Layer('ipv6', 'Internet Protocol Version 6', start, input.end)
  if (input.end === start) return layer.truncate('ip6')
  const version = view.getUint8(start) >>> 4
  if (version !== 6) {
    layer.fault = `version ${version}`
    layer.line = `IP${version}, wrong link-layer encapsulation (invalid)`
    return layer
  }
  layer.label = 'IP6 '
  if (input.end - start < IPV6_HEADER_LENGTH) return layer.truncate('ip6')
  const carried = view.getUint16(start + IPV6_PAYLOAD_LENGTH)
  const total = IPV6_HEADER_LENGTH + carried
  const missing = length < total ? `truncated-ip6 - ${total - length} bytes missing!` : ''
  if (missing !== '') layer.fault = 'shorter than its payload length'
  // What follows is padding of the link.
  const end = Math.min(input.end, start + total)
  layer.end = end
  const source = IpAddress.readV6(view, start + IPV6_SOURCE).toString()
  const destination = IpAddress.readV6(view, start + IPV6_DESTINATION).toString()
  layer.title = `Internet Protocol Version 6, Src: ${source}, Dst: ${destination}`
  addHeader(layer, view, start, source, destination)
  const chain = readChain(layer, input, end)
  const ways = `${missing}${source} > ${destination}: ${chain.text}`
  if (chain.truncated) return layer.truncate('ip6', ways)
  const rest = start + total - chain.at
  if (chain.laterFragment) {
    layer.payload = dataLayer(view, chain.at, end, rest)
    layer.line = ways.trimEnd()
    return layer
  }
  const payload = dissectPayload(input.dissectors.protocols.get(chain.next), input, chain.at, end, rest, {
    version: 6,
    source,
    destination,
    protocol: chain.next,
    fragmented: chain.fragmented,
    addressSum: sumBytes(view, start + IPV6_SOURCE, start + IPV6_HEADER_LENGTH),
  })
  layer.payload = payload ?? dataLayer(view, chain.at, end, rest)
  if (payload === null)
    layer.line = chain.next === NEXT_NONE ? `${ways}no next header` : `${ways}ip-proto-${chain.next} ${rest}`
  else layer.line = payload.addressed ? missing + chain.text + payload.line : `${ways}${payload.label}${payload.line}`
  return layer
}

function addHeader(layer: Layer, view: DataView, at: number, source: string, destination: string): void {
  const trafficClass = readTrafficClass(view, at)
  const label = readFlowLabel(view, at)
  const next = view.getUint8(at + IPV6_NEXT_HEADER)
  layer.add('ipv6.version', 'Version', 6, at, at + 1)
  layer.add('ipv6.tclass', 'Traffic Class', trafficClass, at, at + 2, hex(trafficClass, 2))
  layer.add('ipv6.flow', 'Flow Label', label, at + 1, at + 4, hex(label, 5))
  layer.add('ipv6.plen', 'Payload Length', view.getUint16(at + IPV6_PAYLOAD_LENGTH), at + 4, at + 6)
  layer.add('ipv6.nxt', 'Next Header', next, at + 6, at + 7)
  layer.add('ipv6.hlim', 'Hop Limit', view.getUint8(at + IPV6_HOP_LIMIT), at + 7, at + 8)
  layer.add('ipv6.src', 'Source Address', source, at + IPV6_SOURCE, at + IPV6_DESTINATION)
  layer.add('ipv6.dst', 'Destination Address', destination, at + IPV6_DESTINATION, at + IPV6_HEADER_LENGTH)
}

function readChain(layer: Layer, input: DissectInput, end: number): Chain {
  const { view, start } = input
  const chain: Chain = {
    at: start + IPV6_HEADER_LENGTH,
    next: view.getUint8(start + IPV6_NEXT_HEADER),
    text: '',
    laterFragment: false,
    fragmented: false,
    truncated: false,
  }
  for (let count = 0; count < MAX_EXTENSION_HEADERS && !chain.laterFragment; count++) {
    const { at, next } = chain
    const known = next === NEXT_HOP_BY_HOP || next === NEXT_DESTINATION_OPTIONS || next === NEXT_ROUTING
    if (!known && next !== NEXT_FRAGMENT) break
    const size = at + 2 > end || next === NEXT_FRAGMENT ? FRAGMENT_HEADER_LENGTH : (view.getUint8(at + 1) + 1) * 8
    if (at + size > end) {
      chain.truncated = true
      break
    }
    if (next === NEXT_FRAGMENT) readFragment(layer, view, chain, start + IPV6_HEADER_LENGTH)
    else if (next === NEXT_ROUTING) readRouting(layer, view, chain, size)
    else {
      const [name, label] = next === NEXT_HOP_BY_HOP ? ['HBH', 'Hop-by-Hop Options'] : ['DSTOPT', 'Destination Options']
      layer.add(next === NEXT_HOP_BY_HOP ? 'ipv6.hopopts' : 'ipv6.dstopts', label, size, at, at + size, `${size} bytes`)
      chain.text += `${name} `
    }
    chain.next = view.getUint8(at)
    chain.at = at + size
  }
  return chain
}

function readRouting(layer: Layer, view: DataView, chain: Chain, size: number): void {
  const { at } = chain
  const type = view.getUint8(at + ROUTING_TYPE)
  const left = view.getUint8(at + ROUTING_SEGMENTS_LEFT)
  layer.add('ipv6.routing', 'Routing', type, at, at + size, `type ${type}, ${left} segments left`)
  chain.text += `srcrt (len=${size / 8 - 1}, type=${type}, segleft=${left}) `
}

function readFragment(layer: Layer, view: DataView, chain: Chain, payloadStart: number): void {
  const { at } = chain
  const word = view.getUint16(at + FRAGMENT_OFFSET)
  const offset = word & FRAGMENT_OFFSET_MASK
  const id = view.getUint32(at + FRAGMENT_ID)
  const more = (word & FRAGMENT_MORE) !== 0
  const where = `offset ${offset}${more ? ', more fragments' : ''}, ${hex(id, 8)}`
  layer.add('ipv6.fraghdr', 'Fragment', offset, at, at + FRAGMENT_HEADER_LENGTH, where)
  const length = view.getUint16(payloadStart - IPV6_HEADER_LENGTH + IPV6_PAYLOAD_LENGTH) - (at + 8 - payloadStart)
  chain.text += `frag (${offset}|${Math.max(0, length)}) `
  chain.laterFragment = offset !== 0
  chain.fragmented = offset !== 0 || more
}
