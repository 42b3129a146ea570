import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseTcpOptions, TcpOptions } from './options.js'
import {
  EstablishedOptions,
  establishedOptionsLength,
  maxSackBlocks,
  SynOptions,
  synCookieFits,
  synOptionsLength,
  writeAlignedTimestamps,
  writeEstablishedOptions,
  writeSynOptions,
} from './write-options.js'

const AT = 3

/** The bytes written, after a check that it were as many as were told and none beside them. */
function written(length: number, write: (view: DataView) => number): number[] {
  const bytes = new Uint8Array(64).fill(0xa5)
  expect(write(new DataView(bytes.buffer))).toBe(AT + length)
  expect(length % 4).toBe(0)
  expect(length).toBeLessThanOrEqual(40)
  expect([...bytes.slice(0, AT), ...bytes.slice(AT + length)].every((byte) => byte === 0xa5)).toBe(true)
  return [...bytes.slice(AT, AT + length)]
}

function syn(fields: Partial<SynOptions>): number[] {
  const set = Object.assign(new SynOptions(), fields)
  return written(synOptionsLength(set), (view) => writeSynOptions(view, AT, set))
}

function established(fields: Partial<EstablishedOptions>, blocks: [number, number][] = []): number[] {
  const set = Object.assign(new EstablishedOptions(), fields, { sackCount: blocks.length })
  for (const [i, [start, end]] of blocks.entries()) {
    set.sackStart[i] = start
    set.sackEnd[i] = end
  }
  const length = establishedOptionsLength(set.timestamps, set.sackCount, set.md5)
  return written(length, (view) => writeEstablishedOptions(view, AT, set))
}

const MSS = [2, 4, 5, 180]
const SACK_OK = [4, 2]
const TS = [8, 10, 0, 0, 0, 1, 0, 0, 0, 2]
const WSCALE = [3, 3, 10]
const NOP = 1
const times = { timestamps: true, tsval: 1, tsecr: 2 }

describe('a SYN, as Linux writes it', () => {
  const all = { mss: 1460, sackPermitted: true, windowScale: 10, ...times }

  test('in every combination', () => {
    const plain = { ...all, timestamps: false }
    expect(syn(all)).toEqual([...MSS, ...SACK_OK, ...TS, NOP, ...WSCALE])
    expect(syn(plain)).toEqual([...MSS, NOP, NOP, ...SACK_OK, NOP, ...WSCALE])
    expect(syn({ ...all, sackPermitted: false })).toEqual([...MSS, NOP, NOP, ...TS, NOP, ...WSCALE])
    expect(syn({ ...plain, sackPermitted: false })).toEqual([...MSS, NOP, ...WSCALE])
    expect(syn({ ...all, windowScale: -1 })).toEqual([...MSS, ...SACK_OK, ...TS])
    expect(syn({ ...all, windowScale: 0 })).toEqual([...MSS, ...SACK_OK, ...TS, NOP, 3, 3, 0])
    expect(syn({ mss: 1460 })).toEqual(MSS)
    expect(syn({})).toEqual([])
  })

  test('with a Fast Open cookie behind all, filled up with no-operations', () => {
    const cookie = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
    const head = [...MSS, ...SACK_OK, ...TS, NOP, ...WSCALE]
    const with8 = { ...all, cookie, cookieLength: 8 }
    expect(syn({ ...all, cookieLength: 0 })).toEqual([...head, 34, 2, NOP, NOP])
    expect(syn(with8)).toEqual([...head, 34, 10, 1, 2, 3, 4, 5, 6, 7, 8, NOP, NOP])
    expect(syn({ ...with8, cookieLength: 6 })).toEqual([...head, 34, 8, 1, 2, 3, 4, 5, 6])
    expect(syn({ ...all, cookieLength: 0, cookieExperimental: true })).toEqual([...head, 254, 4, 0xf9, 0x89])
    expect(syn({ ...with8, cookieExperimental: true })).toEqual([
      ...head,
      ...[254, 12, 0xf9, 0x89],
      ...[1, 2, 3, 4, 5, 6, 7, 8],
    ])
    expect(syn({ ...with8, cookieLength: 16 })).toEqual([...head, 34, 18, ...cookie, NOP, NOP])
  })

  test('without the cookie where there is no room', () => {
    const set = Object.assign(new SynOptions(), { ...all, md5: true, cookieLength: 8 })
    expect(synCookieFits(set)).toBe(false)
    expect(syn(set).length).toBe(40)
    set.timestamps = false
    set.cookieLength = 4
    expect(synCookieFits(set)).toBe(true)
    set.cookieLength = -1
    expect(synCookieFits(set)).toBe(false)
  })

  test('with room for a digest before all', () => {
    const { timestamps, ...others } = all
    expect(timestamps).toBe(true)
    expect(syn({ ...others, md5: true })).toEqual([
      ...[NOP, NOP, 19, 18, ...new Array<number>(16).fill(0)],
      ...[...MSS, NOP, NOP, ...SACK_OK, NOP, ...WSCALE],
    ])
  })
})

