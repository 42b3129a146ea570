import { MacAddress, Prefix } from '@jackfield/addr'
import { createSeededRandom, createVirtualClock, type RandomSource, type VirtualClock } from '@jackfield/clock'
import { createCable, createSwitch, type Switch } from '@jackfield/link'
import { capture, createPcapBuffer, type PcapBuffer, PcapngWriter } from '@jackfield/pcap'
import { impairmentsOf, SimCable, type SimCableOptions } from './cable.js'
import { SimHost, type SimHostOptions } from './host.js'
import { type Duration, toMicroseconds } from './quantity.js'
import { settle } from './settle.js'
import { automaticPrefix, automaticPrefix6, nextAddress, type Segment, shortestRoutes } from './topology.js'

/** How a network is made. */
export interface NetworkOptions {
  /** Chooses all chance in it. The same seed gives the same run, byte for byte. Default 1. */
  seed?: number | string
  /** Whether every host is captured. Default false. */
  capture?: boolean
  /** Routes between segments: computed by the fewest routers passed, or left to you. Default `'shortest'`. */
  routes?: 'shortest' | 'none'
}

/** A switch of a simulated network. */
export class SimSwitch {
  readonly name: string
  /** The switch as `@jackfield/link` has it, with its stations and statistics. */
  readonly switch: Switch
  /** @internal */
  readonly segment: Segment

  /** @internal Use `Network.switch`. */
  constructor(name: string, made: Switch, segment: Segment) {
    this.name = name
    this.switch = made
    this.segment = segment
  }
}

/** What `run` did. */
export interface RunResult {
  /** Timers and deferred tasks that ran. */
  readonly events: number
  /** The time then, in microseconds. */
  readonly now: number
}

/** Hosts, routers, switches and cables in virtual time. */
export interface Network {
  readonly seed: number | string
  readonly clock: VirtualClock
  /** Virtual time in microseconds. */
  readonly now: number
  readonly hosts: readonly SimHost[]
  /** A host. RangeError for a name that is taken. */
  host(name: string, options?: SimHostOptions): SimHost
  /** A host that forwards. */
  router(name: string, options?: SimHostOptions): SimHost
  switch(name: string): SimSwitch
  /**
   * Connects two of them; a segment of its own, or the switch's. Addresses that are not given are chosen: 10.x.y.0/24 and
   * fd00:x:y::/64 for each segment, hosts from .1 and ::1 in the order in which they come.
   */
  cable(a: SimHost | SimSwitch, b: SimHost | SimSwitch, options?: SimCableOptions): SimCable
  /** Runs until nothing is left to do, or until a time (from the network's beginning). Promises go on after it. */
  run(options?: { until?: Duration }): RunResult
  /** Jumps to the next event; false if there is none. */
  step(): boolean
  /** Runs for a length of time. */
  advance(duration: Duration): void
  /**
   * Runs until a promise is settled, and gives its result; code that awaits goes on at the time of what it waited for.
   * Rejects with an error that names seed and time if the network is idle before.
   */
  settle<T>(promise: Promise<T>): Promise<T>
  /** What was captured so far, as a pcapng file. */
  pcap(): Uint8Array
  /** Closes every host. */
  close(): Promise<void>
}

class SimulatedNetwork implements Network {
  readonly seed: number | string
  readonly clock: VirtualClock = createVirtualClock()
  readonly hosts: SimHost[] = []
  private readonly options: NetworkOptions
  private readonly random: RandomSource
  private readonly names = new Set<string>()
  private readonly switches: SimSwitch[] = []
  private readonly buffer: PcapBuffer = createPcapBuffer()
  private readonly writer: PcapngWriter = new PcapngWriter(this.buffer.sink, { unbuffered: true })
  private segments = 0
  private cables = 0
  private addressesGiven = 0
  private routesDirty = false

  constructor(options: NetworkOptions) {
    this.options = options
    this.seed = options.seed ?? 1
    this.random = createSeededRandom(this.seed)
  }

  get now(): number {
    return this.clock.now()
  }

  host(name: string, options: SimHostOptions = {}): SimHost {
    return this.addHost(name, options, false)
  }

  router(name: string, options: SimHostOptions = {}): SimHost {
    return this.addHost(name, options, true)
  }

  switch(name: string): SimSwitch {
    this.takeName(name)
    const made = createSwitch({ clock: this.clock, random: this.random })
    const added = new SimSwitch(name, made, this.newSegment())
    this.switches.push(added)
    return added
  }

