import { IpAddress, type Prefix } from '@jackfield/addr'
import { type Clock, createSeededRandom } from '@jackfield/clock'
import { ethernet } from '@jackfield/ethernet'
import { icmp } from '@jackfield/icmp'
import type { LinkDevice, NetworkInterface } from '@jackfield/interfaces'
import { ipv4 } from '@jackfield/ipv4'
import { ipv6 } from '@jackfield/ipv6'
import { createLoopback } from '@jackfield/link'
import { raw } from '@jackfield/raw'
import { createSockets, type Sockets } from '@jackfield/sockets'
import { createStack, type Stack } from '@jackfield/stack'
import { tcp } from '@jackfield/tcp'
import { udp } from '@jackfield/udp'
import { type PingOptions, type PingResult, ping } from './ping.js'
import type { Attachment, ComputedRoute, TopologyNode } from './topology.js'

/** The modules of a simulated host. */
export type SimModules = 'ethernet' | 'ipv4' | 'ipv6' | 'network' | 'icmp' | 'udp' | 'tcp' | 'raw'

/** RFC 8200 5: what a link must carry for IPv6 to run on it, in bytes. */
const IPV6_LEAST_MTU = 1280

/** How a host is made. */
export interface SimHostOptions {
  /** Settings by sysctl name. */
  sysctl?: Readonly<Record<string, number | string>>
  /** Adds modules of one's own: a transport, say. */
  extend?: (stack: Stack<SimModules>) => void
  /** Whether its interfaces are captured. Default: as the network says. */
  capture?: boolean
}

/**
 * Addresses are chosen by the network, so that nobody need look for duplicates, and no router advertises itself unless told to:
 * an IPv6 address is usable at once, and a network in which nothing is sent stays silent but for reports of groups.
 */
const QUIET: Readonly<Record<string, number>> = {
  'net.ipv6.conf.default.accept_dad': 0,
  'net.ipv6.conf.default.router_solicitations': 0,
}

/** A host of a simulated network. */
export class SimHost implements TopologyNode {
  readonly name: string
  readonly forwards: boolean
  readonly attachments: Attachment[] = []
  /** @internal Whether what crosses its interfaces is captured. */
  readonly captured: boolean
  private readonly ownStack: Stack<SimModules>
  private readonly ownSockets: Sockets
  private readonly settle: () => void
  private routes = new Map<string, ComputedRoute>()
  private interfaceCount = 0

  /** @internal Use `Network.host`. `settle` brings routes up to date before anybody uses the host. */
  constructor(
    name: string,
    number: number,
    setting: { clock: Clock; seed: number | string; forwards: boolean; captured: boolean; settle: () => void },
    options: SimHostOptions,
  ) {
    this.name = name
    this.forwards = setting.forwards
    this.captured = options.capture ?? setting.captured
    this.settle = setting.settle
    this.ownStack = createStack({
      clock: setting.clock,
      random: createSeededRandom(`${setting.seed}/${number}/${name}`),
    })
      .with(ethernet())
      .with(ipv4())
      .with(ipv6())
      .with(icmp())
      .with(udp())
      .with(tcp())
      .with(raw())
    this.ownStack.addInterface(createLoopback({ clock: setting.clock }), { addresses: ['127.0.0.1/8'] })
    options.extend?.(this.ownStack)
    if (setting.forwards) {
      this.ownStack.sysctl.set('net.ipv4.ip_forward', 1)
      this.ownStack.sysctl.set('net.ipv6.conf.all.forwarding', 1)
    }
    for (const [name, value] of Object.entries({ ...QUIET, ...options.sysctl })) this.ownStack.sysctl.set(name, value)
    this.ownSockets = createSockets(this.ownStack)
  }

  get stack(): Stack<SimModules> {
    this.settle()
    return this.ownStack
  }

  get sockets(): Sockets {
    this.settle()
    return this.ownSockets
  }

  /** Its IPv4 addresses but for loopback, in the order in which it was connected. */
  get addresses(): readonly IpAddress[] {
    return this.attachments.map(({ address }) => address)
  }

  /** Its IPv6 addresses but for loopback and link-local ones, in the order in which it was connected. */
  get addresses6(): readonly IpAddress[] {
    return this.attachments.flatMap(({ address6 }) => address6 ?? [])
  }

  /** Its first IPv4 address; RangeError while it is connected to nothing. */
  get address(): IpAddress {
    const first = this.attachments[0]
    if (first === undefined) throw new RangeError(`${this.name} is connected to nothing yet: give it a cable`)
    return first.address
  }

  /** Its first IPv6 address; RangeError while it has none. */
  get address6(): IpAddress {
    const first = this.addresses6[0]
    if (first !== undefined) return first
    throw new RangeError(`${this.name} has no IPv6 address: give it a cable with an MTU of 1280 at least`)
  }

  /** Pings a host or an address. Drive it with `Network.settle`. */
  ping(destination: SimHost | IpAddress | string, options: PingOptions = {}): Promise<PingResult> {
    return ping(this, addressOf(destination, options.version ?? 4), options)
  }

  /** @internal */
  nextInterfaceName(): string {
    return `eth${this.interfaceCount++}`
  }

  /** @internal */
  attach(device: LinkDevice<'ethernet'>, address: Prefix): NetworkInterface {
    return this.ownStack.addInterface(device, { addresses: [address] })
  }

  /** @internal Gives an interface its IPv6 address; false where IPv6 does not run on it. */
  addAddress6(networkInterface: NetworkInterface, prefix: Prefix): boolean {
    const { name, mtu } = networkInterface
    if (mtu < IPV6_LEAST_MTU || this.ownStack.sysctl.get(`net.ipv6.conf.${name}.disable_ipv6`) === 1) return false
    this.ownStack.addAddress(networkInterface, prefix)
    return true
  }

  /** @internal Replaces the computed routes. */
  setRoutes(routes: readonly ComputedRoute[]): void {
    const wanted = new Map(routes.map((route) => [`${route.destination} ${route.gateway}`, route]))
    for (const [key, route] of this.routes) if (!wanted.has(key)) this.ownStack.removeRoute(entryOf(route))
    for (const [key, route] of wanted) if (!this.routes.has(key)) this.ownStack.addRoute(entryOf(route))
    this.routes = wanted
  }

  /** @internal */
  async close(): Promise<void> {
    this.ownSockets.closeAll()
    await this.ownStack.close()
  }

  /** @internal Packets that are somewhere in this host. */
  get packetsOutstanding(): number {
    return this.ownStack.packets.outstanding
  }
}

function addressOf(destination: SimHost | IpAddress | string, version: 4 | 6): IpAddress {
  if (destination instanceof SimHost) return version === 6 ? destination.address6 : destination.address
  return typeof destination === 'string' ? IpAddress.parse(destination) : destination
}

function entryOf(route: ComputedRoute): {
  destination: ComputedRoute['destination']
  type: 'unicast'
  gateway: IpAddress
  interface: number
} {
  return {
    destination: route.destination,
    type: 'unicast',
    gateway: route.gateway,
    interface: route.interfaceIndex,
  }
}
