import { createRouteQuery } from '@jackfield/interfaces'
import { AF_INET, AF_INET6, IP_ADD_MEMBERSHIP, IP_MULTICAST_IF, SOCK_DGRAM, SOL_IP } from '@jackfield/sockets'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createNetwork, type Network, type SimHost } from './index.js'

/** Everything given back: what a run must leave. */
async function closed(net: Network): Promise<void> {
  await net.close()
  for (const host of net.hosts) expect(host.packetsOutstanding, `packets kept by ${host.name}`).toBe(0)
}

function line(seed: number | string, loss = 0): { net: Network; a: SimHost; r: SimHost; b: SimHost } {
  const net = createNetwork({ seed, capture: true })
  const a = net.host('a')
  const r = net.router('r')
  const b = net.host('b')
  net.cable(a, r, { delay: '1ms' })
  net.cable(r, b, { delay: '2ms', jitter: '1ms', loss })
  return { net, a, r, b }
}

describe('a run', () => {
  async function captured(seed: number): Promise<Uint8Array> {
    const { net, a, b } = line(seed, 0.2)
    await net.settle(a.ping(b, { count: 20, interval: '10ms', size: 3000 }))
    await closed(net)
    return net.pcap()
  }

  test('with the same seed gives the same capture byte for byte, another seed another', async () => {
    const [first, again, other] = [await captured(7), await captured(7), await captured(8)]
    expect(first.length).toBeGreaterThan(10_000)
    expect(sameBytes(first, again)).toBe(true)
    expect(sameBytes(first, other)).toBe(false)
  })

  test('goes to a time, steps, and stops when nothing is left to do', async () => {
    const { net, a, b } = line(1)
    const pinging = a.ping(b, { count: 1 })
    expect(net.run({ until: '500us' }).now).toBe(500)
    expect(net.step()).toBe(true)
    expect(net.now).toBeGreaterThan(500)
    expect((await net.settle(pinging)).received).toBe(1)
    const { now } = net.run()
    net.advance('1h')
    expect(net.now).toBe(now + 3_600_000_000)
    await closed(net)
  })

  test('that cannot settle a promise says so with its seed', async () => {
    const net = createNetwork({ seed: 'stuck' })
    const a = net.host('a')
    const fd = a.sockets.socket(AF_INET, SOCK_DGRAM)
    await expect(net.settle(a.sockets.promises.recv(fd, new Uint8Array(1)))).rejects.toThrow('(seed stuck)')
    await closed(net)
  })
})

describe('routers', () => {
  test('forward with one hop off the TTL, and answer for what runs out', async () => {
    const { net, a, r, b } = line(1)
    expect((await net.settle(a.ping(b, { count: 2 }))).received).toBe(2)
    expect(r.stack.counters()['IpForwDatagrams']).toBe(4)
    a.stack.sysctl.set('net.ipv4.ip_default_ttl', 1)
    expect((await net.settle(a.ping(b, { count: 1 }))).received).toBe(0)
    expect(r.stack.counters()['IcmpOutTimeExcds']).toBe(1)
    expect(a.stack.counters()['IcmpInTimeExcds']).toBe(1)
    await closed(net)
  })

  test('with a narrow way behind them teach the sender the path MTU', async () => {
    const net = createNetwork()
    const [a, r, b] = [net.host('a'), net.router('r'), net.host('b')]
    net.cable(a, r)
    net.cable(r, b, { mtu: 1000 })
    const { received } = await net.settle(a.ping(b, { count: 4, size: 1400 }))
    expect(received).toBeGreaterThanOrEqual(2)
    expect(a.stack.network(4)?.route(createRouteQuery(b.address))).toMatchObject({ mtu: 1000 })
    await closed(net)
  })

  test('any tree of them connects all hosts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(100), { minLength: 1, maxLength: 6 }), fc.nat(), async (parents, seed) => {
        const net = createNetwork({ seed })
        const routers = [net.router('r0')]
        parents.forEach((choice, index) => {
          const router = net.router(`r${index + 1}`)
          net.cable(routers[choice % routers.length] ?? router, router)
          routers.push(router)
        })
        const hosts = routers.map((router, index) => {
          const host = net.host(`h${index}`)
          net.cable(host, router)
          return host
        })
        for (const from of hosts) {
          for (const to of hosts) {
            if (from === to) continue
            const { received } = await net.settle(from.ping(to, { count: 1 }))
            expect(received, `${from.name} to ${to.name}`).toBe(1)
          }
        }
        await closed(net)
      }),
      { numRuns: 8 },
    )
  })
})

