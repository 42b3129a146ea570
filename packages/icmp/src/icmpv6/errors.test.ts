import {
  CAST_MULTICAST,
  EACCES,
  ECONNREFUSED,
  EHOSTUNREACH,
  EMSGSIZE,
  ENETUNREACH,
  EPROTO,
  ERROR_BEYOND_SCOPE,
  ERROR_HOST_UNREACHABLE,
  ERROR_INCOMPLETE_HEADERS,
  ERROR_NET_UNREACHABLE,
  ERROR_PACKET_TOO_BIG,
  ERROR_PARAMETER_PROBLEM,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROHIBITED,
  ERROR_REASSEMBLY_TIMEOUT,
  ERROR_REDIRECT,
  ERROR_TTL_EXCEEDED,
  ERROR_UNKNOWN_HEADER,
  ERROR_UNKNOWN_OPTION,
  IPPROTO_ICMPV6,
  IPPROTO_UDP,
} from '@jackfield/interfaces'
import { PACKET_MULTICAST } from '@jackfield/packet'
import { describe, expect, it } from 'vitest'
import { icmp6Host, ipv6Packet, message6, received } from '../host.test-icmp.js'

const payload = Uint8Array.from({ length: 30 }, (_, i) => i)

interface Asked {
  bytes?: Uint8Array
  kind?: number
  info?: number
  setup?: ReturnType<typeof icmp6Host>
  prepare?: (given: ReturnType<typeof received>) => void
}

/** Has an error sent about a packet; answers what went out. */
function ask(asked: Asked = {}) {
  const setup = asked.setup ?? icmp6Host()
  const { network } = setup
  const bytes = asked.bytes ?? ipv6Packet('3fff::7', '2001:db8::1', IPPROTO_UDP, payload)
  const given = received(network, bytes)
  asked.prepare?.(given)
  const kind = asked.kind ?? ERROR_PORT_UNREACHABLE
  const before = network.sent.length
  const went = network.control?.sendError(network, given.packet, given.header, kind, asked.info ?? 0, null)
  given.packet.release()
  expect(network.pool.outstanding).toBe(0)
  expect(went).toBe(network.sent.length > before)
  return { ...setup, sent: went === true ? network.sent.at(-1) : undefined, bytes }
}

describe('ICMPv6 errors that go out', () => {
  it.each<[string, number, number, number, number]>([
    ['no route', ERROR_NET_UNREACHABLE, 0, 1, 0],
    ['prohibited', ERROR_PROHIBITED, 0, 1, 1],
    ['beyond scope', ERROR_BEYOND_SCOPE, 0, 1, 2],
    ['address unreachable', ERROR_HOST_UNREACHABLE, 0, 1, 3],
    ['port unreachable', ERROR_PORT_UNREACHABLE, 0, 1, 4],
    ['packet too big', ERROR_PACKET_TOO_BIG, 1280, 2, 0],
    ['hop limit', ERROR_TTL_EXCEEDED, 0, 3, 0],
    ['reassembly', ERROR_REASSEMBLY_TIMEOUT, 0, 3, 1],
    ['bad field', ERROR_PARAMETER_PROBLEM, 42, 4, 0],
    ['unknown header', ERROR_UNKNOWN_HEADER, 6, 4, 1],
    ['unknown option', ERROR_UNKNOWN_OPTION, 48, 4, 2],
    ['incomplete headers', ERROR_INCOMPLETE_HEADERS, 40, 4, 3],
  ])('say %s, and quote the packet', (_name, kind, info, type, code) => {
    const { sent, bytes } = ask({ kind, info })
    expect([`${sent?.source}`, `${sent?.destination}`]).toEqual(['2001:db8::1', '3fff::7'])
    expect(sent?.bytes).toEqual(message6(type, code, info, bytes, '2001:db8::1', '3fff::7'))
  })

  it('quote as much as fits in the least MTU', () => {
    const bytes = ipv6Packet('3fff::7', '2001:db8::1', IPPROTO_UDP, new Uint8Array(1400))
    expect(ask({ bytes }).sent?.bytes.length).toBe(1280 - 40)
  })

  it.each<[string, Asked]>([
    ['errors', { bytes: ipv6Packet('3fff::7', '2001:db8::1', IPPROTO_ICMPV6, message6(1, 0, 0)) }],
    ['redirects', { bytes: ipv6Packet('3fff::7', '2001:db8::1', IPPROTO_ICMPV6, message6(137, 0, 0)) }],
    [
      'ICMPv6 of which nothing is there',
      { bytes: ipv6Packet('3fff::7', '2001:db8::1', IPPROTO_ICMPV6, payload.slice(30)) },
    ],
    ['packets of nobody', { bytes: ipv6Packet('::', '2001:db8::1', IPPROTO_UDP, payload) }],
    ['packets of a group', { bytes: ipv6Packet('ff02::1', '2001:db8::1', IPPROTO_UDP, payload) }],
    ['packets to a group', { bytes: ipv6Packet('3fff::7', 'ff02::1', IPPROTO_UDP, payload) }],
    [
      'what the link sent to many',
      {
        prepare: ({ packet }) => {
          packet.packetType = PACKET_MULTICAST
        },
      },
    ],
    ['something that is no error of IPv6', { kind: ERROR_REDIRECT }],
  ])('are not about %s (RFC 4443 2.4 e)', (_name, asked) => {
    expect(ask(asked).sent).toBeUndefined()
  })

  it('are about packets to groups where they say "too big" or "unknown option"', () => {
    const bytes = ipv6Packet('3fff::7', 'ff02::1', IPPROTO_UDP, payload)
    for (const kind of [ERROR_PACKET_TOO_BIG, ERROR_UNKNOWN_OPTION]) {
      const prepare: Asked['prepare'] = ({ header }) => {
        header.cast = CAST_MULTICAST
      }
      expect(`${ask({ bytes, kind, prepare }).sent?.source}`).toBe('2001:db8::1')
    }
  })

  it('are about echo requests, and are limited', () => {
    const bytes = ipv6Packet('3fff::7', '2001:db8::9', IPPROTO_ICMPV6, message6(128, 0, 0))
    expect(ask({ bytes, kind: ERROR_TTL_EXCEEDED }).sent?.bytes[0]).toBe(3)
    const setup = icmp6Host()
    setup.network.permit = false
    expect(ask({ setup }).sent).toBeUndefined()
    expect(ask({ setup, kind: ERROR_PACKET_TOO_BIG, info: 1280 }).sent?.bytes[0]).toBe(2)
  })
})

