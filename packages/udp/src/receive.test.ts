import { SocketAddress } from '@jackfield/addr'
import {
  AF_INET,
  AF_INET6,
  CAST_BROADCAST,
  CAST_MULTICAST,
  DELIVERED,
  EAGAIN,
  ECONNREFUSED,
  EHOSTUNREACH,
  ERROR_PORT_UNREACHABLE,
  ERROR_TTL_EXCEEDED,
  type ExtendedError,
  IP_ADD_MEMBERSHIP,
  IP_MINTTL,
  IP_MULTICAST_ALL,
  IP_RECVERR,
  IP_RECVTTL,
  IP_TTL,
  IPPROTO_UDP,
  IPPROTO_UDPLITE,
  MSG_ERRQUEUE,
  MSG_PEEK,
  MSG_TRUNC,
  POLLERR,
  SO_ERROR,
  SO_RCVBUF,
  SO_REUSEADDR,
  SOL_IP,
  SOL_SOCKET,
  SOL_UDP,
  SOL_UDPLITE,
  UDP_GRO,
  UDP_NO_CHECK6_RX,
  UDPLITE_RECV_CSCOV,
  UDPLITE_SEND_CSCOV,
  UNREACHABLE,
} from '@jackfield/interfaces'
import { CHECKSUM_VERIFIED, SEGMENT_UDP } from '@jackfield/packet'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { at, bytesOf, datagram, message, PEER, receive, SELF, UdpTestHost } from './udp.test-fixture.js'

let net: UdpTestHost
beforeEach(() => {
  net = new UdpTestHost()
})
afterEach(() => expect(net.leaks()).toBe(0))

describe('receiving', () => {
  test('gives the bytes and who sent them, once', () => {
    const socket = net.bound(7)
    expect(net.arrive(7, bytesOf('hello'))).toBe(DELIVERED)
    const into = message(100, new SocketAddress())
    expect(socket.receive(into)).toBe(5)
    expect(into.named).toBe(true)
    expect(`${(into.name as SocketAddress).address}:${(into.name as SocketAddress).port}`).toBe('192.0.2.9:4000')
    expect(socket.receive(into)).toBe(-EAGAIN)
    expect(into.named).toBe(false)
    expect(net.counter('UdpInDatagrams')).toBe(1)
  })

  test('MSG_PEEK leaves it, a short buffer cuts it, MSG_TRUNC tells its length', () => {
    const socket = net.bound(7)
    net.arrive(7, bytesOf('hello'))
    const into = message(2, null, MSG_PEEK | MSG_TRUNC)
    expect(socket.receive(into)).toBe(5)
    expect(into.flags).toBe(MSG_TRUNC)
    into.flags = 0
    expect(socket.receive(into)).toBe(2)
    expect(into.flags).toBe(MSG_TRUNC)
    expect(into.buffer).toEqual(bytesOf('he'))
    expect(receive(socket)).toBe(-EAGAIN)
    net.arrive(7, new Uint8Array(0))
    expect(receive(socket)).toEqual(new Uint8Array(0))
  })

  test('tells the TTL where it was asked to, and refuses what came from too far', () => {
    const socket = net.bound(7)
    socket.setOption(SOL_IP, IP_RECVTTL, 1)
    socket.setOption(SOL_IP, IP_MINTTL, 60)
    net.arrive(7, bytesOf('far'), { ttl: 59 })
    net.arrive(7, bytesOf('near'), { ttl: 60 })
    const into = message(10)
    into.control = []
    expect(socket.receive(into)).toBe(4)
    expect(into.control).toEqual([{ level: SOL_IP, type: IP_TTL, data: 60 }])
    expect(net.counter('UdpInErrors')).toBe(1)
  })

  test('every datagram arrives once with exactly its bytes, in order', () => {
    const socket = net.bound(7)
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (payloads) => {
        for (const payload of payloads) expect(net.arrive(7, payload)).toBe(DELIVERED)
        for (const payload of payloads) expect(receive(socket)).toEqual(payload)
        expect(receive(socket)).toBe(-EAGAIN)
      }),
    )
  })

  test('what a full receive buffer or udp_mem refuses is counted', () => {
    const socket = net.bound(7)
    socket.setOption(SOL_SOCKET, SO_RCVBUF, 1)
    for (let i = 0; i < 10; i++) net.arrive(7, new Uint8Array(100))
    expect(socket.queue.used).toBeLessThanOrEqual(2304 + 768)
    expect(net.counter('UdpRcvbufErrors')).toBe(6)
    expect(net.counter('UdpInErrors')).toBe(6)
    net.host.set('net.ipv4.udp_mem', '0 0 1')
    net.bound(8)
    for (let i = 0; i < 3; i++) net.arrive(8, new Uint8Array(100))
    expect(net.counter('UdpMemErrors')).toBe(2)
    expect(() => net.host.set('net.ipv4.udp_mem', '3 2 1')).toThrow(/rising/)
  })
})

