import { createAddressSlot, setSlotV4 } from '@jackfield/addr'
import type { NetworkInterface } from '@jackfield/interfaces'
import type { Ipv4Context } from './context.js'

/** What becomes of a packet that came in: the answer of `InputDecisions.decide`. */
export const TO_HOST = 1
export const TO_HOST_BROADCAST = 2
/** A directed broadcast of another interface, which `bc_forwarding` lets through. */
export const TO_BROADCAST_LINK = 3
export const TO_FORWARD = 4
export const MARTIAN_SOURCE = 5
export const MARTIAN_DESTINATION = 6
export const REVERSE_PATH_FAILED = 7
/** Not this host's, which does not forward. */
export const NOT_OURS = 8

const SLOTS = 1024

/**
 * Decides what becomes of unicast and broadcast packets that come in, and remembers it for each pair of addresses and
 * interface, in a table of fixed size that every change of routes, addresses or settings empties.
 */
export class InputDecisions {
  private readonly context: Ipv4Context
  private readonly sources = new Int32Array(SLOTS)
  private readonly destinations = new Int32Array(SLOTS)
  private readonly interfaces = new Int32Array(SLOTS)
  private readonly generations = new Int32Array(SLOTS)
  private readonly decisions = new Uint8Array(SLOTS)
  private generation = 1
  private readonly address = createAddressSlot()

  constructor(context: Ipv4Context) {
    this.context = context
  }

  /** Forgets all decisions. */
  invalidate(): void {
    this.generation = (this.generation + 1) | 0
  }

  /** What becomes of a packet; addresses are 32-bit values. The destination is not multicast. */
  decide(source: number, destination: number, networkInterface: NetworkInterface): number {
    const index = networkInterface.index
    let hash = Math.imul(source ^ this.context.host.secret0, 0x9e3779b1) ^ Math.imul(destination, 0x85ebca77)
    hash = Math.imul(hash ^ index ^ (hash >>> 15), 0xc2b2ae3d)
    const slot = hash >>> 22
    if (
      this.sources[slot] === source &&
      this.destinations[slot] === destination &&
      this.interfaces[slot] === index &&
      this.generations[slot] === this.generation
    ) {
      return this.decisions[slot] as number
    }
    const decision = this.judge(source, destination, networkInterface)
    this.sources[slot] = source
    this.destinations[slot] = destination
    this.interfaces[slot] = index
    this.generations[slot] = this.generation
    this.decisions[slot] = decision
    return decision
  }

  /** Whether a packet to a group may have this source (Linux's `ip_mc_validate_source`); 0.0.0.0 only where `unspecified` says so. */
  multicastSource(source: number, unspecified: boolean, networkInterface: NetworkInterface): number {
    if (isGroup(source) || source === -1) return MARTIAN_SOURCE
    if (source >>> 24 === 0) return unspecified && source === 0 ? TO_HOST : MARTIAN_SOURCE
    if (source >>> 24 === 127 && !this.localnet(networkInterface)) return MARTIAN_SOURCE
    return this.validate(source, networkInterface, TO_HOST)
  }

  /** In the order of Linux's `ip_route_input_slow`. */
  private judge(source: number, destination: number, networkInterface: NetworkInterface): number {
    if (isGroup(source) || source === -1) return MARTIAN_SOURCE
    // RFC 1122 3.2.1.3: 0.0.0.0 is a source only for a host that does not know its address yet.
    if (destination === -1 || (destination === 0 && source === 0)) {
      if (source === 0) return TO_HOST_BROADCAST
      if (source >>> 24 === 0) return MARTIAN_SOURCE
      if (source >>> 24 === 127 && !this.localnet(networkInterface)) return MARTIAN_SOURCE
      return this.validate(source, networkInterface, TO_HOST_BROADCAST)
    }
    if (source >>> 24 === 0) return MARTIAN_SOURCE
    if (destination >>> 24 === 0) return MARTIAN_DESTINATION
    if (destination >>> 24 === 127 || source >>> 24 === 127) {
      if (!this.localnet(networkInterface)) return destination >>> 24 === 127 ? MARTIAN_DESTINATION : MARTIAN_SOURCE
    }
    const { routes, configurations } = this.context
    const index = networkInterface.index
    setSlotV4(this.address, destination)
    const entry = routes.localEntry(this.address, 0)
    if (entry === null) {
      if (configurations.either(index, 'accept_any_destination'))
        return this.validate(source, networkInterface, TO_HOST)
      if (!configurations.forwarding(index)) return NOT_OURS
      return this.validate(source, networkInterface, TO_FORWARD)
    }
    if (entry.type === 'broadcast') {
      // Two interfaces may share a subnet: then the broadcast is one of this interface too.
      const other = entry.interface !== index && routes.localEntry(this.address, index)?.type !== 'broadcast'
      const forward = other && configurations.broadcastForwarding(index) && configurations.forwarding(index)
      return this.validate(source, networkInterface, forward ? TO_BROADCAST_LINK : TO_HOST_BROADCAST)
    }
    if (!networkInterface.loopback && configurations.either(index, 'strong_host_receive')) {
      if (routes.localEntry(this.address, index)?.type !== 'local') return NOT_OURS
    }
    return this.validate(source, networkInterface, TO_HOST)
  }

  /** `decision` where the source may come in by this interface, else what is wrong with it. */
  private validate(source: number, networkInterface: NetworkInterface, decision: number): number {
    if (networkInterface.loopback) return decision
    const { addresses, configurations, routes } = this.context
    const index = networkInterface.index
    if (addresses.owns(source)) {
      if (!configurations.either(index, 'accept_local')) return MARTIAN_SOURCE
      return decision
    }
    setSlotV4(this.address, source)
    if (routes.localEntry(this.address, 0)?.type === 'broadcast') return MARTIAN_SOURCE
    const filter = configurations.reversePathFilter(index)
    if (filter === 0) return decision
    const back = routes.reversePath(this.address, index)
    return back === index || (filter === 2 && back !== 0) ? decision : REVERSE_PATH_FAILED
  }

  private localnet(networkInterface: NetworkInterface): boolean {
    return networkInterface.loopback || this.context.configurations.either(networkInterface.index, 'route_localnet')
  }
}

function isGroup(word: number): boolean {
  return word >>> 28 === 0xe
}
