import { MacAddress, Prefix } from '@jackfield/addr'
import { createVirtualClock, type VirtualClock } from '@jackfield/clock'
import { ethernet } from '@jackfield/ethernet'
import { icmp } from '@jackfield/icmp'
import { type Ipv6Module, ipv6 } from '@jackfield/ipv6'
import { createLoopback } from '@jackfield/link'
import { setPacketChecks } from '@jackfield/packet'
import { raw } from '@jackfield/raw'
import {
  AF_INET6,
  createSockets,
  IPPROTO_ICMPV6,
  IPV6_FLOWINFO,
  IPV6_JOIN_GROUP,
  IPV6_RECVERR,
  IPV6_RECVFRAGSIZE,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_STREAM,
  SOL_IPV6,
  type Sockets,
} from '@jackfield/sockets'
import { createStack, type Stack } from '@jackfield/stack'
import { tcp } from '@jackfield/tcp'
import { udp } from '@jackfield/udp'
import { joined, toHex } from '../bytes.js'
import type { Chance } from '../chance.js'
import type { Subject } from '../subject.js'
import { attempt, drain } from './attempt.js'
import { FuzzDevice } from './fuzz-device.js'
import { checkLimits } from './limits.js'
import { checkPackets, checkRest } from './rest.js'
import { findTables, type Tables } from './tables.js'

/** Makes an IPv6 packet for a host. */
export type Ipv6Generator = (chance: Chance, sent: readonly Uint8Array[]) => Uint8Array

const MINUTE = 60_000_000
/** Addresses that an interface may have: those that it was given, its link-local one, and `max_addresses` (twice, with temporary ones). */
const MOST_ADDRESSES = 80
const MOST_ROUTES = 400
const MAC = '02:00:00:00:00:01'

/** A host that speaks IPv6 on an IP and on an Ethernet device, at times a router, with sockets in several states. */
export class Ipv6Host implements Subject {
  private readonly tun = new FuzzDevice({ name: 'tun0', medium: 'ip' })
  private readonly ethernet = new FuzzDevice({
    name: 'eth0',
    medium: 'ethernet',
    hardwareAddress: MacAddress.parse(MAC),
  })
  private readonly clock: VirtualClock = createVirtualClock()
  private readonly stack: Stack<string>
  private readonly sockets: Sockets
  private readonly open: number[] = []
  private readonly generate: Ipv6Generator
  private readonly buffer = new Uint8Array(66_000)
  private readonly network: Ipv6Module
  private last = ''
  private tables: Tables

  constructor(chance: Chance, generate: Ipv6Generator) {
    setPacketChecks(true)
    this.generate = generate
    this.network = ipv6()
    const stack = createStack({ clock: this.clock, random: chance.random })
      .with(ethernet())
      .with(this.network)
      .with(icmp())
      .with(udp())
      .with(tcp())
      .with(raw())
    stack.addInterface(createLoopback({ clock: this.clock }))
    for (const [name, value] of settings(chance)) stack.sysctl.set(name, value)
    const eth = stack.addInterface(this.ethernet, { addresses: ['fd00:1::1/64'] })
    stack.addInterface(this.tun, { addresses: ['fd00:2::1/64'], gateway: 'fd00:2::2' })
    stack.addRoute({
      destination: Prefix.parse('2001:db8::/64'),
      type: chance.pick(['blackhole', 'unreachable', 'prohibit']),
    })
    if (chance.oneIn(3)) this.network.advertise(eth.index, { prefixes: [{ prefix: Prefix.parse('fd00:1::/64') }] })
    this.stack = stack as unknown as Stack<string>
    this.sockets = createSockets(stack)
    this.clock.advance(chance.pick([0, 3_000_000]))
    this.openSockets()
    this.tables = findTables(this.stack)
  }

  input(chance: Chance): void {
    const packet = this.generate(chance, this.tun.sent)
    const onTun = chance.oneIn(4)
    const bytes = onTun ? packet : joined(frameHeader(chance, packet), packet)
    this.last = `${onTun ? 'tun0' : 'eth0'} ${toHex(bytes)}`
    const device = onTun ? this.tun : this.ethernet
    const { loop } = this.clock
    loop.enter()
    try {
      const buffer = device.pool.allocate(bytes.length)
      buffer.bytes.set(bytes, buffer.start)
      device.deliver(buffer)
      device.burstEnd()
    } finally {
      loop.leave()
    }
    if (chance.oneIn(10)) this.act(chance)
    else if (chance.oneIn(4)) this.clock.advance(chance.below(2000))
  }

  check(): void {
    checkLimits(this.stack, this.tables, this.open.length)
    const layer = this.stack.network(6)
    const addresses = layer?.addresses().length ?? 0
    if (addresses > MOST_ADDRESSES) throw new Error(`${addresses} addresses, where ${MOST_ADDRESSES} may be`)
    const routes = (layer as unknown as { routes(): readonly unknown[] }).routes().length
    if (routes > MOST_ROUTES) throw new Error(`${routes} routes, where ${MOST_ROUTES} may be`)
  }

