import { IpAddress, Prefix } from '@jackfield/addr'
import { type Clock, createSecureRandom, createSystemClock, type RandomSource } from '@jackfield/clock'
import {
  type AddressFamily,
  IFF_UP,
  type LinkDevice,
  type LinkMedium,
  type NetworkInterface,
  type NetworkLayer,
  type RouteEntry,
  type SocketProvider,
  type StackModule,
} from '@jackfield/interfaces'
import { PacketPool } from '@jackfield/packet'
import { mergeCounters } from './counters.js'
import { StackHost } from './host.js'
import { StackInterface } from './interface.js'
import type { Sysctl } from './sysctl.js'

/** What a stack is made of besides its layers. */
export interface StackOptions {
  /** Default: the system clock. */
  clock?: Clock
  /** Default: the runtime's secure source. */
  random?: RandomSource
  /** Default: a pool of its own. */
  packets?: PacketPool
}

/** How an interface is set up. */
export interface InterfaceOptions {
  /** Addresses with prefix length, as `'10.9.0.2/24'`. */
  addresses?: readonly (string | Prefix)[]
  /** Routers for everything else, one for each IP version at most. */
  gateway?: string | IpAddress | readonly (string | IpAddress)[]
}

/** A link that stacks with these modules can use. */
type MediaOf<Has extends string> = 'ip' | ('ethernet' extends Has ? 'ethernet' : never)

/** What the type checker shows when a module stands on another that is not there. */
export interface MissingModule<Name> {
  readonly 'add this module to the stack first': Name
}

/** What the socket calls need of a stack. */
export interface SocketHost {
  readonly clock: Clock
  readonly interfaces: readonly NetworkInterface[]
  /** Who makes such sockets, or the positive number of Linux's error. */
  findSocketProvider(family: number, type: number, protocol: number): SocketProvider | number
  addressFamily(family: number): AddressFamily | undefined
  interfaceByName(name: string): NetworkInterface | undefined
  interfaceByIndex(index: number): NetworkInterface | undefined
  network(version: 4 | 6): NetworkLayer | undefined
  /** Says that a burst's end is due when the outermost call ends: every socket call does. */
  needBurstEnd(): void
}

/** Network layers, transports and interfaces put together: one host. `Has` names the modules that it is made of. */
export interface Stack<Has extends string = string> extends SocketHost {
  readonly packets: PacketPool
  readonly random: RandomSource
  readonly sysctl: Sysctl
  readonly networks: readonly NetworkLayer[]
  /** Adds a layer, a transport or another module. Those that it needs come first; the type checker sees to that. */
  with<Needs extends string, Provides extends string>(
    module: StackModule<Needs, Provides> &
      ([Exclude<Needs, Has>] extends [never] ? unknown : MissingModule<Exclude<Needs, Has>>),
  ): Stack<Has | Provides>
  /**
   * Puts a device in, up, with its addresses and gateway.
   * @throws RangeError for a name that is taken or malformed, or a gateway or address of a version that is not installed
   */
  addInterface(device: LinkDevice<MediaOf<Has>>, options?: InterfaceOptions): NetworkInterface
  /** Takes an interface out and closes its device. */
  removeInterface(networkInterface: NetworkInterface): Promise<void>
  /** Changes an interface that is in use. */
  setInterface(networkInterface: NetworkInterface, changes: InterfaceChanges): void
  /** Adds an address to an interface. */
  addAddress(networkInterface: NetworkInterface, prefix: string | Prefix): void
  removeAddress(networkInterface: NetworkInterface, address: string | IpAddress): void
  /** Adds a route; the destination says which IP version. */
  addRoute(entry: RouteEntry): void
  removeRoute(entry: RouteEntry): void
  /** What every layer counted, under Linux's SNMP names, sorted. */
  counters(): Record<string, number>
  /** Closes every interface and module. May be called twice. */
  close(): Promise<void>
}

/** Changes to an interface. */
export interface InterfaceChanges {
  up?: boolean
  promiscuous?: boolean
  allMulticast?: boolean
  /** From 68 to the device's MTU, in bytes. */
  mtu?: number
}

class ComposedStack implements Stack {
  readonly clock: Clock
  readonly packets: PacketPool
  readonly random: RandomSource
  private readonly host: StackHost
  private nextIndex = 1
  private closed = false
  private readonly present = new Set<string>()

  constructor(options: StackOptions) {
    this.clock = options.clock ?? createSystemClock()
    this.random = options.random ?? createSecureRandom()
    this.packets = options.packets ?? new PacketPool()
    this.host = new StackHost(this.clock, this.random, this.packets)
  }

  get sysctl(): Sysctl {
    return this.host.sysctl
  }

  get interfaces(): readonly NetworkInterface[] {
    return this.host.interfaces
  }

  get networks(): readonly NetworkLayer[] {
    return this.host.networks
  }

  with<Needs extends string, Provides extends string>(module: StackModule<Needs, Provides>): Stack {
    for (const need of module.needs) {
      if (!this.present.has(need)) {
        throw new TypeError(`the module ${module.name} needs ${need}: add it to the stack before ${module.name}`)
      }
    }
    if (this.present.has(module.name)) throw new TypeError(`the module ${module.name} is in the stack already`)
    this.present.add(module.name)
    for (const name of module.provides) this.present.add(name)
    module.install(this.host)
    return this
  }

