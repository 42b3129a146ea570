import { ScriptError } from './script-error.js'

/** What a token is. `symbol` is one character, or `...`. */
export type TokenKind =
  | 'word'
  | 'integer'
  | 'hex'
  | 'float'
  | 'string'
  | 'command'
  | 'code'
  | 'option'
  | 'ipv4'
  | 'ipv6'
  | 'symbol'
  | 'end'

/** One token of a script. */
export interface Token {
  readonly kind: TokenKind
  /** As written; for strings, commands and code what is between the quotes, for options without the dashes. */
  readonly text: string
  /** The number of an integer, a hexadecimal or a decimal fraction; else 0. */
  readonly value: number
  /** Line, from 1. */
  readonly line: number
  /** Whether white space comes before it. */
  readonly spaced: boolean
}

/** Names that stand for a value, as `--define=NAME=VALUE` gives them. The value keeps its quotes. */
export type Definitions = ReadonlyMap<string, string>

const SEGMENT = '[0-9a-fA-F]{1,4}'
const QUAD = String.raw`\d+\.\d+\.\d+\.\d+`
/** Forms of an IPv6 address that a range of sequence numbers (`1:1001`) cannot be taken for. */
const IPV6_FORMS = [
  `(?:${SEGMENT}:){7}${SEGMENT}`,
  `(?:${SEGMENT}:){1,4}:${QUAD}`,
  `::(?:ffff:)?${QUAD}`,
  `(?:${SEGMENT}:){1,6}(?::${SEGMENT}){1,6}`,
  `(?:${SEGMENT}:){1,7}:`,
  `:(?::${SEGMENT}){1,7}`,
  '::',
]

const IPV6 = new RegExp(`(?:${IPV6_FORMS.join('|')})(?![0-9a-zA-Z_:])`, 'y')
const IPV4 = new RegExp(`${QUAD}(?![0-9a-zA-Z_])`, 'y')
const BLANK = /(?:[ \t\r\n]+|\/\/[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/)+/y
const OPTION = /--[a-zA-Z0-9_]+/y
const FLOAT = /-?\d*\.\d+/y
const HEX = /0[xX][0-9a-fA-F]+(?![0-9a-zA-Z_])/y
const INTEGER = /-?\d+(?![0-9a-zA-Z_])/y
const WORD = /[a-zA-Z0-9_]+/y
const STRING = /"((?:\\[\s\S]|[^"\\])*)"/y
const COMMAND = /`((?:\\[\s\S]|[^`\\])*)`/y
const CODE = /%\{([\s\S]*?)\}%/y

/** The lexical half of the language: a script's text, token by token. The last one is of the kind `end`. */
export function tokenize(text: string): Token[] {
  return new Tokenizer(text).run()
}

class Tokenizer {
  private readonly text: string
  private readonly tokens: Token[] = []
  private at = 0
  private line = 1
  private spaced = false

  constructor(text: string) {
    this.text = text
  }

  run(): Token[] {
    for (;;) {
      this.spaced = this.skip()
      if (this.at >= this.text.length) break
      this.next()
    }
    this.push('end', '', 0)
    return this.tokens
  }

  private skip(): boolean {
    const blank = this.match(BLANK)
    if (blank !== null) this.pass(blank[0])
    return blank !== null
  }

  private next(): void {
    if (this.take(COMMAND, 'command', 1) || this.take(CODE, 'code', 1) || this.take(STRING, 'string', 1)) return
    if (this.take(IPV6, 'ipv6') || this.take(IPV4, 'ipv4')) return
    const option = this.match(OPTION)
    if (option !== null) {
      this.push('option', option[0].slice(2), 0)
      this.pass(option[0])
      return
    }
    if (this.take(HEX, 'hex') || this.take(FLOAT, 'float') || this.take(INTEGER, 'integer')) return
    if (this.take(WORD, 'word')) return
    const rest = this.text.slice(this.at, this.at + 3)
    const symbol = rest === '...' ? rest : rest.charAt(0)
    if (symbol === '`' || symbol === '"') this.fail(`the ${symbol} has no end`)
    if (rest.startsWith('%{')) this.fail('the code that begins with %{ has no }%')
    if (rest.startsWith('/*')) this.fail('the comment that begins with /* has no */')
    this.push('symbol', symbol, 0)
    this.pass(symbol)
  }

  private take(pattern: RegExp, kind: TokenKind, group = 0): boolean {
    const found = this.match(pattern)
    if (found === null) return false
    const text = found[group] as string
    const number = kind === 'integer' || kind === 'hex' || kind === 'float'
    this.push(kind, text, number ? Number(text) : 0)
    this.pass(found[0])
    return true
  }

  private match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at
    return pattern.exec(this.text)
  }

  private push(kind: TokenKind, text: string, value: number): void {
    this.tokens.push({ kind, text, value, line: this.line, spaced: this.spaced })
  }

  private pass(text: string): void {
    this.at += text.length
    for (const char of text) if (char === '\n') this.line++
  }

  private fail(message: string): never {
    throw new ScriptError('parse', this.line, message)
  }
}