describe('what is wrong', () => {
  test('an unknown port is unreachable, with a good checksum only', () => {
    const payload = datagram(PEER, SELF, 1, 99, bytesOf('x'))
    expect(net.network.inject({ protocol: IPPROTO_UDP, payload, source: PEER })).toBe(UNREACHABLE)
    expect(net.counter('UdpNoPorts')).toBe(1)
    payload[6] = (payload[6] as number) ^ 1
    expect(net.network.inject({ protocol: IPPROTO_UDP, payload, source: PEER })).toBe(DELIVERED)
    expect(net.counter('UdpInCsumErrors')).toBe(1)
    expect(net.counter('UdpInErrors')).toBe(1)
  })

  test('no checksum is fine over IPv4; what follows the datagram is cut off', () => {
    const socket = net.bound(7)
    const payload = Uint8Array.of(...datagram(PEER, SELF, 1, 7, bytesOf('abc')), 9, 9, 9)
    expect(net.network.inject({ protocol: IPPROTO_UDP, payload, source: PEER })).toBe(DELIVERED)
    payload[6] = payload[7] = 0
    net.network.inject({ protocol: IPPROTO_UDP, payload, source: PEER })
    expect(receive(socket)).toEqual(bytesOf('abc'))
    expect(receive(socket)).toEqual(bytesOf('abc'))
    payload[3] = 7
    payload[5] = 50
    net.network.inject({ protocol: IPPROTO_UDP, payload })
    payload[5] = 7
    net.network.inject({ protocol: IPPROTO_UDP, payload })
    net.network.inject({ protocol: IPPROTO_UDP, payload: payload.slice(0, 7) })
    expect(net.counter('UdpInErrors')).toBe(3)
  })

  test('over IPv6 a checksum is a must, unless the socket does without', () => {
    const six = new UdpTestHost({ version: 6 })
    const socket = six.socket(AF_INET6)
    expect(socket.bind(at('::', 7))).toBe(0)
    const source = '2001:db8::9'
    const payload = datagram(source, '2001:db8::1', 1, 7, bytesOf('abc'))
    six.network.inject({ protocol: IPPROTO_UDP, payload, source })
    expect(receive(socket)).toEqual(bytesOf('abc'))
    payload[6] = payload[7] = 0
    expect(six.network.inject({ protocol: IPPROTO_UDP, payload, source })).toBe(DELIVERED)
    expect(six.counter('UdpInCsumErrors')).toBe(1)
    socket.setOption(SOL_UDP, UDP_NO_CHECK6_RX, 1)
    six.network.inject({ protocol: IPPROTO_UDP, payload, source })
    const into = message(9, new SocketAddress())
    expect(socket.receive(into)).toBe(3)
    expect(`${(into.name as SocketAddress).address}`).toBe(source)
    expect(six.leaks()).toBe(0)
  })

  test('no bytes from outside throw, and each is delivered, answered or counted', () => {
    const socket = net.bound(7)
    const lite = net.socket(AF_INET, IPPROTO_UDPLITE)
    lite.bind(at('0.0.0.0', 7))
    const total = () =>
      ['UdpInErrors', 'UdpNoPorts', 'UdpIgnoredMulti', 'UdpLiteInErrors', 'UdpLiteNoPorts', 'UdpLiteIgnoredMulti']
        .map((name) => net.counter(name) ?? 0)
        .reduce((sum, value) => sum + value, 0)
    const some = fc.uint8Array({ maxLength: 40 })
    const header = some.map((bytes) => Uint8Array.of(1, 1, 0, 7, 0, bytes.length + 8, 0, 0, ...bytes))
    fc.assert(
      fc.property(
        fc.oneof(some, header),
        fc.constantFrom(IPPROTO_UDP, IPPROTO_UDPLITE),
        fc.constantFrom(0, 1, 2),
        (payload, protocol, cast) => {
          const before = total()
          net.network.inject({ protocol, payload, cast })
          let delivered = 0
          for (const each of [socket, lite]) while (typeof receive(each) !== 'number') delivered++
          expect(total() - before + delivered).toBe(1)
        },
      ),
    )
  })
})

