import { Prefix } from '@jackfield/addr'
import { createFakeHost, createFakeInterface, networkLayerCompliance } from '@jackfield/interfaces/compliance'
import { describe, it } from 'vitest'
import { packetBytes, read } from './layer.test-fixture.js'
import { ipv6 } from './module.js'

describe('the contract of a network layer', () => {
  const cases = networkLayerCompliance(() => {
    const device = createFakeInterface({ index: 2, mtu: 1500 })
    const lo = createFakeInterface({ index: 1, loopback: true })
    const host = createFakeHost([], [lo, device])
    ipv6().install(host)
    const layer = host.network(6)
    if (layer === undefined) throw new Error('ipv6() installed no network layer')
    layer.addInterface(lo)
    layer.addInterface(device)
    layer.addAddress(device, Prefix.parse('2001:db8::1/64'))
    return {
      network: layer,
      interface: device,
      pool: host.packets,
      local: '2001:db8::1',
      neighbour: '2001:db8::2',
      group: 'ff15::1234',
      unused: '2001:db8:9::1/64',
      arrive(from, to, protocol, payload) {
        layer.receive(host.packets.copyOf(packetBytes({ source: from, destination: to, protocol, payload })), device)
      },
      departed() {
        host.clock.loop.enter()
        host.clock.loop.leave()
        return device.takeBytes().map(read)
      },
      dispose() {
        host.close()
        lo.takeBytes()
        device.takeBytes()
      },
    }
  })
  it.each(cases.map((each) => [each.name, each] as const))('%s', (_name, each) => each.run())
})
