import { parseTcpOptions } from './parse-tcp-options.js'
import {
  type IcmpSpec,
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
  type TcpSpec,
} from './script.js'
import { ScriptError } from './script-error.js'
import type { TokenReader } from './token-reader.js'

const U16 = 0xffff
const U32 = 0xffff_ffff

/** The letters of TCP's flags. `C` is another name of `W`. */
const FLAGS: Readonly<Record<string, number>> = {
  F: TCP_FIN,
  S: TCP_SYN,
  R: TCP_RST,
  P: TCP_PSH,
  '.': TCP_ACK,
  U: TCP_URG,
  E: TCP_ECE,
  W: TCP_CWR,
  C: TCP_CWR,
  A: TCP_AE,
}

const ECN: Readonly<Record<string, number>> = { noecn: 0, ect1: 1, ect0: 2, ce: 3 }

const TUNNELS: readonly string[] = ['ipv4', 'ipv6', 'gre', 'GREv0', 'mpls']

/** Whether a packet comes next. */
export function isPacketStart(reader: TokenReader): boolean {
  return reader.is('<') || reader.is('>')
}

/** A packet: its direction, what its IP header says, and the TCP, UDP or ICMP in it. */
export function parsePacket(reader: TokenReader): PacketSpec {
  const { line, text } = reader.next()
  const direction = text === '<' ? 'inbound' : 'outbound'
  for (const tunnel of TUNNELS) {
    if (reader.is(tunnel)) {
      throw new ScriptError(
        'semantic',
        line,
        `packets in ${tunnel} tunnels are not supported: give the inner packet alone`,
      )
    }
  }
  const ip = parseIp(reader)
  if (ip.tos.check === 'ect01' && direction === 'inbound') {
    throw new ScriptError('semantic', line, '[ect01] can only be used with outbound packets')
  }
  const head = { kind: 'packet', line, direction, ip } as const
  if (reader.accept('udp')) {
    const ports = parsePorts(reader)
    reader.expect('(')
    const length = reader.integer('UDP payload size', 0, U16)
    reader.expect(')')
    return { ...head, ...ports, body: { protocol: 'udp', length } }
  }
  if (reader.accept('icmp')) return { ...head, sourcePort: 0, destinationPort: 0, body: parseIcmp(reader) }
  const ports = parsePorts(reader)
  const body = parseTcp(reader)
  if (body.options === null && direction === 'inbound') {
    throw new ScriptError('semantic', line, '<...> for TCP options can only be used with outbound packets')
  }
  if (body.window === null && direction === 'inbound') {
    throw new ScriptError('semantic', line, 'window must be specified for inbound packets')
  }
  return { ...head, ...ports, body }
}

function parseIp(reader: TokenReader): IpSpec {
  const spec = { tos: { check: 'none', value: 0 } as IpSpec['tos'], flowLabel: 0, ttl: 0 }
  const close = reader.is('(') ? ')' : reader.is('[') ? ']' : ''
  if (close === '') return spec
  reader.next()
  do {
    const { text } = reader.next()
    if (text === 'tos') spec.tos = { check: 'tos', value: reader.integer('tos', 0, 0xff) }
    else if (text === 'ect01') spec.tos = { check: 'ect01', value: 0 }
    else if (ECN[text] !== undefined) spec.tos = { check: 'ecn', value: ECN[text] }
    else if (text === 'flowlabel') spec.flowLabel = reader.integer('flowlabel', 0, 0xf_ffff)
    else if (text === 'ttl') spec.ttl = reader.integer('ttl', 1, 0xff)
    else {
      const names = 'ect0, ect1, ect01, ce, noecn, tos 0xNN, ttl N or flowlabel 0xNNNNN'
      throw new ScriptError('parse', reader.line, `parse error at '${text}': ${names} expected`)
    }
  } while (reader.accept(','))
  reader.expect(close)
  return spec
}

