import {
  AF_INET,
  CAST_BROADCAST,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EAGAIN,
  EHOSTUNREACH,
  EINVAL,
  ERROR_TTL_EXCEEDED,
  IP_RECVERR,
  IPPROTO_ICMP,
  Message,
  MSG_ERRQUEUE,
  SO_REUSEADDR,
  SOCK_DGRAM,
  SOL_IP,
  SOL_SOCKET,
} from '@jackfield/interfaces'
import type { FakeHost } from '@jackfield/interfaces/compliance'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { at, icmpMessage, open, rawHost, receive, send } from './host.test-raw.js'

const data = Uint8Array.from([9, 8, 7])

function ping(host: FakeHost) {
  return open(host, AF_INET, SOCK_DGRAM, IPPROTO_ICMP)
}

describe('ICMP datagram sockets', () => {
  it('send echo requests under their own identifier, with a right checksum', () => {
    const { host, network } = rawHost()
    const socket = ping(host)
    expect(socket.bind(at('0.0.0.0', 0x4321))).toBe(0)
    const request = icmpMessage(8, 0xffff_0005, data)
    request[2] = 0
    expect(send(socket, request, at('192.0.2.1'))).toBe(11)
    expect(network.sent[0]?.bytes).toEqual(icmpMessage(8, 0x4321_0005, data))
    expect(network.sent[0]?.protocol).toBe(IPPROTO_ICMP)
    const name = at('0.0.0.0')
    socket.getName(name)
    expect(name.port).toBe(0x4321)
  })

  it('send nothing else', () => {
    const { host, network } = rawHost()
    const socket = ping(host)
    for (const type of [0, 3, 13]) expect(send(socket, icmpMessage(type, 0), at('192.0.2.1'))).toBe(-EINVAL)
    expect(send(socket, icmpMessage(8, 0, data, 1), at('192.0.2.1'))).toBe(-EINVAL)
    expect(send(socket, new Uint8Array([8, 0, 0, 0, 0, 0, 0]), at('192.0.2.1'))).toBe(-EINVAL)
    expect(network.sent).toHaveLength(0)
  })

  it('get the replies with their identifier, from the ICMP header on', () => {
    const { host, network } = rawHost()
    const one = ping(host)
    const two = ping(host)
    one.bind(at('0.0.0.0', 1))
    two.bind(at('0.0.0.0', 2))
    const reply = icmpMessage(0, 0x0002_0001, data)
    network.inject({ protocol: IPPROTO_ICMP, source: '192.0.2.1', payload: reply })
    expect(receive(one).result).toBe(-EAGAIN)
    const name = at('0.0.0.0')
    expect(receive(two, 0, 100, name).bytes).toEqual(reply)
    expect(name.address.toString()).toBe('192.0.2.1')
    expect(host.counter('PingInDatagrams')).toBe(1)
    one.close()
    two.close()
    network.inject({ protocol: IPPROTO_ICMP, payload: reply })
    expect(network.pool.outstanding).toBe(0)
  })

  it('get no requests, no broken replies and none to a broadcast address', () => {
    const { host, network } = rawHost()
    const socket = ping(host)
    socket.bind(at('10.0.0.1', 1))
    const broken = icmpMessage(0, 0x0001_0001)
    broken[7] = 9
    network.inject({ protocol: IPPROTO_ICMP, payload: broken })
    network.inject({ protocol: IPPROTO_ICMP, payload: icmpMessage(8, 0x0001_0001) })
    network.inject({ protocol: IPPROTO_ICMP, payload: icmpMessage(0, 0x0001_0001), cast: CAST_BROADCAST })
    network.inject({ protocol: IPPROTO_ICMP, payload: icmpMessage(0, 0x0001_0001), destination: '10.0.0.2' })
    network.inject({ protocol: IPPROTO_ICMP, payload: Uint8Array.from([0, 0, 0]) })
    expect(receive(socket).result).toBe(-EAGAIN)
    expect(network.pool.outstanding).toBe(0)
  })

  it('share an identifier only with SO_REUSEADDR, and bind once', () => {
    const { host } = rawHost()
    const one = ping(host)
    const two = ping(host)
    const three = ping(host)
    expect(one.bind(at('0.0.0.0', 5))).toBe(0)
    expect(one.bind(at('0.0.0.0', 6))).toBe(-EINVAL)
    expect(two.bind(at('0.0.0.0', 5))).toBe(-EADDRINUSE)
    expect(two.bind(at('224.0.0.1', 6))).toBe(-EADDRNOTAVAIL)
    expect(two.bind(at('10.7.7.7', 6))).toBe(-EADDRNOTAVAIL)
    one.setOption(SOL_SOCKET, SO_REUSEADDR, 1)
    two.setOption(SOL_SOCKET, SO_REUSEADDR, 1)
    three.setOption(SOL_SOCKET, SO_REUSEADDR, 1)
    expect(two.bind(at('0.0.0.0', 5))).toBe(0)
    expect(three.bind(at('0.0.0.0', 5))).toBe(0)
    two.close()
    one.close()
    three.close()
    const four = ping(host)
    expect(four.bind(at('0.0.0.0', 5))).toBe(0)
  })

  it('are told of errors about their requests', () => {
    const { host, network } = rawHost()
    const socket = ping(host)
    socket.bind(at('0.0.0.0', 7))
    const error = {
      kind: ERROR_TTL_EXCEEDED,
      errno: EHOSTUNREACH,
      protocol: IPPROTO_ICMP,
      type: 11,
      destination: '192.0.2.1',
      offender: '10.0.0.254',
    }
    const quote = icmpMessage(8, 0x0007_0001)
    network.injectError({ ...error, quote })
    expect(receive(socket).result).toBe(-EAGAIN)
    socket.setOption(SOL_IP, IP_RECVERR, 1)
    network.injectError({ ...error, quote: icmpMessage(8, 0x0008_0001) })
    network.injectError({ ...error, quote: icmpMessage(0, 0x0007_0001) })
    expect(receive(socket).result).toBe(-EAGAIN)
    network.injectError({ ...error, quote })
    expect(receive(socket).result).toBe(-EHOSTUNREACH)
    const message = new Message(new Uint8Array(64))
    message.flags = MSG_ERRQUEUE
    message.control = []
    expect(socket.receive(message)).toBe(8)
    expect(message.buffer.subarray(0, 8)).toEqual(quote)
    expect(message.control[0]?.data).toMatchObject({ type: 11, errno: EHOSTUNREACH })
    socket.close()
    expect(network.pool.outstanding).toBe(0)
  })

  it('never have an identifier of zero, nor one that another has, and end with EAGAIN', () => {
    const { host } = rawHost()
    const seen = new Set<number>()
    const sockets = Array.from({ length: 65_535 }, () => ping(host))
    const name = at('0.0.0.0')
    for (const socket of sockets) {
      if (socket.bind(at('0.0.0.0')) !== 0) throw new Error('bind')
      socket.getName(name)
      seen.add(name.port)
    }
    expect(seen.size).toBe(65_535)
    expect(seen.has(0)).toBe(false)
    expect(ping(host).connect(at('10.0.0.2'))).toBe(-EAGAIN)
    sockets[0]?.close()
    expect(ping(host).connect(at('10.0.0.2'))).toBe(0)
  })

  it('never throw for what comes in', () => {
    const { host, network } = rawHost()
    const socket = ping(host)
    socket.bind(at('0.0.0.0', 0x0101))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (payload) => {
        network.inject({ protocol: IPPROTO_ICMP, payload })
        network.injectError({
          kind: ERROR_TTL_EXCEEDED,
          errno: EHOSTUNREACH,
          protocol: IPPROTO_ICMP,
          destination: '192.0.2.1',
          quote: payload,
        })
        while (receive(socket).result >= 0);
      }),
    )
    socket.close()
    expect(network.pool.outstanding).toBe(0)
  })
})
