import { IpAddress, Prefix } from '@jackfield/addr'
import { EEXIST, type NetworkInterface, SocketError } from '@jackfield/interfaces'
import type { Ipv6Context } from './context.js'
import { ALL_NODES, INTERFACE_LOCAL_ALL_NODES, ROUTER_GROUPS } from './groups.js'
import { addOwnAddresses } from './link-local.js'
import { IPV6_MIN_MTU } from './wire/header.js'

/** All groups: what a host sends to one leaves by an interface with this route, unless its socket names the interface. */
const ALL_GROUPS: Prefix = /* @__PURE__ */ new Prefix(IpAddress.v6(0xff00_0000, 0, 0, 0), 8)
/** Linux's metric for it (`IP6_RT_PRIO_ADDRCONF`). */
const GROUPS_METRIC = 256

/** What IPv6 does on an interface by itself: groups, routes and addresses as it comes, is switched off, or becomes a router's. */
export class Interfaces {
  private readonly context: Ipv6Context
  private readonly running = new Set<NetworkInterface>()
  /** Interfaces on which the groups of routers are joined. */
  private readonly routing = new Set<NetworkInterface>()

  constructor(context: Ipv6Context) {
    this.context = context
  }

  add(networkInterface: NetworkInterface): void {
    const { discovery, reporter } = this.context
    reporter?.addInterface(networkInterface)
    discovery?.addInterface(networkInterface)
    this.update(networkInterface)
  }

  remove(networkInterface: NetworkInterface): void {
    const { addresses, groups, identifiers, routes, discovery, reporter } = this.context
    this.running.delete(networkInterface)
    this.routing.delete(networkInterface)
    addresses.removeInterface(networkInterface)
    reporter?.removeInterface(networkInterface)
    discovery?.removeInterface(networkInterface)
    groups.removeInterface(networkInterface)
    identifiers.forget(networkInterface.index)
    routes.flush(networkInterface.index)
  }

  /** Whether IPv6 runs on it: it is not disabled, and the MTU is one that IPv6 can do with (RFC 8200 5). */
  allows(networkInterface: NetworkInterface): boolean {
    return !this.context.configurations.disabled(networkInterface.index) && networkInterface.mtu >= IPV6_MIN_MTU
  }

  /** Flags, MTU or settings changed: begins or ends IPv6 on it. */
  update(networkInterface: NetworkInterface): void {
    const wanted = this.allows(networkInterface)
    if (wanted && !this.running.has(networkInterface)) this.start(networkInterface)
    else if (!wanted && this.running.has(networkInterface)) this.stop(networkInterface)
    this.updateRouting(networkInterface)
  }

  /** Gives it the addresses that it has by itself, where it has them not yet: it began, or may make them another way. */
  addOwnAddresses(networkInterface: NetworkInterface): void {
    const { addresses, configurations, identifiers } = this.context
    if (this.running.has(networkInterface)) addOwnAddresses(networkInterface, addresses, configurations, identifiers)
  }

  private start(networkInterface: NetworkInterface): void {
    const { groups, routes } = this.context
    this.running.add(networkInterface)
    groups.join(networkInterface, INTERFACE_LOCAL_ALL_NODES)
    groups.join(networkInterface, ALL_NODES)
    if (!networkInterface.loopback) {
      const { index } = networkInterface
      try {
        routes.add({ destination: ALL_GROUPS, type: 'unicast', interface: index, metric: GROUPS_METRIC })
      } catch (error) {
        if (!(error instanceof SocketError && error.errno === EEXIST)) throw error
      }
    }
    this.addOwnAddresses(networkInterface)
  }

  /** As Linux: what the interface had goes, and has to be given again. */
  private stop(networkInterface: NetworkInterface): void {
    const { addresses, groups, routes } = this.context
    this.running.delete(networkInterface)
    addresses.removeInterface(networkInterface)
    groups.leave(networkInterface, INTERFACE_LOCAL_ALL_NODES)
    groups.leave(networkInterface, ALL_NODES)
    routes.flush(networkInterface.index)
  }

  /** RFC 4291 2.6.1: a router shares an address of each of its subnets with their other routers. */
  updateAnycasts(): void {
    const { addresses, anycasts } = this.context
    anycasts.follow(addresses.list(), (networkInterface) => this.routing.has(networkInterface))
  }

  /** RFC 4291 2.8: a router is in the groups of routers. */
  private updateRouting(networkInterface: NetworkInterface): void {
    const { configurations, groups } = this.context
    const { index, loopback } = networkInterface
    const wanted = this.running.has(networkInterface) && configurations.of(index).forwarding === 1 && !loopback
    if (wanted === this.routing.has(networkInterface)) return
    if (wanted) this.routing.add(networkInterface)
    else this.routing.delete(networkInterface)
    for (const group of ROUTER_GROUPS) {
      if (wanted) groups.join(networkInterface, group)
      else groups.leave(networkInterface, group)
    }
    this.updateAnycasts()
  }
}
