import {
  AF_INET,
  CAST_MULTICAST,
  EACCES,
  EADDRNOTAVAIL,
  EAFNOSUPPORT,
  EAGAIN,
  EDESTADDRREQ,
  EHOSTUNREACH,
  EINVAL,
  EMSGSIZE,
  ENOBUFS,
  ENOPROTOOPT,
  ENOTCONN,
  EOPNOTSUPP,
  EPIPE,
  EPROTO,
  EPROTONOSUPPORT,
  ERROR_HOST_UNREACHABLE,
  ERROR_PARAMETER_PROBLEM,
  FIONREAD,
  ICMP_FILTER,
  IP_HDRINCL,
  IP_MTU,
  IP_MULTICAST_ALL,
  IP_RECVERR,
  IP_RECVTTL,
  IP_TTL,
  IPPROTO_ICMP,
  IPPROTO_RAW,
  Message,
  MSG_ERRQUEUE,
  MSG_PEEK,
  MSG_TRUNC,
  OptionFailure,
  POLLERR,
  POLLIN,
  POLLOUT,
  SHUT_RDWR,
  SHUT_WR,
  SO_BROADCAST,
  SO_ERROR,
  SO_RCVBUF,
  SO_SNDBUF,
  SOCK_RAW,
  SOL_IP,
  SOL_RAW,
  SOL_SOCKET,
} from '@jackfield/interfaces'
import { describe, expect, it } from 'vitest'
import { at, icmpMessage, open, rawHost, receive, send } from './host.test-raw.js'

const PROTOCOL = 253
const data = Uint8Array.from([1, 2, 3, 4, 5])

