import { AF_INET6, ECONNREFUSED, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_STREAM } from '@jackfield/interfaces'
import { createLoopback } from '@jackfield/link'
import { expect, test } from 'vitest'
import { FORWARD, Lan, type Station, talk } from './lan.test-support.js'

/** Two routers of one subnet, and a host: all of them know their addresses to be their own. */
function subnet(): { lan: Lan; first: Station; second: Station; host: Station } {
  const lan = new Lan()
  const first = lan.station({ addresses: ['fd00::1/64'], sysctl: FORWARD })
  const second = lan.station({ addresses: ['fd00::2/64'], sysctl: FORWARD })
  const host = lan.station({ addresses: ['fd00::3/64'] })
  lan.seconds(3)
  return { lan, first, second, host }
}

test('a datagram to the address of a subnet comes to one of its routers, which answers with its own (RFC 4291 2.6.1)', () => {
  const { lan, first, second, host } = subnet()
  const servers = [first, second].map(({ sockets }) => {
    const fd = sockets.socket(AF_INET6, SOCK_DGRAM)
    sockets.bind(fd, '[::]:7')
    return { sockets, fd }
  })
  const client = host.sockets.socket(AF_INET6, SOCK_DGRAM)
  host.sockets.sendto(client, 'who is there?', 0, '[fd00::]:7')
  lan.seconds(2)
  const buffer = new Uint8Array(20)
  const heard = servers.filter(({ sockets, fd }) => {
    const from = sockets.createAddress(AF_INET6)
    try {
      sockets.recvfrom(fd, buffer, 0, from)
    } catch {
      return false
    }
    expect(`${from}`).toMatch(/^\[fd00::3\]:/)
    sockets.sendto(fd, 'I am', 0, from)
    return true
  })
  expect(heard).toHaveLength(1)
  lan.seconds(1)
  const from = host.sockets.createAddress(AF_INET6)
  expect(host.sockets.recvfrom(client, buffer, 0, from)).toBe(4)
  expect(`${from}`).toMatch(/^\[fd00::[12]\]:7$/)
})

test('a port that nobody listens on is refused; a connection to many at once is not begun', () => {
  const { lan, first, host } = subnet()
  const datagrams = host.sockets.socket(AF_INET6, SOCK_DGRAM)
  host.sockets.connect(datagrams, '[fd00::]:9')
  host.sockets.send(datagrams, 'x')
  lan.seconds(2)
  // The error comes from a router's own address, and is about the anycast one.
  expect(() => host.sockets.send(datagrams, 'x')).toThrow(expect.objectContaining({ errno: ECONNREFUSED }))
  const listener = first.sockets.socket(AF_INET6, SOCK_STREAM)
  expect(() => first.sockets.bind(listener, '[fd00::]:80')).toThrow('EADDRNOTAVAIL')
  first.sockets.bind(listener, '[::]:80')
  first.sockets.listen(listener, 5)
  const before = first.stack.counters()['Ip6InDelivers'] as number
  const stream = host.sockets.socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK)
  expect(() => host.sockets.connect(stream, '[fd00::]:80')).toThrow('EINPROGRESS')
  lan.seconds(5)
  expect(first.stack.counters()['Ip6InDelivers']).toBeGreaterThan(before)
  expect(first.stack.counters()['TcpPassiveOpens']).toBe(0)
})

test('a host itself reaches the address by itself, and it is never where a packet comes from', () => {
  const { lan, first, host } = subnet()
  first.stack.addInterface(createLoopback({ clock: lan.clock }))
  expect(talk(lan, first, first, '[fd00::]:7')).toBe('1 fd00::1')
  expect(talk(lan, host, first, '[fd00::1]:7')).toBe('1 fd00::3')
})
