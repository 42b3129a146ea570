import { CAST_BROADCAST, CAST_MULTICAST, DELIVERED, IPPROTO_ICMP } from '@jackfield/interfaces'
import { CHECKSUM_NONE, CHECKSUM_PARTIAL, CHECKSUM_VERIFIED, foldSum, type Packet, sumBytes } from '@jackfield/packet'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { icmpHost, message } from '../host.test-icmp.js'

function isRight(bytes: Uint8Array): boolean {
  return foldSum(sumBytes(new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length)) === 0xffff
}

describe('echo', () => {
  it('is answered from the address that was asked, with the same data and TOS', () => {
    const { host, network } = icmpHost()
    const request = message(8, 0, 0x1234_0001, Uint8Array.from([1, 2, 3, 4, 5]))
    expect(network.inject({ protocol: IPPROTO_ICMP, source: '10.0.0.9', payload: request, tos: 0xb8 })).toBe(DELIVERED)
    const [reply] = network.sent
    expect(reply?.source.toString()).toBe('10.0.0.1')
    expect(reply?.destination.toString()).toBe('10.0.0.9')
    expect(reply?.tos).toBe(0xb8)
    expect(reply?.bytes).toEqual(message(0, 0, 0x1234_0001, Uint8Array.from([1, 2, 3, 4, 5])))
    expect(host.counter('IcmpInEchos')).toBe(1)
    expect(host.counter('IcmpOutEchoReps')).toBe(1)
    expect(host.counter('IcmpMsgInType8')).toBe(1)
    expect(host.counter('IcmpMsgOutType0')).toBe(1)
    expect(network.pool.outstanding).toBe(0)
  })

  it('goes out in the buffer that it came in', () => {
    const { network } = icmpHost()
    network.hold = true
    let came: Uint8Array | null = null
    network.inject({
      protocol: IPPROTO_ICMP,
      payload: message(8, 0, 1, new Uint8Array(56)),
      prepare: (packet) => {
        came = packet.bytes
      },
    })
    expect(network.sent[0]?.packet?.bytes).toBe(came)
    network.clear()
    expect(network.pool.outstanding).toBe(0)
  })

  it('is copied where a raw socket keeps the request', () => {
    const { network } = icmpHost()
    const kept: Packet[] = []
    network.tap(IPPROTO_ICMP, {
      receive(packet) {
        kept.push(packet.share())
        return true
      },
      error() {},
    })
    const request = message(8, 0, 7, new Uint8Array(56).fill(7))
    network.inject({ protocol: IPPROTO_ICMP, payload: request })
    expect(network.sent[0]?.bytes[0]).toBe(0)
    expect(kept[0]?.toBytes()).toEqual(request)
    for (const packet of kept) packet.release()
    expect(network.pool.outstanding).toBe(0)
  })

  it('reply has the checksum that computing it anew gives, for any payload', () => {
    const { network } = icmpHost()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(0xffff_ffff), fc.nat(255), (data, rest, code) => {
        network.inject({ protocol: IPPROTO_ICMP, payload: message(8, code, rest, data) })
        const sent = network.sent.pop()
        expect(sent?.bytes).toEqual(message(0, code, rest, data))
      }),
    )
    expect(network.pool.outstanding).toBe(0)
  })

  it('reply of nothing but zeros has a checksum that is not zero', () => {
    const { network } = icmpHost()
    network.inject({ protocol: IPPROTO_ICMP, payload: message(8, 0, 0, new Uint8Array(4)) })
    expect([...(network.sent[0]?.bytes ?? [])]).toEqual([0, 0, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0])
  })

  it('of 60,000 bytes is answered whole', () => {
    const { network } = icmpHost()
    network.mtu = 65_535
    const request = message(8, 0, 0x1234_0001, new Uint8Array(60_000).fill(0x5a))
    network.inject({ protocol: IPPROTO_ICMP, payload: request })
    expect(network.sent[0]?.bytes.length).toBe(60_008)
    expect(isRight(network.sent[0]?.bytes ?? new Uint8Array(1))).toBe(true)
  })

  it('with a checksum left to the device is answered with one left to the device', () => {
    const { network } = icmpHost()
    const request = message(8, 0, 9, Uint8Array.from([1, 2]))
    request[2] = 0
    request[3] = 0
    network.inject({
      protocol: IPPROTO_ICMP,
      payload: request,
      checksum: CHECKSUM_PARTIAL,
      prepare: (packet) => {
        packet.checksumStart = packet.start
        packet.checksumOffset = 2
      },
    })
    expect(network.sent[0]?.checksum).toBe(CHECKSUM_PARTIAL)
    expect(network.sent[0]?.checksumStart).toBe(0)
    expect([...(network.sent[0]?.bytes ?? [])]).toEqual([0, 0, 0, 0, 0, 0, 0, 9, 1, 2])
  })

  it('that claims a partial checksum of something else is verified', () => {
    const { host, network } = icmpHost()
    const request = message(8, 0, 9)
    request[3] = (request[3] as number) ^ 1
    network.inject({
      protocol: IPPROTO_ICMP,
      payload: request,
      checksum: CHECKSUM_PARTIAL,
      prepare: (packet) => {
        packet.checksumStart = packet.start + 100_000
        packet.checksumOffset = 6
      },
    })
    expect(network.sent).toHaveLength(0)
    expect(host.counter('IcmpInCsumErrors')).toBe(1)
  })

  it('is not verified again where the device did', () => {
    const { network } = icmpHost()
    network.inject({ protocol: IPPROTO_ICMP, payload: message(8, 0, 3), checksum: CHECKSUM_VERIFIED })
    expect(network.sent[0]?.checksum).toBe(CHECKSUM_NONE)
    expect(network.sent[0]?.bytes).toEqual(message(0, 0, 3))
  })

  it('to a group or broadcast is answered only where the setting says so, from the route’s address', () => {
    const { host, network } = icmpHost()
    const payload = message(8, 0, 1)
    const arrival = { protocol: IPPROTO_ICMP, payload, destination: '224.0.0.5', cast: CAST_MULTICAST }
    network.inject(arrival)
    network.inject({ ...arrival, destination: '10.0.0.255', cast: CAST_BROADCAST })
    expect(network.sent).toHaveLength(0)
    expect(host.counter('IcmpInErrors')).toBe(2)
    host.set('net.ipv4.icmp_echo_ignore_broadcasts', 0)
    network.inject(arrival)
    expect(network.sent[0]?.source.toString()).toBe('10.0.0.1')
    expect(host.counter('IcmpInErrors')).toBe(2)
  })

  it('is ignored, and counted, where icmp_echo_ignore_all is set', () => {
    const { host, network } = icmpHost({ echoIgnoreAll: true })
    network.inject({ protocol: IPPROTO_ICMP, payload: message(8, 0, 1) })
    expect(network.sent).toHaveLength(0)
    expect(host.counter('IcmpInEchosIgnored')).toBe(1)
    host.set('net.ipv4.icmp_echo_ignore_all', 0)
    network.inject({ protocol: IPPROTO_ICMP, payload: message(8, 0, 1) })
    expect(network.sent).toHaveLength(1)
    expect(network.pool.outstanding).toBe(0)
  })

  it('from nobody or a group is not answered', () => {
    const { host, network } = icmpHost()
    network.inject({ protocol: IPPROTO_ICMP, source: '0.0.0.0', payload: message(8, 0, 1) })
    network.inject({ protocol: IPPROTO_ICMP, source: '224.0.0.1', payload: message(8, 0, 1) })
    network.inject({ protocol: IPPROTO_ICMP, source: '10.0.0.255', payload: message(8, 0, 1) })
    expect(network.sent).toHaveLength(0)
    expect(host.counter('IcmpInErrors')).toBe(2)
    expect(host.counter('IcmpOutErrors')).toBe(1)
    expect(network.pool.outstanding).toBe(0)
  })

  it('reply waits for the rate limit where replies are limited', () => {
    const { network } = icmpHost()
    network.permit = false
    network.inject({ protocol: IPPROTO_ICMP, payload: message(8, 0, 1) })
    expect(network.sent).toHaveLength(0)
    expect(network.pool.outstanding).toBe(0)
  })
})

