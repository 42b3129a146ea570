import { IpAddress } from '@jackfield/addr'
import * as icmp from '@jackfield/icmp/wire'
import { IPPROTO_TCP, IPPROTO_UDP } from '@jackfield/interfaces'
import { hex, padded, timeOfDay } from './number-format.js'

const TRUNCATED = ' [|icmp]'

/** What tcpdump prints of an ICMPv4 message in `[start, end)` that was `length` bytes long. */
export function icmpv4Line(view: DataView, start: number, end: number, length: number): string {
  if (end - start < 4) return TRUNCATED
  const text = messageText(view, start, end, start + length)
  return text === null ? TRUNCATED : `ICMP ${text}, length ${length}`
}

/** Null where the message is cut before what is told of it. */
function messageText(view: DataView, start: number, end: number, wireEnd: number): string | null {
  const there = end - start
  const type = view.getUint8(start)
  const code = view.getUint8(start + 1)
  switch (type) {
    case icmp.ICMP_ECHO:
    case icmp.ICMP_ECHOREPLY:
      return there < 8 ? null : `${icmp.icmpv4TypeName(type)}, id ${id(view, start)}, seq ${sequence(view, start)}`
    case icmp.ICMP_DEST_UNREACH:
      return unreachableText(view, start, end, code)
    case icmp.ICMP_REDIRECT:
      return there < 28 ? null : redirectText(view, start, code)
    case icmp.ICMP_TIME_EXCEEDED:
      if (there < 28) return null
      if (code === icmp.ICMP_EXC_TTL) return 'time exceeded in-transit'
      return code === icmp.ICMP_EXC_FRAGTIME ? 'ip reassembly time exceeded' : `time exceeded-#${code}`
    case icmp.ICMP_PARAMETERPROB:
      if (there < 5) return null
      return `parameter problem - ${code === 0 ? `octet ${view.getUint8(start + 4)}` : `code ${code}`}`
    case icmp.ICMP_ROUTER_ADVERTISEMENT:
      return advertisementText(view, start, end, wireEnd)
    case icmp.ICMP_TIMESTAMP:
      return there < 8 ? null : `time stamp query id ${id(view, start)} seq ${sequence(view, start)}`
    case icmp.ICMP_TIMESTAMPREPLY:
      if (there < 20) return null
      return (
        `time stamp reply id ${id(view, start)} seq ${sequence(view, start)}: ` +
        `org ${timeOfDay(view.getUint32(start + 8))}, recv ${timeOfDay(view.getUint32(start + 12))}, ` +
        `xmit ${timeOfDay(view.getUint32(start + 16))}`
      )
    case icmp.ICMP_ADDRESSREPLY:
      return there < 12 ? null : `address mask is ${hex(view.getUint32(start + 8), 8)}`
    case icmp.ICMP_SOURCE_QUENCH:
    case icmp.ICMP_ROUTER_SOLICITATION:
    case icmp.ICMP_INFO_REQUEST:
    case icmp.ICMP_INFO_REPLY:
    case icmp.ICMP_ADDRESS:
      return icmp.icmpv4TypeName(type)
    default:
      return `type-#${type}`
  }
}

function id(view: DataView, start: number): number {
  return view.getUint16(start + icmp.ICMP_IDENTIFIER_OFFSET)
}

function sequence(view: DataView, start: number): number {
  return view.getUint16(start + icmp.ICMP_SEQUENCE_OFFSET)
}

/** By code; `@` stands for the destination of the quoted packet. */
const unreachable: readonly string[] = [
  'net @ unreachable',
  'host @ unreachable',
  '@ protocol unreachable',
  '@ port unreachable',
  '@ unreachable - need to frag',
  '@ unreachable - source route failed',
  'net @ unreachable - unknown',
  'host @ unreachable - unknown',
  '@ unreachable - source host isolated',
  'net @ unreachable - admin prohibited',
  'host @ unreachable - admin prohibited',
  'net @ unreachable - tos prohibited',
  'host @ unreachable - tos prohibited',
  'host @ unreachable - admin prohibited filter',
  'host @ unreachable - host precedence violation',
  'host @ unreachable - precedence cutoff',
]

function unreachableText(view: DataView, start: number, end: number, code: number): string | null {
  const quote = start + icmp.ICMP_HEADER_LENGTH
  if (end - quote < 20) return null
  const destination = IpAddress.readV4(view, quote + 16).toString()
  const protocol = view.getUint8(quote + 9)
  if (code === icmp.ICMP_PROT_UNREACH) return `${destination} protocol ${protocol} unreachable`
  if (code === icmp.ICMP_PORT_UNREACH) {
    const ports = quote + ((view.getUint8(quote) & 15) << 2)
    if (ports + 4 > end) return null
    const port = view.getUint16(ports + 2)
    if (protocol === IPPROTO_TCP) return `${destination} tcp port ${port} unreachable`
    if (protocol === IPPROTO_UDP) return `${destination} udp port ${port} unreachable`
    return `${destination} protocol ${protocol} port ${port} unreachable`
  }
  const text = unreachable[code]
  if (text === undefined) return `${destination} unreachable - #${code}`
  const mtu = code === icmp.ICMP_FRAG_NEEDED ? view.getUint16(start + icmp.ICMP_MTU_OFFSET) : 0
  return text.replace('@', destination) + (mtu > 0 ? ` (mtu ${mtu})` : '')
}

function redirectText(view: DataView, start: number, code: number): string {
  const destination = IpAddress.readV4(view, start + icmp.ICMP_HEADER_LENGTH + 16)
  const gateway = IpAddress.readV4(view, start + icmp.ICMP_GATEWAY_OFFSET)
  const what = code > icmp.ICMP_REDIR_HOSTTOS ? `redirect-#${code}` : code > 1 ? 'redirect-tos' : 'redirect'
  const by = code > icmp.ICMP_REDIR_HOSTTOS ? '' : (code & 1) === 0 ? 'net ' : 'host '
  return `${what} ${destination} to ${by}${gateway}`
}

/** RFC 1256. */
function advertisementText(view: DataView, start: number, end: number, wireEnd: number): string | null {
  if (end - start < 8) return null
  const count = view.getUint8(start + 4)
  const words = view.getUint8(start + 5)
  let text = `router advertisement lifetime ${lifetime(view.getUint16(start + 6))} ${count}:`
  if (words !== 2) return `${text} [size ${words}]`
  for (let i = 0; i < count; i++) {
    const at = start + 8 + i * 8
    if (at + 8 > end) return at + 8 > wireEnd ? text : null
    text += ` {${IpAddress.readV4(view, at)} ${view.getUint32(at + 4)}}`
  }
  return text
}

function lifetime(seconds: number): string {
  if (seconds < 60) return String(seconds)
  const minutes = Math.floor(seconds / 60)
  if (seconds < 3600) return `${minutes}:${padded(seconds % 60, 2)}`
  return `${Math.floor(minutes / 60)}:${padded(minutes % 60, 2)}:${padded(seconds % 60, 2)}`
}
