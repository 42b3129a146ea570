import { foldSum, sumBytes, sumWord } from '@jackfield/packet'
import * as tcp from '@jackfield/tcp/wire'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dissect } from './dissect.js'
import { formatLine, formatTree } from './format.js'
import { findField, findLayer, type Layer } from './layer.js'
import { frame, HELLO, icmp, ipv4, join, patched } from './packets.test-fixture.js'
import { TcpSession } from './tcp-session.js'

/* What tcpdump 4.99.3 prints of the same bytes with -n -t -S, as it was seen to, but for MD5, which it wants a secret for. */

const { FLAG_ACK, FLAG_FIN, FLAG_PSH, FLAG_RST, FLAG_SYN, FLAG_URG } = tcp
const BASE = {
  sourcePort: 5000,
  destinationPort: 7,
  sequence: 1000,
  acknowledgment: 2000,
  flags: FLAG_ACK,
  window: 500,
}
const WAYS = 'IP 10.0.0.1.5000 > 10.0.0.2.7:'

function segment(fields: Partial<tcp.TcpSegment> = {}, options: number[] = []): Uint8Array {
  return tcp.formatTcpSegment({ ...BASE, options: tcp.parseSegmentOptions(Uint8Array.from(options)), ...fields })
}

const line = (bytes: Uint8Array, session?: TcpSession): string =>
  formatLine(dissect(bytes, 'ip', session === undefined ? {} : { session }))

const TIMESTAMP = [8, 10, 0, 0, 0, 1, 0, 0, 0, 2]
const SYN_OPTIONS = [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7]
const COUNT = [0, 1, 2, 3, 4, 5, 6, 7]

const flags: [number, string][] = [
  [FLAG_ACK, 'Flags [.], ack 2000, win 500, length 0'],
  [0, 'Flags [none], win 500, length 0'],
  [FLAG_SYN, 'Flags [S], seq 1000, win 500, length 0'],
  [FLAG_SYN | FLAG_ACK, 'Flags [S.], seq 1000, ack 2000, win 500, length 0'],
  [FLAG_FIN | FLAG_ACK, 'Flags [F.], seq 1000, ack 2000, win 500, length 0'],
  [FLAG_RST, 'Flags [R], seq 1000, win 500, length 0'],
  [0xfff, 'Flags [FSRP.UEW], seq 1000, ack 2000, win 500, urg 0, length 0'],
]

test.each(flags)('flags %i: %s', (bits, text) => {
  expect(line(ipv4(6, segment({ flags: bits })))).toBe(`${WAYS} ${text}`)
})

test('segments with payload', () => {
  const push = segment({ flags: FLAG_PSH | FLAG_ACK, payload: HELLO })
  const text = `${WAYS} Flags [P.], seq 1000:1005, ack 2000, win 500, length 5`
  expect(line(ipv4(6, push))).toBe(text)
  expect(line(ipv4(6, push, 0x2000))).toBe(text)
  expect(line(join(ipv4(6, push), 9))).toBe(text)
  expect(formatLine(dissect(frame(0x0800, ipv4(6, push)), 'ethernet'))).toBe(text)
  expect(line(ipv4(6, segment({ sequence: 0xffff_ffff, payload: HELLO })))).toMatch(/seq 4294967295:4,/)
  const urgent = { flags: FLAG_FIN | FLAG_PSH | FLAG_URG, urgentPointer: 3, payload: HELLO }
  expect(line(ipv4(6, segment(urgent)))).toBe(`${WAYS} Flags [FPU], seq 1000:1005, win 500, urg 3, length 5`)
  expect(line(patched(ipv4(6, push), [2, 200]))).toBe(
    'IP truncated-ip - 155 bytes missing! 10.0.0.1.5000 > 10.0.0.2.7: Flags [P.], seq 1000:1160, ack 2000, win 500, length 160',
  )
})

