import { IpAddress } from '@jackfield/addr'
import * as icmp from '@jackfield/icmp/wire'
import { IPPROTO_ICMPV6, IPPROTO_TCP, IPPROTO_UDP } from '@jackfield/interfaces'
import { IPV6_DESTINATION, IPV6_HEADER_LENGTH, IPV6_NEXT_HEADER } from '@jackfield/ipv6/wire'
import { foldSum, sumBytes } from '@jackfield/packet'
import { dataLayer } from './data.js'
import { type DissectInput, dissectPayload } from './dissectors.js'
import { dissectIpv6 } from './ipv6.js'
import { Layer } from './layer.js'
import { addNeighborDiscovery } from './neighbor-discovery.js'
import { hex } from './number-format.js'

/** ICMPv6 (RFC 4443), neighbour discovery (RFC 4861) and multicast listener discovery (RFC 2710, RFC 3810). */
export function dissectIcmpv6(input: DissectInput): Layer {
  const { view, start, end, length, network } = input
  const layer = new Layer('icmpv6', 'Internet Control Message Protocol v6', start, end)
  layer.label = 'ICMP6, '
  if (end - start < 4) return layer.truncate('icmp6')
  const type = view.getUint8(start)
  const code = view.getUint8(start + 1)
  const sum = view.getUint16(start + 2)
  const whole = end - start === length && network !== null && !network.fragmented && !input.quoted
  const pseudo = (network?.addressSum ?? 0) + length + IPPROTO_ICMPV6
  const status = whole && foldSum(sumBytes(view, start, end, pseudo)) === 0xffff ? 'good' : 'bad'
  const codeName = icmp.icmpv6CodeName(type, code)
  layer.add('icmpv6.type', 'Type', type, start, start + 1, `${type} (${icmp.icmpv6TypeName(type)})`)
  layer.add('icmpv6.code', 'Code', code, start + 1, start + 2, codeName === null ? `${code}` : `${code} (${codeName})`)
  layer.add('icmpv6.checksum', 'Checksum', sum, start + 2, start + 4, hex(sum, 4), whole ? status : undefined)
  if (end - start < 8) return layer.truncate('icmp6', icmp.icmpv6TypeName(type))
  const text = icmp.isIcmpv6Error(type) ? errorText(layer, input, type, code) : messageText(layer, input, type)
  if (text === null) return layer.truncate('icmp6', icmp.icmpv6TypeName(type))
  layer.line = `${text}, length ${length}`
  return layer
}

function messageText(layer: Layer, input: DissectInput, type: number): string | null {
  const { view, start, end, length } = input
  if (type === icmp.ICMPV6_ECHO_REQUEST || type === icmp.ICMPV6_ECHO_REPLY) {
    const id = view.getUint16(start + 4)
    const sequence = view.getUint16(start + 6)
    layer.add('icmpv6.echo.identifier', 'Identifier', id, start + 4, start + 6)
    layer.add('icmpv6.echo.sequence_number', 'Sequence Number', sequence, start + 6, start + 8)
    if (length > 8) layer.payload = dataLayer(view, start + 8, end, length - 8)
    return `${icmp.icmpv6TypeName(type)}, id ${id}, seq ${sequence}`
  }
  if (type >= icmp.NDISC_ROUTER_SOLICITATION && type <= icmp.NDISC_REDIRECT)
    return addNeighborDiscovery(layer, input, type)
  return listenerText(layer, input, type)
}

/** What tcpdump tells of an error, with the packet that it quotes; null where too little is there. */
function errorText(layer: Layer, input: DissectInput, type: number, code: number): string | null {
  const { view, start, end } = input
  const quote = start + icmp.ICMPV6_HEADER_LENGTH
  const info = view.getUint32(start + 4)
  if (type > icmp.ICMPV6_PARAMPROB) return icmp.icmpv6TypeName(type)
  layer.quoted = dissectPayload(dissectIpv6, input, quote, end, end - quote, null, true)
  if (type === icmp.ICMPV6_PKT_TOOBIG) {
    layer.add('icmpv6.mtu', 'MTU', info, start + 4, start + 8)
    return `packet too big, mtu ${info}`
  }
  if (type === icmp.ICMPV6_PARAMPROB) {
    layer.add('icmpv6.pointer', 'Pointer', info, start + 4, start + 8)
    const what = ['erroneous', 'next header', 'option', 'incomplete header chain'][code] ?? `code ${code}`
    return `parameter problem, ${what} - octet ${info}`
  }
  if (end - quote < IPV6_HEADER_LENGTH) return null
  const destination = IpAddress.readV6(view, quote + IPV6_DESTINATION).toString()
  if (type === icmp.ICMPV6_TIME_EXCEED) {
    return code === 0 ? `time exceeded in-transit for ${destination}` : 'ip6 reassembly time exceeded'
  }
  return `destination unreachable, ${unreachableText(view, quote, end, code, destination)}`
}

const unreachable: readonly string[] = [
  'unreachable route @',
  'unreachable prohibited @',
  'beyond scope @',
  'unreachable address @',
  'unreachable port, @',
  'source address failed policy @',
  'unreachable route, rejected @',
]

function unreachableText(view: DataView, quote: number, end: number, code: number, destination: string): string {
  const text = (unreachable[code] ?? `code-#${code} @`).replace('@', destination)
  const protocol = view.getUint8(quote + IPV6_NEXT_HEADER)
  const port = quote + IPV6_HEADER_LENGTH + 2
  if (code !== icmp.ICMPV6_PORT_UNREACH || port + 2 > end) return text
  if (protocol === IPPROTO_TCP) return `${text} tcp port ${view.getUint16(port)}`
  return protocol === IPPROTO_UDP ? `${text} udp port ${view.getUint16(port)}` : text
}

/** Record types of MLDv2 (RFC 3810 5.2.12). */
const recordNames: readonly string[] = ['', 'is_in', 'is_ex', 'to_in', 'to_ex', 'allow', 'block']

function listenerText(layer: Layer, input: DissectInput, type: number): string | null {
  const { view, start, end, length } = input
  const name = icmp.icmpv6TypeName(type)
  if (type === icmp.ICMPV6_MLD2_REPORT) {
    const count = view.getUint16(start + 6)
    layer.add('icmpv6.mldr.nb_mcast_records', 'Records', count, start + 6, start + 8)
    let at = start + 8
    for (let read = 0; read < count && at + 20 <= end; read++) {
      const sources = view.getUint16(at + 2)
      const group = IpAddress.readV6(view, at + 4).toString()
      const kind = recordNames[view.getUint8(at)] || `type ${view.getUint8(at)}`
      layer.add('icmpv6.mldr.mar', 'Record', group, at, at + 20, `${kind} ${group}, ${sources} sources`)
      at += 20 + 16 * sources + 4 * view.getUint8(at + 1)
    }
    return `${name}, ${count} group record(s)`
  }
  if (type < icmp.ICMPV6_MGM_QUERY || type > icmp.ICMPV6_MGM_REDUCTION) return name
  if (end - start < 24) return null
  const delay = view.getUint16(start + 4)
  const group = IpAddress.readV6(view, start + 8).toString()
  layer.add('icmpv6.mld.maximum_response_delay', 'Maximum Response Code', delay, start + 4, start + 6)
  layer.add('icmpv6.mld.multicast_address', 'Multicast Address', group, start + 8, start + 24)
  return `${name}${type === icmp.ICMPV6_MGM_QUERY && length >= 28 ? ' v2' : ''} max resp delay: ${delay} addr: ${group}`
}
