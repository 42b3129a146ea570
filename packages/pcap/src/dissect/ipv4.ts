import { IpAddress } from '@jackfield/addr'
import { IPPROTO_ICMP, IPPROTO_IGMP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDPLITE } from '@jackfield/interfaces'
import { IP_DF, IP_MF, IP_OFFSET_MASK, IPV4_DESTINATION, IPV4_HEADER_LENGTH, IPV4_SOURCE } from '@jackfield/ipv4/wire'
import { foldSum, sumBytes } from '@jackfield/packet'
import { dataLayer } from './data.js'
import { type DissectInput, dissectPayload } from './dissectors.js'
import { addIpv4Options } from './ipv4-options.js'
import { Layer } from './layer.js'
import { hex } from './number-format.js'

const protocolNames: Readonly<Record<number, string>> = {
  [IPPROTO_ICMP]: 'ICMP',
  [IPPROTO_IGMP]: 'IGMP',
  [IPPROTO_TCP]: 'TCP',
  [IPPROTO_UDP]: 'UDP',
  [IPPROTO_UDPLITE]: 'UDP-Lite',
}

/** IPv4 (RFC 791), and what it carries by the registry of protocols. */
export function dissectIpv4(input: DissectInput): Layer {
  const { view, start, length } = input
  const layer = new Layer('ip', 'Internet Protocol Version 4', start, input.end)
  if (input.end === start) return layer.truncate('ip')
  const first = view.getUint8(start)
  if (first >>> 4 !== 4) {
    layer.fault = `version ${first >>> 4}`
    layer.line = `IP${first >>> 4}, wrong link-layer encapsulation (invalid)`
    return layer
  }
  layer.label = 'IP '
  if (input.end - start < IPV4_HEADER_LENGTH) return layer.truncate('ip')
  const headerLength = (first & 15) << 2
  const total = view.getUint16(start + 2)
  if (headerLength < IPV4_HEADER_LENGTH) {
    layer.fault = 'bad header length'
    layer.line = `bad-hlen ${headerLength}`
    return layer
  }
  const missing = length < total ? `truncated-ip - ${total - length} bytes missing! ` : ''
  if (total < headerLength) {
    layer.fault = 'bad total length'
    layer.line = `${missing}bad-len ${total}`
    return layer
  }
  // What follows is padding of the link.
  const end = Math.min(input.end, start + total)
  layer.end = end
  const source = IpAddress.readV4(view, start + IPV4_SOURCE).toString()
  const destination = IpAddress.readV4(view, start + IPV4_DESTINATION).toString()
  layer.title = `Internet Protocol Version 4, Src: ${source}, Dst: ${destination}`
  const ways = `${missing}${source} > ${destination}:`
  addHeader(layer, view, start, end, headerLength)
  if (end - start < headerLength) {
    return layer.truncate('ip', `${ways}  [remaining caplen(${end - start}) < header length(${headerLength})]`)
  }
  addIpv4Options(layer, view, start, headerLength)
  if (missing !== '') layer.fault = 'shorter than its total length'
  const at = start + headerLength
  const carried = total - headerLength
  const protocol = view.getUint8(start + 9)
  const fragment = view.getUint16(start + 6)
  if ((fragment & IP_OFFSET_MASK) !== 0) {
    layer.payload = dataLayer(view, at, end, carried)
    layer.line = `${ways} ip-proto-${protocol}`
    return layer
  }
  const payload = dissectPayload(input.dissectors.protocols.get(protocol), input, at, end, carried, {
    version: 4,
    source,
    destination,
    protocol,
    fragmented: (fragment & IP_MF) !== 0,
    addressSum: sumBytes(view, start + IPV4_SOURCE, start + IPV4_HEADER_LENGTH),
  })
  layer.payload = payload ?? dataLayer(view, at, end, carried)
  if (payload === null) layer.line = `${ways}  ip-proto-${protocol} ${carried}`
  else layer.line = payload.addressed ? missing + payload.line : `${ways} ${payload.label}${payload.line}`
  return layer
}

function addHeader(layer: Layer, view: DataView, at: number, end: number, headerLength: number): void {
  const tos = view.getUint8(at + 1)
  const id = view.getUint16(at + 4)
  const fragment = view.getUint16(at + 6)
  const protocol = view.getUint8(at + 9)
  const sum = view.getUint16(at + 10)
  layer.add('ip.version', 'Version', 4, at, at + 1)
  layer.add('ip.hdr_len', 'Header Length', headerLength, at, at + 1, `${headerLength} bytes`)
  layer.add('ip.dsfield', 'Differentiated Services', tos, at + 1, at + 2, servicesText(tos))
  layer.add('ip.len', 'Total Length', view.getUint16(at + 2), at + 2, at + 4)
  layer.add('ip.id', 'Identification', id, at + 4, at + 6, `${hex(id, 4)} (${id})`)
  layer.add('ip.flags', 'Flags', fragment >>> 13, at + 6, at + 7, flagsText(fragment))
  layer.add('ip.frag_offset', 'Fragment Offset', (fragment & IP_OFFSET_MASK) * 8, at + 6, at + 8)
  layer.add('ip.ttl', 'Time to Live', view.getUint8(at + 8), at + 8, at + 9)
  layer.add('ip.proto', 'Protocol', protocol, at + 9, at + 10, `${protocolNames[protocol] ?? 'Unknown'} (${protocol})`)
  const whole = at + headerLength <= end
  const status = foldSum(sumBytes(view, at, whole ? at + headerLength : at)) === 0xffff ? 'good' : 'bad'
  layer.add('ip.checksum', 'Header Checksum', sum, at + 10, at + 12, hex(sum, 4), whole ? status : undefined)
  layer.add('ip.src', 'Source Address', IpAddress.readV4(view, at + IPV4_SOURCE).toString(), at + 12, at + 16)
  layer.add('ip.dst', 'Destination Address', IpAddress.readV4(view, at + IPV4_DESTINATION).toString(), at + 16, at + 20)
}

/** DSCP and ECN (RFC 2474, RFC 3168). */
function servicesText(tos: number): string {
  return `${hex(tos, 2)} (DSCP ${tos >>> 2}, ${['Not-ECT', 'ECT(1)', 'ECT(0)', 'CE'][tos & 3]})`
}

function flagsText(fragment: number): string {
  const names: string[] = []
  if ((fragment & 0x8000) !== 0) names.push('reserved')
  if ((fragment & IP_DF) !== 0) names.push("don't fragment")
  if ((fragment & IP_MF) !== 0) names.push('more fragments')
  return `${hex(fragment >>> 13, 1)}${names.length === 0 ? '' : ` (${names.join(', ')})`}`
}
