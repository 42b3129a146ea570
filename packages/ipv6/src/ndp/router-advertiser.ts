import { type IpAddress, isLinkLocal, Prefix } from '@jackfield/addr'
import type { Timer } from '@jackfield/clock'
import type { NetworkInterface } from '@jackfield/interfaces'
import { ALL_NODES } from '../groups.js'
import type { NdpContext } from './context.js'
import { linkAddressOf, type NdpTransmitter } from './transmitter.js'
import { ND_OPT_SOURCE_LINKADDR, ROUTER_ADVERT_LENGTH, ROUTER_MANAGED, ROUTER_OTHER } from './wire/types.js'
import {
  LINK_ADDRESS_OPTION_LENGTH,
  MTU_OPTION_LENGTH,
  PREFIX_OPTION_LENGTH,
  writeLinkAddressOption,
  writeMtuOption,
  writePrefixOption,
  writeRouterAdvert,
} from './wire/write.js'

// RFC 4861 10, in seconds.
const MAX_INITIAL_INTERVAL = 16
const MAX_INITIAL_ADVERTISEMENTS = 3
const MIN_DELAY_BETWEEN = 3
const MAX_REPLY_DELAY = 0.5

/** Until it is looked again whether there is a link-local address. */
const WITHOUT_ADDRESS = 1

const FOREVER = 0xffff_ffff
/** Prefixes in one advertisement. */
const MAX_PREFIXES = 32

/** A prefix that a router advertises. */
export interface AdvertisedPrefix {
  /** As `'2001:db8:1::/64'`. */
  readonly prefix: string | Prefix
  /** Default true: hosts on the link reach it without a router. */
  readonly onLink?: boolean
  /** Default true: hosts make addresses of it, if its length is 64. */
  readonly autonomous?: boolean
  /** Seconds, Infinity for ever. Default 86400 and 14400. */
  readonly validLifetime?: number
  readonly preferredLifetime?: number
}

/** What a router says of itself and its link (RFC 4861 6.2.1), in seconds but for the last two, which are milliseconds. */
export interface AdvertiseOptions {
  /** Default: the prefixes of the interface's own addresses that are not link-local. */
  readonly prefixes?: readonly (string | AdvertisedPrefix)[]
  /** Longest and shortest time between advertisements, 4 to 1800 and 3 to three quarters of it. Default 600 and a third of it. */
  readonly maxInterval?: number
  readonly minInterval?: number
  /** For which hosts use it as default router, 0 (not at all) to 9000. Default three times the longest interval. */
  readonly lifetime?: number
  /** Over other routers of the link (RFC 4191). Default `'medium'`. */
  readonly preference?: 'high' | 'medium' | 'low'
  /** Addresses, or other things, are to be had by DHCPv6. Default false. */
  readonly managed?: boolean
  readonly other?: boolean
  /** Told to hosts where given: the link's MTU in bytes, their hop limit. Default: nothing, and the router's own. */
  readonly mtu?: number
  readonly hopLimit?: number
  /** Default 0: not told. */
  readonly reachableTime?: number
  readonly retransmitTimer?: number
}

interface Settled {
  readonly prefixes: readonly Required<AdvertisedPrefix & { prefix: Prefix }>[] | null
  readonly maxInterval: number
  readonly minInterval: number
  readonly lifetime: number
  readonly flags: number
  readonly mtu: number
  readonly hopLimit: number
  readonly reachableTime: number
  readonly retransmitTimer: number
}

