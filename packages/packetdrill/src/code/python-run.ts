import { type PythonValue, pythonRepresentation, pythonText, specFormat } from './python-format.js'
import { FUNCTIONS } from './python-functions.js'
import { asNumber, binaryOperation, compare, isTrue } from './python-operators.js'
import { parsePython } from './python-parse.js'
import { PythonError } from './python-tokens.js'
import type { PythonExpression, PythonStatement } from './python-tree.js'

/** Steps that one block may take. */
const STEPS = 1_000_000

/** Runs code blocks, one after the other, with the names that they leave behind. */
export class PythonRunner {
  private readonly names = new Map<string, PythonValue>()
  private readonly print: (line: string) => void
  private steps = 0

  /** @param print takes what the blocks print, a line at a time */
  constructor(print: (line: string) => void) {
    this.print = print
  }

  /** Gives a name a value. */
  set(name: string, value: PythonValue): void {
    this.names.set(name, value)
  }

  /** Runs a block. @throws PythonError as Python would raise it, or for what the subset does not have */
  run(text: string): void {
    this.steps = 0
    this.block(parsePython(text))
  }

  private block(statements: readonly PythonStatement[]): void {
    for (const statement of statements) this.statement(statement)
  }

  private statement(statement: PythonStatement): void {
    switch (statement.kind) {
      case 'pass':
        return
      case 'assert':
        if (isTrue(this.evaluate(statement.condition))) return
        throw new PythonError('AssertionError', statement.line, this.assertion(statement))
      case 'print':
        this.printValues(statement.args.map((each) => this.evaluate(each)))
        return
      case 'expression':
        this.evaluate(statement.value)
        return
      case 'assign': {
        const { name, operator, line } = statement
        const value = this.evaluate(statement.value)
        const former = operator === '' ? null : this.lookUp(name, line)
        this.names.set(name, operator === '' ? value : at(line, () => binaryOperation(operator, former, value)))
        return
      }
      case 'if':
        this.block(isTrue(this.evaluate(statement.condition)) ? statement.body : statement.otherwise)
        return
      case 'for': {
        const items = this.evaluate(statement.items)
        if (typeof items !== 'string' && !Array.isArray(items)) {
          throw new PythonError('TypeError', statement.line, 'the object is not iterable')
        }
        for (const item of items as Iterable<PythonValue>) {
          this.names.set(statement.name, item)
          this.block(statement.body)
        }
      }
    }
  }

  /** What an assertion that fails says: its message, its text, and the values of the names in it. */
  private assertion(statement: Extract<PythonStatement, { kind: 'assert' }>): string {
    const message = statement.message === null ? '' : `${pythonText(this.evaluate(statement.message))} `
    const names = new Set<string>()
    collectNames(statement.condition, names)
    const values = [...names].flatMap((name) => {
      const value = this.names.get(name)
      return value === undefined ? [] : [`${name} = ${pythonRepresentation(value)}`]
    })
    return `${message}(${statement.text})${values.length === 0 ? '' : ` where ${values.join(', ')}`}`
  }

  private evaluate(expression: PythonExpression): PythonValue {
    if (++this.steps > STEPS) throw new PythonError('RuntimeError', 0, `the block takes more than ${STEPS} steps`)
    switch (expression.kind) {
      case 'constant':
        return expression.value
      case 'name':
        return this.lookUp(expression.name, expression.line)
      case 'list':
        return expression.items.map((item) => this.evaluate(item))
      case 'format':
        return expression.parts
          .map((part) => (typeof part === 'string' ? part : specFormat(this.evaluate(part.expression), part.format)))
          .join('')
      case 'unary':
        return unary(expression.operator, this.evaluate(expression.operand))
      case 'binary': {
        const { operator, line } = expression
        const left = this.evaluate(expression.left)
        const right = this.evaluate(expression.right)
        return at(line, () => binaryOperation(operator, left, right))
      }
      case 'compare':
        return this.comparison(expression)
      case 'and': {
        const left = this.evaluate(expression.left)
        return isTrue(left) ? this.evaluate(expression.right) : left
      }
      case 'or': {
        const left = this.evaluate(expression.left)
        return isTrue(left) ? left : this.evaluate(expression.right)
      }
      case 'choice':
        return this.evaluate(isTrue(this.evaluate(expression.condition)) ? expression.chosen : expression.otherwise)
      case 'call':
        return this.call(expression)
      case 'subscript':
        return this.subscript(expression)
    }
  }

  private printValues(values: readonly PythonValue[]): null {
    this.print(values.map(pythonText).join(' '))
    return null
  }

  private comparison(expression: Extract<PythonExpression, { kind: 'compare' }>): boolean {
    let left = this.evaluate(expression.first)
    for (const { operator, operand } of expression.rest) {
      const right = this.evaluate(operand)
      const former = left
      if (!at(expression.line, () => compare(operator, former, right))) return false
      left = right
    }
    return true
  }

  private call({ name, target, args, line }: Extract<PythonExpression, { kind: 'call' }>): PythonValue {
    const values = args.map((each) => this.evaluate(each))
    if (target !== null) {
      const self = this.evaluate(target)
      if (typeof self === 'string' && name === 'format') return at(line, () => braces(self, values))
      throw new PythonError('AttributeError', line, `there is no method '${name}' here`)
    }
    if (name === 'print') return this.printValues(values)
    const implementation = FUNCTIONS[name]
    if (implementation === undefined) throw new PythonError('NameError', line, `name '${name}' is not defined`)
    return at(line, () => implementation(values))
  }

  private subscript({ target, index, line }: Extract<PythonExpression, { kind: 'subscript' }>): PythonValue {
    const whole = this.evaluate(target)
    const position = this.evaluate(index)
    const item =
      (typeof whole === 'string' || Array.isArray(whole)) && typeof position === 'number'
        ? whole.at(position)
        : undefined
    if (item === undefined) throw new PythonError('IndexError', line, 'index out of range')
    return item as PythonValue
  }

  private lookUp(name: string, line: number): PythonValue {
    const value = this.names.get(name)
    if (value === undefined) throw new PythonError('NameError', line, `name '${name}' is not defined`)
    return value
  }
}

function unary(operator: string, value: PythonValue): PythonValue {
  if (operator === 'not') return !isTrue(value)
  const number = asNumber(value)
  if (operator === '~') return -number - 1
  return operator === '-' ? -number : number
}

/** Gives what goes wrong in an operation its line. */
function at<T>(line: number, operation: () => T): T {
  try {
    return operation()
  } catch (error) {
    if (error instanceof PythonError) throw error
    throw new PythonError('TypeError', line, error instanceof Error ? error.message : String(error))
  }
}

/** `'{} of {:.2f}'.format(a, b)` */
function braces(template: string, values: readonly PythonValue[]): string {
  let next = 0
  return template.replace(/\{\{|\}\}|\{(\d*)(?::([^{}]*))?\}/g, (whole, index?: string, format = '') => {
    if (index === undefined) return whole.charAt(0)
    const value = values[index === '' ? next++ : Number(index)]
    if (value === undefined) throw new Error('Replacement index out of range')
    return specFormat(value, format)
  })
}

function collectNames(expression: PythonExpression, names: Set<string>): void {
  if (expression.kind === 'name') names.add(expression.name)
  for (const value of Object.values(expression)) {
    for (const part of Array.isArray(value) ? value : [value]) {
      if (typeof part !== 'object' || part === null) continue
      if ('kind' in part) collectNames(part as PythonExpression, names)
      else if ('operand' in part) collectNames((part as { operand: PythonExpression }).operand, names)
    }
  }
}