  settle(): void {
    this.drainAll()
    for (let i = 0; i < 2; i++) {
      this.clock.advance(5 * MINUTE)
      this.drainAll()
    }
    // A router may have told to ask neighbours anew after weeks only: they are forgotten with the link.
    for (const up of [false, true]) for (const each of this.stack.interfaces) this.stack.setInterface(each, { up })
    this.clock.advance(5 * MINUTE)
    this.drainAll()
    this.tables = findTables(this.stack)
    this.check()
    checkRest(this.stack, this.tables, 1)
  }

  async close(): Promise<void> {
    await this.stack.close()
    this.sockets.closeAll()
    this.clock.advance(10 * MINUTE)
    checkPackets(this.stack, 'the host is closed')
  }

  counters(): Readonly<Record<string, number>> {
    return this.stack.counters()
  }

  lastInput(): string {
    return this.last
  }

  private openSockets(): void {
    const { sockets } = this
    const udpSocket = sockets.socket(AF_INET6, SOCK_DGRAM)
    sockets.bind(udpSocket, '[::]:5000')
    for (const name of [IPV6_RECVERR, IPV6_RECVPKTINFO, IPV6_RECVHOPLIMIT, IPV6_RECVFRAGSIZE, IPV6_FLOWINFO]) {
      sockets.setsockopt(udpSocket, SOL_IPV6, name, 1)
    }
    sockets.setsockopt(udpSocket, SOL_IPV6, IPV6_JOIN_GROUP, { group: 'ff05::1234', interface: 'eth0' })
    const listening = sockets.socket(AF_INET6, SOCK_STREAM)
    sockets.bind(listening, '[::]:80')
    sockets.listen(listening, 5)
    const ping = sockets.socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6)
    sockets.bind(ping, '[::]:7')
    const all = sockets.socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)
    this.open.push(udpSocket, listening, ping, all, sockets.socket(AF_INET6, SOCK_RAW, 253))
  }

  private act(chance: Chance): void {
    const to = chance.pick(['[fd00:1::9]:4000', '[fd00:2::9]:4000', '[2001:db8::1]:1', '[fe80::77%eth0]:4000'])
    const [udpSocket = -1] = this.open
    switch (chance.below(6)) {
      case 0:
        this.drainAll()
        break
      case 1:
      case 2:
        attempt(() => this.sockets.sendto(udpSocket, chance.payload(chance.oneIn(4) ? 4000 : 100), 0, to))
        break
      case 3:
        this.clock.advance(chance.below(30) * 1_000_000)
        break
      case 4:
        if (chance.oneIn(8)) this.stack.sysctl.set('net.ipv6.conf.all.forwarding', chance.below(2))
        break
      default: {
        const each = chance.pick(this.stack.interfaces)
        if (chance.oneIn(6)) this.stack.setInterface(each, { up: !chance.oneIn(3) })
        else this.stack.setInterface(each, { up: true })
      }
    }
  }

  private drainAll(): void {
    for (const each of this.stack.interfaces) this.stack.setInterface(each, { up: true })
    for (const fd of this.open) drain(this.sockets, fd, this.buffer)
    const listening = this.open[1] ?? -1
    while (attempt(() => this.sockets.close(this.sockets.accept(listening))) === undefined);
  }
}

/** From a neighbour, to the host or to the group that the packet goes to (RFC 2464 7). */
function frameHeader(chance: Chance, packet: Uint8Array): Uint8Array {
  const group = packet[24] === 0xff
  const to = group ? [0x33, 0x33, ...packet.subarray(36, 40)] : [2, 0, 0, 0, 0, 1]
  while (to.length < 6) to.push(0)
  if (chance.oneIn(20)) to[5] = chance.byte()
  return Uint8Array.of(...to, 2, 0, 0, 0, 1, chance.below(24), 0x86, 0xdd)
}

/** What the host is set to: limits low enough to be met, and choices that lead packets other ways. */
function settings(chance: Chance): [string, number][] {
  const list: [string, number][] = [
    ['net.ipv6.conf.all.forwarding', chance.oneIn(2) ? 1 : 0],
    ['net.ipv6.conf.default.accept_ra', chance.below(3)],
    ['net.ipv6.conf.default.use_tempaddr', chance.below(3)],
    ['net.ipv6.conf.default.accept_dad', chance.below(3)],
    ['net.ipv6.conf.default.accept_ra_rt_info_max_plen', chance.pick([0, 64, 128])],
    ['net.ipv6.icmp.ratelimit', chance.pick([0, 1000])],
  ]
  if (chance.oneIn(2)) list.push(['net.ipv6.ip6frag_high_thresh', 262_144], ['net.ipv6.ip6frag_low_thresh', 196_608])
  return list
}