  cable(a: SimHost | SimSwitch, b: SimHost | SimSwitch, options: SimCableOptions = {}): SimCable {
    if (a === b) throw new RangeError(`a cable connects two nodes, not ${a.name} with itself`)
    if (a instanceof SimSwitch && b instanceof SimSwitch && a.segment !== b.segment) {
      throw new RangeError(`connect hosts to one switch: ${a.name} and ${b.name} are segments of their own`)
    }
    const segment = a instanceof SimSwitch ? a.segment : b instanceof SimSwitch ? b.segment : this.newSegment()
    const [addressA, addressB] = prefixesOf(options.addresses, 4)
    const [addressA6, addressB6] = prefixesOf(options.addresses6, 6)
    if (segment.attachments.length === 0) {
      segment.prefix = (addressA ?? addressB ?? segment.prefix).masked
      segment.prefix6 = (addressA6 ?? addressB6 ?? segment.prefix6).masked
    }
    const name = `${a.name}-${b.name}`
    const cable = createCable({
      clock: this.clock,
      medium: 'ethernet',
      names: [this.endName(a), this.endName(b)],
      hardwareAddresses: [this.nextHardwareAddress(), this.nextHardwareAddress()],
      random: createSeededRandom(`${this.seed}/cable/${this.cables++}/${name}`),
      aToB: impairmentsOf(options, 'aToB'),
      bToA: impairmentsOf(options, 'bToA'),
      ...(options.mtu === undefined ? {} : { mtu: options.mtu }),
      ...(options.offload === undefined ? {} : { offload: options.offload }),
      ...(options.queue === undefined ? {} : { queuePackets: options.queue }),
    })
    this.plugIn(a, segment, cable.a, addressA, addressA6, options.capture === true)
    this.plugIn(b, segment, cable.b, addressB, addressB6, false)
    this.routesDirty = true
    return new SimCable(name, cable)
  }

  run(options: { until?: Duration } = {}): RunResult {
    this.settleRoutes()
    if (options.until === undefined) {
      const events = this.clock.runUntilIdle()
      return { events, now: this.now }
    }
    const until = toMicroseconds(options.until, 'until')
    let events = 0
    while (this.clock.nextDeadline() <= until && this.clock.step()) events++
    if (until > this.now) this.clock.advanceTo(until)
    return { events, now: this.now }
  }

  step(): boolean {
    this.settleRoutes()
    return this.clock.step()
  }

  advance(duration: Duration): void {
    this.run({ until: this.now + toMicroseconds(duration, 'duration') })
  }

  settle<T>(promise: Promise<T>): Promise<T> {
    this.settleRoutes()
    return settle(this.clock, this.seed, promise)
  }

  pcap(): Uint8Array {
    return this.buffer.toBytes()
  }

  async close(): Promise<void> {
    for (const host of this.hosts) await host.close()
    for (const each of this.switches) await each.switch.close()
    this.writer.close()
  }

  private addHost(name: string, options: SimHostOptions, forwards: boolean): SimHost {
    this.takeName(name)
    const setting = {
      clock: this.clock,
      seed: this.seed,
      forwards,
      captured: this.options.capture ?? false,
      settle: () => this.settleRoutes(),
    }
    const added = new SimHost(name, this.hosts.length, setting, options)
    this.hosts.push(added)
    return added
  }

  private takeName(name: string): void {
    if (!/^[\w.-]+$/.test(name)) {
      throw new RangeError(`a name is letters, digits, '.', '-' and '_', not ${JSON.stringify(name)}`)
    }
    if (this.names.has(name)) throw new RangeError(`the network has a ${name} already`)
    this.names.add(name)
  }

  private newSegment(): Segment {
    const number = ++this.segments
    return { number, prefix: automaticPrefix(number), prefix6: automaticPrefix6(number), attachments: [] }
  }

  private endName(node: SimHost | SimSwitch): string {
    return node instanceof SimSwitch ? `port${node.switch.ports.length}` : node.nextInterfaceName()
  }

  /** Locally administered ones, in the order in which cables are made. */
  private nextHardwareAddress(): MacAddress {
    return new MacAddress(0x0200, ++this.addressesGiven)
  }

  private plugIn(
    node: SimHost | SimSwitch,
    segment: Segment,
    end: ReturnType<typeof createCable<'ethernet'>>['a'],
    address: Prefix | undefined,
    address6: Prefix | undefined,
    captured: boolean,
  ): void {
    if (node instanceof SimSwitch) {
      if (address !== undefined || address6 !== undefined)
        throw new RangeError(`the switch ${node.name} takes no address`)
      node.switch.attach(end)
      return
    }
    const name = `${node.name}/${end.name}`
    const device = captured || node.captured ? capture(end, this.writer, { clock: this.clock, name }) : end
    const prefix = address ?? nextAddress(segment, 4)
    const added = node.attach(device, prefix)
    const prefix6 = address6 ?? nextAddress(segment, 6)
    const runs6 = node.addAddress6(added, prefix6)
    const attachment = {
      node,
      segment,
      interfaceIndex: added.index,
      address: prefix.address,
      address6: runs6 ? prefix6.address : null,
    }
    segment.attachments.push(attachment)
    node.attachments.push(attachment)
  }

  private settleRoutes(): void {
    if (!this.routesDirty) return
    this.routesDirty = false
    if (this.options.routes === 'none') return
    for (const host of this.hosts) host.setRoutes([...shortestRoutes(host, 4), ...shortestRoutes(host, 6)])
  }
}

/** What the addresses of a cable's ends are given as, checked for their version. */
function prefixesOf(given: SimCableOptions['addresses'], version: 4 | 6): (Prefix | undefined)[] {
  return (given ?? []).map((text) => {
    const prefix = text === undefined ? undefined : Prefix.parse(text)
    if (prefix === undefined || prefix.address.version === version) return prefix
    throw new RangeError(`${text} is no IPv${version} address: 'addresses' takes IPv4 ones, 'addresses6' IPv6 ones`)
  })
}

/** An empty network. */
export function createNetwork(options: NetworkOptions = {}): Network {
  return new SimulatedNetwork(options)
}