describe('receiving', () => {
  it('gives every socket of the protocol a copy with the IPv4 header', () => {
    const { host, network } = rawHost()
    const one = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    const two = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    const other = open(host, AF_INET, SOCK_RAW, 252)
    network.inject({ protocol: PROTOCOL, source: '10.0.0.7', payload: data })
    for (const socket of [one, two]) {
      expect(socket.ioctl(FIONREAD)).toBe(25)
      const name = at('0.0.0.0', 9)
      const { result, bytes } = receive(socket, 0, 100, name)
      expect(result).toBe(25)
      expect(bytes[0]).toBe(0x45)
      expect(bytes.subarray(20)).toEqual(data)
      expect(name.address.toString()).toBe('10.0.0.7')
      expect(name.port).toBe(0)
      expect(receive(socket).result).toBe(-EAGAIN)
    }
    expect(receive(other).result).toBe(-EAGAIN)
    expect(host.counter('RawInDatagrams')).toBe(2)
    for (const socket of [one, two, other]) socket.close()
    expect(network.pool.outstanding).toBe(0)
  })

  it('says that the protocol is known, so that no error goes out', () => {
    const { host, network } = rawHost()
    let errors = 0
    network.setControl({
      sendError() {
        errors++
        return true
      },
    })
    const socket = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    network.inject({ protocol: PROTOCOL, payload: data })
    expect(errors).toBe(0)
    socket.close()
    network.inject({ protocol: PROTOCOL, payload: data })
    expect(errors).toBe(1)
    expect(network.pool.outstanding).toBe(0)
  })

  it('obeys the bound address and the peer', () => {
    const { host, network } = rawHost()
    const socket = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    expect(socket.bind(at('10.0.0.1'))).toBe(0)
    network.inject({ protocol: PROTOCOL, destination: '10.0.0.2', payload: data })
    expect(receive(socket).result).toBe(-EAGAIN)
    expect(socket.connect(at('10.0.0.9'))).toBe(0)
    network.inject({ protocol: PROTOCOL, source: '10.0.0.8', payload: data })
    expect(receive(socket).result).toBe(-EAGAIN)
    network.inject({ protocol: PROTOCOL, source: '10.0.0.9', payload: data })
    expect(receive(socket).result).toBe(25)
    expect(socket.connect(null)).toBe(0)
    network.inject({ protocol: PROTOCOL, source: '10.0.0.8', payload: data })
    expect(receive(socket).result).toBe(25)
  })

  it('peeks, truncates and tells the length', () => {
    const { host, network } = rawHost()
    const socket = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    network.inject({ protocol: PROTOCOL, payload: data })
    expect(receive(socket, MSG_PEEK, 22)).toMatchObject({ result: 22, flags: MSG_TRUNC })
    expect(receive(socket, MSG_TRUNC, 3)).toMatchObject({ result: 25, flags: MSG_TRUNC })
    expect(receive(socket).result).toBe(-EAGAIN)
    network.inject({ protocol: PROTOCOL, payload: new Uint8Array(300).fill(6) })
    expect(receive(socket).bytes.subarray(20)).toEqual(new Uint8Array(300).fill(6))
  })

  it('gives the control data that was asked for', () => {
    const { host, network } = rawHost()
    const socket = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    expect(socket.setOption(SOL_IP, IP_RECVTTL, 1)).toBe(0)
    network.inject({ protocol: PROTOCOL, payload: data, ttl: 7 })
    const message = new Message(new Uint8Array(64))
    message.control = []
    expect(socket.receive(message)).toBe(25)
    expect(message.control).toEqual([{ level: SOL_IP, type: IP_TTL, data: 7 }])
  })

  it('takes groups that nobody joined only with IP_MULTICAST_ALL', () => {
    const { host, network } = rawHost()
    const socket = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    const arrival = { protocol: PROTOCOL, payload: data, destination: '224.0.0.9', cast: CAST_MULTICAST }
    network.inject(arrival)
    expect(receive(socket).result).toBe(25)
    expect(socket.setOption(SOL_IP, IP_MULTICAST_ALL, 0)).toBe(0)
    network.inject(arrival)
    expect(receive(socket).result).toBe(-EAGAIN)
  })

  it('is bounded by SO_RCVBUF, and what is refused is counted', () => {
    const { host, network } = rawHost()
    const socket = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    socket.setOption(SOL_SOCKET, SO_RCVBUF, 0)
    for (let i = 0; i < 100; i++) network.inject({ protocol: PROTOCOL, payload: data })
    const refused = host.counter('RawRcvbufErrors') ?? 0
    expect(refused).toBeGreaterThan(90)
    expect(host.counter('RawInDatagrams')).toBe(100 - refused)
    expect(network.pool.outstanding).toBe(100 - refused)
    socket.close()
    expect(network.pool.outstanding).toBe(0)
  })

  it('filters ICMP types with ICMP_FILTER', () => {
    const { host, network } = rawHost()
    const socket = open(host, AF_INET, SOCK_RAW, IPPROTO_ICMP)
    expect(socket.setOption(SOL_RAW, ICMP_FILTER, ~(1 << 0))).toBe(0)
    expect(socket.getOption(SOL_RAW, ICMP_FILTER)).toBe(0xffff_fffe)
    network.inject({ protocol: IPPROTO_ICMP, payload: icmpMessage(8, 1) })
    network.inject({ protocol: IPPROTO_ICMP, payload: icmpMessage(0, 2) })
    expect(receive(socket).bytes[20]).toBe(0)
    expect(receive(socket).result).toBe(-EAGAIN)
    const plain = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    expect(plain.setOption(SOL_RAW, ICMP_FILTER, 1)).toBe(-EOPNOTSUPP)
    expect(plain.getOption(SOL_RAW, ICMP_FILTER)).toEqual(new OptionFailure(EOPNOTSUPP))
  })

  it('wakes its watcher once, at the end of the burst', () => {
    const { host, network } = rawHost()
    const socket = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    const masks: number[] = []
    socket.setWatcher({ ready: (mask) => masks.push(mask) })
    network.inject({ protocol: PROTOCOL, payload: data })
    network.inject({ protocol: PROTOCOL, payload: data })
    expect(masks).toEqual([])
    host.burstEnd()
    expect(masks).toEqual([POLLIN | POLLOUT])
  })
})

