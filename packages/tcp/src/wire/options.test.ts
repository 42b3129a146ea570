import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTcpOptions, TcpOptions } from './options.js'

const options = new TcpOptions()

/** Parses, between bytes that do not belong to it. */
function parse(...bytes: number[]): boolean {
  const buffer = Uint8Array.from([0, 8, ...bytes, 5, 10, 1, 1, 1, 1, 2, 2, 2, 2])
  return parseTcpOptions(new DataView(buffer.buffer), 2, 2 + bytes.length, options)
}

const NONE = {
  mss: 0,
  windowScale: -1,
  sackPermitted: false,
  timestamp: false,
  sackCount: 0,
  cookieLength: -1,
  md5Offset: -1,
  aoOffset: -1,
  authInvalid: false,
  ignored: 0,
  mptcp: false,
}

const TIMESTAMP = [8, 10, 0x80, 0, 0, 1, 0, 0, 0, 7]
const MD5 = [19, 18, ...new Array<number>(16).fill(9)]

test('a SYN of Linux', () => {
  expect(parse(2, 4, 5, 180, 4, 2, ...TIMESTAMP, 1, 3, 3, 10)).toBe(true)
  expect(options).toMatchObject({
    ...NONE,
    mss: 1460,
    sackPermitted: true,
    timestamp: true,
    tsval: -0x7fff_ffff,
    tsecr: 7,
    windowScale: 10,
  })
})

test('timestamps where they are aligned, and what follows them', () => {
  expect(parse(1, 1, ...TIMESTAMP)).toBe(true)
  expect(options).toMatchObject({ ...NONE, timestamp: true, tsval: -0x7fff_ffff, tsecr: 7 })
  expect(parse(1, 1, ...TIMESTAMP, 1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 255, 255, 255, 255, 0, 0, 0, 9)).toBe(true)
  expect(options).toMatchObject({ ...NONE, timestamp: true, tsecr: 7, sackCount: 2 })
  expect([...options.sackStart.slice(0, 2)]).toEqual([1, -1])
  expect([...options.sackEnd.slice(0, 2)]).toEqual([2, 9])
  // Not quite the aligned form.
  expect(parse(1, 1, 8, 10, 0, 0, 0, 1)).toBe(false)
  expect(options).toMatchObject(NONE)
})

test('nothing is left of the options before', () => {
  parse(2, 4, 5, 180, 4, 2, ...TIMESTAMP, 3, 3, 10, 34, 2, 30, 4, 0, 0)
  parse(...MD5, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2)
  parse(29, 3, 1, 29, 6, 1, 2, 3, 4)
  expect(parse()).toBe(true)
  expect(options).toMatchObject(NONE)
})

describe('as Linux reads them', () => {
  test('the end mark ends them', () => {
    expect(parse(1, 0, 2, 4, 5, 180)).toBe(true)
    expect(options).toMatchObject(NONE)
  })

  test('a bad length ends them, and what came before counts', () => {
    for (const bad of [[3], [3, 0, 1], [3, 1, 1], [3, 4, 1], [77, 255], [5, 10, 0, 0, 0, 1, 0, 0, 0]]) {
      expect(parse(2, 4, 5, 180, ...bad)).toBe(false)
      expect(options).toMatchObject({ ...NONE, mss: 1460 })
    }
  })

  test('a known kind with another length is passed over', () => {
    expect(parse(2, 3, 5, 3, 4, 1, 1, 4, 3, 0, 8, 2, 5, 2, 5, 9, 0, 0, 0, 0, 0, 0, 0, 2, 4, 2, 0)).toBe(true)
    expect(options).toMatchObject({ ...NONE, mss: 512, ignored: 6 })
  })

  test('the later of two counts, but a maximum segment size of 0 says nothing', () => {
    expect(parse(2, 4, 5, 180, 2, 4, 2, 0, 3, 3, 1, 3, 3, 2)).toBe(true)
    expect(options).toMatchObject({ mss: 512, windowScale: 2 })
    expect(parse(2, 4, 5, 180, 2, 4, 0, 0)).toBe(true)
    expect(options.mss).toBe(1460)
    expect(parse(...TIMESTAMP, 8, 10, 0, 0, 0, 3, 0, 0, 0, 4)).toBe(true)
    expect(options).toMatchObject({ tsval: 3, tsecr: 4 })
  })

  test('a window scale above 14 is 14', () => {
    parse(3, 3, 14)
    expect(options.windowScale).toBe(14)
    parse(3, 3, 200)
    expect(options.windowScale).toBe(14)
  })

  test('what it does not know is counted', () => {
    expect(parse(28, 4, 0, 1, 30, 4, 0, 0, 253, 2, 254, 4, 1, 2, 254, 3, 249)).toBe(true)
    expect(options).toMatchObject({ ...NONE, ignored: 5, mptcp: true })
  })
})

