import { IpAddress } from '@jackfield/addr'
import {
  ENETUNREACH,
  ERROR_HOST_UNREACHABLE,
  ERROR_NET_UNREACHABLE,
  ERROR_PACKET_TOO_BIG,
  ERROR_PARAMETER_PROBLEM,
  ERROR_PORT_UNREACHABLE,
  ERROR_PROHIBITED,
  ERROR_PROTOCOL_UNREACHABLE,
  ERROR_REASSEMBLY_TIMEOUT,
  ERROR_REDIRECT,
  ERROR_SOURCE_ROUTE_FAILED,
  ERROR_TTL_EXCEEDED,
  ERROR_UNKNOWN_HEADER,
  IPPROTO_ICMP,
  IPPROTO_UDP,
} from '@jackfield/interfaces'
import { CHECKSUM_PARTIAL, checksum, PACKET_BROADCAST } from '@jackfield/packet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { icmpHost, ipv4Packet, message, received } from '../host.test-icmp.js'
import { isIcmpv4Error, verifyIcmpv4 } from '../wire.js'

const payload = Uint8Array.from({ length: 30 }, (_, i) => i)

interface Asked {
  bytes?: Uint8Array
  kind?: number
  info?: number
  gateway?: string
  setup?: ReturnType<typeof icmpHost>
  prepare?: (given: ReturnType<typeof received>) => void
}

/** Has an error sent about a packet; answers what went out. */
function ask(asked: Asked = {}) {
  const setup = asked.setup ?? icmpHost()
  const { network } = setup
  const bytes = asked.bytes ?? ipv4Packet('192.0.2.7', '10.0.0.1', IPPROTO_UDP, payload)
  const given = received(network, bytes)
  asked.prepare?.(given)
  const gateway = asked.gateway === undefined ? null : IpAddress.parse(asked.gateway)
  const went = network.control?.sendError(
    network,
    given.packet,
    given.header,
    asked.kind ?? ERROR_PORT_UNREACHABLE,
    asked.info ?? 0,
    gateway,
  )
  given.packet.release()
  expect(network.pool.outstanding).toBe(0)
  expect(went).toBe(network.sent.length > 0)
  return { ...setup, sent: network.sent.at(-1), bytes }
}