/** A router's advertisements on one interface (RFC 4861 6.2): sent while it forwards, and answered to hosts that ask. */
export class RouterAdvertiser {
  private readonly context: NdpContext
  private readonly transmitter: NdpTransmitter
  private readonly networkInterface: NetworkInterface
  private readonly options: Settled
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
        PREFIX_OPTION_LENGTH * prefixes.length,
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
        secondsOf(each.validLifetime),
        secondsOf(each.preferredLifetime),
      )
    }
    this.transmitter.send(packet, source, ALL_NODES, networkInterface)
    return true
  }

  /** Of the addresses that people gave the interface. */
  private ownPrefixes(): NonNullable<Settled['prefixes']> {
    const prefixes: Prefix[] = []
    for (const { interface: owner, prefix, origin, usable } of this.context.addresses.list()) {
      if (owner !== this.networkInterface || !usable || origin !== 'manual' || isUnfit(prefix.address)) continue
      const { masked } = prefix
      if (prefix.length < 128 && !prefixes.some((other) => other.equals(masked))) prefixes.push(masked)
    }
    return prefixes.slice(0, MAX_PREFIXES).map((prefix) => settlePrefix({ prefix }))
  }
}

function isUnfit(address: IpAddress): boolean {
  return isLinkLocal(address) || address.isMulticast
}

/** A lifetime as the wire has it. */
function secondsOf(lifetime: number): number {
  return lifetime === Infinity ? FOREVER : lifetime
}

function settle(options: AdvertiseOptions): Settled {
  const maxInterval = within('maxInterval', options.maxInterval ?? 600, 4, 1800)
  const longest = Math.max(3, 0.75 * maxInterval)
  const minInterval = within(
    'minInterval',
    options.minInterval ?? Math.min(longest, Math.max(3, maxInterval / 3)),
    3,
    longest,
  )
  const lifetime = within('lifetime', options.lifetime ?? Math.ceil(3 * maxInterval), 0, 9000)
  const preference = { high: 0x08, medium: 0, low: 0x18 }[options.preference ?? 'medium']
  if (preference === undefined) throw new RangeError(`preference is high, medium or low, not ${options.preference}`)
  if ((options.prefixes?.length ?? 0) > MAX_PREFIXES) throw new RangeError(`at most ${MAX_PREFIXES} prefixes`)
  const { prefixes, mtu, hopLimit } = options
  return {
    prefixes:
      prefixes === undefined
        ? null
        : prefixes.map((each) => settlePrefix(typeof each === 'string' ? { prefix: each } : each)),
    maxInterval,
    minInterval,
    lifetime,
    flags: (options.managed === true ? ROUTER_MANAGED : 0) | (options.other === true ? ROUTER_OTHER : 0) | preference,
    mtu: mtu === undefined ? 0 : within('mtu', mtu, 1280, 0xffff_ffff),
    hopLimit: hopLimit === undefined ? -1 : within('hopLimit', hopLimit, 0, 255),
    reachableTime: within('reachableTime', options.reachableTime ?? 0, 0, 3_600_000),
    retransmitTimer: within('retransmitTimer', options.retransmitTimer ?? 0, 0, 0xffff_ffff),
  }
}

function settlePrefix(given: AdvertisedPrefix): Required<AdvertisedPrefix & { prefix: Prefix }> {
  const prefix = typeof given.prefix === 'string' ? Prefix.parse(given.prefix) : given.prefix
  if (prefix.address.version !== 6 || isUnfit(prefix.address)) {
    throw new RangeError(`${prefix} is not an IPv6 prefix to advertise: give one as 2001:db8:1::/64`)
  }
  const validLifetime = given.validLifetime ?? 86_400
  const preferredLifetime = given.preferredLifetime ?? Math.min(14_400, validLifetime)
  for (const lifetime of [validLifetime, preferredLifetime]) {
    if (lifetime !== Infinity) within('lifetime of a prefix', lifetime, 0, FOREVER - 1)
  }
  if (preferredLifetime > validLifetime) {
    throw new RangeError(`preferredLifetime is at most validLifetime, ${validLifetime}, not ${preferredLifetime}`)
  }
  const { onLink = true, autonomous = true } = given
  return { prefix: prefix.masked, onLink, autonomous, validLifetime, preferredLifetime }
}

function within(name: string, value: number, least: number, most: number): number {
  if (!(value >= least && value <= most))
    throw new RangeError(`${name} is a number from ${least} to ${most}, not ${value}`)
  return value
}
