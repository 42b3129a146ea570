import {
  EINVAL,
  type OptionValue,
  SO_LINGER,
  SO_RCVTIMEO,
  SO_SNDTIMEO,
  SOL_IP,
  SOL_SOCKET,
  SOL_TCP,
  SocketError,
  TCP_MD5SIG,
  TCP_MD5SIG_EXT,
} from '@jackfield/sockets'
import type { Expression } from '../script.js'
import { type Arguments, textBytes } from './arguments.js'
import type { Syscall } from './call.js'

export const setsockopt: Syscall = async (args, run) => {
  args.expect(5)
  const level = args.integer(1)
  const name = args.integer(2)
  const live = run.files.live(args.integer(0))
  const length = args.isEllipsis(4) ? -1 : args.integer(4)
  if (!args.isEllipsis(4) && length < 0) throw new SocketError(EINVAL, 'setsockopt')
  if (args.isNowhere(args.at(3)) && length > 0 && args.spec.args[3]?.kind === 'word') args.badPointer(args.at(3))
  const value = optionValue(args, level, name, args.at(3))
  // A length below that of an int is too little for all but the options of IP, which take a byte.
  if (typeof value === 'number' && length >= 0 && length < 4 && level !== SOL_IP) {
    throw new SocketError(EINVAL, 'setsockopt')
  }
  const cut = typeof value === 'string' && length >= 0 ? value.slice(0, length) : value
  run.sockets.setsockopt(live, level, name, cut)
  if (level === SOL_TCP && (name === TCP_MD5SIG || name === TCP_MD5SIG_EXT)) run.book.md5Key = md5Key(cut)
  return { result: 0 }
}

/** The key of `{address="192.0.2.1", key="secret"}`. */
function md5Key(value: OptionValue): Uint8Array | null {
  if (typeof value !== 'object' || value instanceof Uint8Array) return null
  const { key } = value
  return typeof key === 'string' && key !== '' ? textBytes(key) : null
}

/** An option's value from `[1]`, `"reno"`, `{onoff=1, linger=0}` or `{seconds, microseconds}`. */
function optionValue(args: Arguments, level: number, name: number, expression: Expression): OptionValue {
  if (expression.kind === 'array' && expression.items.length === 1) {
    return optionValue(args, level, name, expression.items[0] as Expression)
  }
  if (expression.kind === 'string') return expression.value
  const time = level === SOL_SOCKET && (name === SO_RCVTIMEO || name === SO_SNDTIMEO)
  const parts = expression.kind === 'tuple' || expression.kind === 'array' ? expression.items : []
  if (time && parts.length === 2) {
    const [sec, usec] = parts as [Expression, Expression]
    return { sec: args.value(sec, 'seconds'), usec: args.value(usec, 'microseconds') }
  }
  if (expression.kind === 'structure') {
    const entries = [...expression.fields].map(([key, value]): [string, number | string] => [
      key,
      value.kind === 'string' ? value.value : args.value(value, key),
    ])
    const fields = Object.fromEntries(entries)
    if (level === SOL_SOCKET && name === SO_LINGER)
      return { onoff: fields['onoff'] !== 0, linger: fields['linger'] ?? 0 }
    return fields
  }
  if (parts.length > 1) return intBytes(parts.map((each) => args.value(each, 'the value')))
  return args.value(expression, 'the value')
}

/** C's `int`s, lowest byte first. */
function intBytes(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4)
  const view = new DataView(bytes.buffer)
  values.forEach((value, index) => {
    view.setInt32(index * 4, value, true)
  })
  return bytes
}

export const getsockopt: Syscall = async (args, run) => {
  args.expect(5)
  const value = run.sockets.getsockopt(run.files.live(args.integer(0)), args.integer(1), args.integer(2))
  return { result: 0, check: () => checkValue(args, args.at(3), value) ?? checkLength(args, value) }
}

function checkValue(args: Arguments, expected: Expression, actual: OptionValue): string | null {
  if (expected.kind === 'ellipsis') return null
  if (expected.kind === 'array' && expected.items.length === 1) {
    return checkValue(args, expected.items[0] as Expression, actual)
  }
  const wrong = (wanted: unknown, found: unknown): string =>
    `Bad getsockopt value: expected: ${wanted} actual: ${found}`
  if (expected.kind === 'string') {
    const text = actual instanceof Uint8Array ? String.fromCharCode(...actual) : String(actual)
    return text === expected.value ? null : wrong(`"${expected.value}"`, `"${text}"`)
  }
  if (expected.kind === 'structure') return checkFields(args, expected, actual)
  const wanted = args.value(expected, 'the value')
  const found = actual instanceof Uint8Array ? firstInt(actual) : actual
  return wanted === found ? null : wrong(wanted, typeof found === 'object' ? JSON.stringify(found) : found)
}

function checkFields(
  args: Arguments,
  expected: Extract<Expression, { kind: 'structure' }>,
  actual: OptionValue,
): string | null {
  if (typeof actual !== 'object' || actual instanceof Uint8Array)
    return `Bad getsockopt value: ${actual} is no structure`
  for (const [name, value] of expected.fields) {
    if (value.kind === 'ellipsis') continue
    const wanted = args.value(value, name)
    const found = actual[name] ?? actual[name.replace(/^tcpi_/, '')]
    if (Number(found) !== wanted) return `Bad getsockopt ${name}: expected: ${wanted} actual: ${String(found)}`
  }
  return null
}

function firstInt(bytes: Uint8Array): number {
  if (bytes.length < 4) return bytes[0] ?? 0
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getInt32(0, true)
}

/** The length that the call gives back, where the value has one of its own: text and bytes. */
function checkLength(args: Arguments, value: OptionValue): string | null {
  const expression = args.at(4)
  if (expression.kind === 'ellipsis' || !(value instanceof Uint8Array)) return null
  const wanted = args.value(expression, 'the length')
  return wanted === value.length ? null : `Bad getsockopt length: expected: ${wanted} actual: ${value.length}`
}
