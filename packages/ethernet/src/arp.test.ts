import { IpAddress, MacAddress, Prefix } from '@jackfield/addr'
import { ETH_P_ARP, IFF_NOARP, IFF_PROMISC } from '@jackfield/interfaces'
import { describe, expect, it } from 'vitest'
import type { AddressConflict } from './arp-responder.js'
import { arpFrame, Bench, describeFrame, OWN, PEER } from './ethernet.test-bench.js'
import { ethernet } from './index.js'

const SECOND = 1_000_000
const OTHER = MacAddress.parse('02:00:00:00:00:03')
const asks = (target: string, sender = '10.0.0.2') => arpFrame({ operation: 1, sender, target })
const says = (sender: string, from = PEER) => arpFrame({ operation: 2, sender, target: '10.0.0.1', from })

function frames(bench: Bench): string[] {
  return bench.device.take().map(describeFrame)
}

describe('asking', () => {
  it('broadcasts a request, and sends what waited when the answer comes', () => {
    const bench = new Bench()
    expect(bench.send('10.0.0.2', 1)).toBe(0)
    expect(bench.send('10.0.0.2', 2)).toBe(0)
    expect(frames(bench)).toEqual(['ff:ff:ff:ff:ff:ff < 02:00:00:00:00:01: who-has 10.0.0.2 tell 10.0.0.1'])
    expect(bench.receive(says('10.0.0.2'))).toBeNull()
    expect(frames(bench)).toEqual(Array(2).fill('02:00:00:00:00:02 < 02:00:00:00:00:01: 800 20'))
    expect(bench.state('10.0.0.2')).toBe('REACHABLE')
    expect(bench.burstEnds).toBeGreaterThan(0)
    expect(bench.shown).toEqual([ETH_P_ARP])
    expect(bench.host.packets.outstanding).toBe(0)
  })

  it('gives the packets to the network layer when nobody answers', () => {
    const bench = new Bench()
    bench.send('10.0.0.2', 7)
    bench.host.clock.runUntilIdle()
    expect(bench.device.take()).toHaveLength(3)
    expect(bench.unreachable).toEqual([7])
    expect(bench.counter('ArpCacheResFailed')).toBe(1)
    expect(bench.host.packets.outstanding).toBe(0)
  })

  it('probes a known neighbour at its own address', () => {
    const bench = new Bench()
    bench.receive(asks('10.0.0.1'))
    bench.device.take()
    bench.send('10.0.0.2')
    bench.host.clock.advance(5 * SECOND)
    expect(frames(bench)).toEqual([
      '02:00:00:00:00:02 < 02:00:00:00:00:01: 800 20',
      '02:00:00:00:00:02 < 02:00:00:00:00:01: who-has 10.0.0.2 tell 10.0.0.1',
    ])
    bench.link.confirm(IpAddress.parse('10.0.0.2'))
    expect(bench.state('10.0.0.2')).toBe('REACHABLE')
  })

  it.each([
    [0, '10.0.1.1', 'who-has 10.0.0.2 tell 10.0.1.1'],
    [1, '10.0.1.1', 'who-has 10.0.0.2 tell 10.0.0.1'],
    [1, '10.0.0.5', 'who-has 10.0.0.2 tell 10.0.0.5'],
    [2, '10.0.0.5', 'who-has 10.0.0.2 tell 10.0.0.1'],
    [0, '192.0.2.1', 'who-has 10.0.0.2 tell 10.0.0.1'],
    [0, '127.0.0.1', 'who-has 10.0.0.2 tell 10.0.0.1'],
  ])('with arp_announce %i and source %s asks %s', (level, source, expected) => {
    const bench = new Bench()
    bench.network.addAddress(bench.interface, Prefix.parse('10.0.0.5/24'))
    bench.network.addAddress(bench.network.interface, Prefix.parse('10.0.1.1/24'))
    bench.host.set('net.ipv4.conf.eth0.arp_announce', level)
    bench.send('10.0.0.2', 0, 0, source)
    expect(frames(bench)[0]).toContain(expected)
    bench.host.close()
    expect(bench.host.packets.outstanding).toBe(0)
  })
})