describe('errors that go out', () => {
  it('quote the packet from its header on, to whoever sent it', () => {
    const { sent, bytes, host } = ask()
    expect(sent?.source.toString()).toBe('10.0.0.1')
    expect(sent?.destination.toString()).toBe('192.0.2.7')
    expect(sent?.tos).toBe(0xc0)
    expect(sent?.bytes).toEqual(message(3, 3, 0, bytes))
    expect(host.counter('IcmpOutDestUnreachs')).toBe(1)
    expect(host.counter('IcmpMsgOutType3')).toBe(1)
    expect(host.counter('IcmpOutMsgs')).toBe(1)
  })

  it.each([
    [ERROR_NET_UNREACHABLE, 0, 3, 0, 0],
    [ERROR_HOST_UNREACHABLE, 0, 3, 1, 0],
    [ERROR_PROTOCOL_UNREACHABLE, 0, 3, 2, 0],
    [ERROR_PACKET_TOO_BIG, 1280, 3, 4, 1280],
    [ERROR_SOURCE_ROUTE_FAILED, 0, 3, 5, 0],
    [ERROR_PROHIBITED, 0, 3, 13, 0],
    [ERROR_TTL_EXCEEDED, 0, 11, 0, 0],
    [ERROR_REASSEMBLY_TIMEOUT, 0, 11, 1, 0],
    [ERROR_PARAMETER_PROBLEM, 21, 12, 0, 21 * 2 ** 24],
    [ERROR_REDIRECT, 0, 5, 0, 0x0a00_0003],
    [ERROR_REDIRECT, 1, 5, 1, 0x0a00_0003],
  ])('kind %i (info %i) has type %i and code %i', (kind, info, type, code, rest) => {
    const { sent, bytes } = ask({ kind, info, gateway: '10.0.0.3' })
    expect(sent?.bytes).toEqual(message(type, code, rest, bytes))
  })

  it('are none for a kind of IPv6', () => {
    expect(ask({ kind: ERROR_UNKNOWN_HEADER }).sent).toBeUndefined()
  })

  it('hold no more than 576 bytes with their IPv4 header, or the MTU', () => {
    const bytes = ipv4Packet('192.0.2.7', '10.0.0.1', IPPROTO_UDP, new Uint8Array(1400).fill(3))
    expect(ask({ bytes }).sent?.bytes.length).toBe(556)
    const setup = icmpHost()
    setup.network.mtu = 300
    const { sent } = ask({ bytes, setup })
    expect(sent?.bytes.length).toBe(280)
    expect(sent?.bytes.subarray(8)).toEqual(bytes.subarray(0, 272))
    const view = new DataView(sent?.bytes.buffer ?? new ArrayBuffer(0))
    expect(verifyIcmpv4(view, 0, view.byteLength)).toBe(true)
  })

  it('keep the type of service below precedence 6', () => {
    const bytes = ipv4Packet('192.0.2.7', '10.0.0.1', IPPROTO_UDP, payload)
    bytes[1] = 0xb9
    expect(ask({ bytes }).sent?.tos).toBe(0xd8)
  })

  it('about packets for others come from the route’s address, or an address of the interface', () => {
    const bytes = ipv4Packet('192.0.2.7', '198.51.100.1', IPPROTO_UDP, payload)
    expect(ask({ bytes, kind: ERROR_TTL_EXCEEDED }).sent?.source.toString()).toBe('10.0.0.1')
    const setup = icmpHost({ errorsUseInboundAddress: true })
    setup.network.sourceFor = () => IpAddress.parse('10.0.0.8')
    expect(ask({ bytes, kind: ERROR_TTL_EXCEEDED, setup }).sent?.source.toString()).toBe('10.0.0.8')
  })

  it('quote a checksum that was left to the device complete', () => {
    const bytes = ipv4Packet('192.0.2.7', '10.0.0.1', IPPROTO_UDP, payload)
    const { sent } = ask({
      bytes,
      prepare({ packet }) {
        packet.checksum = CHECKSUM_PARTIAL
        packet.checksumStart = packet.transportHeader
        packet.checksumOffset = 6
      },
    })
    const view = new DataView(bytes.buffer)
    const quoted = new DataView(sent?.bytes.buffer ?? new ArrayBuffer(0))
    expect(quoted.getUint16(8 + 20 + 6)).toBe(checksum(view, 20, bytes.length))
    expect(verifyIcmpv4(quoted, 0, quoted.byteLength)).toBe(true)
  })

  it('are never sent about broadcasts, later fragments or packets of no single host', () => {
    const about = (source: string, fragment = 0) => ipv4Packet(source, '10.0.0.1', IPPROTO_UDP, payload, fragment)
    expect(ask({ bytes: about('192.0.2.7', 0x2001) }).sent).toBeUndefined()
    expect(ask({ bytes: about('192.0.2.7', 0x2000) }).sent).toBeDefined()
    for (const source of ['0.0.0.0', '224.0.0.1', '255.255.255.255', '10.0.0.255', '240.0.0.1']) {
      expect(ask({ bytes: about(source) }).sent).toBeUndefined()
    }
    expect(
      ask({
        prepare({ packet }) {
          packet.packetType = PACKET_BROADCAST
        },
      }).sent,
    ).toBeUndefined()
    expect(ask({ bytes: ipv4Packet('192.0.2.7', '224.0.0.1', IPPROTO_UDP, payload) }).sent).toBeUndefined()
  })

  it('are never sent about an ICMP error, for any type and code', () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), fc.nat(13), (type, code, kind) => {
        const bytes = ipv4Packet('192.0.2.7', '10.0.0.1', IPPROTO_ICMP, message(type, code, 0))
        const { sent } = ask({ bytes, kind })
        if (isIcmpv4Error(type)) expect(sent).toBeUndefined()
      }),
    )
    for (const type of [3, 4, 5, 11, 12]) expect(isIcmpv4Error(type)).toBe(true)
    for (const type of [0, 8, 13, 14]) expect(isIcmpv4Error(type)).toBe(false)
    expect(ask({ bytes: ipv4Packet('192.0.2.7', '10.0.0.1', IPPROTO_ICMP, message(8, 0, 0)) }).sent).toBeDefined()
    expect(ask({ bytes: ipv4Packet('192.0.2.7', '10.0.0.1', IPPROTO_ICMP, new Uint8Array(0)) }).sent).toBeUndefined()
  })

  it('obey the rate limit, but for fragmentation needed and for this host itself', () => {
    const setup = icmpHost()
    setup.network.permit = false
    expect(ask({ setup }).sent).toBeUndefined()
    expect(ask({ setup, kind: ERROR_PACKET_TOO_BIG, info: 600 }).sent).toBeDefined()
    const own = icmpHost()
    own.network.permit = false
    expect(ask({ setup: own, bytes: ipv4Packet('10.0.0.1', '10.0.0.1', IPPROTO_UDP, payload) }).sent).toBeDefined()
  })

  it('are not sent where there is no way back', () => {
    const setup = icmpHost()
    setup.network.routeError = ENETUNREACH
    expect(ask({ setup }).sent).toBeUndefined()
  })
})
