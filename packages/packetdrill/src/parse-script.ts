import { parseExpression, parseExpressions } from './parse-expression.js'
import { isPacketStart, parsePacket } from './parse-packet.js'
import type { CommandSpec, EventTime, Script, ScriptEvent, ScriptOption, SyscallSpec } from './script.js'
import { ScriptError } from './script-error.js'
import { TokenReader } from './token-reader.js'
import { type Definitions, type Token, tokenize } from './tokens.js'

/**
 * Reads a script.
 * @param definitions names that the script may use beside those that it defines itself, as `--define=NAME=VALUE` does
 * @throws ScriptError with the line of what is wrong
 */
export function parseScript(text: string, definitions: Definitions = new Map()): Script {
  const reader = new TokenReader(tokenize(text))
  const options = parseOptions(reader)
  reader.define(new Map([...ownDefinitions(options), ...definitions]))
  const init = reader.isKind('command') ? parseCommand(reader) : null
  const events: ScriptEvent[] = []
  while (!reader.isKind('end') && !reader.isKind('command')) events.push(parseEvent(reader))
  const cleanup = reader.isKind('command') ? parseCommand(reader) : null
  if (!reader.isKind('end')) reader.unexpected('the end of the script')
  return { options, init, events, cleanup }
}

/** The names that `--define=NAME=VALUE` options give; RangeError-like fault where one is no definition. */
export function ownDefinitions(options: readonly ScriptOption[]): Map<string, string> {
  const definitions = new Map<string, string>()
  for (const { name, value, line } of options) {
    if (name !== 'define') continue
    const equals = value.indexOf('=')
    if (equals < 1) throw new ScriptError('semantic', line, `--define takes NAME=VALUE, not '${value}'`)
    definitions.set(value.slice(0, equals), value.slice(equals + 1))
  }
  return definitions
}

function parseOptions(reader: TokenReader): ScriptOption[] {
  const options: ScriptOption[] = []
  while (reader.isKind('option')) {
    const { text: name, line } = reader.next()
    options.push({ name, value: reader.accept('=') ? optionValue(reader) : '', line })
  }
  return options
}

/** What stands behind `=`: one token, several without white space between them (`a,b`), or `NAME=VALUE`. */
function optionValue(reader: TokenReader): string {
  const first = reader.next()
  let value = first.kind === 'string' ? first.text : quoted(first)
  while (!reader.peek().spaced && !reader.isKind('end') && !reader.isKind('option')) value += quoted(reader.next())
  return value
}

function quoted(token: Token): string {
  if (token.kind === 'string') return `"${token.text}"`
  return token.kind === 'command' ? `\`${token.text}\`` : token.text
}

function parseEvent(reader: TokenReader): ScriptEvent {
  const line = reader.line
  const time = parseTime(reader)
  const blocking = reader.is('...')
  if (blocking) reader.next()
  const end = blocking ? seconds(reader) : null
  const action = parseAction(reader, end, line)
  const outbound = action.kind === 'packet' && action.direction === 'outbound'
  if (!outbound && time.any) {
    throw new ScriptError('semantic', line, 'event time <star> can only be used with outbound packets')
  }
  if (!outbound && time.range) {
    throw new ScriptError('semantic', line, 'event time range can only be used with outbound packets')
  }
  return { line, time, action }
}

function parseAction(reader: TokenReader, end: number | null, line: number): ScriptEvent['action'] {
  if (reader.isKind('word')) return parseSyscall(reader, end)
  if (end !== null) throw new ScriptError('semantic', line, 'only a system call may have an end time')
  if (isPacketStart(reader)) return parsePacket(reader)
  if (reader.isKind('command')) return parseCommand(reader)
  if (reader.isKind('code')) {
    const { line: codeLine, text } = reader.next()
    return { kind: 'code', line: codeLine, text }
  }
  return reader.unexpected('a packet, a system call, a command or code')
}

function parseTime(reader: TokenReader): EventTime {
  if (reader.accept('*')) {
    if (reader.accept('~')) reader.unexpected('an event: <star> has no end')
    return { relative: false, any: true, start: 0, end: 0, range: false }
  }
  const relative = reader.accept('+')
  const line = reader.line
  const start = seconds(reader)
  if (!reader.accept('~')) return { relative, any: false, start, end: start, range: false }
  if (relative) reader.expect('+')
  const end = seconds(reader)
  if (end < start) throw new ScriptError('semantic', line, 'time range is backwards')
  return { relative, any: false, start, end, range: true }
}

/** A time in seconds, as microseconds. */
function seconds(reader: TokenReader): number {
  const token = reader.peek()
  if (token.kind !== 'integer' && token.kind !== 'float') reader.unexpected('a time in seconds')
  reader.next()
  if (token.value < 0) throw new ScriptError('semantic', token.line, 'negative time')
  return Math.round(token.value * 1e6)
}

function parseCommand(reader: TokenReader): CommandSpec {
  const { line, text } = reader.expectKind('command', 'a command')
  return { kind: 'command', line, text }
}

function parseSyscall(reader: TokenReader, end: number | null): SyscallSpec {
  const { line, text: name } = reader.next()
  reader.expect('(')
  const args = reader.is(')') ? [] : parseExpressions(reader, 1)
  reader.expect(')')
  reader.expect('=')
  const result = parseExpression(reader)
  let errno: string | null = null
  if (reader.isKind('word')) errno = reader.next().text
  if (reader.is('(')) skipNote(reader)
  else if (errno !== null) reader.unexpected("a note in '()' behind the error's name")
  return { kind: 'syscall', line, name, args, result, errno, end }
}

/** `(Resource temporarily unavailable)`, `(flags O_RDWR|O_NONBLOCK)`: for people. */
function skipNote(reader: TokenReader): void {
  reader.expect('(')
  while (!reader.is(')')) {
    if (reader.isKind('end') || reader.isKind('command')) reader.unexpected("')'")
    reader.next()
  }
  reader.expect(')')
}
