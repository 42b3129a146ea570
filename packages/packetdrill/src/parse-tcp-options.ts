import type { TcpOption } from './script.js'
import { ScriptError } from './script-error.js'
import type { TokenReader } from './token-reader.js'
import { tcpOptionsLength } from './wire/tcp-options.js'

const U32 = 0xffff_ffff
/** What the data offset field leaves for options, in bytes. */
const MOST = 40

/** `<mss 1460,sackOK,...>`: the options of a segment, none where there is no `<`; null for `<...>`. */
export function parseTcpOptions(reader: TokenReader): TcpOption[] | null {
  if (!reader.is('<')) return []
  // At the end of a line '<' would begin an event only behind a time, so it is the list.
  const { line } = reader.next()
  if (reader.accept('...')) {
    reader.expect('>')
    return null
  }
  const options: TcpOption[] = []
  do options.push(parseOption(reader))
  while (reader.accept(','))
  reader.expect('>')
  if (tcpOptionsLength(options) > MOST) throw new ScriptError('semantic', line, 'TCP option list too long')
  return options
}

function parseOption(reader: TokenReader): TcpOption {
  const token = reader.expectKind('word', 'a TCP option')
  switch (token.text) {
    case 'nop':
    case 'eol':
    case 'sackOK':
      return { kind: token.text }
    case 'mss':
      return { kind: 'mss', value: reader.integer('mss value', 0, 0xffff) }
    case 'wscale':
      return { kind: 'wscale', value: reader.integer('window scale shift count', 0, 0xff) }
    case 'sack':
      return { kind: 'sack', blocks: parseBlocks(reader) }
    case 'TS': {
      reader.expect('val')
      const value = reader.integer('ts val', 0, U32)
      reader.expect('ecr')
      return { kind: 'timestamp', value, echo: reader.integer('ecr val', 0, U32) }
    }
    case 'FO':
      return { kind: 'fastOpen', data: parseHex(reader, 'TCP fast open cookie') }
    case 'FOEXP':
      return { kind: 'fastOpenExperimental', data: parseHex(reader, 'TCP fast open cookie') }
    case 'md5':
      return parseMd5(reader)
    case 'exp': {
      const magic = Number.parseInt(parseMagic(reader), 16)
      return { kind: 'experimental', magic, data: parseHex(reader, 'data of a TCP option') }
    }
    default:
      throw new ScriptError('parse', token.line, `parse error at '${token.text}': there is no such TCP option`)
  }
}

function parseBlocks(reader: TokenReader): [number, number][] {
  const blocks: [number, number][] = []
  while (reader.isKind('integer')) {
    const left = reader.integer('TCP SACK left sequence number', 0, U32)
    reader.expect(':')
    blocks.push([left, reader.integer('TCP SACK right sequence number', 0, U32)])
  }
  if (blocks.length === 0) reader.unexpected('a SACK block')
  return blocks
}

/** `md5 000102...`, or `md5` alone for a digest that is good. */
function parseMd5(reader: TokenReader): TcpOption {
  const data = parseHex(reader, 'TCP MD5 digest')
  return data.length > 0 ? { kind: 'md5', data } : { kind: 'md5', data: new Uint8Array(16), good: true }
}

/** Bytes in hexadecimal, none where the option ends here. */
function parseHex(reader: TokenReader, what: string): Uint8Array {
  if (reader.is(',') || reader.is('>')) return new Uint8Array(0)
  const { text, line } = reader.next()
  const digits = text.startsWith('0x') ? text.slice(2) : text
  if (!/^(?:[0-9a-fA-F]{2})+$/.test(digits)) {
    throw new ScriptError('semantic', line, `${what} '${text}' is not an even number of hexadecimal digits`)
  }
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** `-f989` or `-0xf989` */
function parseMagic(reader: TokenReader): string {
  reader.accept('-')
  const { text, line } = reader.next()
  const digits = text.replace(/^-/, '').replace(/^0x/, '')
  if (!/^[0-9a-fA-F]{1,4}$/.test(digits)) {
    throw new ScriptError(
      'semantic',
      line,
      `'${text}' is not the 16-bit identifier of an experimental option, as exp-f989`,
    )
  }
  return digits
}
