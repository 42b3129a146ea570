import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeUtf8, encodeUtf8 } from './utf8.js'

test('decode(encode(text)) = text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const bytes = encodeUtf8(text)
      expect(decodeUtf8(bytes, 0, bytes.length)).toBe(text)
    }),
  )
})

test('both agree with the platform', () => {
  const encoder = new TextEncoder()
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect([...encodeUtf8(text)]).toEqual([...encoder.encode(text)])
    }),
  )
  expect([...encodeUtf8('\ud800x')]).toEqual([0xef, 0xbf, 0xbd, 0x78])
})

test('bytes that are no character are replaced, never read past the end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
      const text = decodeUtf8(bytes, 0, bytes.length)
      if (!text.includes('\ufffd')) expect([...encodeUtf8(text)]).toEqual([...bytes])
    }),
  )
  for (const bad of [[0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x80], [0xff]]) {
    expect(decodeUtf8(Uint8Array.from(bad), 0, bad.length)).toBe('\ufffd'.repeat(bad.length))
  }
})