const MD5 = [...COUNT, ...COUNT]
const options: [number[], string][] = [
  [SYN_OPTIONS, 'mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7'],
  [[1, 1, ...TIMESTAMP], 'nop,nop,TS val 1 ecr 2'],
  [[1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2], 'nop,nop,sack 1 {1:2}'],
  [[1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 9], 'nop,nop,sack 2 {1:2}{5:9}'],
  [[1, 1, 5, 2], 'nop,nop,sack 0 '],
  [[5, 6, 0, 0, 0, 1, 1, 1], 'sack invalid sack,nop,nop'],
  [[19, 18, ...MD5, 1, 1], 'md5 00010203040506070001020304050607,nop,nop'],
  [[29, 16, 1, 2, ...COUNT, ...COUNT.slice(0, 4)], 'tcp-ao keyid 1 rnextkeyid 2 mac 0x000102030405060700010203'],
  [[29, 4, 1, 2], 'tcp-ao keyid 1 rnextkeyid 2'],
  [[29, 3, 1, 1], 'tcp-ao (invalid),nop'],
  [[28, 4, 0x80, 11], 'uto 0x800b 983340'],
  [[28, 4, 0, 10], 'uto 0xa 5'],
  [[34, 2, 1, 1], 'tfo  cookiereq,nop,nop'],
  [[34, 10, ...COUNT, 1, 1], 'tfo  cookie 0001020304050607,nop,nop'],
  [[34, 5, 1, 2, 3, 1, 1, 1], 'tfo  (invalid),nop,nop,nop'],
  [[254, 4, 0xf9, 0x89], 'exp-tfo cookiereq'],
  [[254, 12, 0xf9, 0x89, ...COUNT], 'exp-tfo cookie 0001020304050607'],
  [[254, 6, 1, 2, 3, 4, 1, 1], 'exp-0102,nop,nop'],
  [[253, 4, 1, 2], 'unknown-253 0x0102'],
  [[77, 2, 1, 1], 'unknown-77,nop,nop'],
  [[6, 6, 0, 0, 0, 1, 7, 6, 0, 0, 0, 2], 'echo 1,echoreply 2'],
  [[11, 6, 0, 0, 0, 1, 12, 6, 0, 0, 0, 2, 13, 6, 0, 0, 0, 3, 1, 1], 'cc 1,ccnew 2, 3,nop,nop'],
  [[20, 4, 1, 2], 'scps cap 01 id 2'],
  [[2, 3, 5, 1], 'mss 1281[len 3]'],
  [[3, 2, 1, 1], 'wscale 1[len 2],nop'],
  [[1, 0, 1, 1], 'nop,eol'],
  [[0, 0, 0, 0], 'eol'],
]

test.each(options)('options %j: %s', (bytes, text) => {
  expect(line(ipv4(6, segment({}, bytes)))).toBe(`${WAYS} Flags [.], ack 2000, win 500, options [${text}], length 0`)
})

test('options of Multipath TCP by their subtype', () => {
  expect(line(ipv4(6, segment({}, [30, 4, 0x10, 1])))).toContain('options [mptcp 4 join], length 0')
  expect(line(ipv4(6, segment({}, [30, 2, 1, 1])))).toContain('options [mptcp 2 unknown,nop,nop], length 0')
})

test.each([
  [[2, 40, 1, 1], '[bad opt]'],
  [[2, 0, 1, 1], '[bad opt]'],
  [[8, 2, 1, 1], 'TS[bad opt]'],
  [[254, 3, 1, 1], 'exp[bad opt]'],
  [[2, 4, 5, 180, 2, 9, 1, 1], 'mss 1460,[bad opt]]'],
  [[8, 12, 0, 0, 0, 1, 0, 0, 0, 2, 7, 7], 'TS val 1 ecr 2[len 12],[bad opt]]'],
  [[1, 1, 1, 2], 'nop,nop,nop, [|tcp]'],
])('bad options %j: %s', (bytes, text) => {
  expect(line(ipv4(6, segment({}, bytes)))).toBe(`${WAYS} Flags [.], ack 2000, win 500, options [${text}`)
})

