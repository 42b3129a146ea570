import {
  type IpSpec,
  type PacketSpec,
  TCP_ACK,
  TCP_AE,
  TCP_CWR,
  TCP_ECE,
  TCP_FIN,
  TCP_PSH,
  TCP_RST,
  TCP_SYN,
  TCP_URG,
  type TcpOption,
  type TcpSpec,
} from './script.js'
import { icmpName, isIcmpEcho } from './wire/icmp-names.js'
import type { WirePacket } from './wire/packet.js'

const LETTERS: readonly (readonly [number, string])[] = [
  [TCP_FIN, 'F'],
  [TCP_SYN, 'S'],
  [TCP_RST, 'R'],
  [TCP_PSH, 'P'],
  [TCP_ECE, 'E'],
  [TCP_CWR, 'W'],
  [TCP_AE, 'A'],
  [TCP_URG, 'U'],
  [TCP_ACK, '.'],
]

const ECN_NAMES: readonly string[] = ['noecn', 'ect1', 'ect0', 'ce']

/** A line of a report: `script packet:  0.100000 S 0:0(0) <mss 1460>`. */
export function packetLine(which: 'script' | 'actual', microseconds: number, text: string): string {
  return `${which} packet: ${(microseconds / 1e6).toFixed(6).padStart(9)} ${text}`
}

/** A packet of the script in the script's language. */
export function printSpec(packet: PacketSpec): string {
  const { body } = packet
  const ip = printIpSpec(packet.ip)
  const named = packet.sourcePort !== 0 || packet.destinationPort !== 0
  const ports = named ? `${packet.sourcePort}>${packet.destinationPort} ` : ''
  if (body.protocol === 'udp') return `${ip}udp ${ports}(${body.length})`
  if (body.protocol === 'tcp') return ip + ports + printTcp(body)
  const { type, code, mtu, id, quoted } = body
  const more = [code, mtu === null ? null : `mtu ${mtu}`, id === null ? null : `id ${id}`]
  if (quoted?.protocol === 'tcp') more.push(`[${quoted.seq}:${quoted.seq + quoted.length}(${quoted.length})]`)
  else if (quoted !== null) more.push(`[${quoted.protocol} (${quoted.length})]`)
  return [`${ip}icmp ${type}`, ...more.filter((each) => each !== null)].join(' ')
}

/** A packet of the stack in the script's language; sequence numbers and the like already as the script has them. */
export function printWire(packet: WirePacket): string {
  const { body, tos } = packet
  const ecn = (tos & 3) === 0 ? '' : `[${ECN_NAMES[tos & 3]}] `
  if (body.protocol === 'tcp') return ecn + printTcp(body)
  if (body.protocol === 'udp') return `${ecn}udp (${body.length})`
  if (body.protocol === 'other') return body.text
  const { version } = packet.source
  const echo = isIcmpEcho(version, body.type)
  const detail = body.rest === 0 ? '' : echo ? ` id ${body.rest >>> 16}` : ` mtu ${body.rest}`
  return `${ecn}icmp ${icmpName(version, body.type, body.code)}${detail}${echo ? ` [raw (${body.payload.length})]` : ''}`
}

function printIpSpec({ tos, ttl, flowLabel }: IpSpec): string {
  const parts: string[] = []
  if (tos.check === 'ecn') parts.push(ECN_NAMES[tos.value] as string)
  else if (tos.check === 'ect01') parts.push('ect01')
  else if (tos.check === 'tos') parts.push(`tos 0x${tos.value.toString(16)}`)
  if (flowLabel !== 0) parts.push(`flowlabel 0x${flowLabel.toString(16)}`)
  if (ttl !== 0) parts.push(`ttl ${ttl}`)
  return parts.length === 0 ? '' : `[${parts.join(',')}] `
}

function printTcp(body: Omit<TcpSpec, 'protocol'>): string {
  const { flags, seq, length, ack, window, urgent, options } = body
  const parts = [printFlags(flags), `${seq}:${(seq + length) >>> 0}(${length})`]
  if ((flags & TCP_ACK) !== 0) parts.push(`ack ${ack}`)
  if (window !== null) parts.push(`win ${window}`)
  if ((flags & TCP_URG) !== 0 || urgent !== 0) parts.push(`urg ${urgent}`)
  if (options === null) parts.push('<...>')
  else if (options.length > 0) parts.push(`<${options.map(printOption).join(',')}>`)
  return parts.join(' ')
}

function printFlags(flags: number): string {
  const text = LETTERS.map(([flag, letter]) => ((flags & flag) !== 0 ? letter : '')).join('')
  return text === '' ? '-' : text
}

/** One option in the script's language. */
export function printOption(option: TcpOption): string {
  switch (option.kind) {
    case 'nop':
    case 'eol':
    case 'sackOK':
      return option.kind
    case 'mss':
    case 'wscale':
      return `${option.kind} ${option.value}`
    case 'timestamp':
      return `TS val ${option.value} ecr ${option.echo}`
    case 'sack':
      return `sack ${option.blocks.map(([left, right]) => `${left}:${right}`).join(' ')}`
    case 'fastOpen':
      return `FO ${hex(option.data)}`.trim()
    case 'fastOpenExperimental':
      return `FOEXP ${hex(option.data)}`.trim()
    case 'md5':
      return option.good ? 'md5' : `md5 ${hex(option.data)}`.trim()
    case 'experimental':
      return `exp-${option.magic.toString(16).padStart(4, '0')} ${hex(option.data)}`.trim()
    default:
      return `kind ${option.number} ${hex(option.data)}`.trim()
  }
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
