import { IpAddress, SocketAddress } from '@jackfield/addr'
import {
  AF_INET6,
  EACCES,
  EAGAIN,
  EDESTADDRREQ,
  EINVAL,
  EMSGSIZE,
  ENETUNREACH,
  ENOBUFS,
  EOPNOTSUPP,
  IP_MTU_DISCOVER,
  IP_PMTUDISC_DO,
  IP_RECVERR,
  IP_TTL,
  IPV6_PKTINFO,
  IPV6_V6ONLY,
  MSG_CONFIRM,
  MSG_ERRQUEUE,
  MSG_MORE,
  MSG_OOB,
  SO_BROADCAST,
  SO_NO_CHECK,
  SO_SNDBUF,
  SOL_IP,
  SOL_IPV6,
  SOL_SOCKET,
  SOL_UDP,
  UDP_CORK,
  UDP_SEGMENT,
} from '@jackfield/interfaces'
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, foldSum, SEGMENT_UDP } from '@jackfield/packet'
import { pseudoHeaderSum } from '@jackfield/transport'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { at, bytesOf, message, PEER, SELF, UdpTestHost } from './udp.test-fixture.js'

let net: UdpTestHost
beforeEach(() => {
  net = new UdpTestHost()
})
afterEach(() => expect(net.leaks()).toBe(0))

describe('a datagram', () => {
  test('carries its ports, length and pseudo-header sum, and the bytes', () => {
    const socket = net.bound(7)
    expect(socket.send(message(bytesOf('hello'), at(PEER, 9)))).toBe(5)
    const [sent] = net.network.sent
    expect([...(sent?.bytes ?? [])].slice(0, 6)).toEqual([0, 7, 0, 9, 0, 13])
    expect(sent?.bytes.slice(8)).toEqual(bytesOf('hello'))
    expect(sent?.checksum).toBe(CHECKSUM_PARTIAL)
    expect(sent?.checksumStart).toBe(0)
    const sum = pseudoHeaderSum(IpAddress.parse(SELF), IpAddress.parse(PEER), 17, 13)
    const field = ((sent?.bytes[6] ?? 0) << 8) | (sent?.bytes[7] ?? 0)
    expect(field).toBe(foldSum(sum))
    expect(net.counter('UdpOutDatagrams')).toBe(1)
  })

  test('may be empty, and go without a checksum over IPv4', () => {
    const socket = net.socket()
    socket.setOption(SOL_SOCKET, SO_NO_CHECK, 1)
    expect(socket.connect(at(PEER, 9))).toBe(0)
    expect(socket.send(message(0))).toBe(0)
    const [sent] = net.network.sent
    expect(sent?.bytes.length).toBe(8)
    expect(sent?.checksum).toBe(CHECKSUM_NONE)
    expect([...(sent?.bytes.slice(6) ?? [])]).toEqual([0, 0])
  })

  test('goes to its name even on a connected socket; without either there is EDESTADDRREQ', () => {
    const socket = net.socket()
    expect(socket.send(message(1))).toBe(-EDESTADDRREQ)
    expect(socket.send(message(1, at(PEER, 0)))).toBe(-EINVAL)
    socket.connect(at(PEER, 9))
    expect(socket.send(message(1, at('192.0.2.77', 5)))).toBe(1)
    expect(socket.send(message(1))).toBe(1)
    expect(net.network.sent.map((sent) => `${sent.destination}`)).toEqual(['192.0.2.77', PEER])
    expect(socket.send(message(1, null, MSG_OOB))).toBe(-EOPNOTSUPP)
    expect(socket.send(message(1, at('2001:db8::1', 5)))).toBeLessThan(0)
  })

  test('takes TTL and source from ancillary data, and confirms the neighbour', () => {
    const socket = net.socket()
    const one = message(1, at(PEER, 9), MSG_CONFIRM)
    one.control = [{ level: SOL_IP, type: IP_TTL, data: 3 }]
    expect(socket.send(one)).toBe(1)
    expect(net.network.sent[0]?.ttl).toBe(3)
    one.control = [{ level: SOL_UDP, type: 1, data: 3 }]
    expect(socket.send(one)).toBe(-EINVAL)
    one.control = [{ level: SOL_IP, type: IP_TTL, data: 300 }]
    expect(socket.send(one)).toBe(-EINVAL)
  })
})

