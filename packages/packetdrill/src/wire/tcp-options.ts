import type { TcpOption } from '../script.js'

/** Kinds of TCP options (IANA). */
const EOL = 0
const NOP = 1
const MSS = 2
const WSCALE = 3
const SACK_PERMITTED = 4
const SACK = 5
const TIMESTAMP = 8
const MD5 = 19
const FAST_OPEN = 34
const EXPERIMENTAL = 254

/** RFC 6994's identifier of the experimental form of Fast Open. */
const FAST_OPEN_MAGIC = 0xf989

/** Bytes of one option on the wire. */
function optionLength(option: TcpOption): number {
  switch (option.kind) {
    case 'nop':
    case 'eol':
      return 1
    case 'sackOK':
      return 2
    case 'mss':
      return 4
    case 'wscale':
      return 3
    case 'sack':
      return 2 + 8 * option.blocks.length
    case 'timestamp':
      return 10
    case 'fastOpen':
    case 'md5':
    case 'unknown':
      return 2 + option.data.length
    default:
      return 4 + option.data.length
  }
}

/** Bytes of a list of options on the wire, before it is padded to whole words. */
export function tcpOptionsLength(options: readonly TcpOption[]): number {
  return options.reduce((sum, option) => sum + optionLength(option), 0)
}

/** Writes the options; what is left of the last word becomes end-of-list options. Returns where they end. */
export function writeTcpOptions(view: DataView, start: number, options: readonly TcpOption[]): number {
  let at = start
  for (const option of options) {
    writeOption(view, at, option)
    at += optionLength(option)
  }
  for (; (at - start) % 4 !== 0; at++) view.setUint8(at, EOL)
  return at
}

function writeOption(view: DataView, at: number, option: TcpOption): void {
  const head = (kind: number): void => {
    view.setUint8(at, kind)
    view.setUint8(at + 1, optionLength(option))
  }
  switch (option.kind) {
    case 'eol':
      view.setUint8(at, EOL)
      break
    case 'nop':
      view.setUint8(at, NOP)
      break
    case 'sackOK':
      head(SACK_PERMITTED)
      break
    case 'mss':
      head(MSS)
      view.setUint16(at + 2, option.value)
      break
    case 'wscale':
      head(WSCALE)
      view.setUint8(at + 2, option.value)
      break
    case 'sack':
      head(SACK)
      option.blocks.forEach(([left, right], index) => {
        view.setUint32(at + 2 + 8 * index, left)
        view.setUint32(at + 6 + 8 * index, right)
      })
      break
    case 'timestamp':
      head(TIMESTAMP)
      view.setUint32(at + 2, option.value)
      view.setUint32(at + 6, option.echo)
      break
    case 'fastOpen':
      head(FAST_OPEN)
      writeBytes(view, at + 2, option.data)
      break
    case 'md5':
      head(MD5)
      writeBytes(view, at + 2, option.data)
      break
    case 'unknown':
      head(option.number)
      writeBytes(view, at + 2, option.data)
      break
    case 'experimental':
    case 'fastOpenExperimental':
      head(EXPERIMENTAL)
      view.setUint16(at + 2, option.kind === 'experimental' ? option.magic : FAST_OPEN_MAGIC)
      writeBytes(view, at + 4, option.data)
  }
}

function writeBytes(view: DataView, at: number, data: Uint8Array): void {
  data.forEach((byte, index) => {
    view.setUint8(at + index, byte)
  })
}

/** Reads options. What is malformed, and all behind it, becomes one of the kind `unknown`. */
export function readTcpOptions(bytes: Uint8Array): TcpOption[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const options: TcpOption[] = []
  let at = 0
  while (at < bytes.length) {
    const kind = view.getUint8(at)
    if (kind === EOL || kind === NOP) {
      options.push({ kind: kind === EOL ? 'eol' : 'nop' })
      at++
      continue
    }
    const length = at + 1 < bytes.length ? view.getUint8(at + 1) : 0
    if (length < 2 || at + length > bytes.length) {
      options.push({ kind: 'unknown', number: kind, data: bytes.slice(at + 1) })
      break
    }
    options.push(readOption(view, at, kind, bytes.slice(at + 2, at + length)))
    at += length
  }
  return trimPadding(options)
}

function readOption(view: DataView, at: number, kind: number, data: Uint8Array): TcpOption {
  const size = data.length
  if (kind === MSS && size === 2) return { kind: 'mss', value: view.getUint16(at + 2) }
  if (kind === WSCALE && size === 1) return { kind: 'wscale', value: view.getUint8(at + 2) }
  if (kind === SACK_PERMITTED && size === 0) return { kind: 'sackOK' }
  if (kind === SACK && size > 0 && size % 8 === 0) {
    const blocks: [number, number][] = []
    for (let i = at + 2; i < at + 2 + size; i += 8) blocks.push([view.getUint32(i), view.getUint32(i + 4)])
    return { kind: 'sack', blocks }
  }
  if (kind === TIMESTAMP && size === 8) {
    return { kind: 'timestamp', value: view.getUint32(at + 2), echo: view.getUint32(at + 6) }
  }
  if (kind === FAST_OPEN) return { kind: 'fastOpen', data }
  if (kind === MD5) return { kind: 'md5', data }
  if (kind === EXPERIMENTAL && size >= 2) {
    const magic = view.getUint16(at + 2)
    if (magic === FAST_OPEN_MAGIC) return { kind: 'fastOpenExperimental', data: data.slice(2) }
    return { kind: 'experimental', magic, data: data.slice(2) }
  }
  return { kind: 'unknown', number: kind, data }
}

/** Ends-of-list that only pad the last word are not the script's business. */
function trimPadding(options: TcpOption[]): TcpOption[] {
  const length = tcpOptionsLength(options)
  let last = options.length
  while (last > 0 && options[last - 1]?.kind === 'eol' && tcpOptionsLength(options.slice(0, last - 1)) > length - 4)
    last--
  return options.slice(0, last)
}