describe('an established connection', () => {
  const block = [0, 0, 0, 5, 0, 0, 0, 9]
  const many: [number, number][] = [1, 2, 3, 4].map((n) => [n, n + 1])

  test('has timestamps and SACK blocks, each behind two no-operations', () => {
    expect(established({})).toEqual([])
    expect(established(times)).toEqual([NOP, NOP, ...TS])
    expect(written(12, (view) => writeAlignedTimestamps(view, AT, 1, 2))).toEqual([NOP, NOP, ...TS])
    expect(established({}, [[5, 9]])).toEqual([NOP, NOP, 5, 10, ...block])
    expect(established(times, [[5, 9]])).toEqual([NOP, NOP, ...TS, NOP, NOP, 5, 10, ...block])
  })

  test('as many blocks as there is room for', () => {
    expect([maxSackBlocks(false, false), maxSackBlocks(true, false)]).toEqual([4, 3])
    expect([maxSackBlocks(false, true), maxSackBlocks(true, true)]).toEqual([2, 0])
    expect(established({}, many).slice(0, 4)).toEqual([NOP, NOP, 5, 34])
    expect(established(times, many).slice(12, 16)).toEqual([NOP, NOP, 5, 26])
    expect(established({ md5: true }, many).slice(20, 24)).toEqual([NOP, NOP, 5, 18])
    expect(established({ md5: true, ...times }, many).length).toBe(32)
  })

  test('has a digest first', () => {
    expect(established({ md5: true, ...times })).toEqual([
      ...[NOP, NOP, 19, 18, ...new Array<number>(16).fill(0)],
      ...[NOP, NOP, ...TS],
    ])
  })
})

const int32 = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff })
const read = new TcpOptions()

test('what is written in a SYN is read', () => {
  const cookie = fc.option(fc.uint8Array({ minLength: 2, maxLength: 8 }).map((half) => Uint8Array.of(...half, ...half)))
  const fields = fc.record({
    mss: fc.nat(0xffff),
    timestamps: fc.boolean(),
    tsval: int32,
    tsecr: int32,
    sackPermitted: fc.boolean(),
    windowScale: fc.integer({ min: -1, max: 14 }),
    md5: fc.boolean(),
    cookieExperimental: fc.boolean(),
  })
  fc.assert(
    fc.property(fields, cookie, (given, token) => {
      const set = Object.assign(new SynOptions(), given, { cookieLength: token?.length ?? -1 })
      if (token !== null) set.cookie = token
      const bytes = syn(set)
      const view = new DataView(Uint8Array.from(bytes).buffer)
      expect(parseTcpOptions(view, 0, bytes.length, read)).toBe(true)
      const { mss, sackPermitted, timestamps, tsval, tsecr, windowScale } = given
      expect(read).toMatchObject({ mss, sackPermitted, windowScale, timestamp: timestamps, ignored: 0 })
      if (timestamps) expect(read).toMatchObject({ tsval, tsecr })
      expect(read.md5Offset).toBe(given.md5 ? 4 : -1)
      if (token !== null && synCookieFits(set)) {
        expect(bytes.slice(read.cookieOffset, read.cookieOffset + read.cookieLength)).toEqual([...token])
        expect(read.cookieExperimental).toBe(given.cookieExperimental)
      } else expect(read.cookieLength).toBe(-1)
    }),
  )
})

test('what is written on an established connection is read', () => {
  const blocks = fc.array(fc.tuple(int32, int32), { maxLength: 4 })
  fc.assert(
    fc.property(fc.boolean(), int32, int32, fc.boolean(), blocks, (timestamps, tsval, tsecr, md5, edges) => {
      const bytes = established({ timestamps, tsval, tsecr, md5 }, edges)
      parseTcpOptions(new DataView(Uint8Array.from(bytes).buffer), 0, bytes.length, read)
      expect(read.timestamp).toBe(timestamps)
      if (timestamps) expect(read).toMatchObject({ tsval, tsecr })
      expect(read.md5Offset).toBe(md5 ? 4 : -1)
      const count = Math.min(edges.length, maxSackBlocks(timestamps, md5))
      expect(read.sackCount).toBe(count)
      for (let i = 0; i < count; i++) expect([read.sackStart[i], read.sackEnd[i]]).toEqual(edges[i])
    }),
  )
})
