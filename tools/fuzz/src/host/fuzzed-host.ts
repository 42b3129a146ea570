import { IpAddress, MacAddress, Prefix } from '@jackfield/addr'
import { createVirtualClock, type VirtualClock } from '@jackfield/clock'
import { createVlanDevices, type EthernetModule, ethernet } from '@jackfield/ethernet'
import { icmp } from '@jackfield/icmp'
import { ipv4 } from '@jackfield/ipv4'
import { createLoopback } from '@jackfield/link'
import { setPacketChecks } from '@jackfield/packet'
import { raw } from '@jackfield/raw'
import { createSockets, type Sockets } from '@jackfield/sockets'
import { createStack, type Stack } from '@jackfield/stack'
import { tcp } from '@jackfield/tcp'
import { decodeVnetHeader, VNET_HEADER_LENGTH } from '@jackfield/tun-driver/wire'
import { udp } from '@jackfield/udp'
import { toHex } from '../bytes.js'
import type { Chance } from '../chance.js'
import { ETHERNET_ADDRESS, TUN_ADDRESS, VLAN_ADDRESS, VLAN_ID } from '../scene.js'
import type { Subject } from '../subject.js'
import { Activity } from './activity.js'
import { checkConservation } from './conservation.js'
import { FuzzDevice } from './fuzz-device.js'
import { checkLimits } from './limits.js'
import { checkPackets, checkRest } from './rest.js'
import { MERGING, ROSTER } from './roster.js'
import { findTables, type Tables } from './tables.js'
import { TcpPeople } from './tcp-people.js'
import { Witness } from './witness.js'

/** One packet for one of the devices. */
export interface Frame {
  readonly device: 'tun0' | 'eth0'
  readonly bytes: Uint8Array
  /** What a driver with offloads says of it (`struct virtio_net_hdr`). */
  readonly vnet?: Uint8Array
}

/** Makes an input for a host: the frames of one burst. */
export type FrameGenerator = (chance: Chance, host: FuzzedHost) => readonly Frame[]

/** How many inputs go by between two deeds of the host's own. */
const ACT_EVERY = 12

/** Inputs after which a host is closed with its queues full. */
const LAST_WORDS = 200

/** Those of the packet pool, in bytes. */
const BUFFER_SIZES = [512, 2048, 10_240, 67_584] as const

const MINUTE = 60_000_000

/** A router with every layer, two devices and sockets in many states. */
export class FuzzedHost implements Subject {
  readonly tun: FuzzDevice<'ip'>
  readonly ethernet: FuzzDevice<'ethernet'>
  private readonly clock: VirtualClock = createVirtualClock()
  private readonly stack: Stack<string>
  private readonly sockets: Sockets
  private readonly witness = new Witness()
  private readonly activity: Activity
  private readonly people: TcpPeople
  private readonly generate: FrameGenerator
  private readonly chance: Chance
  private readonly merging: boolean
  private readonly vlans: ReturnType<typeof createVlanDevices>
  /** Whether people use TCP too. */
  streams = false
  private lyingDriver = false
  private last: readonly Frame[] = []
  private tables: Tables

  /** @param more adds to the stack: tests put faults in, to see them found */
  constructor(chance: Chance, generate: FrameGenerator, more?: (stack: Stack<string>) => void) {
    setPacketChecks(true)
    this.generate = generate
    this.merging = chance.oneIn(3)
    const { clock } = this
    this.tun = new FuzzDevice({ name: 'tun0', medium: 'ip' })
    this.ethernet = new FuzzDevice({
      name: 'eth0',
      medium: 'ethernet',
      hardwareAddress: MacAddress.parse('02:00:00:00:00:01'),
    })
    this.vlans = createVlanDevices(this.ethernet, [VLAN_ID])
    const link = ethernet()
    const stack = createStack({ clock, random: chance.random })
      .with(link)
      .with(ipv4())
      .with(icmp())
      .with(udp())
      .with(tcp())
      .with(raw())
      .with(this.witness)
    stack.addInterface(createLoopback({ clock }), { addresses: ['127.0.0.1/8'] })
    stack.addInterface(this.vlans.untagged, { addresses: [`${ETHERNET_ADDRESS}/24`] })
    stack.addInterface(this.vlans.vlan(VLAN_ID), { addresses: [`${VLAN_ADDRESS}/24`] })
    stack.addInterface(this.tun, { addresses: [`${TUN_ADDRESS}/24`], gateway: '10.2.0.2' })
    for (const [name, value] of settings(chance)) stack.sysctl.set(name, value)
    for (const [destination, type] of ROUTES) {
      stack.addRoute({ destination: Prefix.parse(destination), type })
    }
    for (const each of stack.interfaces) {
      if (!each.loopback && chance.oneIn(3)) stack.setInterface(each, { mtu: chance.pick([68, 300, 576, 1280]) })
    }
    this.stack = stack as unknown as Stack<string>
    more?.(this.stack)
    this.sockets = createSockets(stack)
    this.people = new TcpPeople(this.sockets)
    this.activity = new Activity(
      { stack: this.stack, sockets: this.sockets, clock, probe: () => this.probe(link) },
      this.merging ? [...ROSTER, MERGING] : ROSTER,
    )
    this.chance = chance
    this.tables = findTables(this.stack)
  }