describe('answering', () => {
  it('answers for its address by unicast and remembers who asked', () => {
    const bench = new Bench()
    bench.receive(asks('10.0.0.1'))
    expect(frames(bench)).toEqual([
      '02:00:00:00:00:02 < 02:00:00:00:00:01: 10.0.0.1 is-at 02:00:00:00:00:01 to 10.0.0.2 02:00:00:00:00:02',
    ])
    expect(bench.state('10.0.0.2')).toBe('STALE')
  })

  it('answers a probe and remembers nothing', () => {
    const bench = new Bench()
    bench.receive(asks('10.0.0.1', '0.0.0.0'))
    expect(bench.device.take()).toHaveLength(1)
    expect(bench.module.neighbors()).toEqual([])
  })

  it('does not answer for others, nor remember who asks for them', () => {
    const bench = new Bench()
    for (const target of ['10.0.0.9', '224.0.0.1', '127.0.0.1', '255.255.255.255', '0.0.0.0'])
      bench.receive(asks(target))
    expect(bench.device.take()).toEqual([])
    expect(bench.module.neighbors()).toEqual([])
    expect(bench.counter('ArpInIgnored')).toBe(5)
  })

  it.each([
    [0, '10.0.9.1', '10.0.0.2', true],
    [1, '10.0.9.1', '10.0.0.2', false],
    [1, '10.0.0.1', '172.16.0.1', true],
    [2, '10.0.0.1', '172.16.0.1', false],
    [2, '10.0.0.1', '10.0.0.2', true],
    [2, '10.0.0.1', '0.0.0.0', true],
  ])('with arp_ignore %i, asked for %s by %s: %s', (level, target, sender, answered) => {
    const bench = new Bench()
    bench.network.addAddress(bench.network.interface, Prefix.parse('10.0.9.1/24'))
    bench.host.set('net.ipv4.conf.all.arp_ignore', level)
    bench.receive(asks(target, sender))
    expect(bench.device.take()).toHaveLength(answered ? 1 : 0)
  })

  it('answers for hosts behind other interfaces with proxy_arp', () => {
    const bench = new Bench()
    bench.receive(asks('10.0.9.7'))
    expect(bench.device.take()).toEqual([])
    bench.host.set('net.ipv4.conf.eth0.proxy_arp', 1)
    bench.receive(asks('10.0.9.7'))
    expect(frames(bench)).toEqual([
      '02:00:00:00:00:02 < 02:00:00:00:00:01: 10.0.9.7 is-at 02:00:00:00:00:01 to 10.0.0.2 02:00:00:00:00:02',
    ])
    bench.receive(asks('10.0.9.7', '0.0.0.0'))
    bench.network.routeError = 101
    bench.receive(asks('10.0.9.8'))
    expect(bench.device.take()).toEqual([])
  })
})

