import { type PythonValue, percentFormat, pythonText } from './python-format.js'

/** Python's idea of what is true. */
export function isTrue(value: PythonValue): boolean {
  if (typeof value === 'object') return value !== null && value.length > 0
  return typeof value === 'string' ? value !== '' : Boolean(value)
}

/** A number, also of a boolean; throws a plain Error with Python's words where there is none. */
export function asNumber(value: PythonValue): number {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return Number(value)
  throw new Error(`unsupported operand type: ${typeName(value)}`)
}

function typeName(value: PythonValue): string {
  if (value === null) return 'NoneType'
  if (typeof value === 'string') return 'str'
  return typeof value === 'object' ? 'list' : 'int'
}

/** `left operator right`, by Python's rules: division rounds down, and integers have no limit in shifts and masks. */
export function binaryOperation(operator: string, left: PythonValue, right: PythonValue): PythonValue {
  if (typeof left === 'string') {
    if (operator === '%') return percentFormat(left, Array.isArray(right) ? right : [right])
    if (operator === '+' && typeof right === 'string') return left + right
    if (operator === '*') return left.repeat(Math.max(0, asNumber(right)))
  }
  if (operator === '+' && Array.isArray(left) && Array.isArray(right)) return [...left, ...right]
  const a = asNumber(left)
  const b = asNumber(right)
  switch (operator) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '**':
      return a ** b
    case '/':
      return a / divisor(b)
    case '//':
      return Math.floor(a / divisor(b))
    case '%':
      return a - divisor(b) * Math.floor(a / b)
    default:
      return integerOperation(operator, BigInt(integer(a)), BigInt(integer(b)))
  }
}

function integerOperation(operator: string, a: bigint, b: bigint): number {
  if (operator === '&') return Number(a & b)
  if (operator === '|') return Number(a | b)
  if (operator === '^') return Number(a ^ b)
  if (b < 0n || b > 4096n) throw new Error('negative or too large shift count')
  return Number(operator === '<<' ? a << b : a >> b)
}

function integer(value: number): number {
  if (!Number.isInteger(value)) throw new Error('unsupported operand type: float')
  return value
}

function divisor(value: number): number {
  if (value === 0) throw new Error('division by zero')
  return value
}

/** `left operator right`, for one link of a chain of comparisons. */
export function compare(operator: string, left: PythonValue, right: PythonValue): boolean {
  switch (operator) {
    case '==':
    case 'is':
      return isEqual(left, right)
    case '!=':
    case 'is not':
      return !isEqual(left, right)
    case 'in':
      return contains(right, left)
    case 'not in':
      return !contains(right, left)
  }
  const order = orderOf(left, right)
  if (operator === '<') return order < 0
  if (operator === '<=') return order <= 0
  return operator === '>' ? order > 0 : order >= 0
}

function isEqual(left: PythonValue, right: PythonValue): boolean {
  if (isSequence(left) && isSequence(right)) {
    return left.length === right.length && left.every((item, index) => isEqual(item, right[index] as PythonValue))
  }
  if (typeof left === 'boolean' || typeof right === 'boolean') {
    return left !== null && right !== null && Number(left) === Number(right)
  }
  return left === right
}

function isSequence(value: PythonValue): value is readonly PythonValue[] {
  return Array.isArray(value)
}

function contains(container: PythonValue, item: PythonValue): boolean {
  if (typeof container === 'string') return container.includes(pythonText(item))
  if (!isSequence(container)) throw new Error(`argument of type '${typeName(container)}' is not iterable`)
  return container.some((each) => isEqual(each, item))
}

/** Below 0 where `left` comes first; NaN compares as nothing. */
function orderOf(left: PythonValue, right: PythonValue): number {
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0
  if (isSequence(left) && isSequence(right)) {
    for (const [index, item] of left.entries()) {
      const other = right[index]
      if (other === undefined) return 1
      const order = orderOf(item, other)
      if (order !== 0) return order
    }
    return left.length - right.length
  }
  return asNumber(left) - asNumber(right)
}