describe('multicast and broadcast', () => {
  test('every socket on the port gets a copy, if its groups let it', () => {
    const sockets = [0, 1, 2].map(() => {
      const made = net.socket()
      made.setOption(SOL_SOCKET, SO_REUSEADDR, 1)
      expect(made.bind(at('0.0.0.0', 7))).toBe(0)
      return made
    })
    const [member, none, all] = sockets as [
      (typeof sockets)[0] & object,
      (typeof sockets)[0] & object,
      (typeof sockets)[0] & object,
    ]
    member.setOption(SOL_IP, IP_ADD_MEMBERSHIP, { group: '239.1.1.1', interface: 1 })
    none.setOption(SOL_IP, IP_MULTICAST_ALL, 0)
    net.arrive(7, bytesOf('m'), { destination: '239.1.1.1', cast: CAST_MULTICAST })
    expect(receive(member)).toEqual(bytesOf('m'))
    expect(receive(none)).toBe(-EAGAIN)
    expect(receive(all)).toEqual(bytesOf('m'))
    net.arrive(7, bytesOf('b'), { destination: '10.0.0.255', cast: CAST_BROADCAST })
    for (const each of sockets) expect(receive(each)).toEqual(bytesOf('b'))
    net.arrive(8, bytesOf('x'), { destination: '10.0.0.255', cast: CAST_BROADCAST })
    expect(net.counter('UdpIgnoredMulti')).toBe(1)
    expect(net.counter('UdpNoPorts')).toBe(0)
  })

  test('a socket bound to a group hears that group alone and sends from the interface', () => {
    const socket = net.bound(7, '239.1.1.1')
    net.arrive(7, bytesOf('u'))
    net.arrive(7, bytesOf('m'), { destination: '239.1.1.1', cast: CAST_MULTICAST })
    net.arrive(7, bytesOf('o'), { destination: '239.1.1.2', cast: CAST_MULTICAST })
    expect(receive(socket)).toEqual(bytesOf('m'))
    expect(receive(socket)).toBe(-EAGAIN)
    socket.send(message(1, at(PEER, 9)))
    expect(`${net.network.sent[0]?.source}`).toBe(SELF)
  })
})

describe('ICMP errors', () => {
  function refuse(localPort: number, remotePort: number, kind: number = ERROR_PORT_UNREACHABLE): void {
    const fatal = kind === ERROR_PORT_UNREACHABLE
    net.network.injectError({
      kind,
      errno: fatal ? ECONNREFUSED : EHOSTUNREACH,
      fatal,
      protocol: IPPROTO_UDP,
      destination: PEER,
      quote: datagram(SELF, PEER, localPort, remotePort, bytesOf('lost')),
      offender: '192.0.2.1',
      type: 3,
      code: 3,
    })
  }

  test('reach a connected socket once, by receive, send or SO_ERROR', () => {
    const socket = net.bound(7)
    socket.connect(at(PEER, 9))
    refuse(7, 9)
    expect(socket.readiness() & POLLERR).toBe(POLLERR)
    expect(receive(socket)).toBe(-ECONNREFUSED)
    expect(receive(socket)).toBe(-EAGAIN)
    refuse(7, 9)
    expect(socket.send(message(1))).toBe(-ECONNREFUSED)
    expect(socket.send(message(1))).toBe(1)
    refuse(7, 9)
    expect(socket.getOption(SOL_SOCKET, SO_ERROR)).toBe(ECONNREFUSED)
    refuse(7, 10)
    refuse(7, 9, ERROR_TTL_EXCEEDED)
    expect(socket.getOption(SOL_SOCKET, SO_ERROR)).toBe(0)
  })

  test('an unconnected one hears of them with IP_RECVERR, with the lost bytes and where they went', () => {
    const socket = net.bound(7)
    refuse(7, 9)
    expect(receive(socket)).toBe(-EAGAIN)
    socket.setOption(SOL_IP, IP_RECVERR, 1)
    refuse(7, 9)
    refuse(7, 9, ERROR_TTL_EXCEEDED)
    const into = message(10, new SocketAddress(), MSG_ERRQUEUE)
    into.control = []
    expect(socket.receive(into)).toBe(4)
    expect(into.buffer.slice(0, 4)).toEqual(bytesOf('lost'))
    expect(`${(into.name as SocketAddress).address}:${(into.name as SocketAddress).port}`).toBe('192.0.2.9:9')
    const error = into.control[0]?.data as ExtendedError
    expect([error.errno, error.type, error.code, `${error.offender?.address}`]).toEqual([
      ECONNREFUSED,
      3,
      3,
      '192.0.2.1',
    ])
    expect(receive(socket)).toBe(-EHOSTUNREACH)
    socket.setOption(SOL_IP, IP_RECVERR, 0)
    expect(receive(socket, 10, MSG_ERRQUEUE)).toBe(-EAGAIN)
    expect(socket.queue.used).toBe(0)
  })
})