describe('learning', () => {
  it('takes no unasked answers and announcements, unless arp_accept', () => {
    const bench = new Bench()
    const announcement = arpFrame({ operation: 1, sender: '10.0.0.3', target: '10.0.0.3' })
    bench.receive(says('10.0.0.2'))
    bench.receive(announcement)
    expect(bench.module.neighbors()).toEqual([])
    bench.host.set('net.ipv4.conf.eth0.arp_accept', 2)
    bench.receive(arpFrame({ operation: 1, sender: '10.7.0.3', target: '10.7.0.3' }))
    bench.receive(announcement)
    expect(bench.module.neighbors()).toHaveLength(1)
    bench.host.set('net.ipv4.conf.eth0.arp_accept', 1)
    bench.receive(says('10.7.0.2'))
    expect(bench.state('10.7.0.2')).toBe('STALE')
  })

  it('keeps the first of two answers for a second, then the later', () => {
    const bench = new Bench()
    bench.send('10.0.0.2')
    bench.receive(says('10.0.0.2', PEER))
    bench.receive(says('10.0.0.2', OTHER))
    expect(bench.module.neighbors()[0]?.hardwareAddress?.equals(PEER)).toBe(true)
    bench.host.clock.advance(SECOND + 1)
    bench.receive(says('10.0.0.2', OTHER))
    expect(bench.module.neighbors()[0]?.hardwareAddress?.equals(OTHER)).toBe(true)
  })

  it('believes an announcement of a known neighbour at once, but not that it is reachable', () => {
    const bench = new Bench()
    bench.send('10.0.0.2')
    bench.receive(says('10.0.0.2', PEER))
    bench.receive(arpFrame({ operation: 1, sender: '10.0.0.2', target: '10.0.0.2', from: OTHER }))
    expect(bench.module.neighbors()[0]?.hardwareAddress?.equals(OTHER)).toBe(true)
    expect(bench.state('10.0.0.2')).toBe('STALE')
  })

  it('counts as malformed what cannot be, and takes nothing from it', () => {
    const bench = new Bench()
    const good = asks('10.0.0.1')
    const broken = [0, 14, 16, 18, 19, 20].map((at) => {
      const bytes = good.slice()
      bytes[at === 0 ? 22 : at] = 0xff
      return bytes
    })
    const impossible = ['224.0.0.1', '127.0.0.1', '255.255.255.255', '0.0.0.9', '240.0.0.1'].map((sender) =>
      asks('10.0.0.1', sender),
    )
    const noSender = arpFrame({ operation: 1, sender: '10.0.0.2', target: '10.0.0.1', from: new MacAddress(0, 0) })
    const short = good.slice(0, 41)
    for (const frame of [...broken, ...impossible, noSender, short]) expect(bench.receive(frame)).toBeNull()
    expect(bench.counter('ArpInErrors')).toBe(13)
    expect(bench.device.take()).toEqual([])
    expect(bench.module.neighbors()).toEqual([])
    expect(bench.host.packets.outstanding).toBe(0)
  })

  it('ignores its own packets, those for others and interfaces without ARP', () => {
    const bench = new Bench()
    bench.receive(arpFrame({ operation: 1, sender: '10.0.0.1', target: '10.0.0.1', from: OWN }))
    bench.interface.flags |= IFF_PROMISC
    bench.receive(arpFrame({ operation: 2, sender: '10.0.0.2', target: '10.0.0.3', to: OTHER }))
    bench.interface.flags |= IFF_NOARP
    bench.receive(asks('10.0.0.1'))
    expect(bench.counter('ArpInIgnored')).toBe(3)
    expect(bench.counter('ArpConflicts')).toBe(0)
    expect(bench.device.take()).toEqual([])
  })
})

describe('own addresses', () => {
  it('are announced twice when they come, unless arp_notify is 0', () => {
    const bench = new Bench()
    const address = IpAddress.parse('10.0.0.1')
    bench.link.addressChanged?.(bench.network, address, true)
    bench.host.clock.advance(10 * SECOND)
    const announcement = 'ff:ff:ff:ff:ff:ff < 02:00:00:00:00:01: who-has 10.0.0.1 tell 10.0.0.1'
    expect(frames(bench)).toEqual([announcement, announcement])
    bench.host.set('net.ipv4.conf.eth0.arp_notify', 0)
    bench.link.addressChanged?.(bench.network, address, true)
    expect(frames(bench)).toEqual([])
    bench.module.announce(1, address)
    bench.link.addressChanged?.(bench.network, address, false)
    bench.host.clock.advance(10 * SECOND)
    expect(frames(bench)).toEqual([announcement])
  })

  it('that another uses are a conflict, which is counted, reported and not learned', () => {
    const conflicts: AddressConflict[] = []
    const bench = new Bench({ onConflict: (conflict) => conflicts.push(conflict) })
    bench.receive(arpFrame({ operation: 1, sender: '10.0.0.1', target: '10.0.0.1' }))
    expect(bench.device.take()).toHaveLength(1)
    bench.receive(says('10.0.0.1'))
    bench.receive(asks('10.0.0.9', '10.0.0.1'))
    expect(bench.counter('ArpConflicts')).toBe(3)
    expect(conflicts.map((c) => `${c.interfaceIndex} ${c.address} ${c.hardwareAddress}`)).toEqual(
      Array(3).fill('1 10.0.0.1 02:00:00:00:00:02'),
    )
    expect(bench.module.neighbors()).toEqual([])
    expect(bench.device.take()).toEqual([])
  })
})