describe('ICMPv6 errors that come in', () => {
  const quote = ipv6Packet('2001:db8::1', '3fff::7', IPPROTO_UDP, payload)

  it.each<[string, number, number, number, number, number, boolean]>([
    ['no route', 1, 0, ERROR_NET_UNREACHABLE, ENETUNREACH, 0, false],
    ['prohibited', 1, 1, ERROR_PROHIBITED, EACCES, 0, true],
    ['beyond scope', 1, 2, ERROR_BEYOND_SCOPE, EHOSTUNREACH, 0, false],
    ['address unreachable', 1, 3, ERROR_HOST_UNREACHABLE, EHOSTUNREACH, 0, false],
    ['port unreachable', 1, 4, ERROR_PORT_UNREACHABLE, ECONNREFUSED, 0, true],
    ['policy', 1, 5, ERROR_PROHIBITED, EACCES, 0, true],
    ['an unknown code', 1, 77, ERROR_PARAMETER_PROBLEM, EPROTO, 0, true],
    ['packet too big', 2, 0, ERROR_PACKET_TOO_BIG, EMSGSIZE, 0x0500, false],
    ['hop limit', 3, 0, ERROR_TTL_EXCEEDED, EHOSTUNREACH, 0, false],
    ['reassembly', 3, 1, ERROR_REASSEMBLY_TIMEOUT, EHOSTUNREACH, 0, false],
    ['unknown header', 4, 1, ERROR_UNKNOWN_HEADER, EPROTO, 0x0500, true],
    ['an unknown type', 99, 0, ERROR_PARAMETER_PROBLEM, EPROTO, 0, false],
  ])('%s reaches the network layer', (_name, type, code, kind, errno, info, fatal) => {
    const { network } = icmp6Host()
    const payload = message6(type, code, info, quote)
    network.inject({ protocol: IPPROTO_ICMPV6, source: '2001:db8::2', payload })
    expect(network.errorsDispatched).toBe(1)
    expect(network.lastError).toMatchObject({ version: 6, type, code, kind, errno, info, fatal, protocol: IPPROTO_UDP })
    expect(`${network.lastError.offender}`).toBe('2001:db8::2')
    expect(network.pool.outstanding).toBe(0)
  })

  it('that quote no IPv6 packet are counted', () => {
    const { host, network } = icmp6Host()
    for (const bad of [quote.slice(0, 39), quote.slice().fill(0x45, 0, 1)]) {
      network.inject({ protocol: IPPROTO_ICMPV6, source: '2001:db8::2', payload: message6(1, 0, 0, bad) })
    }
    expect([network.errorsDispatched, host.counter('Icmp6InErrors')]).toEqual([0, 2])
  })

  it('lose their extensions (RFC 4884)', () => {
    const { network } = icmp6Host()
    const padded = new Uint8Array(128 + 8)
    padded.set(quote)
    network.inject({ protocol: IPPROTO_ICMPV6, source: '2001:db8::2', payload: message6(1, 0, 16 << 24, padded) })
    expect(network.errorsDispatched).toBe(1)
  })
})
