import { IpAddress, type IpAddressSlot, setSlot } from '@jackfield/addr'
import { ECONNREFUSED, ERROR_PORT_UNREACHABLE, IcmpReport } from '@jackfield/interfaces'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { arrive, type Bench, bench, finish, flowTo, packetBytes, read, send } from './layer.test-fixture.js'

const FAR = '2001:db8:ffff::7'
const KEY = 'net.ipv6.conf.a.accept_any_destination'

let net: Bench
beforeEach(() => {
  net = bench()
})
afterEach(() => finish(net))

describe('accept_any_destination', () => {
  it('takes what is for anybody by its interface, rather than drop or forward it', () => {
    const put = (destination: string, by = net.a): void =>
      arrive(net, packetBytes({ source: '2001:db8:a::2', destination }), by)
    put(FAR)
    expect(net.udp.received).toEqual([])
    for (const forwarding of [0, 1]) {
      net.host.set('net.ipv6.conf.all.forwarding', forwarding)
      net.host.set(KEY, 1)
      put(FAR)
      put(FAR, net.b)
      for (const destination of ['fe80::77', '::']) put(destination)
      expect(net.udp.received.splice(0)).toMatchObject([{ destination: FAR, interfaceIndex: net.a.index }])
      net.host.set(KEY, 0)
    }
    put(FAR)
    expect(net.udp.received).toEqual([])
  })

  it('lets sockets send from any address, and hear of errors about it', () => {
    const from = { source: IpAddress.parse('2001:db8:eeee::9') }
    expect(send(net, flowTo('2001:db8:a::2', from), 4)).not.toBe(0)
    net.host.set(KEY, 1)
    net.a.takeBytes()
    expect(send(net, flowTo('2001:db8:a::2', from), 4)).toBe(0)
    expect(net.a.takeBytes().map((bytes) => `${read(bytes).source}`)).toEqual(['2001:db8:eeee::9'])
    const quote = packetBytes({ source: '2001:db8:eeee::9', destination: FAR })
    const packet = net.host.packets.copyOf(quote)
    const report = new IcmpReport()
    setSlot(report.offender as IpAddressSlot, IpAddress.parse(FAR))
    Object.assign(report, {
      version: 6,
      kind: ERROR_PORT_UNREACHABLE,
      errno: ECONNREFUSED,
      packet,
      quoteStart: packet.start,
    })
    net.layer.dispatchError(report)
    net.host.set(KEY, 0)
    net.layer.dispatchError(report)
    packet.release()
    expect(net.udp.errors).toMatchObject([{ source: '2001:db8:eeee::9' }])
  })

  it('has its packets merged like others', () => {
    const inspect = (destination: string): number => {
      const packet = net.host.packets.copyOf(packetBytes({ destination }))
      packet.interfaceIndex = net.a.index
      const protocol = net.layer.offload.inspect(packet)
      packet.release()
      return protocol
    }
    expect(inspect(FAR)).toBe(-1)
    net.host.set(KEY, 1)
    expect([inspect(FAR), inspect('ff0e::1')]).toEqual([17, -1])
  })
})
