import { PythonError, type PythonToken, type PythonTokenKind, tokenizePython } from './python-tokens.js'
import type { FormatPart, PythonExpression } from './python-tree.js'

/** How deep expressions may nest. */
const DEPTH = 100

/** Operators of two operands, the loosest first; `**` and the unary ones are apart. */
const LEVELS: readonly (readonly string[])[] = [['|'], ['^'], ['&'], ['<<', '>>'], ['+', '-'], ['*', '/', '//', '%']]

const CONSTANTS: Readonly<Record<string, boolean | null>> = { True: true, False: false, None: null }

/** Reads the expressions of a code block from its tokens. */
export class PythonExpressions {
  protected readonly tokens: readonly PythonToken[]
  protected at = 0
  private depth = 0

  constructor(tokens: readonly PythonToken[]) {
    this.tokens = tokens
  }

  protected peek(ahead = 0): PythonToken {
    return this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)] as PythonToken
  }

  protected next(): PythonToken {
    const token = this.peek()
    this.at++
    return token
  }

  /** Whether an operator or keyword is next. */
  protected is(text: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return (token.kind === 'operator' || token.kind === 'name') && token.text === text
  }

  protected accept(text: string): boolean {
    if (!this.is(text)) return false
    this.at++
    return true
  }

  protected expect(text: string): void {
    if (!this.accept(text)) this.syntax(`'${text}' expected`)
  }

  protected syntax(message: string): never {
    const { kind, text, line } = this.peek()
    const where = kind === 'newline' || kind === 'end' || kind === 'dedent' ? 'the end of the line' : `'${text}'`
    throw new PythonError('SyntaxError', line, `invalid syntax at ${where}: ${message}`)
  }

  /** An expression, or several with commas between them: a tuple. */
  protected expressionList(): PythonExpression {
    const first = this.expression()
    if (!this.is(',')) return first
    const items = [first]
    while (this.accept(',') && this.peek().kind !== 'newline') items.push(this.expression())
    return { kind: 'list', items }
  }

  expression(): PythonExpression {
    if (++this.depth > DEPTH) throw new PythonError('SyntaxError', this.peek().line, 'too many nested parentheses')
    const chosen = this.or()
    this.depth--
    if (!this.accept('if')) return chosen
    const condition = this.or()
    this.expect('else')
    return { kind: 'choice', condition, chosen, otherwise: this.expression() }
  }

  private or(): PythonExpression {
    let left = this.and()
    while (this.accept('or')) left = { kind: 'or', left, right: this.and() }
    return left
  }

  private and(): PythonExpression {
    let left = this.not()
    while (this.accept('and')) left = { kind: 'and', left, right: this.not() }
    return left
  }

  private not(): PythonExpression {
    let count = 0
    while (this.accept('not')) count++
    let operand = this.comparison()
    for (; count > 0; count--) operand = { kind: 'unary', operator: 'not', operand }
    return operand
  }

  private comparison(): PythonExpression {
    const { line } = this.peek()
    const first = this.binary(0)
    const rest: { operator: string; operand: PythonExpression }[] = []
    for (;;) {
      const operator = this.comparator()
      if (operator === '') break
      rest.push({ operator, operand: this.binary(0) })
    }
    return rest.length === 0 ? first : { kind: 'compare', first, rest, line }
  }

  private comparator(): string {
    for (const operator of ['==', '!=', '<=', '>=', '<', '>', 'in']) if (this.accept(operator)) return operator
    if (this.accept('is')) return this.accept('not') ? 'is not' : 'is'
    if (this.is('not') && this.is('in', 1)) {
      this.at += 2
      return 'not in'
    }
    return ''
  }

  private binary(level: number): PythonExpression {
    const operators = LEVELS[level]
    if (operators === undefined) return this.unary()
    let left = this.binary(level + 1)
    for (;;) {
      const { kind, text, line } = this.peek()
      if (kind !== 'operator' || !operators.includes(text)) return left
      this.at++
      left = { kind: 'binary', operator: text, left, right: this.binary(level + 1), line }
    }
  }

  private unary(): PythonExpression {
    const operators: string[] = []
    while (this.is('-') || this.is('+') || this.is('~')) operators.push(this.next().text)
    let operand = this.power()
    for (const operator of operators.reverse()) operand = { kind: 'unary', operator, operand }
    return operand
  }

  private power(): PythonExpression {
    const left = this.postfix()
    const { line } = this.peek()
    return this.accept('**') ? { kind: 'binary', operator: '**', left, right: this.unary(), line } : left
  }

  private postfix(): PythonExpression {
    let result = this.primary()
    for (;;) {
      const { line } = this.peek()
      if (this.accept('[')) {
        result = { kind: 'subscript', target: result, index: this.expression(), line }
        this.expect(']')
      } else if (this.accept('.')) {
        const { text: name } = this.kind('name', 'a method')
        this.expect('(')
        result = { kind: 'call', name, target: result, args: this.list(')'), line }
      } else if (result.kind === 'name' && this.accept('(')) {
        result = { kind: 'call', name: result.name, target: null, args: this.list(')'), line }
      } else return result
    }
  }

  protected kind(kind: PythonTokenKind, what: string): PythonToken {
    if (this.peek().kind !== kind) this.syntax(`${what} expected`)
    return this.next()
  }

  /** Expressions up to a closing bracket, which is read too. */
  protected list(close: string): PythonExpression[] {
    const items: PythonExpression[] = []
    while (!this.accept(close)) {
      items.push(this.expression())
      if (!this.is(close)) this.expect(',')
    }
    return items
  }

  private primary(): PythonExpression {
    const { kind, text, line } = this.peek()
    if (kind === 'number') {
      this.at++
      return { kind: 'constant', value: Number(text) }
    }
    if (kind === 'string' || kind === 'format') return this.strings()
    if (kind === 'name') {
      this.at++
      const constant = CONSTANTS[text]
      return constant === undefined ? { kind: 'name', name: text, line } : { kind: 'constant', value: constant }
    }
    if (this.accept('[')) return { kind: 'list', items: this.list(']') }
    if (!this.accept('(')) return this.syntax('an expression expected')
    if (this.accept(')')) return { kind: 'list', items: [] }
    const first = this.expression()
    if (this.accept(')')) return first
    this.expect(',')
    return { kind: 'list', items: [first, ...this.list(')')] }
  }

  /** Strings side by side are one. */
  private strings(): PythonExpression {
    const parts: (string | FormatPart)[] = []
    for (let token = this.peek(); token.kind === 'string' || token.kind === 'format'; token = this.peek()) {
      this.at++
      if (token.kind === 'string') parts.push(unescapePython(token.text))
      else parts.push(...formatParts(token))
    }
    if (parts.every((part) => typeof part === 'string')) return { kind: 'constant', value: parts.join('') }
    return { kind: 'format', parts }
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\n': '' }

function unescapePython(text: string): string {
  return text.replace(/\\([\s\S])/g, (_, char: string) => ESCAPES[char] ?? (`'"\\`.includes(char) ? char : `\\${char}`))
}

/** The parts of `f'text {expression:format}'`. */
function formatParts(token: PythonToken): (string | FormatPart)[] {
  const parts: (string | FormatPart)[] = []
  const pattern = /\{\{|\}\}|\{([^{}:!]+)(?::([^{}]*))?\}|[^{}]+/g
  for (const found of token.text.matchAll(pattern)) {
    const [whole, inner, format = ''] = found
    if (inner === undefined) parts.push(unescapePython(whole === '{{' || whole === '}}' ? whole.charAt(0) : whole))
    else parts.push({ expression: new PythonExpressions(tokenizePython(inner.trim())).expression(), format })
  }
  return parts
}
