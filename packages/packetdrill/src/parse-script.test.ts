import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseScript } from './parse-script.js'
import { printSpec } from './print-packet.js'
import type { Expression, IcmpSpec, IpSpec, PacketSpec, Script, TcpOption, TcpSpec } from './script.js'
import { ScriptError } from './script-error.js'
import { tcpOptionsLength } from './wire/tcp-options.js'

const u8 = fc.nat(0xff)
const u16 = fc.nat(0xffff)
const u32 = fc.nat(0xffff_ffff)

const option: fc.Arbitrary<TcpOption> = fc.oneof(
  fc.constantFrom<TcpOption>({ kind: 'nop' }, { kind: 'eol' }, { kind: 'sackOK' }),
  u16.map((value): TcpOption => ({ kind: 'mss', value })),
  u8.map((value): TcpOption => ({ kind: 'wscale', value })),
  fc.tuple(u32, u32).map(([value, echo]): TcpOption => ({ kind: 'timestamp', value, echo })),
  fc.array(fc.tuple(u32, u32), { minLength: 1, maxLength: 4 }).map((blocks): TcpOption => ({ kind: 'sack', blocks })),
  fc
    .tuple(fc.constantFrom('fastOpen', 'fastOpenExperimental'), fc.uint8Array({ maxLength: 16 }))
    .map(([kind, data]): TcpOption => ({ kind, data })),
  fc.uint8Array({ minLength: 1, maxLength: 16 }).map((data): TcpOption => ({ kind: 'md5', data })),
  fc.constant<TcpOption>({ kind: 'md5', data: new Uint8Array(16), good: true }),
  fc
    .tuple(
      u16.filter((magic) => magic !== 0xf989),
      fc.uint8Array({ maxLength: 8 }),
    )
    .map(([magic, data]): TcpOption => ({ kind: 'experimental', magic, data })),
)

const options = fc.array(option, { maxLength: 6 }).filter((list) => tcpOptionsLength(list) <= 40)

const ip: fc.Arbitrary<IpSpec> = fc.record({
  tos: fc.oneof(
    fc.constant({ check: 'none', value: 0 } as const),
    fc.nat(3).map((value) => ({ check: 'ecn', value }) as const),
    u8.map((value) => ({ check: 'tos', value }) as const),
  ),
  flowLabel: fc.nat(0xf_ffff),
  ttl: u8,
})

const tcp: fc.Arbitrary<TcpSpec> = fc
  .record({
    protocol: fc.constant('tcp' as const),
    flags: fc.nat(0x1ff),
    seq: u32,
    length: u16,
    ack: u32,
    window: u16,
    urgent: u16,
    options,
  })
  // Without the flag the acknowledgement is not written.
  .map((spec) => ({ ...spec, ack: (spec.flags & 0x10) === 0 ? 0 : spec.ack }))

const icmp: fc.Arbitrary<IcmpSpec> = fc.record({
  protocol: fc.constant('icmp' as const),
  type: fc.constantFrom('unreachable', 'time_exceeded', 'type_42'),
  code: fc.constantFrom(null, 'port_unreachable', 'code_9'),
  mtu: fc.option(u16),
  id: fc.option(u16),
  quoted: fc.option(
    fc.oneof(
      fc.record({ protocol: fc.constant('tcp' as const), seq: fc.nat(0xffff), length: u16 }),
      fc.record({ protocol: fc.constantFrom('udp' as const, 'raw' as const), seq: fc.constant(0), length: u16 }),
    ),
  ),
})

const packet: fc.Arbitrary<PacketSpec> = fc
  .record({
    kind: fc.constant('packet' as const),
    line: fc.constant(1),
    direction: fc.constantFrom('inbound' as const, 'outbound' as const),
    ip,
    sourcePort: u16,
    destinationPort: u16,
    body: fc.oneof(
      tcp,
      icmp,
      u16.map((length) => ({ protocol: 'udp' as const, length })),
    ),
  })
  .map((spec) => (spec.body.protocol === 'icmp' ? { ...spec, sourcePort: 0, destinationPort: 0 } : spec))

function onlyAction(text: string): Script['events'][number]['action'] {
  const { events } = parseScript(text)
  expect(events.length).toBe(1)
  return (events[0] as Script['events'][number]).action
}

test('parse(print(packet)) = packet', () => {
  fc.assert(
    fc.property(packet, (spec) => {
      const text = `0 ${spec.direction === 'inbound' ? '<' : '>'} ${printSpec(spec)}`
      expect(onlyAction(text)).toEqual(spec)
    }),
  )
})