test('four SACK blocks are the most', () => {
  const block = (n: number): number[] => [0, 0, 0, n, 0, 0, 1, n]
  expect(parse(5, 34, ...[1, 2, 3, 4].flatMap(block))).toBe(true)
  expect(options.sackCount).toBe(4)
  expect([...options.sackEnd]).toEqual([257, 258, 259, 260])
  // More than any header holds, from who does not parse one.
  expect(parse(5, 42, ...[1, 2, 3, 4, 5].flatMap(block))).toBe(true)
  expect(options.sackCount).toBe(4)
})

describe('Fast Open', () => {
  const cookie = [1, 2, 3, 4, 5, 6, 7, 8]

  test('asks for a cookie or brings one, in either form', () => {
    expect(parse(34, 2)).toBe(true)
    expect(options).toMatchObject({ cookieLength: 0, cookieExperimental: false })
    expect(parse(1, 34, 10, ...cookie)).toBe(true)
    expect(options).toMatchObject({ cookieLength: 8, cookieOffset: 5, cookieExperimental: false, ignored: 0 })
    expect(parse(254, 4, 0xf9, 0x89)).toBe(true)
    expect(options).toMatchObject({ cookieLength: 0, cookieExperimental: true })
    expect(parse(254, 12, 0xf9, 0x89, ...cookie)).toBe(true)
    expect(options).toMatchObject({ cookieLength: 8, cookieOffset: 6, cookieExperimental: true, ignored: 0 })
  })

  test('a cookie of no possible length is none (RFC 7413 4.1.1)', () => {
    for (const length of [1, 2, 3, 5, 15, 17, 18, 20]) {
      expect(parse(34, 2 + length, ...new Array<number>(length).fill(1))).toBe(true)
      expect(options.cookieLength).toBe(-1)
    }
    parse(34, 6, 1, 2, 3, 4, 34, 5, 1, 2, 3)
    expect(options.cookieLength).toBe(4)
    parse(34, 6, 1, 2, 3, 4, 34, 4, 1, 2)
    expect(options.cookieLength).toBe(-1)
  })
})

test('authentication comes once, with a length that it can have', () => {
  expect(parse(1, 1, ...MD5)).toBe(true)
  expect(options).toMatchObject({ ...NONE, md5Offset: 6 })
  expect(parse(29, 16, ...new Array<number>(14).fill(1))).toBe(true)
  expect(options).toMatchObject({ ...NONE, aoOffset: 2 })
  for (const bytes of [
    [...MD5, ...MD5],
    [...MD5, 29, 6, 1, 2, 3, 4],
    [29, 6, 1, 2, 3, 4, ...MD5],
    [19, 17, ...MD5.slice(2, 17)],
    [29, 4, 1, 2],
  ]) {
    expect(parse(...bytes)).toBe(true)
    expect(options.authInvalid).toBe(true)
  }
})

test('any bytes can be read, and what they say stays in range', () => {
  const kinds = fc.constantFrom(0, 1, 2, 3, 4, 5, 8, 19, 28, 29, 30, 34, 254, 77)
  const byte = fc.oneof(fc.nat(255), kinds, fc.constantFrom(2, 3, 4, 10, 18, 34))
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 44 }), fc.nat(4), (bytes, from) => {
      const buffer = Uint8Array.from(bytes)
      const start = Math.min(from, buffer.length)
      parseTcpOptions(new DataView(buffer.buffer), start, buffer.length, options)
      expect(options.sackCount).toBeLessThanOrEqual(4)
      expect(options.windowScale).toBeLessThanOrEqual(14)
      expect([-1, 0, 4, 6, 8, 10, 12, 14, 16]).toContain(options.cookieLength)
      if (options.cookieLength > 0)
        expect(options.cookieOffset + options.cookieLength).toBeLessThanOrEqual(buffer.length)
      if (options.md5Offset >= 0) expect(options.md5Offset + 16).toBeLessThanOrEqual(buffer.length)
      if (options.aoOffset >= 0) expect(options.aoOffset + 4).toBeLessThanOrEqual(buffer.length)
    }),
    { numRuns: 1000 },
  )
})