test('headers of no possible length', () => {
  const words = (count: number): string => line(patched(ipv4(6, segment()), [32, (count << 12) | FLAG_ACK]))
  expect(words(4)).toBe(`${WAYS}  tcp 4 [bad hdr length 16 - too short, < 20]`)
  expect(words(0)).toBe(`${WAYS}  tcp 20 [bad hdr length 0 - too short, < 20]`)
  expect(words(15)).toBe(`${WAYS} Flags [.] [bad hdr length 60 - too long, > 20]`)
})

test('packets that were not captured whole', () => {
  const bytes = ipv4(6, segment({ flags: FLAG_SYN, payload: HELLO }, SYN_OPTIONS))
  const cut = (length: number): string =>
    formatLine(dissect(bytes.slice(0, length), 'ip', { originalLength: bytes.length }))
  const begin = `${WAYS} Flags [S], seq 1000:1005, win 500, options [`
  expect(cut(20)).toBe('IP 10.0.0.1 > 10.0.0.2: [|tcp]')
  expect(cut(23)).toBe('IP 10.0.0.1 > 10.0.0.2: [|tcp]')
  expect(cut(24)).toBe(`${WAYS}  [|tcp]`)
  expect(cut(39)).toBe(`${WAYS}  [|tcp]`)
  expect(cut(40)).toBe(`${begin} [|tcp]`)
  expect(cut(41)).toBe(`${begin} [|tcp]`)
  expect(cut(43)).toBe(`${begin}mss [|tcp]`)
  expect(cut(45)).toBe(`${begin}mss 1460, [|tcp]`)
  expect(cut(52)).toBe(`${begin}mss 1460,sackOK,TS [|tcp]>`)
  expect(cut(59)).toBe(`${begin}mss 1460,sackOK,TS val 1 ecr 0,nop,wscale [|tcp]>`)
  expect(cut(60)).toBe(`${begin}mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7], length 5`)
  const ended = ipv4(6, segment({ payload: HELLO }, [0, 0, 0, 0]))
  expect(formatLine(dissect(ended.slice(0, 42), 'ip', { originalLength: ended.length }))).toBe(
    `${WAYS} Flags [.], seq 1000:1005, ack 2000, win 500, options [eol], length 5 [remaining caplen(22) < header length(24)] [|tcp]`,
  )
  const authentication = ipv4(6, segment({}, [29, 8, 1, 2, 3, 4, 5, 6]))
  expect(formatLine(dissect(authentication.slice(0, 45), 'ip'))).toMatch(
    /tcp-ao keyid 1 rnextkeyid 2 mac 0x03 \[\|tcp\]$/,
  )
})

