import { type PythonValue, pythonRepresentation, pythonText } from './python-format.js'
import { asNumber, compare, isTrue } from './python-operators.js'

/** The most items that `range` makes. */
const LONGEST_RANGE = 100_000

type PythonFunction = (args: readonly PythonValue[]) => PythonValue

/** The functions of Python that code blocks may call. They throw a plain Error with what is wrong. */
export const FUNCTIONS: Readonly<Record<string, PythonFunction>> = {
  abs: (args) => Math.abs(asNumber(only(args))),
  all: (args) => items(only(args)).every(isTrue),
  any: (args) => items(only(args)).some(isTrue),
  bool: (args) => isTrue(only(args)),
  float: (args) => toNumber(only(args)),
  hex: (args) => `0x${BigInt(Math.trunc(asNumber(only(args)))).toString(16)}`,
  int: (args) => Math.trunc(toNumber(only(args))),
  len: (args) => lengthOf(only(args)),
  list: (args) => items(only(args)),
  max: (args) => extreme(args, '>'),
  min: (args) => extreme(args, '<'),
  range: (args) => range(args.map(asNumber)),
  repr: (args) => pythonRepresentation(only(args)),
  round: ([value = null, places = 0]) => round(asNumber(value), asNumber(places)),
  str: (args) => pythonText(only(args)),
  sum: (args) => items(only(args)).reduce<number>((sum, each) => sum + asNumber(each), 0),
}

function only(args: readonly PythonValue[]): PythonValue {
  const [value] = args
  if (value === undefined || args.length > 1) throw new Error(`expected 1 argument, got ${args.length}`)
  return value
}

function items(value: PythonValue): readonly PythonValue[] {
  if (typeof value === 'string') return [...value]
  if (!Array.isArray(value)) throw new Error('the object is not iterable')
  return value
}

function lengthOf(value: PythonValue): number {
  return items(value).length
}

function toNumber(value: PythonValue): number {
  if (typeof value !== 'string') return asNumber(value)
  const number = value.trim() === '' ? Number.NaN : Number(value)
  if (Number.isNaN(number)) throw new Error(`could not convert '${value}' to a number`)
  return number
}

function extreme(args: readonly PythonValue[], operator: string): PythonValue {
  const values = args.length === 1 ? items(args[0] as PythonValue) : args
  const [first, ...rest] = values
  if (first === undefined) throw new Error('there is no smallest or largest of nothing')
  return rest.reduce((best, each) => (compare(operator, each, best) ? each : best), first)
}

function range(bounds: readonly number[]): number[] {
  const [first, second, step = 1] = bounds
  if (first === undefined || step === 0) throw new Error('range() takes 1 to 3 numbers, the last not 0')
  const start = second === undefined ? 0 : first
  const end = second ?? first
  const count = Math.max(0, Math.ceil((end - start) / step))
  if (count > LONGEST_RANGE) throw new Error(`a range has ${LONGEST_RANGE} items at most`)
  return Array.from({ length: count }, (_, index) => start + index * step)
}

/** Halves go to the even neighbour. */
function round(value: number, places: number): number {
  const scale = 10 ** places
  const scaled = value * scale
  const floor = Math.floor(scaled)
  const half = scaled - floor === 0.5
  return (half ? floor + (floor % 2 === 0 ? 0 : 1) : Math.round(scaled)) / scale
}
