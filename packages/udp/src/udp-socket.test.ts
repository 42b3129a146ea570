import { SocketAddress } from '@jackfield/addr'
import {
  AF_INET,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  EAGAIN,
  EBADF,
  EINVAL,
  ENOPROTOOPT,
  ENOTCONN,
  ENOTTY,
  EOPNOTSUPP,
  EPIPE,
  FIONREAD,
  IP_BIND_ADDRESS_NO_PORT,
  IP_MTU,
  IPPROTO_TCP,
  OptionFailure,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDHUP,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SIOCOUTQ,
  SO_REUSEADDR,
  SOL_IP,
  SOL_SOCKET,
  SOL_UDP,
  SOL_UDPLITE,
  UDP_CORK,
  UDP_GRO,
  UDP_NO_CHECK6_RX,
  UDP_SEGMENT,
  UDPLITE_SEND_CSCOV,
} from '@jackfield/interfaces'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { at, bytesOf, message, PEER, receive, SELF, UdpTestHost } from './udp.test-fixture.js'

let net: UdpTestHost
beforeEach(() => {
  net = new UdpTestHost()
})
afterEach(() => expect(net.leaks()).toBe(0))

function nameOf(socket: { getName(name: SocketAddress): number }): string {
  const name = new SocketAddress()
  expect(socket.getName(name)).toBe(0)
  return `${name.address}:${name.port}`
}