describe('a session', () => {
  const from = (fields: Partial<tcp.TcpSegment>): Uint8Array => ipv4(6, segment(fields))
  /** The other way. */
  const back = (fields: Partial<tcp.TcpSegment>, bytes: number[] = []): Uint8Array => {
    const packet = ipv4(6, segment({ ...fields, sourcePort: 7, destinationPort: 5000 }, bytes))
    return patched(packet, [14, 2], [18, 1])
  }

  test('tells numbers from the start of the connection, as tcpdump does without -S', () => {
    const session = new TcpSession()
    const rest = (bytes: Uint8Array): string => line(bytes, session).replace(/^.*Flags /, '')
    expect(rest(from({ flags: FLAG_SYN, sequence: 0xffff_ffff }))).toBe('[S], seq 4294967295, win 500, length 0')
    expect(rest(back({ flags: FLAG_SYN | FLAG_ACK, sequence: 900, acknowledgment: 0 }))).toBe(
      '[S.], seq 900, ack 0, win 500, length 0',
    )
    expect(rest(from({ sequence: 0, acknowledgment: 901 }))).toBe('[.], ack 1, win 500, length 0')
    expect(rest(from({ sequence: 0, acknowledgment: 901, payload: HELLO }))).toBe(
      '[.], seq 1:6, ack 1, win 500, length 5',
    )
    const sack = [1, 1, 5, 10, 0, 0, 0, 10, 0, 0, 0, 20]
    expect(rest(back({ sequence: 901, acknowledgment: 5 }, sack))).toBe(
      '[.], ack 6, win 500, options [nop,nop,sack 1 {11:21}], length 0',
    )
    expect(rest(back({ flags: FLAG_RST, sequence: 901 }))).toBe('[R], seq 901, win 500, length 0')
    expect(findField(dissect(from({ sequence: 5 }), 'ip', { session }), 'tcp.seq')).toMatchObject({ value: 6 })
    expect(findField(dissect(from({ sequence: 5 }), 'ip', { session }), 'tcp.seq_raw')).toMatchObject({ value: 5 })
    // A new connection between the same ports.
    rest(back({ flags: FLAG_SYN | FLAG_ACK, sequence: 5000, acknowledgment: 7001 }))
    expect(rest(from({ sequence: 7001, acknowledgment: 5001, payload: HELLO }))).toContain('seq 1:6, ack 1,')
  })

  test('leaves quoted segments and bad headers out', () => {
    const session = new TcpSession()
    line(from({}), session)
    line(patched(from({ sequence: 1 }), [32, 0x4010]), session)
    line(ipv4(1, icmp(3, 1, 0, from({ flags: FLAG_SYN | FLAG_ACK, sequence: 1 }))), session)
    expect(line(from({ payload: HELLO }), session)).toContain('seq 0:5, ack 1,')
  })

  test('remembers as many connections as it was told to', () => {
    const session = new TcpSession(2)
    const ask = (port: number): string => line(from({ sourcePort: port, payload: HELLO }), session)
    for (const port of [1, 2, 3]) expect(ask(port)).toContain('seq 1000:1005')
    expect(ask(3)).toContain('seq 0:5')
    expect(ask(2)).toContain('seq 0:5')
    expect(ask(1)).toContain('seq 1000:1005')
    for (const limit of [0, -1, 1.5, Number.NaN]) expect(() => new TcpSession(limit)).toThrow(/from 1 up/)
  })
})

/** A segment with its checksum. */
function checked(fields: Partial<tcp.TcpSegment>, bytes: number[] = []): Uint8Array {
  const packet = ipv4(6, segment(fields, bytes))
  const view = new DataView(packet.buffer)
  const pseudo = sumBytes(view, 12, 20) + sumWord(6) + sumWord(packet.length - 20)
  view.setUint16(36, ~foldSum(sumBytes(view, 20, packet.length, pseudo)) & 0xffff)
  return packet
}

test('a tree', () => {
  const bytes = checked({ flags: FLAG_SYN, payload: HELLO }, SYN_OPTIONS)
  expect(formatTree(dissect(bytes, 'ip'))).toMatch(/\nTransmission Control Protocol, Src Port: 5000, Dst Port: 7\n/)
  expect(formatTree(dissect(bytes, 'ip')).replace(/^.*Dst Port: 7\n/s, '')).toBe(`    Source Port: 5000
    Destination Port: 7
    Segment Length: 5
    Sequence Number: 1000
    Sequence Number (raw): 1000
    Acknowledgment Number: 2000
    Acknowledgment Number (raw): 2000
    Header Length: 40 bytes
    Flags: 0x002 (SYN)
    Window: 500
    Checksum: 0xceea [good]
    Urgent Pointer: 0
    Option: maximum segment size 1460
    Option: SACK permitted
    Timestamp value: 1
    Timestamp echo reply: 0
    Option: no operation
    Option: window scale 7
Data
    Data: 68656c6c6f
    Length: 5`)
})

