/** What a name may stand for. Python's tuples are lists here, and its integers and floats are numbers. */
export type PythonValue = number | string | boolean | null | readonly PythonValue[]

/** As `str()` has it. */
export function pythonText(value: PythonValue): string {
  return typeof value === 'string' ? value : pythonRepresentation(value)
}

/** As `repr()` has it. */
export function pythonRepresentation(value: PythonValue): string {
  if (value === null) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'string') return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  return `(${value.map(pythonRepresentation).join(', ')}${value.length === 1 ? ',' : ''})`
}

function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'inf'
  if (value === Number.NEGATIVE_INFINITY) return '-inf'
  if (Number.isNaN(value)) return 'nan'
  return Number.isInteger(value) ? BigInt(value).toString() : String(value)
}

/** What `%` of a string does: `'%d of %5.2f' % (a, b)`. A sentence on what is wrong is thrown as a plain Error. */
export function percentFormat(template: string, values: readonly PythonValue[]): string {
  let used = 0
  const text = template.replace(
    /%(?:%|([-+0 #]*)(\d*)(?:\.(\d+))?[hlL]?([diufFeEgGxXosrc]))/g,
    (whole, flags: string | undefined, width: string, precision: string | undefined, type: string) => {
      if (whole === '%%' || flags === undefined) return '%'
      const value = values[used++]
      if (value === undefined) throw new Error('not enough arguments for format string')
      return pad(convert(value, type, precision, flags), flags, Number(width))
    },
  )
  if (used < values.length) throw new Error('not all arguments converted during string formatting')
  return text
}

/** What `format(value, specification)` does: `{:.2f}`, `{:>8}`, `{:#x}`. */
export function specFormat(value: PythonValue, specification: string): string {
  if (specification === '') return pythonText(value)
  const found = /^([<>^]?)([-+ ]?)(#?)(0?)(\d*),?(?:\.(\d+))?([bcdeEfFgGosxX%]?)$/.exec(specification)
  if (found === null) throw new Error(`Invalid format specifier '${specification}'`)
  const [, align = '', sign = '', alternate = '', zero = '', width = '', precision, type = ''] = found
  const plain = type === '' ? (precision === undefined ? 's' : 'f') : type
  const left = align === '<' || (align === '' && typeof value !== 'number') ? '-' : ''
  const text = plain === 's' ? pythonText(value) : convert(value, plain, precision, sign + alternate)
  return pad(text, zero + left, Number(width))
}

function convert(value: PythonValue, type: string, precision: string | undefined, flags: string): string {
  if (type === 's') return pythonText(value).slice(0, precision === undefined ? undefined : Number(precision))
  if (type === 'r') return pythonRepresentation(value)
  if (type === 'c') return typeof value === 'number' ? String.fromCodePoint(value) : pythonText(value)
  if (typeof value !== 'number' && typeof value !== 'boolean') throw new Error(`%${type} format: a number is required`)
  const number = Number(value)
  const sign = number < 0 ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  return sign + digits(Math.abs(number), type, Number(precision ?? 6), flags.includes('#'))
}

function digits(number: number, type: string, precision: number, alternate: boolean): string {
  switch (type) {
    case 'x':
      return `${alternate ? '0x' : ''}${BigInt(Math.trunc(number)).toString(16)}`
    case 'X':
      return `${alternate ? '0X' : ''}${BigInt(Math.trunc(number)).toString(16).toUpperCase()}`
    case 'o':
      return `${alternate ? '0o' : ''}${BigInt(Math.trunc(number)).toString(8)}`
    case 'b':
      return BigInt(Math.trunc(number)).toString(2)
    case 'e':
    case 'E':
      return number.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2')
    case 'f':
    case 'F':
      return number.toFixed(precision)
    case 'g':
    case 'G':
      return String(Number(number.toPrecision(Math.max(1, precision))))
    case '%':
      return `${(number * 100).toFixed(precision)}%`
    default:
      return numberText(Math.trunc(number))
  }
}

function pad(text: string, flags: string, width: number): string {
  if (flags.includes('-')) return text.padEnd(width)
  if (!flags.includes('0')) return text.padStart(width)
  const sign = /^[-+ ]/.test(text) ? text.charAt(0) : ''
  return sign + text.slice(sign.length).padStart(width - sign.length, '0')
}
