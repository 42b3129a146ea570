import { PythonExpressions } from './python-expressions.js'
import { tokenizePython } from './python-tokens.js'
import type { PythonExpression, PythonStatement } from './python-tree.js'

const ASSIGNMENTS: readonly string[] = ['=', '+=', '-=', '*=', '/=', '//=', '%=', '&=', '|=', '^=', '<<=', '>>=', '**=']

/** Reads a code block. @throws PythonError for what is not in the subset of Python that the tool has */
export function parsePython(text: string): PythonStatement[] {
  return new PythonParser(text).run()
}

class PythonParser extends PythonExpressions {
  private readonly lines: readonly string[]

  constructor(text: string) {
    super(tokenizePython(text))
    this.lines = text.split('\n')
  }

  run(): PythonStatement[] {
    const statements: PythonStatement[] = []
    while (this.peek().kind !== 'end') statements.push(...this.statement())
    return statements
  }

  private statement(): PythonStatement[] {
    if (this.accept('if')) return [this.conditional()]
    const { line } = this.peek()
    if (this.accept('for')) {
      const { text: name } = this.kind('name', 'a name')
      this.expect('in')
      const items = this.expressionList()
      return [{ kind: 'for', name, items, body: this.block(), line }]
    }
    return this.simpleLine()
  }

  private conditional(): PythonStatement {
    const condition = this.expression()
    const body = this.block()
    let otherwise: PythonStatement[] = []
    if (this.accept('elif')) otherwise = [this.conditional()]
    else if (this.accept('else')) otherwise = this.block()
    return { kind: 'if', condition, body, otherwise }
  }

  /** What stands behind `:`, on the same line or indented. */
  private block(): PythonStatement[] {
    this.expect(':')
    if (this.peek().kind !== 'newline') return this.simpleLine()
    this.next()
    this.kind('indent', 'an indented block')
    const statements: PythonStatement[] = []
    while (this.peek().kind !== 'dedent' && this.peek().kind !== 'end') statements.push(...this.statement())
    if (this.peek().kind === 'dedent') this.next()
    return statements
  }

  /** Statements with `;` between them, to the end of the line. */
  private simpleLine(): PythonStatement[] {
    const statements = [this.simple()]
    while (this.accept(';')) {
      if (this.peek().kind === 'newline') break
      statements.push(this.simple())
    }
    this.kind('newline', 'the end of the line')
    return statements
  }

  private simple(): PythonStatement {
    const { line, kind, text } = this.peek()
    if (this.accept('pass')) return { kind: 'pass' }
    if (this.accept('assert')) return this.assertion(line)
    if (kind === 'name' && text === 'print' && !this.is('(', 1)) return this.print()
    const operator = this.peek(1)
    if (kind === 'name' && operator.kind === 'operator' && ASSIGNMENTS.includes(operator.text)) {
      this.at += 2
      return { kind: 'assign', name: text, operator: operator.text.slice(0, -1), value: this.expressionList(), line }
    }
    return { kind: 'expression', value: this.expressionList() }
  }

  private assertion(line: number): PythonStatement {
    const condition = this.expression()
    const message = this.accept(',') ? this.expression() : null
    const last = this.peek().line
    const text = this.lines
      .slice(line, last + 1)
      .map((each) => each.trim())
      .join(' ')
    return { kind: 'assert', condition, message, text, line }
  }

  /** `print a, b`, as Python 2 has it. */
  private print(): PythonStatement {
    this.next()
    if (this.peek().kind === 'newline' || this.is(';')) return { kind: 'print', args: [] }
    const value: PythonExpression = this.expressionList()
    return { kind: 'print', args: value.kind === 'list' ? value.items : [value] }
  }
}