test('fields have Wireshark’s names and the places of their bytes', () => {
  const field = (name: string, fields: Partial<tcp.TcpSegment> = {}, bytes: number[] = []) =>
    findField(dissect(ipv4(6, segment(fields, bytes)), 'ip'), name)
  expect(field('tcp.srcport')).toMatchObject({ value: 5000, start: 20, end: 22 })
  expect(field('tcp.flags', { flags: 0xfff })).toMatchObject({
    value: 0xfff,
    text: '0xfff (reserved, AE, CWR, ECE, URG, ACK, PSH, RST, SYN, FIN)',
  })
  expect(field('tcp.flags', { flags: 0 })?.text).toBe('0x000 (none)')
  expect(field('tcp.options.mss_val', {}, SYN_OPTIONS)).toMatchObject({ value: 1460, start: 40, end: 44 })
  expect(field('tcp.options.wscale.shift', {}, SYN_OPTIONS)?.value).toBe(7)
  expect(field('tcp.options.sack_re', {}, [1, 1, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2])).toMatchObject({ value: 2, start: 48 })
  expect(field('tcp.options.tfo.cookie', {}, [34, 6, 1, 2, 3, 4, 1, 1])?.value).toBe('01020304')
  expect(field('tcp.options.tfo.request', {}, [254, 4, 0xf9, 0x89])?.value).toBe(1)
  expect(field('tcp.options.experimental.exid', {}, [254, 4, 1, 2])?.value).toBe(0x102)
  expect(field('tcp.options.md5.digest', {}, [19, 18, ...MD5, 0, 0])?.value).toBe('00010203040506070001020304050607')
  expect(field('tcp.options.ao.mac', {}, [29, 8, 1, 2, 3, 4, 5, 6])?.value).toBe('03040506')
  expect(field('tcp.option_kind', {}, [2, 3, 1, 0])?.text).toBe('kind 2, 3 bytes')
  expect(field('tcp.options.eol', {}, [1, 0, 0, 0])?.start).toBe(41)
})

test('what is wrong is marked', () => {
  const fault = (bytes: Uint8Array, originalLength = bytes.length): string | null | undefined =>
    findLayer(dissect(bytes, 'ip', { originalLength }), 'tcp')?.fault
  const whole = checked({ payload: HELLO }, SYN_OPTIONS)
  const status = (bytes: Uint8Array, originalLength = bytes.length): string | undefined =>
    findField(dissect(bytes, 'ip', { originalLength }), 'tcp.checksum')?.status
  expect([fault(whole), status(whole)]).toEqual([null, 'good'])
  expect(status(patched(whole, [60, 0]))).toBe('bad')
  expect(status(whole.slice(0, 62), 65)).toBeUndefined()
  expect(fault(whole.slice(0, 50), 65)).toBe('truncated')
  expect(fault(whole.slice(0, 30), 65)).toBe('truncated')
  expect(fault(ipv4(6, segment({}, [2, 9, 0, 0])))).toBe('bad option')
  expect(fault(patched(whole, [32, 0x4010]))).toBe('bad header length')
  // What an ICMP error quotes.
  const quoted = dissect(ipv4(1, icmp(3, 1, 0, whole.slice(0, 28))), 'ip')
  const inner = findLayer(quoted, 'icmp')?.quoted as Layer
  expect(findField(inner, 'tcp.seq')?.value).toBe(1000)
  expect(findField(inner, 'tcp.checksum')).toBeUndefined()
})

test('segments can be printed however they are cut and changed', () => {
  const session = new TcpSession()
  const samples = [checked({ payload: HELLO }, SYN_OPTIONS), ...options.map(([bytes]) => ipv4(6, segment({}, bytes)))]
  const print = (bytes: Uint8Array, originalLength: number): void => {
    const read = dissect(bytes, 'ip', { originalLength, session })
    expect(formatLine(read)).not.toMatch(/undefined|NaN/)
    expect(formatTree(read)).not.toMatch(/undefined|NaN/)
    for (let layer: Layer | null = read; layer !== null; layer = layer.payload) {
      for (const field of layer.fields) {
        expect(field.start).toBeLessThanOrEqual(field.end)
        expect(field.end).toBeLessThanOrEqual(bytes.length)
      }
    }
  }
  for (const sample of samples) for (let i = 20; i <= sample.length; i++) print(sample.slice(0, i), sample.length)
  const change = fc.tuple(fc.integer({ min: 20, max: 70 }), fc.nat(255))
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.array(change, { maxLength: 4 }),
      fc.nat(30),
      (sample, changes, less) => {
        const bytes = sample.slice()
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
        print(bytes.slice(0, bytes.length - Math.min(less, bytes.length - 20)), bytes.length)
      },
    ),
    { numRuns: 400 },
  )
})