function parsePorts(reader: TokenReader): { sourcePort: number; destinationPort: number } {
  if (!reader.isKind('integer') || !reader.is('>', 1)) return { sourcePort: 0, destinationPort: 0 }
  const sourcePort = reader.integer('src port', 0, U16)
  reader.expect('>')
  return { sourcePort, destinationPort: reader.integer('dst port', 0, U16) }
}

function parseTcp(reader: TokenReader): TcpSpec {
  const flags = parseFlags(reader)
  const { seq, length } = parseSequence(reader)
  const acks = reader.accept('ack')
  const ack = acks ? reader.integer('TCP ack sequence number', 0, U32) : 0
  const window = reader.accept('win') ? reader.integer('TCP window value', 0, U16) : null
  const urgent = reader.accept('urg') ? reader.integer('urg_ptr value', 0, U16) : 0
  const options = parseTcpOptions(reader)
  if (reader.is('{')) throw new ScriptError('semantic', reader.line, 'mutation of packets ({...}) is not supported')
  return { protocol: 'tcp', flags, seq, length, ack, window, urgent, options }
}

/** `S`, `P.`, `.`, `SEW`, `-` for none; `.5` and `P.5` have a count of three bits in AE, CWR and ECE (RFC 9768). */
function parseFlags(reader: TokenReader): number {
  const { line } = reader.peek()
  if (reader.accept('-')) return 0
  let text = ''
  if (reader.isKind('word')) text = reader.next().text
  if (reader.isKind('float') && /^\.[0-7]$/.test(reader.peek().text)) text += reader.next().text
  else if (reader.accept('.')) text += '.'
  if (text === '') reader.unexpected('TCP flags')
  let flags = 0
  for (const letter of text) {
    const flag = FLAGS[letter]
    if (flag !== undefined) flags |= flag
    else if (/[0-7]/.test(letter)) flags |= aceFlags(Number(letter))
    else throw new ScriptError('semantic', line, `'${letter}' is no TCP flag: they are F S R P . U E W A`)
  }
  return flags
}

function aceFlags(count: number): number {
  return (count & 4 ? TCP_AE : 0) | (count & 2 ? TCP_CWR : 0) | (count & 1 ? TCP_ECE : 0)
}

/** `1:1001(1000)` */
function parseSequence(reader: TokenReader): { seq: number; length: number } {
  const { line } = reader.peek()
  const seq = reader.integer('TCP start sequence number', 0, U32)
  reader.expect(':')
  const end = reader.integer('TCP end sequence number', 0, U32)
  reader.expect('(')
  const length = reader.integer('TCP payload size', 0, U16)
  reader.expect(')')
  if (((seq + length - end) | 0) !== 0) {
    throw new ScriptError('semantic', line, 'inconsistent TCP sequence numbers and payload size')
  }
  return { seq, length }
}

function parseIcmp(reader: TokenReader): IcmpSpec {
  const type = reader.expectKind('word', 'an ICMP type').text
  const named = reader.isKind('word') && !reader.is('mtu') && !reader.is('id')
  const code = named ? reader.next().text : null
  const mtu = reader.accept('mtu') ? reader.integer('mtu', 0, U32) : null
  const id = reader.accept('id') ? reader.integer('id', 0, U16) : null
  const quoted = reader.accept('[') ? parseQuoted(reader) : null
  return { protocol: 'icmp', type, code, mtu, id, quoted }
}

function parseQuoted(reader: TokenReader): NonNullable<IcmpSpec['quoted']> {
  const protocol = reader.accept('udp') ? 'udp' : reader.accept('raw') ? 'raw' : 'tcp'
  if (protocol === 'tcp') {
    const sequence = parseSequence(reader)
    reader.expect(']')
    return { protocol, ...sequence }
  }
  reader.expect('(')
  const length = reader.integer('payload size', 0, U16)
  reader.expect(')')
  reader.expect(']')
  return { protocol, seq: 0, length }
}
