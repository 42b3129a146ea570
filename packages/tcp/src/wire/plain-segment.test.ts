import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatSegmentOptions, type TcpOption } from './plain-options.js'
import { formatTcpSegment, parseTcpSegment, type TcpSegment } from './plain-segment.js'
import { FLAG_ACK, FLAG_SYN } from './segment.js'

const u32 = fc.nat(0xffff_ffff)
const u16 = fc.nat(0xffff)
const bytes = (maxLength: number, minLength = 0): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength, maxLength })

/** Kinds that have no form of their own, so that they come back as `other`. */
const otherKind = fc.nat(255).filter((kind) => ![0, 1, 2, 3, 4, 5, 8, 19, 34, 254].includes(kind))

const option: fc.Arbitrary<TcpOption> = fc.oneof(
  fc.constant<TcpOption>({ name: 'nop' }),
  u16.map((value): TcpOption => ({ name: 'mss', value })),
  fc.nat(255).map((shift): TcpOption => ({ name: 'windowScale', shift })),
  fc.constant<TcpOption>({ name: 'sackPermitted' }),
  fc.array(fc.tuple(u32, u32), { maxLength: 4 }).map((blocks): TcpOption => ({ name: 'sack', blocks })),
  fc.tuple(u32, u32).map(([value, echo]): TcpOption => ({ name: 'timestamp', value, echo })),
  bytes(16, 16).map((digest): TcpOption => ({ name: 'md5', digest })),
  fc
    .tuple(bytes(16), fc.boolean())
    .map(([cookie, experimental]): TcpOption => ({ name: 'fastOpen', cookie, experimental })),
  fc.tuple(otherKind, bytes(6)).map(([kind, data]): TcpOption => ({ name: 'other', kind, data })),
  fc.constant<TcpOption>({ name: 'other', kind: 2, data: Uint8Array.of(1) }),
)

/** Options of whole words, as many as there is room for. */
const options = fc.array(option, { maxLength: 6 }).map((wanted) => {
  const fitting: TcpOption[] = []
  for (const each of wanted) if (formatSegmentOptions([...fitting, each]).length <= 40) fitting.push(each)
  while (formatSegmentOptions(fitting).length % 4 !== 0) fitting.push({ name: 'nop' })
  return fitting
})

const segment: fc.Arbitrary<TcpSegment> = fc.record({
  sourcePort: u16,
  destinationPort: u16,
  sequence: u32,
  acknowledgment: u32,
  flags: fc.nat(0xfff),
  window: u16,
  checksum: u16,
  urgentPointer: u16,
  options,
  payload: bytes(40),
})

test('parse(format(segment)) = segment', () => {
  fc.assert(
    fc.property(segment, (given) => {
      expect(parseTcpSegment(formatTcpSegment(given))).toEqual(given)
    }),
    { numRuns: 500 },
  )
})

test('format(parse(bytes)) = bytes for all that parses, and nothing throws', () => {
  const header = fc.tuple(bytes(80), fc.nat(15)).map(([content, words]) => {
    if (content.length > 12) content[12] = (words << 4) | ((content[12] as number) & 15)
    return content
  })
  fc.assert(
    fc.property(header, (given) => {
      const parsed = parseTcpSegment(given)
      if (parsed !== null) expect(formatTcpSegment(parsed)).toEqual(given)
    }),
    { numRuns: 2000 },
  )
})

test('a SYN by hand', () => {
  const made = formatTcpSegment({
    sourcePort: 40_000,
    destinationPort: 80,
    sequence: 0xffff_ffff,
    flags: FLAG_SYN,
    window: 64_240,
    options: [
      { name: 'mss', value: 1460 },
      { name: 'windowScale', shift: 7 },
    ],
  })
  expect([...made]).toEqual([
    ...[0x9c, 0x40, 0, 80, 255, 255, 255, 255, 0, 0, 0, 0, 0x70, 2, 0xfa, 0xf0, 0, 0, 0, 0],
    // Filled up to a whole word with zeros.
    ...[2, 4, 5, 180, 3, 3, 7, 0],
  ])
  expect(parseTcpSegment(made)?.options.at(-1)).toEqual({ name: 'eol', rest: new Uint8Array(0) })
  expect(formatTcpSegment({}).length).toBe(20)
})

test('what is no whole segment is null, and what is no option is bad', () => {
  const whole = formatTcpSegment({ flags: FLAG_ACK, options: [{ name: 'bad', rest: Uint8Array.of(8, 10, 0, 0) }] })
  expect(parseTcpSegment(whole)?.options).toEqual([{ name: 'bad', rest: Uint8Array.of(8, 10, 0, 0) }])
  expect(parseTcpSegment(whole.slice(0, 23))).toBeNull()
  expect(parseTcpSegment(new Uint8Array(0))).toBeNull()
  // A segment may lie anywhere in a larger buffer.
  const inside = new Uint8Array(60)
  inside.set(whole, 11)
  expect(parseTcpSegment(inside.subarray(11, 35))).toEqual(parseTcpSegment(whole))
})

describe('fields out of range', () => {
  test.each<[Partial<TcpSegment>, RegExp]>([
    [{ sourcePort: 65_536 }, /a port is an integer from 0 to 65535, not 65536/],
    [{ sequence: -1 }, /a sequence number is an integer from 0 to 4294967295, not -1/],
    [{ flags: 0x1000 }, /flags/],
    [{ window: 1.5 }, /a window/],
    [{ options: [{ name: 'mss', value: 1 << 16 }] }, /an MSS/],
    [{ options: [{ name: 'windowScale', shift: 256 }] }, /a window scale/],
    [{ options: [{ name: 'sack', blocks: [[0, 2 ** 32]] }] }, /an edge of a SACK block/],
    [{ options: [{ name: 'other', kind: 300, data: new Uint8Array(0) }] }, /a kind of option/],
    [{ options: [{ name: 'other', kind: 9, data: new Uint8Array(254) }] }, /the length of an option/],
    [{ options: [{ name: 'md5', digest: new Uint8Array(39) }] }, /40 bytes of options, not 41/],
  ])('%j', (fields, message) => {
    expect(() => formatTcpSegment(fields)).toThrow(message)
    expect(() => formatTcpSegment(fields)).toThrow(RangeError)
  })
})
