import { createVirtualClock } from '@jackfield/clock'
import {
  type Host,
  IFF_RUNNING,
  IFF_UP,
  type LinkDevice,
  type NetworkInterface,
  type Setting,
  type StackModule,
} from '@jackfield/interfaces'
import { createFakeNetwork } from '@jackfield/interfaces/compliance'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { createStack, type Stack } from './index.js'
import { TestDevice } from './stack.test-device.js'

function setup(): { clock: ReturnType<typeof createVirtualClock>; stack: Stack<never> } {
  const clock = createVirtualClock()
  return { clock, stack: createStack({ clock }) }
}

/** A module of a test: what it brings, what it needs, and what it does when installed. */
function moduleOf<N extends string, P extends string>(
  name: string,
  needs: readonly N[],
  provides: readonly P[],
  install: (host: Host) => void = () => {},
): StackModule<N, P> {
  return { name, needs, provides, install }
}

const network4 = (): StackModule<never, 'network' | 'ipv4'> =>
  moduleOf('ipv4', [], ['network', 'ipv4'], (host) => host.addNetwork(createFakeNetwork({ pool: host.packets })))

describe('modules', () => {
  test('one that needs another comes after it, for the type checker and at run time', () => {
    const { stack } = setup()
    const transport = moduleOf('udp', ['network'], ['udp'])
    type Lacking = Parameters<typeof stack.with<'network', 'udp'>>[0]
    expectTypeOf(transport).not.toExtend<Lacking>()
    const withNetwork = stack.with(network4())
    type Complete = Parameters<typeof withNetwork.with<'network', 'udp'>>[0]
    expectTypeOf(transport).toExtend<Complete>()
    withNetwork.with(transport)
    const bare = createStack({ clock: createVirtualClock() }) as unknown as Stack<'network'>
    expect(() => bare.with(transport)).toThrow('the module udp needs network: add it to the stack before udp')
  })

  test('one is not installed twice', () => {
    const { stack } = setup()
    expect(() => stack.with(network4()).with(network4())).toThrow('the module ipv4 is in the stack already')
  })

  test('a medium without its framing is a type error and an error with its remedy', () => {
    const { stack } = setup()
    const device = new TestDevice('eth0', 'ethernet')
    type Accepted = Parameters<typeof stack.addInterface>[0]
    expectTypeOf(device).not.toExtend<Accepted>()
    expect(() => stack.addInterface(device as unknown as LinkDevice<'ip'>)).toThrow('add ethernet() to it')
  })

  test('they are closed in reverse order, once', async () => {
    const { stack } = setup()
    const closed: string[] = []
    const closing = (name: string): StackModule<never, never> =>
      moduleOf(name, [], [], (host) => host.onClose(() => closed.push(name)))
    const built = stack.with(closing('a')).with(closing('b'))
    await built.close()
    await built.close()
    expect(closed).toEqual(['b', 'a'])
  })
})