describe('UDP-Lite', () => {
  test('covers what the sender says, and the receiver may want more', () => {
    const socket = net.socket(AF_INET, IPPROTO_UDPLITE)
    socket.bind(at('0.0.0.0', 7))
    socket.setOption(SOL_UDPLITE, UDPLITE_SEND_CSCOV, 10)
    expect(socket.send(message(bytesOf('abcdef'), at(PEER, 9)))).toBe(6)
    const sent = net.network.sent[0]?.bytes ?? new Uint8Array(0)
    expect([sent[4], sent[5]]).toEqual([0, 10])
    const [network] = [net.network]
    const deliver = (bytes: Uint8Array) => {
      network.inject({ protocol: IPPROTO_UDPLITE, payload: bytes, source: PEER })
      return receive(socket)
    }
    const arriving = datagram(PEER, SELF, 9, 7, bytesOf('abcdef'), IPPROTO_UDPLITE, 10)
    arriving[13] = 0
    expect(deliver(arriving)).toEqual(Uint8Array.of(97, 98, 99, 100, 101, 0))
    arriving[9] = 0
    expect(deliver(arriving)).toBe(-EAGAIN)
    expect(net.counter('UdpLiteInCsumErrors')).toBe(1)
    socket.setOption(SOL_UDPLITE, UDPLITE_RECV_CSCOV, 11)
    expect(deliver(datagram(PEER, SELF, 9, 7, bytesOf('abcdef'), IPPROTO_UDPLITE, 10))).toBe(-EAGAIN)
    expect(deliver(datagram(PEER, SELF, 9, 7, bytesOf('abcdef'), IPPROTO_UDPLITE, 12))).toEqual(bytesOf('abcdef'))
    expect(deliver(datagram(PEER, SELF, 9, 7, bytesOf('abcdef'), IPPROTO_UDPLITE, 0))).toEqual(bytesOf('abcdef'))
    expect(net.counter('UdpInDatagrams')).toBe(0)
    expect(net.counter('UdpLiteInDatagrams')).toBe(3)
  })
})

describe('merged datagrams', () => {
  const merged = (port: number) =>
    net.arrive(port, bytesOf('aaabbbc'), {
      checksum: CHECKSUM_VERIFIED,
      prepare(packet) {
        packet.segmentType = SEGMENT_UDP
        packet.segmentSize = 3
        packet.segmentCount = 3
      },
    })

  test('come as one to a socket with UDP_GRO, with their size, and one by one to others', () => {
    const socket = net.bound(7)
    merged(7)
    for (const text of ['aaa', 'bbb', 'c']) expect(receive(socket)).toEqual(bytesOf(text))
    socket.setOption(SOL_UDP, UDP_GRO, 1)
    merged(7)
    const into = message(10, new SocketAddress())
    into.control = []
    expect(socket.receive(into)).toBe(7)
    expect(into.control).toEqual([{ level: SOL_UDP, type: UDP_GRO, data: 3 }])
    expect((into.name as SocketAddress).port).toBe(4000)
  })
})
