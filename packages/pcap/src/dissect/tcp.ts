import { IPPROTO_TCP } from '@jackfield/interfaces'
import { foldSum, sumBytes, sumWord } from '@jackfield/packet'
import * as tcp from '@jackfield/tcp/wire'
import { dataLayer } from './data.js'
import type { DissectInput } from './dissectors.js'
import { type FieldStatus, Layer } from './layer.js'
import { hex } from './number-format.js'
import { addTcpOptions } from './tcp-options.js'
import { OptionsLine } from './tcp-options-line.js'
import { ABSOLUTE, type TcpBases } from './tcp-session.js'

/** TCP (RFC 9293). Each segment by itself: nothing is put together. */
export function dissectTcp(input: DissectInput): Layer {
  const { view, start, end, length } = input
  const layer = new Layer('tcp', 'Transmission Control Protocol', start, end)
  layer.addressed = true
  const source = input.network?.source ?? ''
  const destination = input.network?.destination ?? ''
  if (end - start < 4) return layer.truncate('tcp', `${source} > ${destination}:`)
  const sourcePort = tcp.readTcpSourcePort(view, start)
  const destinationPort = tcp.readTcpDestinationPort(view, start)
  const ways = `${source}.${sourcePort} > ${destination}.${destinationPort}: `
  layer.title += `, Src Port: ${sourcePort}, Dst Port: ${destinationPort}`
  layer.add('tcp.srcport', 'Source Port', sourcePort, start, start + 2)
  layer.add('tcp.dstport', 'Destination Port', destinationPort, start + 2, start + 4)
  if (end - start < tcp.TCP_HEADER_LENGTH) {
    // What an ICMP error quotes is often no more than eight bytes.
    if (end - start >= 8) addNumber(layer, view, 'tcp.seq', 'Sequence Number', start + tcp.TCP_SEQUENCE, 0)
    return layer.truncate('tcp', ways)
  }
  const headerLength = tcp.readTcpHeaderLength(view, start)
  const sound = headerLength >= tcp.TCP_HEADER_LENGTH
  const bases = sound ? basesOf(input, [source, sourcePort], [destination, destinationPort]) : ABSOLUTE
  const payload = length - headerLength
  const headerEnd = start + headerLength
  addHeader(layer, input, headerLength, payload, bases)
  if (!sound) {
    layer.fault = 'bad header length'
    layer.line = `${ways} tcp ${payload} [bad hdr length ${headerLength} - too short, < ${tcp.TCP_HEADER_LENGTH}]`
    return layer
  }
  const flags = `${ways}Flags [${flagLetters(tcp.readTcpFlags(view, start))}]`
  if (payload < 0) {
    layer.fault = 'bad header length'
    layer.line = `${flags} [bad hdr length ${headerLength} - too long, > ${length}]`
    return layer
  }
  if (headerEnd > end) layer.fault = 'truncated'
  addTcpOptions(layer, view, start + tcp.TCP_HEADER_LENGTH, Math.min(headerEnd, end), headerEnd > end)
  if (payload > 0) layer.payload = dataLayer(view, Math.min(headerEnd, end), end, payload)
  layer.line = flags + restOfLine(input, headerEnd, payload, bases)
  return layer
}

function basesOf(input: DissectInput, from: [string, number], to: [string, number]): TcpBases {
  const { view, start, session } = input
  if (session === undefined || input.quoted) return ABSOLUTE
  const flags = tcp.readTcpFlags(view, start)
  return session.bases(
    from,
    to,
    tcp.readTcpSequence(view, start) >>> 0,
    tcp.readTcpAcknowledgment(view, start) >>> 0,
    (flags & tcp.FLAG_ACK) !== 0,
    (flags & tcp.FLAG_SYN) !== 0,
  )
}

/** What tcpdump prints behind the flags. */
function restOfLine(input: DissectInput, headerEnd: number, payload: number, bases: TcpBases): string {
  const { view, start, end } = input
  const flags = tcp.readTcpFlags(view, start)
  let text = ''
  if (payload > 0 || (flags & (tcp.FLAG_SYN | tcp.FLAG_FIN | tcp.FLAG_RST)) !== 0) {
    const sequence = (tcp.readTcpSequence(view, start) - bases.sequence) >>> 0
    text += `, seq ${sequence}`
    if (payload > 0) text += `:${(sequence + payload) >>> 0}`
  }
  if ((flags & tcp.FLAG_ACK) !== 0) {
    text += `, ack ${(tcp.readTcpAcknowledgment(view, start) - bases.acknowledgment) >>> 0}`
  }
  text += `, win ${tcp.readTcpWindow(view, start)}`
  if ((flags & tcp.FLAG_URG) !== 0) text += `, urg ${tcp.readTcpUrgentPointer(view, start)}`
  if (headerEnd > start + tcp.TCP_HEADER_LENGTH) {
    const options = new OptionsLine(view, start + tcp.TCP_HEADER_LENGTH, headerEnd, end, bases.sack)
    text += options.text
    if (!options.whole) return text
  }
  text += `, length ${payload}`
  if (payload === 0 || headerEnd <= end) return text
  return `${text} [remaining caplen(${end - start}) < header length(${headerEnd - start})] [|tcp]`
}

