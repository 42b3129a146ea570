import { describe, expect, it } from 'vitest'
import { UNREACHABLE } from '../network.js'
import { createFakeInterface } from './fake-interface.js'
import { createFakeNetwork } from './fake-network.js'
import { networkLayerCompliance } from './network-layer.js'

describe.each([4, 6] as const)('the fake network, version %i', (version) => {
  const cases = networkLayerCompliance(() => {
    const network = createFakeNetwork({ version, interface: createFakeInterface({ index: 7 }) })
    const four = version === 4
    return {
      network,
      interface: network.interface,
      pool: network.pool,
      local: four ? '10.0.0.1' : '2001:db8::1',
      neighbour: four ? '10.0.0.2' : '2001:db8::2',
      group: four ? '239.1.2.3' : 'ff0e::1',
      unused: four ? '192.0.2.1/24' : '2001:db8:1::1/64',
      arrive(source, destination, protocol, payload) {
        network.inject({ source, destination, protocol, payload })
      },
      departed() {
        return network.sent.splice(0).map((sent) => ({
          source: `${sent.source}`,
          destination: `${sent.destination}`,
          protocol: sent.protocol,
          payload: sent.bytes,
        }))
      },
      dispose() {
        network.clear()
      },
    }
  })
  it.each(cases.map((each) => [each.name, each] as const))('%s', (_name, each) => each.run())

  it('releases what nobody takes', () => {
    const network = createFakeNetwork({ version })
    expect(network.inject({ protocol: 99, payload: new Uint8Array(4) })).toBe(UNREACHABLE)
    expect(network.pool.outstanding).toBe(0)
  })
})