describe('limits', () => {
  test('65,507 bytes fit, one more does not', () => {
    const socket = net.socket()
    expect(socket.send(message(65_507, at(PEER, 9)))).toBe(65_507)
    expect(socket.send(message(65_508, at(PEER, 9)))).toBe(-EMSGSIZE)
    expect(socket.send(message(70_000, at(PEER, 9)))).toBe(-EMSGSIZE)
  })

  test('with IP_PMTUDISC_DO the path MTU is the limit, told in the error queue', () => {
    const socket = net.socket()
    socket.setOption(SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO)
    socket.setOption(SOL_IP, IP_RECVERR, 1)
    expect(socket.send(message(1472, at(PEER, 9)))).toBe(1472)
    expect(socket.send(message(1473, at(PEER, 9)))).toBe(-EMSGSIZE)
    const told = message(10, new SocketAddress(), MSG_ERRQUEUE)
    told.control = []
    expect(socket.receive(told)).toBe(0)
    expect(told.control[0]?.data).toMatchObject({ errno: EMSGSIZE, info: 1500 })
    expect(`${(told.name as SocketAddress).address}`).toBe(PEER)
  })

  test('broadcast wants SO_BROADCAST', () => {
    const socket = net.socket()
    expect(socket.send(message(1, at('255.255.255.255', 9)))).toBe(-EACCES)
    expect(socket.send(message(1, at('10.0.0.255', 9)))).toBe(-EACCES)
    socket.setOption(SOL_SOCKET, SO_BROADCAST, 1)
    expect(socket.send(message(1, at('10.0.0.255', 9)))).toBe(1)
  })

  test('a full send buffer is EAGAIN until packets are let go', () => {
    const socket = net.socket()
    socket.setOption(SOL_SOCKET, SO_SNDBUF, 1)
    net.network.hold = true
    let sent = 0
    while (socket.send(message(100, at(PEER, 9))) === 100) sent++
    expect(sent).toBe(6)
    expect(socket.send(message(100, at(PEER, 9)))).toBe(-EAGAIN)
    expect(net.counter('UdpSndbufErrors')).toBe(2)
    net.network.clear()
    expect(socket.send(message(100, at(PEER, 9)))).toBe(100)
  })

  test('a full queue below is silence, or ENOBUFS with IP_RECVERR; other errors are told', () => {
    const socket = net.socket()
    net.network.sendError = ENOBUFS
    expect(socket.send(message(3, at(PEER, 9)))).toBe(3)
    socket.setOption(SOL_IP, IP_RECVERR, 1)
    expect(socket.send(message(3, at(PEER, 9)))).toBe(-ENOBUFS)
    expect(net.counter('UdpSndbufErrors')).toBe(2)
    net.network.sendError = ENETUNREACH
    expect(socket.send(message(3, at(PEER, 9)))).toBe(-ENETUNREACH)
    expect(net.counter('UdpOutDatagrams')).toBe(0)
  })
})

describe('MSG_MORE and UDP_CORK', () => {
  test('hold a datagram back until there is no more to come', () => {
    const socket = net.socket()
    expect(socket.send(message(bytesOf('ab'), at(PEER, 9), MSG_MORE))).toBe(2)
    expect(socket.send(message(bytesOf('cd'), at('192.0.2.50', 1), MSG_MORE))).toBe(2)
    expect(net.network.sent).toEqual([])
    expect(socket.send(message(bytesOf('e')))).toBe(1)
    expect(net.network.sent[0]?.bytes.slice(8)).toEqual(bytesOf('abcde'))
    expect(`${net.network.sent[0]?.destination}`).toBe(PEER)
    socket.setOption(SOL_UDP, UDP_CORK, 1)
    socket.send(message(bytesOf('x'), at(PEER, 9)))
    socket.send(message(bytesOf('y')))
    expect(net.network.sent.length).toBe(1)
    expect(socket.setOption(SOL_UDP, UDP_CORK, 0)).toBe(0)
    expect(net.network.sent[1]?.bytes.slice(8)).toEqual(bytesOf('xy'))
    expect(socket.setOption(SOL_UDP, UDP_CORK, 0)).toBe(0)
  })

  test('keep the ancillary data of the first call; too much drops it all; closing too', () => {
    const socket = net.socket()
    const first = message(bytesOf('a'), at(PEER, 9), MSG_MORE)
    first.control = [{ level: SOL_IP, type: IP_TTL, data: 9 }]
    socket.send(first)
    socket.send(message(bytesOf('b')))
    expect(net.network.sent[0]?.ttl).toBe(9)
    socket.send(message(60_000, at(PEER, 9), MSG_MORE))
    expect(socket.send(message(6000, null, MSG_MORE))).toBe(-EMSGSIZE)
    expect(socket.send(message(1))).toBe(-EDESTADDRREQ)
    socket.send(message(10, at(PEER, 9), MSG_MORE))
    socket.close()
    expect(net.network.sent.length).toBe(1)
  })
})