function addHeader(layer: Layer, input: DissectInput, headerLength: number, payload: number, bases: TcpBases): void {
  const { view, start: at } = input
  const flags = tcp.readTcpFlags(view, at)
  const urgent = tcp.readTcpUrgentPointer(view, at)
  if (payload >= 0) layer.add('tcp.len', 'Segment Length', payload, at + 12, at + 13)
  addNumber(layer, view, 'tcp.seq', 'Sequence Number', at + tcp.TCP_SEQUENCE, bases.sequence)
  addNumber(layer, view, 'tcp.ack', 'Acknowledgment Number', at + tcp.TCP_ACKNOWLEDGMENT, bases.acknowledgment)
  layer.add('tcp.hdr_len', 'Header Length', headerLength, at + 12, at + 13, `${headerLength} bytes`)
  layer.add('tcp.flags', 'Flags', flags, at + 12, at + 14, `${hex(flags, 3)} (${flagNames(flags)})`)
  layer.add('tcp.window_size_value', 'Window', tcp.readTcpWindow(view, at), at + 14, at + 16)
  const checksum = tcp.readTcpChecksum(view, at)
  layer.add('tcp.checksum', 'Checksum', checksum, at + 16, at + 18, hex(checksum, 4), checksumStatus(input))
  layer.add('tcp.urgent_pointer', 'Urgent Pointer', urgent, at + 18, at + 20)
}

/** A number as it is in the packet and, where it is told from another one, as that. */
function addNumber(layer: Layer, view: DataView, name: string, label: string, at: number, base: number): void {
  const raw = view.getUint32(at)
  const value = (raw - base) >>> 0
  layer.add(name, label, value, at, at + 4, base === 0 ? String(raw) : `${value} (relative)`)
  layer.add(`${name}_raw`, `${label} (raw)`, raw, at, at + 4)
}

function checksumStatus(input: DissectInput): FieldStatus | undefined {
  const { view, start, end, length, network } = input
  if (network === null || network.fragmented || input.quoted || start + length > end) return undefined
  const pseudo = network.addressSum + sumWord(IPPROTO_TCP) + sumWord(length & 0xffff) + sumWord(length >>> 16)
  return foldSum(sumBytes(view, start, start + length, pseudo)) === 0xffff ? 'good' : 'bad'
}

/** Bits in tcpdump's order. It has no letter for accurate ECN. */
const letters: readonly (readonly [number, string])[] = [
  [tcp.FLAG_FIN, 'F'],
  [tcp.FLAG_SYN, 'S'],
  [tcp.FLAG_RST, 'R'],
  [tcp.FLAG_PSH, 'P'],
  [tcp.FLAG_ACK, '.'],
  [tcp.FLAG_URG, 'U'],
  [tcp.FLAG_ECE, 'E'],
  [tcp.FLAG_CWR, 'W'],
]

function flagLetters(flags: number): string {
  const text = letters.map(([bit, letter]) => ((flags & bit) !== 0 ? letter : '')).join('')
  return text === '' ? 'none' : text
}

const flagLabels: readonly (readonly [number, string])[] = [
  [tcp.FLAG_RESERVED, 'reserved'],
  [tcp.FLAG_AE, 'AE'],
  [tcp.FLAG_CWR, 'CWR'],
  [tcp.FLAG_ECE, 'ECE'],
  [tcp.FLAG_URG, 'URG'],
  [tcp.FLAG_ACK, 'ACK'],
  [tcp.FLAG_PSH, 'PSH'],
  [tcp.FLAG_RST, 'RST'],
  [tcp.FLAG_SYN, 'SYN'],
  [tcp.FLAG_FIN, 'FIN'],
]

function flagNames(flags: number): string {
  const names = flagLabels.flatMap(([bit, name]) => ((flags & bit) !== 0 ? [name] : []))
  return names.length === 0 ? 'none' : names.join(', ')
}
