import { IpAddress, SocketAddress } from '@jackfield/addr'
import { AF_INET, AF_INET6, AF_UNSPEC, EAFNOSUPPORT, EFAULT, SocketError } from '@jackfield/sockets'
import type { Expression, SyscallSpec } from '../script.js'
import { ScriptError } from '../script-error.js'
import { symbolValue } from '../symbols.js'

/** The largest buffer that a call may ask for, in bytes. */
const LARGEST_BUFFER = 256 * 1024 * 1024

/** The arguments of one call, by position from 0, read as what the call takes. Faults name the call and the argument. */
export class Arguments {
  readonly spec: SyscallSpec

  constructor(spec: SyscallSpec) {
    this.spec = spec
  }

  /** @throws ScriptError unless there are so many arguments */
  expect(minimum: number, maximum: number = minimum): void {
    const count = this.spec.args.length
    if (count >= minimum && count <= maximum) return
    const wanted = minimum === maximum ? `${minimum}` : `${minimum} to ${maximum}`
    this.fail(`expected ${wanted} arguments but got ${count}`)
  }

  at(index: number): Expression {
    return this.spec.args[index] ?? this.fail(`argument ${index + 1} is missing`)
  }

  isEllipsis(index: number): boolean {
    return this.at(index).kind === 'ellipsis'
  }

  integer(index: number): number {
    return this.value(this.at(index), `argument ${index + 1}`)
  }

  /** The bytes of a buffer that is sent: `...` is zeros, a string is itself. */
  data(index: number, length: number): Uint8Array {
    return this.fill(this.at(index), length)
  }

  /** Whether an argument is a pointer that leads nowhere. */
  isNowhere(expression: Expression): boolean {
    return expression.kind === 'integer' || (expression.kind === 'word' && expression.name === 'NULL')
  }

  /** A buffer to receive into. */
  buffer(length: number): Uint8Array {
    if (!Number.isInteger(length) || length < 0 || length > LARGEST_BUFFER) {
      this.fail(`a buffer has 0 to ${LARGEST_BUFFER} bytes, not ${length}`)
    }
    return new Uint8Array(length)
  }

  /** Bytes for an expression: zeros, or those of a string at their beginning. */
  fill(expression: Expression, length: number): Uint8Array {
    const bytes = this.buffer(length)
    if (expression.kind === 'string') bytes.set(textBytes(expression.value).subarray(0, length))
    else if (expression.kind !== 'ellipsis' && length > 0) this.badPointer(expression)
    return bytes
  }

  /** The buffer and the length of `{..., 1000}`, an `iovec`. */
  piece(item: Expression): { base: Expression; length: number } {
    const [base, length] = item.kind === 'tuple' ? item.items : []
    if (base === undefined || length === undefined) return this.fail('an iovec is {..., length}')
    return { base, length: this.value(length, 'iov_len') }
  }

  /** A pointer that leads nowhere (`NULL`, `0x1`) where the call needs one: the call fails with `EFAULT`. */
  badPointer(expression: Expression): void {
    if (!this.isNowhere(expression)) this.fail('a buffer is ..., a string, or a number that is no address')
    throw new SocketError(EFAULT, this.spec.name)
  }

  /** The items of an array; a single thing is an array of one. */
  items(expression: Expression): readonly Expression[] {
    if (expression.kind === 'array') return expression.items
    if (expression.kind === 'ellipsis') return []
    return [expression]
  }

  /** A field of a structure. */
  field(expression: Expression, name: string): Expression {
    const value = this.optionalField(expression, name)
    return value ?? this.fail(`the structure has no field ${name}`)
  }

  optionalField(expression: Expression, name: string): Expression | undefined {
    if (expression.kind !== 'structure') return this.fail(`a structure with the field ${name} expected: {${name}=...}`)
    return expression.fields.get(name)
  }

  /** The number that an expression stands for. */
  value(expression: Expression, what: string): number {
    switch (expression.kind) {
      case 'integer':
        return expression.value
      case 'word': {
        const value = symbolValue(expression.name)
        return value ?? this.fail(`${what}: unknown symbol: '${expression.name}'`)
      }
      case 'operation': {
        const left = this.value(expression.left, what)
        const right = this.value(expression.right, what)
        return expression.operator === '+' ? left + right : Number(BigInt(left) | BigInt(right))
      }
      case 'array':
      case 'tuple': {
        const [only, ...more] = expression.items
        if (only !== undefined && more.length === 0) return this.value(only, what)
        break
      }
      case 'call': {
        const [only] = expression.args
        if (expression.name === 'htons' && only !== undefined) return this.value(only, what)
        break
      }
    }
    return this.fail(`${what}: expected an integer`)
  }

  /** `{sa_family = AF_INET, sin_port = htons(80), sin_addr = inet_addr("192.0.2.1")}`, or null for `...`. */
  address(index: number): SocketAddress | null {
    return this.addressOf(this.at(index))
  }

  /** The same of an expression. */
  addressOf(expression: Expression): SocketAddress | null {
    if (expression.kind === 'ellipsis' || this.isNowhere(expression)) return null
    return this.socketAddress(expression)
  }

  /** Whether an address argument is of the family `AF_UNSPEC`: `connect` to it dissolves the association. */
  isUnspecified(index: number): boolean {
    const expression = this.at(index)
    if (expression.kind !== 'structure') return false
    return this.value(this.field(expression, 'sa_family'), 'sa_family') === AF_UNSPEC
  }

  private socketAddress(expression: Expression): SocketAddress {
    const family = this.value(this.field(expression, 'sa_family'), 'sa_family')
    const port = this.value(this.field(expression, 'sin_port'), 'sin_port')
    if (!(port >= 0 && port <= 0xffff)) this.fail(`sin_port is 0 to 65535, not ${port}`)
    const result = new SocketAddress()
    const address = this.ipAddress(this.field(expression, 'sin_addr'))
    if (family !== AF_INET && family !== AF_INET6) throw new SocketError(EAFNOSUPPORT, this.spec.name)
    result.set(family, family === 10 ? address.unmapped() : address, port)
    return result
  }

  private ipAddress(expression: Expression): IpAddress {
    const inner = expression.kind === 'call' ? expression.args[0] : expression
    const text = inner?.kind === 'string' ? inner.value : inner?.kind === 'address' ? inner.text : undefined
    try {
      if (text !== undefined) return IpAddress.parse(text)
    } catch {
      this.fail(`'${text}' is no IP address`)
    }
    if (inner?.kind === 'word' && inner.name === 'INADDR_ANY') return IpAddress.v4(0)
    return this.fail('an address is inet_addr("192.0.2.1")')
  }

  fail(message: string): never {
    const { line, name } = this.spec
    throw new ScriptError('system call', line, `runtime error in ${name} call: ${message}`)
  }
}

/** A string's bytes: one for each of its characters. */
export function textBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0) & 0xff)
}
