import type { Expression } from './script.js'
import { ScriptError } from './script-error.js'
import type { TokenReader } from './token-reader.js'

/** How deep arguments may nest. */
const DEPTH = 32

/** Expressions with commas between them. */
export function parseExpressions(reader: TokenReader, depth = 0): Expression[] {
  const list = [parseExpression(reader, depth)]
  while (reader.accept(',')) list.push(parseExpression(reader, depth))
  return list
}

/** An argument of a call, or at depth 0 its result: behind that a `+` begins the next event. */
export function parseExpression(reader: TokenReader, depth = 0): Expression {
  if (depth > DEPTH) throw new ScriptError('semantic', reader.line, `arguments nest more than ${DEPTH} deep`)
  let left = parsePrimary(reader, depth)
  for (;;) {
    if (reader.accept('|')) left = { kind: 'operation', operator: '|', left, right: parsePrimary(reader, depth) }
    else if (depth > 0 && reader.accept('+'))
      left = { kind: 'operation', operator: '+', left, right: parsePrimary(reader, depth) }
    else return left
  }
}

function parsePrimary(reader: TokenReader, depth: number): Expression {
  const token = reader.peek()
  switch (token.kind) {
    case 'integer':
    case 'hex':
      reader.next()
      return { kind: 'integer', value: token.value }
    case 'string':
      return parseString(reader)
    case 'ipv4':
    case 'ipv6':
      reader.next()
      return { kind: 'address', text: token.text }
    case 'word':
      return parseWord(reader, depth)
    case 'symbol':
      break
    default:
      return reader.unexpected('an argument')
  }
  if (reader.accept('...')) return { kind: 'ellipsis' }
  if (reader.accept('(')) {
    const inner = parseExpression(reader, depth + 1)
    reader.expect(')')
    return inner
  }
  if (reader.accept('[')) {
    const items = reader.is(']') ? [] : parseExpressions(reader, depth + 1)
    reader.expect(']')
    return { kind: 'array', items }
  }
  if (reader.accept('{')) return parseBraces(reader, depth + 1)
  return reader.unexpected('an argument')
}

/** Strings side by side are one; `"abc"...` is the beginning of a longer one. */
function parseString(reader: TokenReader): Expression {
  let value = ''
  while (reader.isKind('string')) value += unescapeC(reader.next().text)
  return { kind: 'string', value, partial: reader.accept('...') }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\x07', b: '\b' }

function unescapeC(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|([\s\S]))/g,
    (_, hex?: string, octal?: string, other?: string) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
      return ESCAPES[other as string] ?? (other as string)
    },
  )
}

function parseWord(reader: TokenReader, depth: number): Expression {
  const { text } = reader.next()
  if (!reader.accept('(')) return { kind: 'word', name: text }
  const args = reader.is(')') ? [] : parseExpressions(reader, depth + 1)
  reader.expect(')')
  return { kind: 'call', name: text, args }
}

/** `{name=value, ...}` or `{value, ...}`, its brace already read. */
function parseBraces(reader: TokenReader, depth: number): Expression {
  const fields = new Map<string, Expression>()
  const counts = new Map<string, Expression>()
  const items: Expression[] = []
  if (!reader.is('}')) {
    do {
      const line = reader.line
      const item = parseExpression(reader, depth)
      if (!reader.accept('=')) {
        items.push(item)
        continue
      }
      const name = item.kind === 'word' || item.kind === 'call' ? item.name : ''
      if (name === '') throw new ScriptError('semantic', line, 'only a name may stand before =')
      if (fields.has(name)) throw new ScriptError('semantic', line, `${name} is given twice`)
      if (item.kind === 'call' && item.args[0] !== undefined) counts.set(name, item.args[0])
      fields.set(name, parseExpression(reader, depth))
    } while (reader.accept(','))
  }
  reader.expect('}')
  if (fields.size === 0) return { kind: 'tuple', items }
  if (items.length > 0) throw new ScriptError('semantic', reader.line, 'fields with and without names are mixed')
  return { kind: 'structure', fields, counts }
}
