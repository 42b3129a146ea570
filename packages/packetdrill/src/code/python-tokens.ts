/** What a token of a code block is. `indent` and `dedent` stand around the lines of a block. */
export type PythonTokenKind =
  | 'name'
  | 'number'
  | 'string'
  | 'format'
  | 'operator'
  | 'newline'
  | 'indent'
  | 'dedent'
  | 'end'

export interface PythonToken {
  readonly kind: PythonTokenKind
  readonly text: string
  /** Line in the block, from 0. */
  readonly line: number
}

/** A fault in a code block: of its syntax, or one that Python would raise. */
export class PythonError extends Error {
  /** The name of the exception, as `'AssertionError'`. */
  readonly exception: string
  /** Line in the block, from 0. */
  readonly line: number

  constructor(exception: string, line: number, message: string) {
    super(message)
    this.name = 'PythonError'
    this.exception = exception
    this.line = line
  }
}

const NUMBER = /0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
const NAME = /[A-Za-z_][A-Za-z_0-9]*/y
const STRING = /([fF]?)("""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*')/y
const OPERATOR = /\*\*=|\/\/=|<<=|>>=|\*\*|\/\/|<<|>>|[-+*/%&|^<>=!]=|[-+*/%&|^~<>=()[\]{},:;.]/y

/** The tokens of a code block. */
export function tokenizePython(text: string): PythonToken[] {
  const tokens: PythonToken[] = []
  const levels = [0]
  let at = 0
  let line = 0
  let depth = 0
  let lineStart = true
  let opensBlock = false
  const push = (kind: PythonTokenKind, value = ''): void => {
    tokens.push({ kind, text: value, line })
  }
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    return pattern.exec(text)
  }
  const indentTo = (width: number): void => {
    const top = levels.at(-1) as number
    if (width > top && opensBlock) {
      levels.push(width)
      push('indent')
    } else if (width < top) {
      while (levels.length > 1 && width < (levels.at(-1) as number)) {
        levels.pop()
        push('dedent')
      }
    }
    // Where the script's own indentation begins is not Python's business.
    if (levels.length === 1) levels[0] = width
  }
  while (at < text.length) {
    if (lineStart && depth === 0) {
      const blank = match(/[ \t]*/y) as RegExpExecArray
      const next = text[at + blank[0].length]
      at += blank[0].length
      if (next === undefined) break
      if (next !== '\n' && next !== '\r' && next !== '#') indentTo(blank[0].length)
      lineStart = false
    }
    const char = text[at] as string
    if (char === '\n') {
      const last = tokens.at(-1)
      if (depth === 0 && last !== undefined && last.kind !== 'newline') {
        opensBlock = last.text === ':' && last.kind === 'operator'
        push('newline')
      }
      lineStart = true
      line++
      at++
      continue
    }
    if (char === ' ' || char === '\t' || char === '\r') {
      at++
      continue
    }
    if (char === '#') {
      at += (match(/[^\n]*/y) as RegExpExecArray)[0].length
      continue
    }
    if (char === '\\' && text[at + 1] === '\n') {
      line++
      at += 2
      continue
    }
    const string = match(STRING)
    if (string !== null) {
      const [whole, prefix, quoted] = string as unknown as [string, string, string]
      const quotes = quoted.startsWith('"""') || quoted.startsWith("'''") ? 3 : 1
      push(prefix === '' ? 'string' : 'format', quoted.slice(quotes, -quotes))
      line += whole.split('\n').length - 1
      at += whole.length
      continue
    }
    const number = match(NUMBER)
    const name = number === null ? match(NAME) : null
    const operator = number === null && name === null ? match(OPERATOR) : null
    const found = number ?? name ?? operator
    if (found === null) throw new PythonError('SyntaxError', line, `invalid character '${char}'`)
    push(number !== null ? 'number' : name !== null ? 'name' : 'operator', found[0])
    if (operator !== null) {
      if ('([{'.includes(found[0])) depth++
      else if (')]}'.includes(found[0])) depth = Math.max(0, depth - 1)
    }
    at += found[0].length
  }
  if (tokens.length > 0 && tokens.at(-1)?.kind !== 'newline') push('newline')
  for (; levels.length > 1; levels.pop()) push('dedent')
  push('end')
  return tokens
}
