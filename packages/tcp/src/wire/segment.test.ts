import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  checkTcpHeader,
  FLAG_ACK,
  FLAG_AE,
  FLAG_SYN,
  readTcpAcknowledgment,
  readTcpChecksum,
  readTcpDestinationPort,
  readTcpFlags,
  readTcpHeaderLength,
  readTcpSequence,
  readTcpSourcePort,
  readTcpUrgentPointer,
  readTcpWindow,
  writeTcpHeader,
} from './segment.js'

test('a header is read as it was written, at any offset, and nothing beside it is touched', () => {
  const word = fc.nat(0xffff)
  const sequence = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff })
  fc.assert(
    fc.property(
      fc.tuple(word, word, sequence, sequence, fc.integer({ min: 5, max: 15 }), fc.nat(0xfff), word, word),
      fc.nat(9),
      ([source, destination, seq, ack, words, flags, window, urgent], at) => {
        const bytes = new Uint8Array(40).fill(0xa5)
        const view = new DataView(bytes.buffer)
        writeTcpHeader(view, at, source, destination, seq, ack, words * 4, flags, window, urgent)
        expect(readTcpSourcePort(view, at)).toBe(source)
        expect(readTcpDestinationPort(view, at)).toBe(destination)
        expect(readTcpSequence(view, at)).toBe(seq)
        expect(readTcpAcknowledgment(view, at)).toBe(ack)
        expect(readTcpHeaderLength(view, at)).toBe(words * 4)
        expect(readTcpFlags(view, at)).toBe(flags)
        expect(readTcpWindow(view, at)).toBe(window)
        expect(readTcpChecksum(view, at)).toBe(0)
        expect(readTcpUrgentPointer(view, at)).toBe(urgent)
        expect([...bytes.slice(0, at), ...bytes.slice(at + 20)].every((byte) => byte === 0xa5)).toBe(true)
      },
    ),
  )
})

test('the bytes are those of RFC 9293 3.1', () => {
  const bytes = new Uint8Array(20)
  writeTcpHeader(new DataView(bytes.buffer), 0, 0x1234, 80, 0x01020304, -2, 20, FLAG_SYN | FLAG_ACK | FLAG_AE, 64_240)
  expect([...bytes]).toEqual([
    0x12, 0x34, 0, 80, 1, 2, 3, 4, 0xff, 0xff, 0xff, 0xfe, 0x51, 0x12, 0xfa, 0xf0, 0, 0, 0, 0,
  ])
})

test('a header is checked before it is read', () => {
  const view = new DataView(new ArrayBuffer(80))
  const check = (words: number, length: number): number => {
    view.setUint8(12 + 7, words << 4)
    return checkTcpHeader(view, 7, 7 + length)
  }
  expect(check(5, 20)).toBe(20)
  expect(check(5, 70)).toBe(20)
  expect(check(15, 60)).toBe(60)
  expect(check(5, 19)).toBe(-1)
  expect(check(5, 0)).toBe(-1)
  expect(check(5, -3)).toBe(-1)
  expect(check(4, 60)).toBe(-1)
  expect(check(0, 60)).toBe(-1)
  expect(check(6, 23)).toBe(-1)
  expect(check(15, 59)).toBe(-1)
})
