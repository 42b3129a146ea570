import { IPOPT_END, IPOPT_NOP, IPV4_HEADER_LENGTH, type Ipv4Option, parseOptions } from '@jackfield/ipv4/wire'
import type { Layer } from './layer.js'

/** Adds a field for each option of the header at `start`, all of which was captured. */
export function addIpv4Options(layer: Layer, view: DataView, start: number, headerLength: number): void {
  const end = start + headerLength
  let at = start + IPV4_HEADER_LENGTH
  while (at < end) {
    const type = view.getUint8(at)
    if (type === IPOPT_END) return
    const length = type === IPOPT_NOP ? 1 : at + 1 < end ? view.getUint8(at + 1) : 0
    if (length === 0 || at + length > end || (length === 1 && type !== IPOPT_NOP)) {
      layer.add('ip.opt.type', 'Option', type, at, end, `${type}, which does not fit`)
      layer.fault = 'bad option'
      return
    }
    const option = parseOptions(new Uint8Array(view.buffer, view.byteOffset + at, length))[0]
    if (option !== undefined) layer.add('ip.opt.type', 'Option', type, at, at + length, optionText(option))
    at += length
  }
}

function optionText(option: Ipv4Option): string {
  switch (option.kind) {
    case 'nop':
      return 'no operation'
    case 'router-alert':
      return `router alert ${option.value}`
    case 'timestamp':
      return `timestamp, flag ${option.flag}, overflow ${option.overflow}, pointer ${option.pointer}: ${option.entries
        .map((entry) => (entry.address === undefined ? '' : `${entry.address} at `) + entry.milliseconds)
        .join(', ')}`
    case 'other':
      return `type ${option.type}, ${option.data.length + 2} bytes`
    default:
      return `${option.kind.replaceAll('-', ' ')}, pointer ${option.pointer}: ${option.addresses.join(', ')}`
  }
}