describe('both IP versions', () => {
  test('have addresses and routes, and are pinged', async () => {
    const { net, a, r, b } = line(1)
    expect([a.address6, r.address6, b.address6].map(String)).toEqual(['fd00:0:1::1', 'fd00:0:1::2', 'fd00:0:2::2'])
    expect(r.addresses6.map(String)).toEqual(['fd00:0:1::2', 'fd00:0:2::1'])
    expect((await net.settle(a.ping(b, { count: 2, version: 6 }))).received).toBe(2)
    expect((await net.settle(b.ping(String(a.address6), { count: 1 }))).received).toBe(1)
    expect(r.stack.counters()['Ip6OutForwDatagrams']).toBe(6)
    a.stack.sysctl.set('net.ipv6.conf.eth0.hop_limit', 1)
    expect((await net.settle(a.ping(b, { count: 1, version: 6 }))).received).toBe(0)
    expect(a.stack.counters()['Icmp6InTimeExcds']).toBe(1)
    await closed(net)
  })

  test('go around routers and cables that carry IPv4 only', async () => {
    const net = createNetwork()
    const [a, b] = [net.host('a'), net.host('b')]
    const narrow = net.router('narrow')
    const [one, two] = [net.router('one'), net.router('two')]
    net.cable(a, narrow)
    net.cable(narrow, b, { mtu: 1000 })
    net.cable(a, one)
    net.cable(one, two, { addresses6: ['2001:db8::1/64', undefined] })
    net.cable(two, b)
    expect(two.addresses6.map(String)).toEqual(['2001:db8::2', 'fd00:0:5::1'])
    expect((await net.settle(a.ping(b, { count: 1, version: 6 }))).received).toBe(1)
    expect(narrow.stack.counters()['Ip6OutForwDatagrams']).toBe(0)
    expect(() => net.cable(a, b, { addresses: ['fd00::1/64', undefined] })).toThrow("'addresses6' IPv6 ones")
    await closed(net)
  })

  test('say nothing by themselves but which groups they are in, and are idle then', async () => {
    const { net, a } = line(1)
    net.run()
    const { now } = net
    expect(now).toBeLessThan(3_000_000)
    a.stack.sysctl.set('net.ipv6.conf.all.disable_ipv6', 1)
    expect(() => a.sockets.sendto(a.sockets.socket(AF_INET6, SOCK_DGRAM), 'x', 0, '[fd00:0:1::2]:9')).toThrow('EN')
    await closed(net)
  })
})

describe('cables', () => {
  test('lose about what they are told to', async () => {
    const net = createNetwork({ seed: 3 })
    const [a, b] = [net.host('a'), net.host('b')]
    net.cable(a, b, { aToB: { loss: 0.3 } })
    await net.settle(a.ping(b, { count: 1, timeout: '4s' }))
    const { received } = await net.settle(a.ping(b, { count: 500, interval: '1ms' }))
    expect(received).toBeGreaterThan(300)
    expect(received).toBeLessThan(400)
    await closed(net)
  })

  test('can be pulled out and plugged in', async () => {
    const net = createNetwork()
    const [a, b] = [net.host('a'), net.host('b')]
    const cable = net.cable(a, b)
    const once = async (): Promise<number> => (await net.settle(a.ping(b, { count: 1 }))).received
    expect(await once()).toBe(1)
    cable.unplug()
    expect(await once()).toBe(0)
    cable.plug()
    expect(await once()).toBe(1)
    await closed(net)
  })

  test('take their time', async () => {
    const net = createNetwork()
    const [a, b] = [net.host('a'), net.host('b')]
    net.cable(a, b, { delay: '15ms' })
    await net.settle(a.ping(b, { count: 1 }))
    expect((await net.settle(a.ping(b, { count: 1 }))).times).toEqual([30_000])
    await closed(net)
  })
})

describe('switches', () => {
  test('connect hosts on one segment, and groups reach their members only', async () => {
    const net = createNetwork()
    const lan = net.switch('lan')
    const hosts = ['a', 'b', 'c'].map((name) => net.host(name))
    for (const host of hosts) net.cable(host, lan)
    const [a, b, c] = hosts as [SimHost, SimHost, SimHost]
    expect(hosts.map(({ address }) => String(address))).toEqual(['10.0.1.1', '10.0.1.2', '10.0.1.3'])
    expect((await net.settle(a.ping(c, { count: 2 }))).received).toBe(2)
    const listening = [b, c].map((host) => {
      const fd = host.sockets.socket(AF_INET, SOCK_DGRAM)
      host.sockets.bind(fd, '0.0.0.0:6000')
      return fd
    })
    b.sockets.setsockopt(listening[0] ?? 0, SOL_IP, IP_ADD_MEMBERSHIP, { group: '239.1.2.3', interface: b.address })
    const sender = a.sockets.socket(AF_INET, SOCK_DGRAM)
    // Without a default route the way to a group has to be said, as on Linux.
    a.sockets.setsockopt(sender, SOL_IP, IP_MULTICAST_IF, { interface: a.address, group: '239.1.2.3' })
    a.sockets.sendto(sender, 'to the group', 0, '239.1.2.3:6000')
    net.advance('1s')
    expect(b.sockets.recv(listening[0] ?? 0, new Uint8Array(100))).toBe(12)
    expect(() => c.sockets.recv(listening[1] ?? 0, new Uint8Array(100))).toThrow('EAGAIN')
    expect(lan.switch.stations().length).toBeGreaterThanOrEqual(2)
    await closed(net)
  })
})

test('an idle hour costs few events', async () => {
  const { net, a, b } = line(1)
  await net.settle(a.ping(b, { count: 1 }))
  const { events } = net.run({ until: '1h' })
  expect(events).toBeLessThan(2000)
  await closed(net)
})

describe('what makes no sense', () => {
  test.each([
    ['a name twice', (net: Network) => net.host('a'), 'the network has a a already'],
    ['a bad name', (net: Network) => net.host('a b'), 'a name is letters, digits'],
    ['a cable to itself', (net: Network) => net.cable(net.hosts[0] as SimHost, net.hosts[0] as SimHost), 'two nodes'],
    ['a bad delay', (net: Network) => net.cable(net.host('x'), net.host('y'), { delay: 'soon' }), "such as '10ms'"],
    ['a bad rate', (net: Network) => net.cable(net.host('x'), net.host('y'), { rate: 'fast' }), "such as '10Mbit'"],
    ['an address of nobody', (net: Network) => net.hosts[0]?.address, 'is connected to nothing yet'],
  ])('%s is refused with what would be right', (_, attempt, message) => {
    const net = createNetwork()
    net.host('a')
    expect(() => attempt(net)).toThrow(message)
  })
})

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
