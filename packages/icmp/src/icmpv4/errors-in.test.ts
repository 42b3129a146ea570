import {
  ECONNREFUSED,
  EHOSTUNREACH,
  EMSGSIZE,
  ENONET,
  EPROTO,
  ERROR_PACKET_TOO_BIG,
  ERROR_PARAMETER_PROBLEM,
  ERROR_PORT_UNREACHABLE,
  ERROR_TTL_EXCEEDED,
  type IcmpReport,
  IPPROTO_ICMP,
  IPPROTO_UDP,
} from '@jackfield/interfaces'
import { describe, expect, it } from 'vitest'
import { icmpHost, ipv4Packet, message } from '../host.test-icmp.js'

const sent = ipv4Packet('10.0.0.1', '192.0.2.7', IPPROTO_UDP, new Uint8Array(16).fill(9))

function arrive(type: number, code: number, rest: number, quote: Uint8Array = sent): ReturnType<typeof icmpHost> {
  const setup = icmpHost()
  setup.network.inject({ protocol: IPPROTO_ICMP, source: '192.0.2.1', payload: message(type, code, rest, quote) })
  expect(setup.network.pool.outstanding).toBe(0)
  return setup
}

describe('errors that come in', () => {
  it.each([
    [3, 3, 0, ERROR_PORT_UNREACHABLE, ECONNREFUSED, true, 0],
    [3, 4, 1400, ERROR_PACKET_TOO_BIG, EMSGSIZE, false, 1400],
    [11, 0, 0, ERROR_TTL_EXCEEDED, EHOSTUNREACH, false, 0],
    [12, 0, 20 << 24, ERROR_PARAMETER_PROBLEM, EPROTO, true, 20],
  ])('type %i code %i reach the transport with their meaning', (type, code, rest, kind, errno, fatal, info) => {
    const { network, host } = arrive(type, code, rest)
    expect(network.errorsDispatched).toBe(1)
    const report = network.lastError
    expect([report.type, report.code, report.kind, report.errno, report.fatal, report.info]).toEqual([
      type,
      code,
      kind,
      errno,
      fatal,
      info,
    ])
    expect(report.offender.toString()).toBe('192.0.2.1')
    expect(report.destination.toString()).toBe('192.0.2.7')
    expect(report.protocol).toBe(IPPROTO_UDP)
    expect(report.interfaceIndex).toBe(network.interface.index)
    expect(host.counter('IcmpInErrors')).toBe(0)
  })

  it('have the error numbers of Linux for every code of unreachable', () => {
    const numbers = [101, 113, 92, 111, 90, 95, 101, 112, ENONET, 101, 113, 101, 113, 113, 113, 113]
    const fatal = [0, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1]
    for (const [code, errno] of numbers.entries()) {
      const { network } = arrive(3, code, 0)
      expect([code, network.lastError.errno, Number(network.lastError.fatal)]).toEqual([code, errno, fatal[code]])
    }
  })

  it('that say nothing to a transport are counted and go no further', () => {
    for (const [type, code] of [
      [3, 16],
      [11, 1],
      [4, 0],
    ] as const) {
      const { network, host } = arrive(type, code, 0)
      expect(network.errorsDispatched).toBe(0)
      expect(host.counter('IcmpInErrors')).toBe(0)
      expect(host.counter(`IcmpMsgInType${type}`)).toBe(1)
    }
  })

  it('with less than a header and 8 bytes quoted, or no IPv4 packet, are bad', () => {
    const six = sent.slice()
    six[0] = 0x65
    const short = sent.slice()
    short[0] = 0x44
    const options = sent.slice()
    options[0] = 0x4f
    for (const quote of [sent.slice(0, 19), sent.slice(0, 27), six, short, options, new Uint8Array(0)]) {
      const { network, host } = arrive(3, 3, 0, quote)
      expect(network.errorsDispatched).toBe(0)
      expect(host.counter('IcmpInErrors')).toBe(1)
      expect(host.counter('IcmpInDestUnreachs')).toBe(1)
    }
  })

  it('quote no extension structure (RFC 4884)', () => {
    const { network } = icmpHost()
    let quoted = 0
    network.tap(IPPROTO_UDP, {
      receive: () => false,
      error(report: IcmpReport) {
        quoted = (report.packet?.end ?? 0) - report.quoteStart
      },
    })
    const body = new Uint8Array(128 + 12)
    body.set(sent)
    network.inject({ protocol: IPPROTO_ICMP, payload: message(11, 0, 32 << 16, body) })
    expect(quoted).toBe(128)
    network.inject({ protocol: IPPROTO_ICMP, payload: message(11, 0, 200 << 16, body) })
    expect(quoted).toBe(140)
  })

  it('to a group are not believed', () => {
    const { network, host } = icmpHost()
    network.inject({ protocol: IPPROTO_ICMP, payload: message(3, 3, 0, sent), destination: '224.0.0.1', cast: 2 })
    expect(network.errorsDispatched).toBe(0)
    expect(host.counter('IcmpInErrors')).toBe(1)
  })

  it('about broadcasts are dropped where icmp_ignore_bogus_error_responses is 0', () => {
    const { network, host } = icmpHost()
    const payload = message(3, 3, 0, ipv4Packet('10.0.0.1', '10.0.0.255', IPPROTO_UDP, new Uint8Array(8)))
    network.inject({ protocol: IPPROTO_ICMP, payload })
    expect(network.errorsDispatched).toBe(1)
    host.set('net.ipv4.icmp_ignore_bogus_error_responses', 0)
    network.inject({ protocol: IPPROTO_ICMP, payload })
    expect(network.errorsDispatched).toBe(1)
  })
})

describe('redirects', () => {
  const gateway = 0x0a00_0003

  it('reach the network layer with who sent them', () => {
    const { network } = arrive(5, 1, gateway)
    expect(network.redirects).toEqual([
      { destination: '192.0.2.7', gateway: '10.0.0.3', from: '192.0.2.1', interfaceIndex: network.interface.index },
    ])
    expect(network.errorsDispatched).toBe(0)
  })

  it('to no single host, of an unknown code or about packets of others are bad', () => {
    const foreign = ipv4Packet('10.0.0.77', '192.0.2.7', IPPROTO_UDP, new Uint8Array(8))
    for (const { network, host } of [
      arrive(5, 1, 0),
      arrive(5, 1, 0xe000_0001),
      arrive(5, 1, 0x0a00_00ff),
      arrive(5, 4, gateway),
      arrive(5, 1, gateway, foreign),
    ]) {
      expect(network.redirects).toEqual([])
      expect(host.counter('IcmpInErrors')).toBe(1)
    }
  })
})