describe('binding', () => {
  test('once, to an address of the host, of its family', () => {
    const socket = net.socket()
    expect(nameOf(socket)).toBe('0.0.0.0:0')
    expect(socket.bind(at('10.0.0.77', 7))).toBe(-EADDRNOTAVAIL)
    expect(socket.bind(at('2001:db8::1', 7))).toBe(-EAFNOSUPPORT)
    expect(socket.bind({ family: 1, path: '/x' })).toBe(-EAFNOSUPPORT)
    expect(socket.bind(at(SELF, 7))).toBe(0)
    expect(nameOf(socket)).toBe('10.0.0.1:7')
    expect(socket.bind(at(SELF, 8))).toBe(-EINVAL)
    expect(net.socket().bind(at('0.0.0.0', 7))).toBe(-EADDRINUSE)
    socket.close()
    socket.close()
    expect(net.socket().bind(at('0.0.0.0', 7))).toBe(0)
  })

  test('port 0 is an ephemeral one; with IP_BIND_ADDRESS_NO_PORT it comes with the first use', () => {
    const socket = net.bound(0)
    expect(socket.localPort).toBeGreaterThanOrEqual(32_768)
    const late = net.socket()
    late.setOption(SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    expect(late.bind(at(SELF, 0))).toBe(0)
    expect(nameOf(late)).toBe('10.0.0.1:0')
    expect(late.send(message(bytesOf('x'), at(PEER, 9)))).toBe(1)
    expect(late.localPort).toBeGreaterThanOrEqual(32_768)
    expect(String(net.network.sent[0]?.source)).toBe(SELF)
  })

  test('SO_REUSEADDR on both lets them share, and the later one gets unicast', () => {
    const sockets = [net.socket(), net.socket()] as const
    for (const each of sockets) {
      each.setOption(SOL_SOCKET, SO_REUSEADDR, 1)
      expect(each.bind(at('0.0.0.0', 7))).toBe(0)
    }
    net.arrive(7, bytesOf('hello'))
    expect(receive(sockets[0])).toBe(-EAGAIN)
    expect(receive(sockets[1])).toEqual(bytesOf('hello'))
  })

  test('no ephemeral port left: EADDRINUSE to bind, EAGAIN to send and connect', () => {
    net.host.set('net.ipv4.ip_local_port_range', '5000 5001')
    net.bound(0)
    net.bound(0)
    expect(net.socket().bind(at('0.0.0.0', 0))).toBe(-EADDRINUSE)
    expect(net.socket().send(message(1, at(PEER, 9)))).toBe(-EAGAIN)
    expect(net.socket().connect(at(PEER, 9))).toBe(-EAGAIN)
  })
})

describe('connecting', () => {
  test('fixes peer and source; only the peer is heard; null dissolves it', () => {
    const socket = net.socket()
    const peer = new SocketAddress()
    expect(socket.getPeer(peer)).toBe(-ENOTCONN)
    expect(socket.connect(at(PEER, 9))).toBe(0)
    expect(socket.getPeer(peer)).toBe(0)
    expect(`${peer.address}:${peer.port}`).toBe('192.0.2.9:9')
    const port = socket.localPort
    expect(nameOf(socket)).toBe(`10.0.0.1:${port}`)
    net.arrive(port, bytesOf('stranger'), { port: 10 })
    net.arrive(port, bytesOf('stranger'), { source: '192.0.2.8', port: 9 })
    net.arrive(port, bytesOf('peer'), { port: 9 })
    expect(net.counter('UdpNoPorts')).toBe(2)
    expect(receive(socket)).toEqual(bytesOf('peer'))
    expect(socket.connect(null)).toBe(0)
    expect(nameOf(socket)).toBe('0.0.0.0:0')
    expect(socket.getPeer(peer)).toBe(-ENOTCONN)
    expect(socket.connect(null)).toBe(0)
  })

  test('the MTU of the path is that to the peer, from the start and wherever datagrams went since', () => {
    const socket = net.socket()
    expect(socket.getOption(SOL_IP, IP_MTU)).toEqual(new OptionFailure(ENOTCONN))
    expect(socket.send(message(1, at(PEER, 9)))).toBe(1)
    expect(socket.getOption(SOL_IP, IP_MTU)).toEqual(new OptionFailure(ENOTCONN))
    socket.connect(at(PEER, 9))
    expect(socket.getOption(SOL_IP, IP_MTU)).toBe(1500)
    expect(socket.send(message(1, at('192.0.2.77', 5)))).toBe(1)
    expect(socket.getOption(SOL_IP, IP_MTU)).toBe(1500)
    expect(`${socket.flow.destination}`).toBe(PEER)
    socket.connect(null)
    expect(socket.getOption(SOL_IP, IP_MTU)).toEqual(new OptionFailure(ENOTCONN))
  })

  test('dissolving keeps what bind gave', () => {
    const socket = net.bound(7, SELF)
    socket.connect(at(PEER, 9))
    expect(socket.connect(at('192.0.2.10', 9))).toBe(0)
    socket.connect(null)
    expect(nameOf(socket)).toBe('10.0.0.1:7')
    const wild = net.bound(8)
    wild.connect(at(PEER, 9))
    expect(nameOf(wild)).toBe('10.0.0.1:8')
    wild.connect(null)
    expect(nameOf(wild)).toBe('0.0.0.0:8')
    net.arrive(8, bytesOf('any'), { port: 77 })
    expect(receive(wild)).toEqual(bytesOf('any'))
  })

  test('to port 0 any port of that host is heard, and none can be sent to', () => {
    const socket = net.bound(7)
    expect(socket.connect(at(PEER, 0))).toBe(0)
    expect(socket.getPeer(new SocketAddress())).toBe(-ENOTCONN)
    net.arrive(7, bytesOf('x'), { port: 1 })
    net.arrive(7, bytesOf('x'), { source: '192.0.2.8' })
    expect(receive(socket)).toEqual(bytesOf('x'))
    expect(receive(socket)).toBe(-EAGAIN)
    expect(socket.send(message(1))).toBe(-EINVAL)
  })

  test('to the unspecified address is to this host; an unreachable one is told', () => {
    const socket = net.socket()
    expect(socket.connect(at('0.0.0.0', 9))).toBe(0)
    const peer = new SocketAddress()
    socket.getPeer(peer)
    expect(String(peer.address)).toBe('127.0.0.1')
    net.network.routeError = 101
    expect(net.socket().connect(at(PEER, 9))).toBe(-101)
    net.network.routeError = 0
    expect(net.socket().connect(at('10.0.0.255', 9))).toBe(-13)
    expect(net.socket().connect({ family: 1, path: '' })).toBe(-EAFNOSUPPORT)
  })
})

describe('the rest of the calls', () => {
  test('what only streams do is not supported', () => {
    const socket = net.socket()
    expect(socket.listen()).toBe(-EOPNOTSUPP)
    expect(socket.accept()).toBe(-EOPNOTSUPP)
    expect(socket.ioctl(0x1234)).toBe(-ENOTTY)
    expect(net.host.providers[0]?.create(IPPROTO_TCP)).toBeLessThan(0)
    expect(() => net.socket(10)).toThrow(`${-EAFNOSUPPORT}`)
  })

  test('shutdown ends sending or waiting, but what came is still read', () => {
    const socket = net.bound(7)
    expect(socket.shutdown(3)).toBe(-EINVAL)
    socket.connect(at(PEER, 4000))
    net.arrive(7, bytesOf('x'))
    expect(socket.shutdown(SHUT_RD)).toBe(0)
    expect(socket.readiness()).toBe(POLLIN | POLLRDHUP | POLLOUT)
    expect(receive(socket)).toEqual(bytesOf('x'))
    expect(receive(socket)).toEqual(new Uint8Array(0))
    expect(socket.send(message(1))).toBe(1)
    expect(socket.shutdown(SHUT_WR)).toBe(0)
    expect(socket.send(message(1))).toBe(-EPIPE)
    expect(socket.readiness() & POLLHUP).toBe(POLLHUP)
    const loose = net.bound(8)
    expect(loose.shutdown(SHUT_RDWR)).toBe(-ENOTCONN)
    expect(loose.send(message(1, at(PEER, 9)))).toBe(-EPIPE)
  })

  test('FIONREAD is the next datagram, SIOCOUTQ what is not sent yet', () => {
    const socket = net.bound(7)
    expect(socket.ioctl(FIONREAD)).toBe(0)
    net.arrive(7, bytesOf('abc'))
    net.arrive(7, bytesOf('longer'))
    expect(socket.ioctl(FIONREAD)).toBe(3)
    net.network.hold = true
    socket.send(message(100, at(PEER, 9)))
    expect(socket.ioctl(SIOCOUTQ)).toBeGreaterThan(100)
    net.network.clear()
    expect(socket.ioctl(SIOCOUTQ)).toBe(0)
  })

  test('a watcher hears at the end of the burst that there is something', () => {
    const socket = net.bound(7)
    const told: number[] = []
    socket.setWatcher({ ready: (mask) => told.push(mask) })
    net.arrive(7, bytesOf('a'))
    net.arrive(7, bytesOf('b'))
    expect(told).toEqual([])
    net.host.burstEnd()
    expect(told).toEqual([POLLIN | POLLOUT])
  })

  test('SOL_UDP options have the ranges and levels of Linux', () => {
    const socket = net.socket(AF_INET)
    const lite = net.socket(AF_INET, 136)
    for (const [name, good, bad] of [
      [UDP_SEGMENT, 65_535, 65_536],
      [UDP_SEGMENT, 0, -1],
    ] as const) {
      expect(socket.setOption(SOL_UDP, name, good)).toBe(0)
      expect(socket.getOption(SOL_UDP, name)).toBe(good)
      expect(socket.setOption(SOL_UDP, name, bad)).toBe(-EINVAL)
    }
    for (const name of [UDP_CORK, UDP_GRO]) {
      expect(socket.getOption(SOL_UDP, name)).toBe(0)
      expect(socket.setOption(SOL_UDP, name, 7)).toBe(0)
      expect(socket.getOption(SOL_UDP, name)).toBe(1)
    }
    expect(socket.setOption(SOL_UDP, UDP_NO_CHECK6_RX, 1)).toBe(-ENOPROTOOPT)
    expect(socket.setOption(SOL_UDPLITE, UDPLITE_SEND_CSCOV, 1)).toBe(-ENOPROTOOPT)
    expect(socket.getOption(SOL_UDPLITE, UDPLITE_SEND_CSCOV)).toEqual(new OptionFailure(ENOPROTOOPT))
    expect(socket.setOption(SOL_UDP, UDP_CORK, 'x')).toBe(-EINVAL)
    for (const [given, kept] of [
      [0, 0],
      [1, 8],
      [7, 8],
      [9, 9],
      [70_000, 65_535],
    ] as const) {
      expect(lite.setOption(SOL_UDPLITE, UDPLITE_SEND_CSCOV, given)).toBe(0)
      expect(lite.getOption(SOL_UDPLITE, UDPLITE_SEND_CSCOV)).toBe(kept)
    }
    expect(lite.setOption(SOL_UDP, UDP_GRO, 1)).toBe(-ENOPROTOOPT)
  })
})

test('a stack that closes takes back what its sockets hold', () => {
  const other = new UdpTestHost()
  const socket = other.bound(7)
  other.arrive(7, bytesOf('unread'))
  socket.send(message(10, at(PEER, 9), 0x8000))
  other.host.close()
  expect(other.host.packets.outstanding).toBe(0)
  expect(receive(socket)).toBe(-EBADF)
  expect(socket.send(message(1, at(PEER, 9)))).toBe(-EBADF)
  expect(socket.bind(at(SELF, 9))).toBe(-EBADF)
  expect(socket.connect(at(SELF, 9))).toBe(-EBADF)
})