test('no text makes the parser do anything but parse it or name a line of it', () => {
  const pieces = ['0.1', '+', '~', '...', '<', '>', 'S', '.', '1:1(0)', 'ack', 'win', '5', '(', ')', '[', ']', '{', '}']
  const more = [
    '=',
    ',',
    '"a"',
    '`x`',
    '%{',
    '}%',
    '*',
    'socket',
    'mss',
    'icmp',
    'udp',
    '\n',
    '--x',
    '//',
    '/*',
    '-',
    '|',
  ]
  const soup = fc.array(fc.constantFrom(...pieces, ...more), { maxLength: 30 }).map((list) => list.join(' '))
  fc.assert(
    fc.property(fc.oneof(soup, fc.string()), (text) => {
      try {
        parseScript(text)
      } catch (error) {
        expect(error).toBeInstanceOf(ScriptError)
        const { line } = error as ScriptError
        expect(line >= 1 && line <= text.split('\n').length).toBe(true)
      }
    }),
    { numRuns: 500 },
  )
})

describe('time', () => {
  const timeOf = (text: string): unknown => parseScript(`${text} > udp (1)`).events[0]?.time

  test('absolute, relative, any, and ranges of both', () => {
    const none = { relative: false, any: false, range: false }
    expect(timeOf('0.100')).toEqual({ ...none, start: 100_000, end: 100_000 })
    expect(timeOf('2')).toEqual({ ...none, start: 2_000_000, end: 2_000_000 })
    expect(timeOf('+.25')).toEqual({ ...none, relative: true, start: 250_000, end: 250_000 })
    expect(timeOf('+0')).toEqual({ ...none, relative: true, start: 0, end: 0 })
    expect(timeOf('*')).toEqual({ ...none, any: true, start: 0, end: 0 })
    expect(timeOf('0.1~0.2')).toEqual({ ...none, range: true, start: 100_000, end: 200_000 })
    expect(timeOf('+.1~+.2')).toEqual({ ...none, relative: true, range: true, start: 100_000, end: 200_000 })
  })

  test('a call that blocks has an end', () => {
    const call = onlyAction('0.1...0.3 accept(3, ..., ...) = 4')
    expect(call).toMatchObject({ kind: 'syscall', name: 'accept', end: 300_000 })
    expect(onlyAction('+0...5 read(3, ..., 1) = 0')).toMatchObject({ end: 5_000_000 })
  })

  test.each([
    ['0.2~0.1 > udp (1)', 'time range is backwards'],
    ['* < udp (1)', 'event time <star> can only be used with outbound packets'],
    ['0~1 close(3) = 0', 'event time range can only be used with outbound packets'],
    ['0...1 > udp (1)', 'only a system call may have an end time'],
    ['-1 close(3) = 0', 'negative time'],
  ])('%s', (text, message) => {
    expect(() => parseScript(text)).toThrow(message)
  })
})

describe('packets', () => {
  test.each([
    ['0 < S 0:0(0)', 'window must be specified for inbound packets'],
    ['0 < S 0:0(0) win 1 <...>', 'can only be used with outbound packets'],
    ['0 > . 1:5(3)', 'inconsistent TCP sequence numbers and payload size'],
    ['0 > X 1:1(0)', "'X' is no TCP flag"],
    ['0 > . 1:1(0) win 65536', 'TCP window value out of range'],
    ['0 > . 1:1(0) <foo>', 'there is no such TCP option'],
    ['0 > . 1:1(0) <sack 1:2 3:4 5:6 7:8 9:10>', 'TCP option list too long'],
    ['0 > . 1:1(0) <FO abc>', 'not an even number of hexadecimal digits'],
    ['0 < [ect01] . 1:1(0) win 5', '[ect01] can only be used with outbound packets'],
    ['0 > gre: . 1:1(0)', 'packets in gre tunnels are not supported'],
    ['0 > . 1:1(0) {mut ip ihl}', 'mutation of packets'],
    ['0 > icmp unreachable [udp (70000)]', 'payload size out of range'],
  ])('%s', (text, message) => {
    expect(() => parseScript(text)).toThrow(message)
  })

  test('flags with a count of three bits', () => {
    const flagsOf = (text: string): unknown => (onlyAction(`0 > ${text} 1:1(0)`) as { body: TcpSpec }).body.flags
    expect(flagsOf('.5')).toBe(0x10 | 0x100 | 0x40)
    expect(flagsOf('P.3')).toBe(0x08 | 0x10 | 0x80 | 0x40)
    expect(flagsOf('SEWA')).toBe(0x02 | 0x40 | 0x80 | 0x100)
    expect(flagsOf('-')).toBe(0)
  })

  test('sequence numbers may wrap, and are no IPv6 addresses', () => {
    const { body } = onlyAction('0 > . 4294967295:99(100) ack 1') as { body: TcpSpec }
    expect(body).toMatchObject({ seq: 0xffff_ffff, length: 100 })
  })
})