describe('interfaces', () => {
  test('are numbered from 1, never again with the same number', async () => {
    const { stack } = setup()
    const a = stack.addInterface(new TestDevice('a', 'ip'))
    await stack.removeInterface(a)
    const b = stack.addInterface(new TestDevice('b', 'ip'))
    expect([a.index, b.index]).toEqual([1, 2])
    expect(stack.interfaceByName('a')).toBeUndefined()
    expect(stack.interfaceByIndex(2)).toBe(b)
  })

  test.each(['', 'a b', 'a/b', 'sixteen-letters-'])('the name %j is refused', (name) => {
    const { stack } = setup()
    expect(() => stack.addInterface(new TestDevice(name, 'ip'))).toThrow('an interface name is 1 to 15 characters')
  })

  test('a name that is taken is refused, and an address of a version that is not there', () => {
    const { stack } = setup()
    stack.addInterface(new TestDevice('a', 'ip'))
    expect(() => stack.addInterface(new TestDevice('a', 'ip'))).toThrow('an interface named a is in the stack already')
    expect(() => stack.addInterface(new TestDevice('b', 'ip'), { addresses: ['10.0.0.1/24'] })).toThrow(
      'the stack has no IPv4: add ipv4() before its addresses',
    )
    expect(stack.interfaceByName('b')).toBeUndefined()
  })

  test('get their addresses and a default route by the gateway', () => {
    const { stack } = setup()
    const built = stack.with(network4())
    const added = built.addInterface(new TestDevice('a', 'ip'), { addresses: ['10.1.0.2/24'], gateway: '10.1.0.1' })
    const network = built.network(4)
    expect(network?.addresses().map(({ prefix }) => String(prefix))).toContain('10.1.0.2/24')
    const route = network?.routes().find(({ gateway }) => gateway !== undefined)
    expect([String(route?.destination), String(route?.gateway), route?.interface]).toEqual([
      '0.0.0.0/0',
      '10.1.0.1',
      added.index,
    ])
  })

  test('one that is down takes and sends nothing, and counts it', () => {
    const { stack } = setup()
    const built = stack.with(network4())
    const device = new TestDevice('a', 'ip')
    const added = built.addInterface(device)
    built.setInterface(added, { up: false })
    device.burst(Uint8Array.of(0x45, 0, 0, 20))
    const packet = built.packets.allocate(20)
    const nextHop = built.network(4)?.addresses()[0]?.prefix.address
    if (nextHop === undefined) throw new Error('the fake network has an address')
    expect(added.output(packet, 0x0800, nextHop)).toBe(100)
    const counters = built.counters()
    expect([counters['LinkInDown'], counters['LinkOutDown']]).toEqual([1, 1])
    expect(device.sent).toEqual([])
    expect(built.packets.outstanding).toBe(0)
  })

  test('an MTU is lowered within bounds', () => {
    const { stack } = setup()
    const added = stack.addInterface(new TestDevice('a', 'ip'))
    stack.setInterface(added, { mtu: 1280 })
    expect(added.mtu).toBe(1280)
    expect(() => stack.setInterface(added, { mtu: 1501 })).toThrow(
      'the MTU of a is an integer from 68 to 1500, not 1501',
    )
  })

  test('carrier and MTU changes of the device are told to those who watch', () => {
    const { stack } = setup()
    const seen: string[] = []
    const watch = (each: NetworkInterface): void => {
      seen.push(`${each.name} ${each.mtu} ${(each.flags & IFF_RUNNING) !== 0} ${(each.flags & IFF_UP) !== 0}`)
    }
    const built = stack.with(
      moduleOf('watcher', [], [], (host) => host.addInterfaceObserver({ interfaceChanged: watch })),
    )
    const device = new TestDevice('a', 'ip')
    built.addInterface(device)
    device.receiver?.changed({ carrier: false, mtu: 1400 })
    device.receiver?.changed({ carrier: false, mtu: 1400 })
    expect(seen).toEqual(['a 1400 false true'])
  })
})