describe('UDP_SEGMENT', () => {
  test('is one packet of several datagrams, to be cut below', () => {
    net.network.maxSegment = 65_535
    const socket = net.socket()
    socket.setOption(SOL_UDP, UDP_SEGMENT, 100)
    expect(socket.send(message(1050, at(PEER, 9)))).toBe(1050)
    const [sent] = net.network.sent
    expect([sent?.segmentType, sent?.segmentSize, sent?.bytes.length]).toEqual([SEGMENT_UDP, 100, 1058])
    expect(socket.send(message(100, at(PEER, 9)))).toBe(100)
    expect(net.network.sent[1]?.segmentType).toBe(0)
  })

  test('where nothing large goes down, several packets with as many segments as fit', () => {
    const socket = net.socket()
    const one = message(2000, at(PEER, 9))
    one.control = [{ level: SOL_UDP, type: UDP_SEGMENT, data: 700 }]
    expect(socket.send(one)).toBe(2000)
    expect(net.network.sent.map((sent) => [sent.bytes.length - 8, sent.segmentSize])).toEqual([
      [1400, 700],
      [600, 0],
    ])
  })

  test('refuses too many segments, segments over the MTU and sockets without checksums', () => {
    const socket = net.socket()
    socket.setOption(SOL_UDP, UDP_SEGMENT, 10)
    expect(socket.send(message(1280, at(PEER, 9)))).toBe(1280)
    expect(socket.send(message(1281, at(PEER, 9)))).toBe(-EINVAL)
    socket.setOption(SOL_UDP, UDP_SEGMENT, 1473)
    expect(socket.send(message(1473, at(PEER, 9)))).toBe(-EMSGSIZE)
    expect(socket.send(message(1472, at(PEER, 9)))).toBe(1472)
    socket.setOption(SOL_SOCKET, SO_NO_CHECK, 1)
    expect(socket.send(message(10, at(PEER, 9)))).toBe(-EINVAL)
  })
})

test('a socket bound to an IPv6 address does not reach IPv4, nor does a source of the other version', () => {
  const six = new UdpTestHost({ version: 6 })
  const socket = six.socket(AF_INET6)
  expect(socket.bind(at('2001:db8::1', 7))).toBe(0)
  expect(socket.send(message(1, at('::ffff:192.0.2.1', 9)))).toBe(-ENETUNREACH)
  const one = message(1, at('2001:db8::9', 9))
  const source = { interfaceIndex: 0, address: IpAddress.parse('192.0.2.7') }
  one.control = [{ level: SOL_IPV6, type: IPV6_PKTINFO, data: source }]
  expect(socket.send(one)).toBe(-EINVAL)
  expect(six.leaks()).toBe(0)
})

test('an IPv6 socket sends over IPv6', () => {
  const six = new UdpTestHost({ version: 6 })
  const socket = six.socket(AF_INET6)
  expect(socket.send(message(100, at('2001:db8::9', 9)))).toBe(100)
  expect(`${six.network.sent[0]?.source}`).toBe('2001:db8::1')
  expect(socket.send(message(1, at('192.0.2.1', 9)))).toBe(-ENETUNREACH)
  const only = six.socket(AF_INET6)
  only.setOption(SOL_IPV6, IPV6_V6ONLY, 1)
  expect(only.send(message(1, at('192.0.2.1', 9)))).toBe(-ENETUNREACH)
  const mapped = at('::ffff:192.0.2.1', 9)
  expect(only.send(message(1, mapped))).toBe(-ENETUNREACH)
  expect(six.leaks()).toBe(0)
})
