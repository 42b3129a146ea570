import { ScriptError } from './script-error.js'
import type { Definitions, Token, TokenKind } from './tokens.js'

/** Tokens, one at a time, with names that were defined replaced by what they stand for. */
export class TokenReader {
  private readonly tokens: readonly Token[]
  private definitions: Definitions = new Map()
  private at = 0

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens
  }

  /** From here on words are looked up. */
  define(definitions: Definitions): void {
    this.definitions = definitions
  }

  /** The token `ahead` places on, as defined names have it. */
  peek(ahead = 0): Token {
    const token = this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)] as Token
    const value = token.kind === 'word' ? this.definitions.get(token.text) : undefined
    return value === undefined ? token : defined(token, value)
  }

  next(): Token {
    const token = this.peek()
    this.at++
    return token
  }

  get line(): number {
    return this.peek().line
  }

  /** Whether the next token is this symbol or word. */
  is(text: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return (token.kind === 'symbol' || token.kind === 'word') && token.text === text
  }

  isKind(kind: TokenKind, ahead = 0): boolean {
    return this.peek(ahead).kind === kind
  }

  /** Passes over a symbol or word, if it is next. */
  accept(text: string): boolean {
    if (!this.is(text)) return false
    this.at++
    return true
  }

  expect(text: string): Token {
    if (!this.is(text)) this.unexpected(`'${text}'`)
    return this.next()
  }

  expectKind(kind: TokenKind, what: string): Token {
    if (!this.isKind(kind)) this.unexpected(what)
    return this.next()
  }

  /** An integer in a range. */
  integer(what: string, minimum: number, maximum: number): number {
    const token = this.peek()
    if (token.kind !== 'integer' && token.kind !== 'hex') this.unexpected(what)
    this.at++
    if (token.value < minimum || token.value > maximum) {
      throw new ScriptError(
        'semantic',
        token.line,
        `${what} out of range: ${token.text} is not ${minimum} to ${maximum}`,
      )
    }
    return token.value
  }

  unexpected(wanted: string): never {
    const token = this.peek()
    const found = token.kind === 'end' ? 'the end of the script' : `'${token.text}'`
    throw new ScriptError('parse', token.line, `parse error at ${found}: ${wanted} expected`)
  }
}

/** A defined name: text in quotes is a string, in backticks a command; else a number or a word. */
function defined(token: Token, value: string): Token {
  const inside = value.slice(1, -1)
  if (value.startsWith('"')) return { ...token, kind: 'string', text: inside }
  if (value.startsWith('`')) return { ...token, kind: 'command', text: inside }
  if (/^-?\d+$/.test(value)) return { ...token, kind: 'integer', text: value, value: Number(value) }
  if (/^0[xX][0-9a-fA-F]+$/.test(value)) return { ...token, kind: 'hex', text: value, value: Number(value) }
  return { ...token, text: value }
}