describe('packets', () => {
  test('of an unknown version or without a network layer are counted and released', () => {
    const { stack } = setup()
    const device = new TestDevice('a', 'ip')
    const built = stack.with(network4())
    built.addInterface(device)
    device.burst(Uint8Array.of(0x10), new Uint8Array(0), Uint8Array.of(0x60, 0, 0, 0))
    const counters = built.counters()
    expect([counters['LinkInUnknownVersion'], counters['LinkInUnknownProtocol']]).toEqual([2, 1])
    expect(built.packets.outstanding).toBe(0)
  })

  test('that come in are shown to packet taps with their interface, and those that leave as outgoing', () => {
    const { stack } = setup()
    const seen: string[] = []
    const built = stack.with(network4()).with(
      moduleOf('tap', [], [], (host) =>
        host.addPacketTap({
          packet: (packet, { name }) => seen.push(`${name} ${packet.packetType} ${packet.length}`),
        }),
      ),
    )
    const device = new TestDevice('a', 'ip')
    const added = built.addInterface(device)
    device.burst(Uint8Array.of(0x60, 0, 0, 0))
    const packet = built.packets.allocate(20)
    const address = built.network(4)?.addresses()[0]?.prefix.address
    if (address === undefined) throw new Error('the fake network has an address')
    added.output(packet, 0x0800, address)
    expect(seen).toEqual(['a 0 4', 'a 4 20'])
  })

  test('a burst ends once for every layer, then the devices are flushed', () => {
    const { stack } = setup()
    const order: string[] = []
    const built = stack.with(
      moduleOf('layers', [], [], (host) => {
        host.addTransport({
          protocol: 200,
          receive: () => 0,
          burstEnd: () => order.push('transport'),
          error: () => {},
        })
        host.addBurstObserver({ burstEnd: () => order.push('observer') })
      }),
    )
    const device = new TestDevice('a', 'ip')
    built.addInterface(device)
    order.length = 0
    device.burst(Uint8Array.of(0x60), Uint8Array.of(0x60))
    expect(order).toEqual(['transport', 'observer'])
    expect(device.flushes).toBe(0)
  })
})

describe('settings', () => {
  const level: { value: number; text: string } = { value: 3, text: '1 2' }
  const settings: Setting[] = [
    {
      name: 'net.test.level',
      get: () => level.value,
      set: (value) => {
        level.value = Number(value)
      },
      minimum: 0,
      maximum: 9,
    },
    {
      name: 'net.test.range',
      get: () => level.text,
      set: (value) => {
        level.text = String(value)
      },
    },
  ]

  function withSettings(): Stack<never> {
    return setup().stack.with(moduleOf('settings', [], [], (host) => host.addSettings(settings)))
  }

  test('are read and set by sysctl name, text as a number where one is due', () => {
    const { sysctl } = withSettings()
    sysctl.set('net.test.level', '7')
    sysctl.set('net.test.range', '5 6')
    expect([sysctl.get('net.test.level'), sysctl.get('net.test.range')]).toEqual([7, '5 6'])
    expect(sysctl.names()).toEqual(['net.test.level', 'net.test.range'])
  })

  test('out of range or unknown, they say what would be right', () => {
    const { sysctl } = withSettings()
    expect(() => sysctl.set('net.test.level', 10)).toThrow('net.test.level takes an integer from 0 to 9, not 10')
    expect(() => sysctl.set('net.test.level', 'high')).toThrow('not "high"')
    expect(() => sysctl.get('net.ipv9.level')).toThrow('did you mean net.test.level?')
    expect(() => sysctl.get('net.test.levels')).toThrow('did you mean net.test.level?')
    expect(() => sysctl.get('net.test.le')).toThrow('sysctl.names() lists them')
  })

  test('of an interface come and go with it', async () => {
    const { stack } = setup()
    const built = stack.with(
      moduleOf('conf', [], [], (host) =>
        host.addInterfaceSettings((each) => [
          { name: `net.conf.${typeof each === 'string' ? each : each.name}.x`, get: () => 1, set: () => {} },
        ]),
      ),
    )
    const added = built.addInterface(new TestDevice('a', 'ip'))
    expect(built.sysctl.names()).toEqual(['net.conf.a.x', 'net.conf.all.x', 'net.conf.default.x'])
    await built.removeInterface(added)
    expect(built.sysctl.names()).toEqual(['net.conf.all.x', 'net.conf.default.x'])
  })
})

test('a stack that is closed has closed its devices and takes no more', async () => {
  const { stack } = setup()
  const device = new TestDevice('a', 'ip')
  stack.addInterface(device)
  await stack.close()
  await stack.close()
  expect(device.closes).toBe(1)
  expect(() => stack.addInterface(new TestDevice('b', 'ip'))).toThrow('the stack is closed')
})