describe('probing an address before its use', () => {
  const address = IpAddress.parse('10.0.0.50')

  it('asks three times and finds it free', () => {
    const bench = new Bench()
    const results: (MacAddress | null)[] = []
    bench.module.probe(1, address, (claimant) => results.push(claimant))
    bench.host.clock.runUntilIdle()
    expect(results).toEqual([null])
    expect(frames(bench)).toEqual(
      Array(3).fill('ff:ff:ff:ff:ff:ff < 02:00:00:00:00:01: who-has 10.0.0.50 tell 0.0.0.0'),
    )
    expect(bench.host.clock.now()).toBeGreaterThanOrEqual(4 * SECOND)
    expect(bench.host.clock.now()).toBeLessThanOrEqual(7 * SECOND)
  })

  it.each([
    ['an answer', says('10.0.0.50')],
    ['a request by its owner', asks('10.0.0.9', '10.0.0.50')],
    ['a probe by another host', asks('10.0.0.50', '0.0.0.0')],
  ])('hears %s and stops', (_name, frame) => {
    const bench = new Bench()
    const results: (MacAddress | null)[] = []
    bench.module.probe(1, address, (claimant) => results.push(claimant))
    bench.host.clock.advance(SECOND)
    bench.receive(asks('10.0.0.9'))
    expect(results).toEqual([])
    bench.receive(frame)
    bench.host.clock.runUntilIdle()
    expect(results.map(String)).toEqual(['02:00:00:00:00:02'])
    expect(bench.host.clock.now()).toBe(SECOND)
  })

  it('slows down after ten conflicts', () => {
    const bench = new Bench()
    for (let i = 0; i < 10; i++) {
      bench.module.probe(1, address, () => {})
      bench.receive(says('10.0.0.50'))
    }
    bench.module.probe(1, address, () => {})
    bench.host.clock.advance(59 * SECOND)
    expect(bench.device.take()).toEqual([])
    bench.host.clock.advance(3 * SECOND)
    expect(bench.device.take()).not.toEqual([])
  })

  it('ends when its caller or the link says so', () => {
    const bench = new Bench()
    let results = 0
    const end = bench.module.probe(1, address, () => results++)
    end()
    bench.module.probe(1, address, () => results++)
    bench.link.close()
    bench.host.clock.runUntilIdle()
    expect(results).toBe(0)
    expect(bench.device.take()).toEqual([])
  })
})

describe('the module', () => {
  it('takes neighbours that people enter', () => {
    const bench = new Bench()
    bench.module.setNeighbor(1, IpAddress.parse('10.0.0.8'), OTHER)
    bench.send('10.0.0.8')
    expect(frames(bench)).toEqual(['02:00:00:00:00:03 < 02:00:00:00:00:01: 800 20'])
    bench.receive(says('10.0.0.8'))
    expect(bench.state('10.0.0.8')).toBe('PERMANENT')
    bench.link.close()
    expect(bench.state('10.0.0.8')).toBe('PERMANENT')
    expect(bench.module.deleteNeighbor(1, IpAddress.parse('10.0.0.8'))).toBe(true)
    expect(() => bench.module.setNeighbor(7, IpAddress.parse('10.0.0.8'), OTHER)).toThrow('is no Ethernet interface')
    expect(() => bench.module.setNeighbor(1, IpAddress.parse('fe80::1'), OTHER)).toThrow('IPv4 unicast')
  })

  it('belongs to one stack', () => {
    const bench = new Bench()
    expect(() => bench.module.install(bench.host)).toThrow('in a stack already')
    expect(() => ethernet().neighbors()).toThrow('in no stack yet')
    expect(() => ethernet({ neighbor: { gc_thresh3: -1 } })).toThrow(RangeError)
  })

  it('forgets an interface that goes, and everything when the stack closes', () => {
    const bench = new Bench()
    bench.module.setNeighbor(1, IpAddress.parse('10.0.0.8'), OTHER)
    bench.send('10.0.0.2')
    bench.module.announce(1, IpAddress.parse('10.0.0.1'))
    bench.host.removeInterface(bench.interface)
    expect(bench.module.neighbors()).toEqual([])
    expect(bench.host.packets.outstanding).toBe(0)
    bench.link.addressChanged?.(bench.network, IpAddress.parse('10.0.0.1'), false)
    bench.host.close()
    expect(bench.host.clock.nextDeadline()).toBe(Number.POSITIVE_INFINITY)
  })

  it('has the sysctls of the neighbour cache', () => {
    const bench = new Bench()
    bench.host.set('net.ipv4.neigh.default.mcast_solicit', 1)
    bench.send('10.0.0.2')
    bench.host.clock.runUntilIdle()
    expect(bench.device.take()).toHaveLength(1)
    expect(() => bench.host.set('net.ipv4.conf.all.arp_ignore', 9)).toThrow('arp_ignore is an integer from 0 to 2')
  })
})
