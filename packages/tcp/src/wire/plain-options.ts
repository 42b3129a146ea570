import { fieldValue } from './field-value.js'
import * as kind from './option-kinds.js'

/**
 * One option as people and tests see it. Numbers are unsigned. An option of a known kind whose length is not the kind's
 * is an `other`. `rest` is what follows the end-of-options mark; `bad` what begins with a length that cannot be.
 */
export type TcpOption =
  | { readonly name: 'eol'; readonly rest: Uint8Array }
  | { readonly name: 'nop' }
  | { readonly name: 'mss'; readonly value: number }
  | { readonly name: 'windowScale'; readonly shift: number }
  | { readonly name: 'sackPermitted' }
  | { readonly name: 'sack'; readonly blocks: readonly (readonly [start: number, end: number])[] }
  | { readonly name: 'timestamp'; readonly value: number; readonly echo: number }
  | { readonly name: 'md5'; readonly digest: Uint8Array }
  | { readonly name: 'fastOpen'; readonly cookie: Uint8Array; readonly experimental: boolean }
  | { readonly name: 'other'; readonly kind: number; readonly data: Uint8Array }
  | { readonly name: 'bad'; readonly rest: Uint8Array }

/** Reads all options, one after the other, to the end or to a bad one. Any bytes will do. */
export function parseSegmentOptions(bytes: Uint8Array): TcpOption[] {
  const options: TcpOption[] = []
  let at = 0
  while (at < bytes.length) {
    const option = bytes[at] as number
    if (option === kind.TCPOPT_EOL) {
      options.push({ name: 'eol', rest: bytes.slice(at + 1) })
      break
    }
    if (option === kind.TCPOPT_NOP) {
      options.push({ name: 'nop' })
      at++
      continue
    }
    const length = bytes[at + 1] ?? 0
    if (length < 2 || at + length > bytes.length) {
      options.push({ name: 'bad', rest: bytes.slice(at) })
      break
    }
    options.push(readOption(option, bytes.slice(at + 2, at + length)))
    at += length
  }
  return options
}

function readOption(option: number, data: Uint8Array): TcpOption {
  const view = new DataView(data.buffer)
  const length = data.length + 2
  switch (option) {
    case kind.TCPOPT_MSS:
      if (length === kind.TCPOLEN_MSS) return { name: 'mss', value: view.getUint16(0) }
      break
    case kind.TCPOPT_WINDOW:
      if (length === kind.TCPOLEN_WINDOW) return { name: 'windowScale', shift: view.getUint8(0) }
      break
    case kind.TCPOPT_SACK_PERM:
      if (length === kind.TCPOLEN_SACK_PERM) return { name: 'sackPermitted' }
      break
    case kind.TCPOPT_SACK:
      if (data.length % kind.TCPOLEN_SACK_PERBLOCK === 0) return { name: 'sack', blocks: readBlocks(view) }
      break
    case kind.TCPOPT_TIMESTAMP:
      if (length !== kind.TCPOLEN_TIMESTAMP) break
      return { name: 'timestamp', value: view.getUint32(0), echo: view.getUint32(4) }
    case kind.TCPOPT_MD5SIG:
      if (length === kind.TCPOLEN_MD5SIG) return { name: 'md5', digest: data }
      break
    case kind.TCPOPT_FASTOPEN:
      return { name: 'fastOpen', cookie: data, experimental: false }
    case kind.TCPOPT_EXP:
      if (data.length < 2 || view.getUint16(0) !== kind.TCPOPT_FASTOPEN_MAGIC) break
      return { name: 'fastOpen', cookie: data.slice(2), experimental: true }
  }
  return { name: 'other', kind: option, data }
}

function readBlocks(view: DataView): [number, number][] {
  const blocks: [number, number][] = []
  for (let at = 0; at < view.byteLength; at += kind.TCPOLEN_SACK_PERBLOCK) {
    blocks.push([view.getUint32(at), view.getUint32(at + 4)])
  }
  return blocks
}

/** The bytes of options, not filled up to whole words. RangeError for a value that has no room in its field. */
export function formatSegmentOptions(options: readonly TcpOption[]): Uint8Array {
  return Uint8Array.from(options.flatMap(optionBytes))
}

function optionBytes(option: TcpOption): number[] {
  switch (option.name) {
    case 'eol':
      return [kind.TCPOPT_EOL, ...option.rest]
    case 'bad':
      return [...option.rest]
    case 'nop':
      return [kind.TCPOPT_NOP]
    case 'mss':
      return withLength(kind.TCPOPT_MSS, big(option.value, 2, 'an MSS'))
    case 'windowScale':
      return withLength(kind.TCPOPT_WINDOW, big(option.shift, 1, 'a window scale'))
    case 'sackPermitted':
      return withLength(kind.TCPOPT_SACK_PERM, [])
    case 'sack':
      return withLength(
        kind.TCPOPT_SACK,
        option.blocks.flatMap((edges) => edges.flatMap((edge) => big(edge, 4, 'an edge of a SACK block'))),
      )
    case 'timestamp':
      return withLength(kind.TCPOPT_TIMESTAMP, [
        ...big(option.value, 4, 'a timestamp'),
        ...big(option.echo, 4, 'a timestamp'),
      ])
    case 'md5':
      return withLength(kind.TCPOPT_MD5SIG, option.digest)
    case 'fastOpen':
      if (!option.experimental) return withLength(kind.TCPOPT_FASTOPEN, option.cookie)
      return withLength(kind.TCPOPT_EXP, [...big(kind.TCPOPT_FASTOPEN_MAGIC, 2, ''), ...option.cookie])
    case 'other':
      return withLength(option.kind, option.data)
  }
}

function withLength(option: number, data: Uint8Array | readonly number[]): number[] {
  return [...big(option, 1, 'a kind of option'), ...big(data.length + 2, 1, 'the length of an option'), ...data]
}

/** A number's bytes, most significant first. */
function big(value: number, bytes: number, what: string): number[] {
  const checked = fieldValue(value, 8 * bytes, what)
  return Array.from({ length: bytes }, (_, i) => Math.floor(checked / 2 ** (8 * (bytes - 1 - i))) & 0xff)
}
