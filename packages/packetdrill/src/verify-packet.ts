import type { Configuration } from './configuration.js'
import { printOption } from './print-packet.js'
import {
  type IcmpSpec,
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
import { protocolNumber, tcpHeaderLength } from './wire/encode.js'
import { icmpNumbers, isIcmpEcho } from './wire/icmp-names.js'
import type { WireIcmp, WirePacket, WireTcp } from './wire/packet.js'

const TCP_RESERVED = 0xe00

const FLAG_FIELDS: readonly (readonly [string, number])[] = [
  ['tcp_fin', TCP_FIN],
  ['tcp_syn', TCP_SYN],
  ['tcp_rst', TCP_RST],
  ['tcp_psh', TCP_PSH],
  ['tcp_ack', TCP_ACK],
  ['tcp_urg', TCP_URG],
  ['tcp_ece', TCP_ECE],
  ['tcp_cwr', TCP_CWR],
  ['tcp_ae', TCP_AE],
  ['tcp_reserved_bits', TCP_RESERVED],
]

/**
 * What is wrong with a packet of the stack, mapped to the script's numbers; null where it is what the script expects.
 * @param part whether more segments follow that make up the script's one: then PSH and FIN are not looked at
 */
export function verifyPacket(
  expected: PacketSpec,
  actual: WirePacket,
  configuration: Configuration,
  part = false,
): string | null {
  const { version } = configuration.localAddress
  const { body } = actual
  const wanted = protocolNumber(expected.body.protocol, version)
  if (body.protocol === 'other') return `the live packet is ${body.text}`
  return (
    field('ip_version', version, actual.source.version) ??
    field(`ipv${version}_protocol`, wanted, protocolNumber(body.protocol, actual.source.version)) ??
    verifyIp(expected, actual) ??
    verifyBody(expected.body, actual, part)
  )
}

function field(name: string, expected: number, actual: number): string | null {
  if (expected === actual) return null
  const hex = (value: number): string => `${value} (0x${value.toString(16)})`
  return `live packet field ${name}: expected: ${hex(expected)} vs actual: ${hex(actual)}`
}

function verifyIp({ ip }: PacketSpec, actual: WirePacket): string | null {
  const { check, value } = ip.tos
  const ecn = actual.tos & 3
  if (check === 'tos') return field('ip_tos', value, actual.tos)
  if (check === 'ecn' && ecn !== value) return field('ip_ecn', value, ecn)
  if (check === 'ect01' && ecn !== 1 && ecn !== 2) {
    return `live packet field ip_ecn: expected: 0x1 or 0x2 vs actual: 0x${ecn.toString(16)}`
  }
  const ttl = ip.ttl === 0 ? null : field('ip_ttl', ip.ttl, actual.ttl)
  return ttl ?? (ip.flowLabel === 0 ? null : field('ipv6_flow_label', ip.flowLabel, actual.flowLabel))
}

function verifyBody(expected: PacketSpec['body'], actual: WirePacket, part: boolean): string | null {
  const { body } = actual
  if (expected.protocol === 'tcp' && body.protocol === 'tcp') return verifyTcp(expected, body, actual, part)
  if (expected.protocol === 'icmp' && body.protocol === 'icmp') return verifyIcmp(expected, body, actual.source.version)
  if (expected.protocol === 'udp' && body.protocol === 'udp') {
    return field('udp_len', expected.length + 8, body.length + 8)
  }
  return 'live packet is of another protocol'
}

function verifyTcp(expected: TcpSpec, actual: WireTcp, packet: WirePacket, part: boolean): string | null {
  const actualHeader = tcpHeaderLength(actual)
  const header = expected.options === null ? actualHeader : tcpHeaderLength({ options: expected.options })
  const fields = [field('tcp_data_offset', header / 4, actualHeader / 4)]
  const { version } = packet.source
  const base = version === 4 ? 20 : 0
  const lengthName = version === 4 ? 'ipv4_total_length' : 'ipv6_payload_len'
  fields.push(field(lengthName, base + header + expected.length, base + actualHeader + actual.length))
  for (const [name, bit] of FLAG_FIELDS) {
    if (part && (bit === TCP_PSH || bit === TCP_FIN)) continue
    const shift = Math.log2(bit & -bit)
    fields.push(field(name, (expected.flags & bit) >>> shift, (actual.flags & bit) >>> shift))
  }
  if (expected.window !== null) fields.push(field('tcp_window', expected.window, actual.window))
  fields.push(field('tcp_seq', expected.seq, actual.seq))
  fields.push(field('tcp_ack_seq', expected.ack, actual.ack))
  fields.push(field('tcp_urg_ptr', expected.urgent, actual.urgent))
  const wrong = fields.find((each) => each !== null)
  if (wrong !== undefined) return wrong
  return expected.options === null ? null : verifyOptions(expected.options, actual.options)
}

function verifyOptions(expected: readonly TcpOption[], actual: readonly TcpOption[]): string | null {
  if (expected.length !== actual.length) return 'bad outbound TCP options: their number differs'
  for (const [index, option] of expected.entries()) {
    const found = actual[index] as TcpOption
    const [script, live] = [printOption(option), printOption(found)]
    if (script === live) continue
    if (option.kind !== found.kind) return `bad outbound TCP options: option ${index + 1} is ${live}, not ${script}`
    return `bad value in outbound TCP option ${index + 1}: ${live}, not ${script}`
  }
  return null
}

function verifyIcmp(expected: IcmpSpec, actual: WireIcmp, version: 4 | 6): string | null {
  const numbers = icmpNumbers(version, expected.type, expected.code)
  if (typeof numbers === 'string') return numbers
  const fields = [field('icmp_type', numbers.type, actual.type), field('icmp_code', numbers.code, actual.code)]
  if (expected.mtu !== null) fields.push(field('icmp_mtu', expected.mtu, actual.rest))
  const echo = isIcmpEcho(version, numbers.type)
  if (expected.id !== null) fields.push(field('icmp_id', expected.id, echo ? actual.rest >>> 16 : actual.rest))
  if (echo && expected.quoted?.protocol === 'raw') {
    fields.push(field('icmp_payload_len', expected.quoted.length, actual.payload.length))
  }
  return fields.find((each) => each !== null) ?? null
}