describe('sending', () => {
  it('goes where it is told, or to the peer', () => {
    const { host, network } = rawHost()
    const socket = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    expect(send(socket, data)).toBe(-EDESTADDRREQ)
    expect(send(socket, data, at('192.0.2.1'))).toBe(5)
    expect(socket.connect(at('192.0.2.2', 77))).toBe(0)
    expect(send(socket, data)).toBe(5)
    expect(network.sent.map((each) => [each.destination.toString(), each.protocol, each.raw])).toEqual([
      ['192.0.2.1', PROTOCOL, false],
      ['192.0.2.2', PROTOCOL, false],
    ])
    expect(network.sent[0]?.bytes).toEqual(data)
    const name = at('0.0.0.0')
    expect(socket.getPeer(name)).toBe(0)
    expect([name.address.toString(), name.port]).toEqual(['192.0.2.2', 77])
    expect(socket.getName(name)).toBe(0)
    expect([name.address.toString(), name.port]).toEqual(['10.0.0.1', PROTOCOL])
    socket.connect(null)
    expect(socket.getPeer(name)).toBe(-ENOTCONN)
    expect(send(socket, data)).toBe(-EDESTADDRREQ)
    expect(network.pool.outstanding).toBe(0)
  })

  it('knows the MTU of the path to its peer, wherever it sent since', () => {
    const { host } = rawHost()
    const socket = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    send(socket, data, at('192.0.2.1'))
    expect(socket.getOption(SOL_IP, IP_MTU)).toEqual(new OptionFailure(ENOTCONN))
    socket.connect(at('192.0.2.2'))
    send(socket, data, at('192.0.2.1'))
    expect(socket.getOption(SOL_IP, IP_MTU)).toBe(1500)
    socket.close()
  })

  it('refuses what Linux refuses', () => {
    const { host, network } = rawHost()
    const socket = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    expect(send(socket, data, at('10.0.0.255'))).toBe(-EACCES)
    socket.setOption(SOL_SOCKET, SO_BROADCAST, 1)
    expect(send(socket, data, at('10.0.0.255'))).toBe(5)
    expect(send(socket, new Uint8Array(65_536), at('10.0.0.2'))).toBe(-EMSGSIZE)
    expect(send(socket, data, at('2001:db8::1'))).toBe(-EAFNOSUPPORT)
    network.routeError = EHOSTUNREACH
    expect(send(socket, data, at('192.0.2.9'))).toBe(-EHOSTUNREACH)
    network.routeError = 0
    expect(socket.shutdown(SHUT_WR)).toBe(-ENOTCONN)
    expect(send(socket, data, at('10.0.0.2'))).toBe(-EPIPE)
    expect(socket.shutdown(9)).toBe(-EINVAL)
    expect(socket.listen(1)).toBe(-EOPNOTSUPP)
    expect(network.pool.outstanding).toBe(0)
  })

  it('waits where the send buffer is full', () => {
    const { host, network } = rawHost()
    network.hold = true
    const socket = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    socket.setOption(SOL_SOCKET, SO_SNDBUF, 0)
    let sent = 0
    while (send(socket, data, at('10.0.0.2')) === 5) sent++
    expect(sent).toBeLessThan(20)
    expect(send(socket, data, at('10.0.0.2'))).toBe(-EAGAIN)
    expect(socket.readiness() & POLLOUT).toBe(0)
    network.clear()
    expect(socket.readiness() & POLLOUT).toBe(POLLOUT)
    expect(send(socket, data, at('10.0.0.2'))).toBe(5)
    network.clear()
    expect(network.pool.outstanding).toBe(0)
  })

  it('to the unspecified address is to this host', () => {
    const { host, network } = rawHost()
    const socket = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    send(socket, data, at('0.0.0.0'))
    socket.bind(at('10.0.0.1'))
    send(socket, data, at('0.0.0.0'))
    expect(network.sent.map((each) => each.destination.toString())).toEqual(['127.0.0.1', '10.0.0.1'])
  })
})

describe('IP_HDRINCL', () => {
  const whole = Uint8Array.from([0x45, ...new Uint8Array(24)])

  it('hands the packet down with the header that the caller made', () => {
    const { host, network } = rawHost()
    const socket = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    expect(send(socket, whole, at('10.0.0.2'))).toBe(25)
    expect(socket.setOption(SOL_IP, IP_HDRINCL, 1)).toBe(0)
    expect(send(socket, whole, at('10.0.0.2'))).toBe(25)
    expect(network.sent.map((each) => each.raw)).toEqual([false, true])
    expect(network.sent[1]?.bytes).toEqual(whole)
  })

  it('belongs to IPPROTO_RAW', () => {
    const { host, network } = rawHost()
    const socket = open(host, AF_INET, SOCK_RAW, IPPROTO_RAW)
    expect(socket.getOption(SOL_IP, IP_HDRINCL)).toBe(1)
    send(socket, whole, at('10.0.0.2'))
    expect(network.sent[0]?.raw).toBe(true)
  })

  it('gives the network layer’s error, but a full queue only with IP_RECVERR', () => {
    const { host, network } = rawHost()
    const socket = open(host, AF_INET, SOCK_RAW, IPPROTO_RAW)
    network.sendError = EMSGSIZE
    expect(send(socket, whole, at('10.0.0.2'))).toBe(-EMSGSIZE)
    network.sendError = ENOBUFS
    expect(send(socket, whole, at('10.0.0.2'))).toBe(25)
    socket.setOption(SOL_IP, IP_RECVERR, 1)
    expect(send(socket, whole, at('10.0.0.2'))).toBe(-ENOBUFS)
    expect(receive(socket, MSG_ERRQUEUE).result).toBe(-EAGAIN)
    network.sendError = EMSGSIZE
    expect(send(socket, whole, at('10.0.0.2'))).toBe(-EMSGSIZE)
    expect(receive(socket, MSG_ERRQUEUE).result).toBe(0)
    expect(network.pool.outstanding).toBe(0)
  })
})

