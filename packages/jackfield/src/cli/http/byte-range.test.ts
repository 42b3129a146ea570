import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseRange } from './byte-range.js'

test.each([
  ['bytes=0-0', { first: 0, last: 0 }],
  ['bytes=2-', { first: 2, last: 9 }],
  ['bytes=-3', { first: 7, last: 9 }],
  ['bytes=-30', { first: 0, last: 9 }],
  ['bytes=9-99', { first: 9, last: 9 }],
  ['bytes=10-', 'outside'],
  ['bytes=-0', 'outside'],
  ['bytes=5-4', 'whole'],
  ['bytes=-', 'whole'],
  ['bytes=1-2,4-5', 'whole'],
  ['seconds=1-2', 'whole'],
  [undefined, 'whole'],
] as const)('%s of ten bytes', (header, range) => {
  expect(parseRange(header, 10)).toEqual(range)
})

test('whatever is asked, a range lies within the file', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), fc.nat(), fc.nat(1000), (text, from, to, size) => {
      for (const header of [text, `bytes=${text}`, `bytes=${from}-${to}`, `bytes=${from}-`, `bytes=-${to}`]) {
        const range = parseRange(header, size)
        if (typeof range === 'string') continue
        expect(range.first >= 0 && range.first <= range.last && range.last < size).toBe(true)
      }
    }),
  )
})
