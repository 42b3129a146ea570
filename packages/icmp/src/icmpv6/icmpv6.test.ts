import { IpAddress } from '@jackfield/addr'
import { CAST_MULTICAST, DELIVERED, IPPROTO_ICMPV6, type NetworkHeader } from '@jackfield/interfaces'
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, foldSum, type Packet, pseudoHeaderSum } from '@jackfield/packet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { icmp6Host, message6 } from '../host.test-icmp.js'

const body = Uint8Array.from([1, 2, 3, 4, 5])

describe('ICMPv6 echo', () => {
  it('is answered from the address that was asked, with the same data and traffic class', () => {
    const { host, network } = icmp6Host()
    const payload = message6(128, 0, 0x1234_0001, body)
    expect(network.inject({ protocol: IPPROTO_ICMPV6, source: '2001:db8::2', payload, tos: 0xb8 })).toBe(DELIVERED)
    const [reply] = network.sent
    expect([`${reply?.source}`, `${reply?.destination}`, reply?.tos]).toEqual(['2001:db8::1', '2001:db8::2', 0xb8])
    expect(reply?.bytes).toEqual(message6(129, 0, 0x1234_0001, body, '2001:db8::1', '2001:db8::2'))
    for (const name of ['InMsgs', 'InEchos', 'InType128', 'OutMsgs', 'OutEchoReplies', 'OutType129']) {
      expect(host.counter(`Icmp6${name}`), name).toBe(1)
    }
    expect(network.pool.outstanding).toBe(0)
  })

  it('reply has the checksum that computing it anew gives, for any payload', () => {
    const { network } = icmp6Host()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(0xffff_ffff), fc.nat(255), (data, rest, code) => {
        const payload = message6(128, code, rest, data)
        network.inject({ protocol: IPPROTO_ICMPV6, source: '2001:db8::2', payload })
        const expected = message6(129, code, rest, data, '2001:db8::1', '2001:db8::2')
        expect(network.sent.pop()?.bytes).toEqual(expected)
      }),
    )
  })

  it('to a group is answered from the route, unless a setting forbids it', () => {
    const { host, network } = icmp6Host()
    const payload = message6(128, 0, 7, body, '2001:db8::2', 'ff02::1')
    const ask = (): void => {
      const group = { destination: 'ff02::1', cast: CAST_MULTICAST }
      network.inject({ protocol: IPPROTO_ICMPV6, source: '2001:db8::2', payload, ...group })
    }
    ask()
    expect(network.sent[0]?.bytes).toEqual(message6(129, 0, 7, body, '2001:db8::1', '2001:db8::2'))
    host.set('net.ipv6.icmp.echo_ignore_multicast', 1)
    ask()
    host.set('net.ipv6.icmp.echo_ignore_multicast', 0)
    host.set('net.ipv6.icmp.echo_ignore_all', 1)
    ask()
    expect([network.sent.length, host.counter('Icmp6InEchosIgnored')]).toEqual([1, 2])
  })

  it('of a message that was left to be completed leaves it so', () => {
    const { network } = icmp6Host()
    const payload = message6(128, 0, 7, body)
    network.inject({
      protocol: IPPROTO_ICMPV6,
      source: '2001:db8::2',
      payload,
      prepare: (packet) => {
        packet.checksum = CHECKSUM_PARTIAL
        packet.checksumStart = packet.start
        packet.checksumOffset = 2
        packet.view.setUint16(packet.start + 2, 0xdead)
      },
    })
    const [reply] = network.sent
    const [from, to] = [IpAddress.parse('2001:db8::1'), IpAddress.parse('2001:db8::2')]
    const sum = foldSum(pseudoHeaderSum(from, to, IPPROTO_ICMPV6, payload.length))
    expect(reply?.checksum).toBe(CHECKSUM_PARTIAL)
    expect(((reply?.bytes[2] as number) << 8) | (reply?.bytes[3] as number)).toBe(sum)
  })

  it('is copied where a raw socket keeps the request', () => {
    const { network } = icmp6Host()
    const kept: Packet[] = []
    network.tap(IPPROTO_ICMPV6, { receive: (packet) => kept.push(packet.share()) > 0, error() {} })
    const payload = message6(128, 0, 7, body)
    network.inject({ protocol: IPPROTO_ICMPV6, source: '2001:db8::2', payload })
    expect(network.sent[0]?.bytes[0]).toBe(129)
    expect(kept[0]?.toBytes()).toEqual(payload)
    for (const packet of kept) packet.release()
    expect(network.pool.outstanding).toBe(0)
  })

  it('is not answered to nobody, to a group, without a way or beyond the rate', () => {
    const { host, network } = icmp6Host()
    const ask = (source: string): void => {
      network.inject({ protocol: IPPROTO_ICMPV6, source, payload: message6(128, 0, 7, body, source) })
    }
    ask('::')
    ask('ff02::1')
    network.permit = false
    ask('2001:db8::2')
    network.routeError = 101
    ask('2001:db8::3')
    expect([network.sent.length, host.counter('Icmp6InErrors')]).toEqual([0, 2])
    expect(network.pool.outstanding).toBe(0)
  })
})

describe('ICMPv6 messages', () => {
  it('that are bad are counted and dropped', () => {
    const { host, network } = icmp6Host()
    const put = (payload: Uint8Array): void => {
      network.inject({ protocol: IPPROTO_ICMPV6, source: '2001:db8::2', payload })
    }
    put(new Uint8Array(7))
    put(message6(128, 0, 7, body).fill(9, 9))
    put(message6(128, 0, 7, body, '2001:db8::3'))
    expect([host.counter('Icmp6InErrors'), host.counter('Icmp6InCsumErrors')]).toEqual([3, 2])
    expect([network.sent.length, network.pool.outstanding]).toEqual([0, 0])
  })

  it('of the network layer are given to it, whole and checked; what it finds bad is counted', () => {
    const { host, network } = icmp6Host()
    const given: number[] = []
    Object.assign(network, {
      receiveControl(packet: Packet, header: NetworkHeader): boolean {
        expect(packet.checksum).toBe(CHECKSUM_NONE)
        expect(header.protocol).toBe(IPPROTO_ICMPV6)
        given.push(packet.view.getUint8(packet.start))
        return given.length !== 2
      },
    })
    for (const type of [133, 135, 143, 200]) {
      network.inject({ protocol: IPPROTO_ICMPV6, source: '2001:db8::2', payload: message6(type, 0, 0, body) })
    }
    expect(given).toEqual([133, 135, 143, 200])
    const counted = ['InErrors', 'InRouterSolicits', 'InNeighborSolicits', 'InMLDv2Reports', 'InType200']
    expect(counted.map((name) => host.counter(`Icmp6${name}`))).toEqual([1, 1, 1, 1, 1])
    network.control?.countSent?.(network, 136)
    expect([host.counter('Icmp6OutNeighborAdvertisements'), host.counter('Icmp6OutMsgs')]).toEqual([1, 1])
    expect(network.pool.outstanding).toBe(0)
  })

  it('of random bytes never throw, and nothing is left', () => {
    const { network } = icmp6Host()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(255), (data, type) => {
        const source = '2001:db8::2'
        network.inject({ protocol: IPPROTO_ICMPV6, source, payload: message6(type, data[0] ?? 0, 0, data) })
        network.inject({ protocol: IPPROTO_ICMPV6, source, payload: data })
        expect(network.pool.outstanding).toBe(0)
      }),
    )
  })
})