describe('errors', () => {
  const quote = new Uint8Array(12).fill(5)
  const unreachable = { kind: ERROR_HOST_UNREACHABLE, errno: EHOSTUNREACH, protocol: PROTOCOL, quote, code: 1 }
  const problem = { kind: ERROR_PARAMETER_PROBLEM, errno: EPROTO, protocol: PROTOCOL, quote, type: 12, fatal: true }

  it('reach a connected socket where they are final', () => {
    const { host, network } = rawHost()
    const socket = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    network.injectError({ ...problem, destination: '192.0.2.1' })
    expect(socket.readiness() & POLLERR).toBe(0)
    socket.connect(at('192.0.2.1'))
    network.injectError({ ...unreachable, destination: '192.0.2.1' })
    network.injectError({ ...problem, destination: '192.0.2.2' })
    expect(socket.readiness() & POLLERR).toBe(0)
    network.injectError({ ...problem, destination: '192.0.2.1' })
    expect(socket.readiness() & POLLERR).toBe(POLLERR)
    expect(receive(socket).result).toBe(-EPROTO)
    expect(receive(socket).result).toBe(-EAGAIN)
    network.injectError({ ...problem, destination: '192.0.2.1' })
    expect(socket.getOption(SOL_SOCKET, SO_ERROR)).toBe(EPROTO)
    expect(socket.getOption(SOL_SOCKET, SO_ERROR)).toBe(0)
  })

  it('are queued with IP_RECVERR', () => {
    const { host, network } = rawHost()
    const socket = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    socket.setOption(SOL_IP, IP_RECVERR, 1)
    network.injectError({ ...unreachable, destination: '192.0.2.1', offender: '10.0.0.254' })
    expect(receive(socket).result).toBe(-EHOSTUNREACH)
    const message = new Message(new Uint8Array(64))
    message.flags = MSG_ERRQUEUE
    message.name = at('0.0.0.0')
    message.control = []
    expect(socket.receive(message)).toBe(12)
    expect(message.buffer.subarray(0, 12)).toEqual(quote)
    expect(message.name.address.toString()).toBe('192.0.2.1')
    expect(message.control[0]?.data).toMatchObject({ errno: EHOSTUNREACH, type: 3, code: 1 })
    network.injectError({ ...unreachable, destination: '192.0.2.1' })
    socket.setOption(SOL_IP, IP_RECVERR, 0)
    expect(receive(socket, MSG_ERRQUEUE).result).toBe(-EAGAIN)
    socket.close()
    expect(network.pool.outstanding).toBe(0)
  })
})

describe('the socket call', () => {
  it('takes protocols from 1 to 255', () => {
    const { host } = rawHost()
    expect(host.socket(AF_INET, SOCK_RAW, 0)).toBe(-EPROTONOSUPPORT)
    expect(host.socket(AF_INET, SOCK_RAW, 256)).toBe(-EINVAL)
    expect(open(host, AF_INET, SOCK_RAW, 255).protocol).toBe(255)
  })

  it('binds to own, group and broadcast addresses', () => {
    const { host } = rawHost()
    const socket = open(host, AF_INET, SOCK_RAW, PROTOCOL)
    expect(socket.bind(at('10.9.9.9'))).toBe(-EADDRNOTAVAIL)
    expect(socket.bind(at('224.0.0.9'))).toBe(0)
    expect(socket.bind(at('10.0.0.255'))).toBe(0)
    expect(socket.bind(at('::1'))).toBe(-EAFNOSUPPORT)
    socket.connect(at('10.0.0.2'))
    expect(socket.bind(at('10.0.0.1'))).toBe(-EINVAL)
    expect(socket.shutdown(SHUT_RDWR)).toBe(0)
    expect(receive(socket).result).toBe(0)
    expect(socket.setOption(SOL_IP, 9999, 1)).toBe(-ENOPROTOOPT)
  })
})