  input(chance: Chance): void {
    const frames = this.generate(chance, this)
    this.last = frames
    const { loop } = this.clock
    loop.enter()
    try {
      for (const frame of frames) this.deliver(chance, frame)
      this.tun.burstEnd()
      this.ethernet.burstEnd()
    } finally {
      loop.leave()
    }
    if (chance.oneIn(200)) this.tun.full = this.ethernet.full = true
    else if (this.tun.full && chance.oneIn(10)) this.makeRoom()
    if (this.streams && chance.oneIn(3)) this.people.act(chance)
    if (chance.oneIn(ACT_EVERY)) this.activity.act(chance)
    else if (chance.oneIn(4)) this.clock.advance(chance.below(2000))
  }

  check(): void {
    checkLimits(this.stack, this.tables, this.activity.size)
    this.conserve(false)
  }

  settle(): void {
    this.people.leave()
    this.makeRoom()
    this.activity.settle()
    for (let i = 0; i < 2; i++) {
      this.activity.drainAll()
      this.clock.advance(5 * MINUTE)
    }
    this.activity.drainAll()
    this.conserve(true)
    this.tables = findTables(this.stack)
    checkLimits(this.stack, this.tables, this.activity.size)
    checkRest(this.stack, this.tables, 0)
    const charged = this.activity.charged()
    if (charged !== 0) throw new Error(`sockets are charged for ${charged} bytes when nothing is under way`)
  }

  /** In the middle of things, so that every queue has something to give back. */
  async close(): Promise<void> {
    for (let i = 0; i < LAST_WORDS; i++) this.input(this.chance)
    const port = this.stack.interfaceByName('eth0.7')
    if (port !== undefined) await this.stack.removeInterface(port)
    for (let i = 0; i < LAST_WORDS; i++) this.input(this.chance)
    if (this.chance.oneIn(2)) this.sockets.closeAll()
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
      .map(({ device, bytes, vnet }) => `${device} ${vnet === undefined ? '' : `vnet ${toHex(vnet)} `}${toHex(bytes)}`)
      .join('\n')
  }

  /** Whether an address is free (RFC 5227): ends by itself, or with the interface. */
  private probe(link: EthernetModule): void {
    const index = this.stack.interfaceByName('eth0')?.index
    if (index !== undefined) link.probe(index, IpAddress.parse('10.1.0.77'), () => {})
  }

  private makeRoom(): void {
    this.tun.drain()
    this.ethernet.drain()
  }

  private conserve(drained: boolean): void {
    const { stack, witness, merging, lyingDriver } = this
    checkConservation({
      counters: stack.counters(),
      witness,
      ipFrames: this.tun.statistics.rxPackets,
      ethernetFrames: this.ethernet.statistics.rxPackets,
      vlanDrops: this.vlans.unknownVlan + this.vlans.truncated,
      loopbackFrames: stack.interfaceByName('lo')?.statistics.rxPackets ?? 0,
      merging,
      lyingDriver,
      drained,
      sockets: this.activity.size,
    })
  }

  /** Puts the frame at the very end of its buffer at times, so that reading past the window shows. */
  private deliver(chance: Chance, { device: name, bytes, vnet }: Frame): void {
    const device = name === 'tun0' ? this.tun : this.ethernet
    const { pool } = device
    const size = BUFFER_SIZES.find((each) => each >= bytes.length + VNET_HEADER_LENGTH) ?? 0
    const headroom = chance.oneIn(2) && size > 0 ? size - bytes.length : pool.headroom
    const packet = pool.allocate(bytes.length, headroom)
    packet.bytes.set(bytes, packet.start)
    if (vnet !== undefined && packet.start >= VNET_HEADER_LENGTH) {
      this.lyingDriver = true
      this.tun.strict = this.ethernet.strict = false
      const at = packet.start - VNET_HEADER_LENGTH
      packet.bytes.set(vnet, at)
      if (!decodeVnetHeader(packet.view, at, packet, device.medium === 'ethernet')) {
        packet.release()
        return
      }
    }
    device.deliver(packet)
  }
}

/** Destinations to which there is no way, of every kind. */
const ROUTES = [
  ['198.18.0.0/24', 'blackhole'],
  ['198.18.1.0/24', 'unreachable'],
  ['203.0.113.0/24', 'prohibit'],
] as const

/** What a host is set to: limits low enough to be met, and the choices that lead packets other ways. */
function settings(chance: Chance): [string, number | string][] {
  const list: [string, number | string][] = [
    ['net.ipv4.ip_forward', chance.oneIn(5) ? 0 : 1],
    ['net.ipv4.conf.all.rp_filter', chance.below(3)],
    ['net.ipv4.conf.all.accept_redirects', chance.below(2)],
    ['net.ipv4.conf.eth0.accept_redirects', 1],
    ['net.ipv4.conf.eth0.proxy_arp', chance.below(2)],
    ['net.ipv4.conf.eth0.arp_accept', chance.below(3)],
    ['net.ipv4.icmp_ratelimit', chance.pick([0, 1000])],
    ['net.ipv4.icmp_echo_ignore_broadcasts', chance.below(2)],
  ]
  if (!chance.oneIn(3)) {
    list.push(['net.ipv4.ipfrag_high_thresh', 262_144], ['net.ipv4.ipfrag_low_thresh', 196_608])
  }
  if (chance.oneIn(2)) {
    list.push(['net.ipv4.neigh.default.gc_thresh1', 16])
    list.push(['net.ipv4.neigh.default.gc_thresh2', 32])
    list.push(['net.ipv4.neigh.default.gc_thresh3', 64])
  }
  if (chance.oneIn(4)) list.push(['net.ipv4.icmp_msgs_per_sec', 1], ['net.ipv4.icmp_msgs_burst', 1])
  if (chance.oneIn(6)) list.push(['net.ipv4.icmp_echo_ignore_all', 1])
  if (chance.oneIn(3)) list.push(['net.ipv4.udp_mem', '20 40 60'])
  return list
}
