import { IPPROTO_UDP, IPPROTO_UDPLITE } from '@jackfield/interfaces'
import { foldSum, sumBytes, sumWord } from '@jackfield/packet'
import { UDP_HEADER_LENGTH } from '@jackfield/udp/wire'
import { dataLayer } from './data.js'
import { type DissectInput, dissectPayload } from './dissectors.js'
import { type FieldStatus, Layer } from './layer.js'
import { hex } from './number-format.js'

/** UDP (RFC 768). */
export function dissectUdp(input: DissectInput): Layer {
  const layer = new Layer('udp', 'User Datagram Protocol', input.start, input.end)
  const ways = readPorts(layer, input, 'udp')
  if (ways === null) return layer
  const { view, start } = input
  const told = view.getUint16(start + 4)
  // A jumbogram, or a packet to be cut of more than 65,535 bytes, tells 0 (RFC 2675 4).
  const length = told === 0 && input.length > 0xffff ? input.length : told
  layer.add('udp.length', 'Length', told, start + 4, start + 6)
  if (length < UDP_HEADER_LENGTH) {
    layer.fault = 'bad length'
    layer.line = `${ways}: truncated-udplength ${length}`
    return layer
  }
  const there = Math.min(length, input.length)
  const end = Math.min(input.end, start + there)
  const whole = length <= input.length && start + length <= input.end
  layer.end = end
  addChecksum(layer, input, 'udp', length, whole ? start + length : -1)
  if (length > input.length && !(input.network?.fragmented ?? false) && !input.quoted) {
    layer.fault = 'longer than its packet'
    layer.payload = dataLayer(view, start + UDP_HEADER_LENGTH, end, there - UDP_HEADER_LENGTH)
    layer.line = `${ways}: UDP, bad length ${length - UDP_HEADER_LENGTH} > ${there - UDP_HEADER_LENGTH}`
    return layer
  }
  return carry(layer, input, end, there, `${ways}: `, `UDP, length ${length - UDP_HEADER_LENGTH}`)
}

/** UDP-Lite (RFC 3828): the checksum covers no more than the sender chose. */
export function dissectUdpLite(input: DissectInput): Layer {
  const layer = new Layer('udplite', 'Lightweight User Datagram Protocol', input.start, input.end)
  const ways = readPorts(layer, input, 'udplite')
  if (ways === null) return layer
  const { view, start, end, length } = input
  const told = view.getUint16(start + 4)
  const coverage = told === 0 ? length : told
  layer.add('udplite.checksum_coverage', 'Checksum coverage', told, start + 4, start + 6)
  const good = coverage >= UDP_HEADER_LENGTH && coverage <= length
  addChecksum(layer, input, 'udplite', length, good && start + coverage <= end ? start + coverage : -1)
  if (!good) layer.fault = 'bad checksum coverage'
  const bad = good ? '' : `bad coverage ${told}, `
  return carry(layer, input, end, length, `${ways}: `, `UDP-Lite, ${bad}length ${length - UDP_HEADER_LENGTH}`)
}

/** Reads the ports; null where the header is cut short, as `line` then tells. */
function readPorts(layer: Layer, input: DissectInput, name: string): string | null {
  const { view, start, end } = input
  const source = input.network?.source ?? ''
  const destination = input.network?.destination ?? ''
  layer.addressed = true
  if (end - start < 4) {
    layer.truncate(name, `${source} > ${destination}: `)
    return null
  }
  const sourcePort = view.getUint16(start)
  const destinationPort = view.getUint16(start + 2)
  const ways = `${source}.${sourcePort} > ${destination}.${destinationPort}`
  layer.title += `, Src Port: ${sourcePort}, Dst Port: ${destinationPort}`
  layer.add(`${name}.srcport`, 'Source Port', sourcePort, start, start + 2)
  layer.add(`${name}.dstport`, 'Destination Port', destinationPort, start + 2, start + 4)
  if (input.length < UDP_HEADER_LENGTH) {
    layer.fault = 'truncated'
    layer.line = `${ways}: truncated-${name} ${input.length}`
    return null
  }
  if (end - start < UDP_HEADER_LENGTH) {
    layer.truncate(name, `${ways}: `)
    return null
  }
  return ways
}

/** @param length what the pseudo-header tells. @param sumEnd where the bytes summed end; -1: they are not all there */
function addChecksum(layer: Layer, input: DissectInput, name: string, length: number, sumEnd: number): void {
  const { view, start, network } = input
  const value = view.getUint16(start + 6)
  let status: FieldStatus | undefined
  let note = ''
  if (value === 0 && name === 'udp') note = ' (none)'
  else if (sumEnd >= 0 && network !== null && !network.fragmented && !input.quoted && length <= 0xffff) {
    const protocol = name === 'udp' ? IPPROTO_UDP : IPPROTO_UDPLITE
    const sum = sumBytes(view, start, sumEnd, network.addressSum + sumWord(protocol) + sumWord(length))
    status = value !== 0 && foldSum(sum) === 0xffff ? 'good' : 'bad'
  }
  layer.add(`${name}.checksum`, 'Checksum', value, start + 6, start + 8, hex(value, 4) + note, status)
}

function carry(layer: Layer, input: DissectInput, end: number, length: number, ways: string, plain: string): Layer {
  const { view, start } = input
  const ports = input.dissectors.udpPorts
  const dissector = ports.get(view.getUint16(start + 2)) ?? ports.get(view.getUint16(start))
  const at = start + UDP_HEADER_LENGTH
  const rest = length - UDP_HEADER_LENGTH
  const payload = dissectPayload(dissector, input, at, end, rest)
  layer.payload = payload
  if (payload === null && rest > 0) layer.payload = dataLayer(view, at, end, rest)
  layer.line = ways + (payload === null ? plain : payload.label + payload.line)
  return layer
}
