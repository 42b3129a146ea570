import type { Prefix } from '@jackfield/addr'
import type { Timer } from '@jackfield/clock'
import type { NetworkInterface } from '@jackfield/interfaces'
import { ALL_NODES } from '../groups.js'
import { type Advertised, type AdvertiseOptions, isUnfit, settle, settlePrefix } from './advertise-options.js'
import type { NdpContext } from './context.js'
import { linkAddressOf, type NdpTransmitter } from './transmitter.js'
import { lifetimeToWire } from './wire/lifetime.js'
import { ND_OPT_SOURCE_LINKADDR, ROUTER_ADVERT_LENGTH } from './wire/types.js'
import {
  dnsOptionLength,
  LINK_ADDRESS_OPTION_LENGTH,
  MTU_OPTION_LENGTH,
  PREFIX_OPTION_LENGTH,
  routeOptionLength,
  writeDnsOption,
  writeLinkAddressOption,
  writeMtuOption,
  writePrefixOption,
  writeRouteOption,
  writeRouterAdvert,
} from './wire/write.js'

// RFC 4861 10, in seconds.
const MAX_INITIAL_INTERVAL = 16
const MAX_INITIAL_ADVERTISEMENTS = 3
const MIN_DELAY_BETWEEN = 3
const MAX_REPLY_DELAY = 0.5

/** Until it is looked again whether there is a link-local address. */
const WITHOUT_ADDRESS = 1

/** A router's advertisements on one interface (RFC 4861 6.2): sent while it forwards, and answered to hosts that ask. */
export class RouterAdvertiser {
  private readonly context: NdpContext
  private readonly transmitter: NdpTransmitter
  private readonly networkInterface: NetworkInterface
  private readonly options: Advertised
  private readonly timer: Timer
  private sent = 0
  private lastSent = Number.NEGATIVE_INFINITY
  private advertising = false

  /** @throws RangeError for options out of the bounds of RFC 4861 6.2.1; TypeError for a prefix that is none */
  constructor(
    context: NdpContext,
    transmitter: NdpTransmitter,
    networkInterface: NetworkInterface,
    options: AdvertiseOptions,
  ) {
    this.context = context
    this.transmitter = transmitter
    this.networkInterface = networkInterface
    this.options = settle(options)
    this.timer = context.clock.createTimer(() => this.advertise(), { background: true })
    this.update()
  }

  /** Forwarding changed: begins, or says that it is no router any more (RFC 4861 6.2.5). */
  update(): void {
    const wanted = this.context.layer.of(this.networkInterface.index).forwarding === 1
    if (wanted === this.advertising) return
    this.advertising = wanted
    this.sent = 0
    if (wanted) this.timer.setAfter(0)
    else this.cease()
  }

  /** A host asks (RFC 4861 6.2.6): everybody hears the answer, soon, but not more often than every three seconds. */
  solicited(): void {
    if (!this.advertising) return
    const { clock, random } = this.context
    const now = clock.now()
    const earliest = Math.max(now, this.lastSent + MIN_DELAY_BETWEEN * 1e6)
    const at = earliest + random.fraction() * MAX_REPLY_DELAY * 1e6
    if (!this.timer.armed || at < this.timer.deadline) this.timer.set(at)
  }

  /** Says that it is no router any more, and stops. */
  close(): void {
    if (this.advertising) this.cease()
    this.advertising = false
    this.timer.cancel()
  }

  private cease(): void {
    this.timer.cancel()
    this.send(0)
  }

  private advertise(): void {
    const { clock, random } = this.context
    if (!this.send(this.options.lifetime)) {
      this.timer.setAfter(WITHOUT_ADDRESS * 1e6)
      return
    }
    this.lastSent = clock.now()
    this.sent++
    const { minInterval, maxInterval } = this.options
    let wait = minInterval + (maxInterval - minInterval) * random.fraction()
    if (this.sent < MAX_INITIAL_ADVERTISEMENTS) wait = Math.min(wait, MAX_INITIAL_INTERVAL)
    this.timer.setAfter(wait * 1e6)
  }

  /** False while there is no link-local address to send from. */
  private send(routerLifetime: number): boolean {
    const { addresses, layer, pool } = this.context
    const { networkInterface, options } = this
    const source = addresses.linkLocal(networkInterface.index)
    if (source === null) return false
    const prefixes = options.prefixes ?? this.ownPrefixes()
    const link = linkAddressOf(networkInterface)
    const packet = pool.allocate(
      ROUTER_ADVERT_LENGTH +
        (link === null ? 0 : LINK_ADDRESS_OPTION_LENGTH) +
        (options.mtu === 0 ? 0 : MTU_OPTION_LENGTH) +
        PREFIX_OPTION_LENGTH * prefixes.length +
        options.routes.reduce((sum, { prefix }) => sum + routeOptionLength(prefix), 0) +
        dnsOptionLength(options.dnsServers),
    )
    const { view } = packet
    let at = writeRouterAdvert(view, packet.start, {
      ...options,
      hopLimit: options.hopLimit < 0 ? layer.of(networkInterface.index).hop_limit : options.hopLimit,
      routerLifetime,
    })
    if (link !== null) at = writeLinkAddressOption(view, at, ND_OPT_SOURCE_LINKADDR, link)
    if (options.mtu !== 0) at = writeMtuOption(view, at, options.mtu)
    for (const each of prefixes) {
      at = writePrefixOption(
        view,
        at,
        each.prefix,
        each.onLink,
        each.autonomous,
        lifetimeToWire(each.validLifetime),
        lifetimeToWire(each.preferredLifetime),
      )
    }
    // Who is no router any more is no way to anywhere either.
    const ceases = routerLifetime === 0 && options.lifetime !== 0
    for (const { prefix, preference, lifetime } of options.routes) {
      at = writeRouteOption(view, at, prefix, preference, ceases ? 0 : lifetimeToWire(lifetime))
    }
    if (options.dnsServers.length > 0) {
      writeDnsOption(view, at, options.dnsServers, ceases ? 0 : lifetimeToWire(options.dnsLifetime))
    }
    this.transmitter.send(packet, source, ALL_NODES, networkInterface)
    return true
  }

  /** Of the addresses that people gave the interface. */
  private ownPrefixes(): NonNullable<Advertised['prefixes']> {
    const prefixes: Prefix[] = []
    for (const { interface: owner, prefix, origin, usable } of this.context.addresses.list()) {
      if (owner !== this.networkInterface || !usable || origin !== 'manual' || isUnfit(prefix.address)) continue
      const { masked } = prefix
      if (prefix.length < 128 && !prefixes.some((other) => other.equals(masked))) prefixes.push(masked)
    }
    return prefixes.slice(0, this.options.maxPrefixes).map((prefix) => settlePrefix({ prefix }))
  }
}