  addInterface(device: LinkDevice<LinkMedium>, options: InterfaceOptions = {}): NetworkInterface {
    if (this.closed) throw new Error('the stack is closed')
    if (!/^[^\s/]{1,15}$/.test(device.name)) {
      throw new RangeError(`an interface name is 1 to 15 characters without spaces or '/', not '${device.name}'`)
    }
    if (this.interfaceByName(device.name) !== undefined) {
      throw new RangeError(`an interface named ${device.name} is in the stack already`)
    }
    const prefixes = (options.addresses ?? []).map(toPrefix)
    const gateways = toList(options.gateway).map(toAddress)
    for (const { address } of prefixes) this.networkOf(address)
    for (const gateway of gateways) this.networkOf(gateway)
    const added = new StackInterface(this.host.board, this.nextIndex++, device)
    added.setLink(this.host.createLink(added))
    device.open(added)
    this.inLoop(() => {
      this.host.interfaceAdded(added)
      for (const prefix of prefixes) this.networkOf(prefix.address).addAddress(added, prefix)
      for (const gateway of gateways) {
        const any = new Prefix(gateway.version === 4 ? IpAddress.v4(0) : new IpAddress(6, 0, 0, 0, 0), 0)
        this.networkOf(gateway).addRoute({ destination: any, type: 'unicast', gateway, interface: added.index })
      }
    })
    return added
  }

  async removeInterface(networkInterface: NetworkInterface): Promise<void> {
    const own = this.own(networkInterface)
    this.inLoop(() => this.host.interfaceRemoved(own))
    await own.close()
  }

  setInterface(networkInterface: NetworkInterface, changes: InterfaceChanges): void {
    const own = this.own(networkInterface)
    const { up, promiscuous, allMulticast, mtu } = changes
    if (mtu !== undefined) {
      if (!Number.isInteger(mtu) || mtu < 68 || mtu > own.device.mtu) {
        throw new RangeError(`the MTU of ${own.name} is an integer from 68 to ${own.device.mtu}, not ${mtu}`)
      }
      own.mtu = mtu
    }
    if (promiscuous !== undefined) own.setPromiscuous(promiscuous)
    if (allMulticast !== undefined) own.setAllMulticast(allMulticast)
    if (up !== undefined) own.flags = up ? own.flags | IFF_UP : own.flags & ~IFF_UP
    this.inLoop(() => this.host.board.interfaceChanged(own))
  }

  interfaceByName(name: string): NetworkInterface | undefined {
    return this.host.interfaceByName(name)
  }

  interfaceByIndex(index: number): NetworkInterface | undefined {
    return this.host.interfaceByIndex(index)
  }

  network(version: 4 | 6): NetworkLayer | undefined {
    return this.host.network(version)
  }

  addAddress(networkInterface: NetworkInterface, input: string | Prefix): void {
    const prefix = toPrefix(input)
    this.inLoop(() => this.networkOf(prefix.address).addAddress(this.own(networkInterface), prefix))
  }

  removeAddress(networkInterface: NetworkInterface, input: string | IpAddress): void {
    const address = toAddress(input)
    this.inLoop(() => this.networkOf(address).removeAddress(this.own(networkInterface), address))
  }

  addRoute(entry: RouteEntry): void {
    this.networkOf(entry.destination.address).addRoute(entry)
  }

  removeRoute(entry: RouteEntry): void {
    this.networkOf(entry.destination.address).removeRoute(entry)
  }

  counters(): Record<string, number> {
    return mergeCounters(this.host.counterGroups)
  }

  findSocketProvider(family: number, type: number, protocol: number): SocketProvider | number {
    return this.host.registry.find(family, type, protocol)
  }

  addressFamily(family: number): AddressFamily | undefined {
    return this.host.registry.family(family)
  }

  needBurstEnd(): void {
    this.host.needBurstEnd()
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.inLoop(() => this.host.close())
    for (const each of [...this.host.board.interfaces]) {
      this.inLoop(() => this.host.interfaceRemoved(each))
      await each.close()
    }
  }

  private networkOf(address: IpAddress): NetworkLayer {
    const network = this.host.network(address.version)
    if (network !== undefined) return network
    throw new RangeError(`the stack has no IPv${address.version}: add ipv${address.version}() before its addresses`)
  }

  private own(networkInterface: NetworkInterface): StackInterface {
    const found = this.host.board.interfaces.find((each) => each === networkInterface)
    if (found === undefined) throw new RangeError(`the interface ${networkInterface.name} is not in this stack`)
    return found
  }

  /** Runs a change as one call of the run loop, so that what it sends goes out. */
  private inLoop(change: () => void): void {
    this.clock.loop.enter()
    try {
      change()
      this.host.needBurstEnd()
    } finally {
      this.clock.loop.leave()
    }
  }
}

function toPrefix(input: string | Prefix): Prefix {
  return typeof input === 'string' ? Prefix.parse(input) : input
}

function toAddress(input: string | IpAddress): IpAddress {
  return typeof input === 'string' ? IpAddress.parse(input) : input
}

function toList<T>(input: T | readonly T[] | undefined): readonly T[] {
  if (input === undefined) return []
  return Array.isArray(input) ? input : [input as T]
}

/** An empty stack. Add layers with `with`, then devices with `addInterface`. */
export function createStack(options: StackOptions = {}): Stack<never> {
  return new ComposedStack(options) as unknown as Stack<never>
}
