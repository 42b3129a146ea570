import { createAddressSlot, type IpAddress, type MacAddress, setSlotV4 } from '@jackfield/addr'
import type { Clock } from '@jackfield/clock'
import { CAST_UNICAST, createRouteQuery, type NetworkLayer, type RouteQuery } from '@jackfield/interfaces'
import { type NeighborCache, UPDATE_CREATE, UPDATE_OVERRIDE, UPDATE_SOLICITED } from '@jackfield/neighbor'
import type { ArpSettingsTable } from './arp-settings.js'
import type { ArpTransmitter } from './arp-transmitter.js'
import type { EthernetCounters } from './counters.js'
import type { EthernetLink } from './ethernet-link.js'
import { ARP_REPLY, ARP_REQUEST, type ArpPacket } from './wire/arp-packet.js'

/** Another host was heard to use an address of ours. */
export interface AddressConflict {
  readonly interfaceIndex: number
  readonly address: IpAddress
  /** Who else uses it. */
  readonly hardwareAddress: MacAddress
}

/** Microseconds in a unit of `locktime`. */
const CENTISECOND = 10_000

/** What the responder works with. */
export interface ResponderParts {
  readonly clock: Clock
  readonly counters: EthernetCounters
  readonly settings: ArpSettingsTable
  readonly cache: NeighborCache
  readonly transmitter: ArpTransmitter
  readonly onConflict: ((conflict: AddressConflict) => void) | null
}

/** What a sound ARP packet leads to: an answer, something learned, a conflict noticed. Follows Linux's `arp_process`. */
export class ArpResponder {
  private readonly clock: Clock
  private readonly counters: EthernetCounters
  private readonly settings: ArpSettingsTable
  private readonly cache: NeighborCache
  private readonly transmitter: ArpTransmitter
  private readonly onConflict: ((conflict: AddressConflict) => void) | null
  // Reused for each packet.
  private readonly sender = createAddressSlot()
  private readonly target = createAddressSlot()
  private readonly query: RouteQuery

  constructor(parts: ResponderParts) {
    this.clock = parts.clock
    this.counters = parts.counters
    this.settings = parts.settings
    this.cache = parts.cache
    this.transmitter = parts.transmitter
    this.onConflict = parts.onConflict
    this.query = createRouteQuery(this.target)
  }

  /** @param direct whether it was sent to this host's link address and not to all */
  answer(network: NetworkLayer, link: EthernetLink, arp: ArpPacket, from: MacAddress, direct: boolean): void {
    const { sender, target } = this
    setSlotV4(sender, arp.sender)
    setSlotV4(target, arp.target)
    const probe = arp.sender === 0
    const conflict = !probe && owns(network, link, sender)
    if (conflict) this.conflict(link, sender, from)
    if (arp.operation === ARP_REQUEST && this.answerRequest(network, link, arp, from, conflict)) return
    // Nothing is learned from probes, nor of our own addresses.
    if (probe || conflict) this.counters.ArpInIgnored++
    else this.learn(network, link, arp, from, direct)
  }

  /** Whether the request was answered, or nobody else's business. */
  private answerRequest(
    network: NetworkLayer,
    link: EthernetLink,
    arp: ArpPacket,
    from: MacAddress,
    conflict: boolean,
  ): boolean {
    const { sender, target } = this
    if (arp.target === 0 || target.isMulticast || arp.target >>> 24 === 127 || arp.target === -1) return false
    const announcement = arp.sender === arp.target
    // An announcement asks nobody; only whoever has the address too speaks up.
    if (announcement && !conflict) return false
    const probe = arp.sender === 0
    const local = network.isLocal(target, 0)
    const answered = local ? !this.ignores(network, link) : !probe && this.proxies(network, link)
    if (!answered) return false
    this.transmitter.reply(link, arp.target, from, arp.sender)
    // Whoever asks for us is about to talk to us (RFC 826, "Packet Reception").
    if (!probe && !conflict) this.cache.update(sender, link.index, from, UPDATE_CREATE | UPDATE_OVERRIDE)
    return true
  }

  /** `arp_ignore`, for a target that is a local address. */
  private ignores(network: NetworkLayer, link: EthernetLink): boolean {
    const level = this.settings.effective(link.index, 'arp_ignore')
    if (level === 0) return false
    const { sender, target } = this
    for (const { interface: owner, prefix } of network.addresses()) {
      if (owner.index !== link.index || !prefix.address.equals(target)) continue
      if (level === 1 || sender.isUnspecified || prefix.contains(sender)) return false
    }
    return true
  }

  /** `proxy_arp` (RFC 1027): the target is reached by another interface. */
  private proxies(network: NetworkLayer, link: EthernetLink): boolean {
    if (this.settings.effective(link.index, 'proxy_arp') === 0) return false
    const route = network.route(this.query)
    return (
      typeof route !== 'number' && !route.local && route.cast === CAST_UNICAST && route.interface.index !== link.index
    )
  }

  private learn(network: NetworkLayer, link: EthernetLink, arp: ArpPacket, from: MacAddress, direct: boolean): void {
    const sender = this.sender
    const reply = arp.operation === ARP_REPLY
    const gratuitous =
      arp.sender === arp.target && (!reply || (arp.targetHigh === arp.senderHigh && arp.targetLow === arp.senderLow))
    const known = this.cache.find(sender, link.index)
    if (known === null) {
      if ((gratuitous || reply) && this.accepts(network, link)) {
        this.cache.update(sender, link.index, from, UPDATE_CREATE | UPDATE_OVERRIDE)
      } else this.counters.ArpInIgnored++
      return
    }
    // Of several answers at about the same time (proxies) the first is kept.
    const locked = this.clock.now() <= known.updated + this.cache.settings.locktime * CENTISECOND
    let flags = gratuitous || !locked ? UPDATE_OVERRIDE : 0
    // Only an answer to us says that the way there works both ways.
    if (reply && direct) flags |= UPDATE_SOLICITED
    this.cache.update(sender, link.index, from, flags)
  }

  /** `arp_accept`, for a neighbour that nobody here asked for. */
  private accepts(network: NetworkLayer, link: EthernetLink): boolean {
    const level = this.settings.effective(link.index, 'arp_accept')
    if (level !== 2) return level === 1
    for (const { interface: owner, prefix } of network.addresses()) {
      if (owner.index === link.index && prefix.contains(this.sender)) return true
    }
    return false
  }

  private conflict(link: EthernetLink, address: IpAddress, hardwareAddress: MacAddress): void {
    this.counters.ArpConflicts++
    this.onConflict?.({ interfaceIndex: link.index, address: address.copy(), hardwareAddress })
  }
}

/** Whether it is an address of the interface. A `local` route that covers others does not make them ours to defend. */
function owns(network: NetworkLayer, link: EthernetLink, address: IpAddress): boolean {
  for (const { interface: owner, prefix } of network.addresses()) {
    if (owner.index === link.index && prefix.address.equals(address)) return true
  }
  return false
}