describe('timestamp', () => {
  it('is answered with the time since midnight UTC', () => {
    const { host, network } = icmpHost()
    host.clock.advance(3_723_004_000)
    const body = new Uint8Array(20)
    body.set([0, 0, 0, 42])
    network.inject({ protocol: IPPROTO_ICMP, payload: message(13, 0, 5, body) })
    const view = new DataView(network.sent[0]?.bytes.buffer ?? new ArrayBuffer(0))
    expect(view.byteLength).toBe(20)
    expect(view.getUint8(0)).toBe(14)
    expect(view.getUint32(4)).toBe(5)
    expect(view.getUint32(8)).toBe(42)
    expect(view.getUint32(12)).toBe(3_723_004)
    expect(view.getUint32(16)).toBe(3_723_004)
    expect(isRight(network.sent[0]?.bytes ?? body)).toBe(true)
    expect(host.counter('IcmpOutTimestampReps')).toBe(1)
  })

  it('that is too short is an error', () => {
    const { host, network } = icmpHost()
    network.inject({ protocol: IPPROTO_ICMP, payload: message(13, 0, 5, new Uint8Array(11)) })
    expect(network.sent).toHaveLength(0)
    expect(host.counter('IcmpInErrors')).toBe(1)
  })
})

describe('bad and unknown messages', () => {
  it('are dropped and counted', () => {
    const { host, network } = icmpHost()
    network.inject({ protocol: IPPROTO_ICMP, payload: new Uint8Array(7) })
    network.inject({ protocol: IPPROTO_ICMP, payload: message(42, 0, 0) })
    const broken = message(8, 0, 0)
    broken[7] = 1
    network.inject({ protocol: IPPROTO_ICMP, payload: broken })
    expect(host.counter('IcmpInMsgs')).toBe(3)
    expect(host.counter('IcmpInErrors')).toBe(3)
    expect(host.counter('IcmpInCsumErrors')).toBe(1)
    expect(host.counter('IcmpMsgInType42')).toBe(1)
    expect(network.sent).toHaveLength(0)
    expect(network.pool.outstanding).toBe(0)
  })

  it('never throw, whatever their bytes, and are counted', () => {
    const { host, network } = icmpHost({ echoIgnoreBroadcasts: false })
    let given = 0
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 120 }),
        fc.boolean(),
        fc.constantFrom(CHECKSUM_NONE, CHECKSUM_PARTIAL, CHECKSUM_VERIFIED),
        fc.nat(2),
        (bytes, repair, state, cast) => {
          const payload = repair && bytes.length >= 8 ? fixed(bytes) : bytes
          network.inject({ protocol: IPPROTO_ICMP, payload, checksum: state, cast })
          given++
          expect(host.counter('IcmpInMsgs')).toBe(given)
          expect(network.pool.outstanding).toBe(0)
        },
      ),
      { numRuns: 1000 },
    )
  })
})

/** The same bytes with a right checksum, and a type that is known more often than not. */
function fixed(bytes: Uint8Array): Uint8Array {
  const rest =
    ((bytes[4] as number) << 24) | ((bytes[5] as number) << 16) | ((bytes[6] as number) << 8) | (bytes[7] as number)
  return message((bytes[0] as number) % 20, (bytes[1] as number) % 18, rest >>> 0, bytes.subarray(8))
}

describe('settings', () => {
  it('take 0 and 1 alone', () => {
    const { host } = icmpHost()
    expect(() => host.set('net.ipv4.icmp_echo_ignore_all', 2)).toThrow('net.ipv4.icmp_echo_ignore_all is 0 or 1, not 2')
    expect(host.settings.get('net.ipv4.icmp_echo_ignore_broadcasts')?.get()).toBe(1)
    expect(() => icmpHost(JSON.parse('{"echoIgnoreAll":1}'))).toThrow('icmp: echoIgnoreAll is true or false, not 1')
  })
})