describe('calls', () => {
  const firstArgument = (text: string): Expression | undefined => {
    const call = onlyAction(`0 f(${text}) = 0`)
    return call.kind === 'syscall' ? call.args[0] : undefined
  }

  test('arguments of every form', () => {
    expect(firstArgument('...')).toEqual({ kind: 'ellipsis' })
    expect(firstArgument('0x1f')).toEqual({ kind: 'integer', value: 31 })
    expect(firstArgument('"a" "b\\n\\x41\\101"')).toEqual({ kind: 'string', value: 'ab\nAA', partial: false })
    expect(firstArgument('"GET "...')).toEqual({ kind: 'string', value: 'GET ', partial: true })
    expect(firstArgument('A|B|1')).toMatchObject({ kind: 'operation', operator: '|', right: { value: 1 } })
    expect(firstArgument('A + 2')).toMatchObject({ kind: 'operation', operator: '+' })
    expect(firstArgument('[]')).toEqual({ kind: 'array', items: [] })
    expect(firstArgument('{..., 5}')).toMatchObject({ kind: 'tuple', items: [{ kind: 'ellipsis' }, { value: 5 }] })
    const linger = firstArgument('{onoff=1, linger=0}')
    expect(linger?.kind === 'structure' && [...linger.fields.keys()]).toEqual(['onoff', 'linger'])
    const message = firstArgument('{msg_name(...)=..., msg_iov(2)=[{..., 1}, {..., 2}], msg_flags=0}')
    expect(message?.kind === 'structure' && message.counts.get('msg_iov')).toEqual({ kind: 'integer', value: 2 })
    expect(firstArgument('inet_addr("1.2.3.4")')).toMatchObject({ kind: 'call', name: 'inet_addr' })
  })

  test('results: an error with its note, flags with theirs', () => {
    expect(onlyAction('0 read(3) = -1 EAGAIN (Resource temporarily unavailable)')).toMatchObject({ errno: 'EAGAIN' })
    expect(onlyAction('0 fcntl(3, F_GETFL) = 0x2 (flags O_RDWR|O_NONBLOCK)')).toMatchObject({ errno: null })
    expect(parseScript('0 f() = 3\n+0 g() = 4\n0.1 > udp (1)').events.map(({ line }) => line)).toEqual([1, 2, 3])
    expect(() => parseScript('0 read(3) = -1 EAGAIN')).toThrow("a note in '()'")
  })

  test('definitions of the script, and the caller over them', () => {
    const text = '--define=FD=3\n--define=CC="reno"\n--mtu=1400\n0 f(FD, CC, REST) = 0'
    const call = parseScript(text, new Map([['REST', '0x10']])).events[0]?.action
    expect(call?.kind === 'syscall' && call.args).toEqual([
      { kind: 'integer', value: 3 },
      { kind: 'string', value: 'reno', partial: false },
      { kind: 'integer', value: 16 },
    ])
    expect(parseScript(text).options.map(({ name, value }) => [name, value])).toEqual([
      ['define', 'FD=3'],
      ['define', 'CC="reno"'],
      ['mtu', '1400'],
    ])
  })
})

test('comments, commands around the events, and code over several lines', () => {
  const script = parseScript('// one\n/* two\n */ # three\n`init`\n0 %{ a = "}"\nb = 2 }%\n+0 `mid`\n`cleanup`\n')
  expect(script.init).toMatchObject({ text: 'init', line: 4 })
  expect(script.cleanup).toMatchObject({ text: 'cleanup', line: 8 })
  expect(script.events.map(({ action }) => action.kind)).toEqual(['code', 'command'])
  expect(script.events[0]?.action).toMatchObject({ text: ' a = "}"\nb = 2 ', line: 5 })
})

test('a parse error has the line at which it is', () => {
  const parse = (): unknown => parseScript('0 close(3) = 0\n\n0 close(3 = 0')
  expect(parse).toThrow("parse error at '=': ')' expected")
  try {
    parse()
  } catch (error) {
    expect((error as ScriptError).line).toBe(3)
  }
})
