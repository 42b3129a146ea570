import { IpAddress } from '@jackfield/addr'
import { createFakeHost } from '@jackfield/interfaces/compliance'
import { expect, test } from 'vitest'
import { TcpSettings } from '../settings.js'
import { InitialSequence } from './initial-sequence.js'

const A = IpAddress.parse('10.0.0.1')
const B = IpAddress.parse('10.0.0.2')
const C = IpAddress.parse('10.0.0.3')

test('sequence numbers rise by one every 64 ns, and differ between connections (RFC 6528)', () => {
  const host = createFakeHost()
  const initial = new InitialSequence(host, new TcpSettings())
  const first = initial.sequence(A, 1, B, 2)
  expect(initial.sequence(A, 1, B, 2)).toBe(first)
  const others = [initial.sequence(A, 1, B, 3), initial.sequence(A, 2, B, 2), initial.sequence(A, 1, C, 2)]
  expect(new Set([first, ...others]).size).toBe(4)
  host.clock.advance(64)
  expect((initial.sequence(A, 1, B, 2) - first) | 0).toBe(1000)
  // A whole turn takes 275 seconds.
  host.clock.advance(274_877_906 - 64)
  expect(Math.abs((initial.sequence(A, 1, B, 2) - first) | 0)).toBeLessThan(16)
})

test('another host begins elsewhere', () => {
  const host = createFakeHost()
  const [one, two] = [new InitialSequence(host, new TcpSettings()), new InitialSequence(host, new TcpSettings())]
  expect(one.sequence(A, 1, B, 2)).not.toBe(two.sequence(A, 1, B, 2))
})

test('timestamps have an offset for each pair of addresses, none with tcp_timestamps 2', () => {
  const settings = new TcpSettings()
  const initial = new InitialSequence(createFakeHost(), settings)
  const offset = initial.timestampOffset(A, B)
  expect(initial.timestampOffset(A, B)).toBe(offset)
  expect(initial.timestampOffset(A, C)).not.toBe(offset)
  settings.timestamps = 2
  expect(initial.timestampOffset(A, B)).toBe(0)
})
