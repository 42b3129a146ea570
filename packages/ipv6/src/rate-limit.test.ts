import { IpAddress } from '@jackfield/addr'
import { expect, test } from 'vitest'
import { bench, finish } from './layer.test-fixture.js'

const ECHO_REPLY = 129

/** How many of `count` messages of a type may leave for an address now. */
function permitted(of: ReturnType<typeof bench>, count: number, address: string, type = 1): number {
  const to = IpAddress.parse(address)
  let sent = 0
  for (let i = 0; i < count; i++) if (of.layer.permitMessage(to, type)) sent++
  return sent
}

test('a destination gets six errors at once, then one every 100 ms, as from Linux', () => {
  const net = bench()
  const { clock } = net.host
  expect(permitted(net, 20, '2001:db8:a::2')).toBe(6)
  clock.advance(99_000)
  expect(permitted(net, 20, '2001:db8:a::2')).toBe(0)
  clock.advance(1000)
  expect(permitted(net, 20, '2001:db8:a::2')).toBe(1)
  clock.advance(1e6)
  expect(permitted(net, 20, '2001:db8:a::2')).toBe(6)
  // How near it is makes no difference, and nobody pays for another.
  expect(permitted(net, 20, '2001:db8:a::3')).toBe(6)
  expect(permitted(net, 20, '3fff::7')).toBe(6)
  expect(net.layer.rateCounters).toEqual({ Icmp6OutRateLimitGlobal: 0, Icmp6OutRateLimitHost: 14 + 20 + 19 + 14 * 3 })
  finish(net)
})

test('of a thousand errors in a second six go at once, and one every 100 ms after', () => {
  const net = bench()
  let sent = 0
  for (let i = 0; i < 1000; i++) {
    sent += permitted(net, 1, '3fff::7', 3)
    net.host.clock.advance(1000)
  }
  expect(sent).toBe(6 + 9)
  finish(net)
})

test('icmp.ratelimit is in milliseconds; 0 leaves the host’s limit alone', () => {
  const net = bench()
  net.host.set('net.ipv6.icmp.ratelimit', 1000)
  expect(permitted(net, 20, '3fff::7')).toBe(6)
  net.host.clock.advance(999_000)
  expect(permitted(net, 20, '3fff::7')).toBe(0)
  net.host.clock.advance(1000)
  expect(permitted(net, 20, '3fff::7')).toBe(1)
  net.host.set('net.ipv6.icmp.ratelimit', 0)
  expect(permitted(net, 20, '3fff::7')).toBe(20)
  finish(net)
})

test('the types of icmp.ratemask are limited: no "packet too big", no informational messages; nor what stays here', () => {
  const net = bench()
  const mask = net.host.settings.get('net.ipv6.icmp.ratemask')
  expect(mask?.get()).toBe('0-1,3-127')
  for (const type of [1, 3, 4, 127]) {
    net.host.clock.advance(10e6)
    expect(permitted(net, 100, '3fff::7', type)).toBe(6)
  }
  expect(permitted(net, 100, '3fff::7', 2)).toBe(100)
  expect(permitted(net, 100, '3fff::7', ECHO_REPLY)).toBe(100)
  expect(permitted(net, 100, '2001:db8:a::1')).toBe(100)
  mask?.set('2,129')
  net.host.clock.advance(10e6)
  expect(permitted(net, 100, '3fff::7', 1)).toBe(100)
  expect(permitted(net, 100, '3fff::7', 2)).toBe(6)
  expect(permitted(net, 100, '3fff::8', ECHO_REPLY)).toBe(6)
  expect(() => mask?.set(2)).toThrow('list of types')
  expect(mask?.get()).toBe('2,129')
  finish(net)
})
