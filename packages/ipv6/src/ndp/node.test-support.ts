import { IpAddress, MacAddress, Prefix } from '@jackfield/addr'
import {
  DELIVERED,
  IPPROTO_ICMPV6,
  type NeighborResolver,
  type NetworkHeader,
  type NetworkLayer,
} from '@jackfield/interfaces'
import {
  createFakeHost,
  createFakeInterface,
  type FakeHost,
  type FakeInterface,
} from '@jackfield/interfaces/compliance'
import { checksum, type Packet, pseudoHeaderSum } from '@jackfield/packet'
import { expect } from 'vitest'
import type { Ipv6Address } from '../address.js'
import { flowTo, packetBytes, read, type Sent } from '../layer.test-fixture.js'
import { type Ipv6Module, ipv6 } from '../module.js'
import type { ExtensionHeader } from '../wire/extension-list.js'
import {
  NdpMessage,
  readDnsServers,
  readLinkAddress,
  readNdp,
  readPrefixInformation,
  readRouteInformation,
} from './wire/read.js'
import * as types from './wire/types.js'
import * as write from './wire/write.js'

export const ip = (text: string): IpAddress => IpAddress.parse(text)
/** The node's own, and its link-local address made of it. */
export const OWN_LINK = '02:00:00:00:00:01'
export const OWN = 'fe80::ff:fe00:1'
/** A router of the link. */
export const ROUTER = 'fe80::99'
export const ROUTER_LINK = '02:00:00:00:00:99'

const NAME: Readonly<Record<number, string>> = { 133: 'RS', 134: 'RA', 135: 'NS', 136: 'NA', 137: 'redirect' }

/** RFC 4191 2.1. */
const PREFERENCE = ['', ' high', ' reserved', ' low']

/** How a message comes in. */
export interface Coming {
  source?: string
  destination?: string
  hopLimit?: number
  extensions?: readonly ExtensionHeader[]
}

/** What is not as in most tests. */
export interface NodeOptions {
  hardwareAddress?: MacAddress
}

/** A host with IPv6 on one Ethernet, whose neighbours the test speaks for. */
export class Node {
  readonly host: FakeHost
  readonly eth: FakeInterface
  readonly module: Ipv6Module = ipv6()
  readonly network: NetworkLayer
  private wellFormed: boolean | null = null
  private resolver: NeighborResolver | null = null

  /** @param settings of the interface, `accept_ra` for `net.ipv6.conf.eth0.accept_ra` */
  constructor(
    settings: Readonly<Record<string, number | string>> = {},
    addresses: readonly string[] = [],
    { hardwareAddress = MacAddress.parse(OWN_LINK) }: NodeOptions = {},
  ) {
    // Too small for IPv6, which so begins only when everything is set.
    this.eth = createFakeInterface({ index: 2, name: 'eth0', medium: 'ethernet', hardwareAddress, mtu: 1000 })
    this.eth.link.setResolver = (_etherType, resolver) => {
      this.resolver = resolver
    }
    this.host = createFakeHost([], [this.eth])
    this.module.install(this.host)
    this.network = this.host.network(6) as NetworkLayer
    this.host.addTransport({
      protocol: IPPROTO_ICMPV6,
      receive: (packet, header) => this.receive(packet, header),
      burstEnd() {},
      error() {},
    })
    for (const [key, value] of Object.entries(settings)) this.set(key, value)
    this.eth.mtu = 1500
    this.run(() => this.network.addInterface(this.eth))
    this.run(() => {
      for (const each of addresses) this.network.addAddress(this.eth, Prefix.parse(each))
    })
  }

  set(key: string, value: number | string): void {
    this.run(() => this.host.set(`net.ipv6.conf.eth0.${key}`, value))
  }

  /** A message comes in. Whether it was found well-formed; null where it never came to be looked at. */
  hear(message: Uint8Array, coming: Coming = {}): boolean | null {
    const { source = ROUTER, destination = OWN, hopLimit = 255, extensions = [] } = coming
    this.wellFormed = null
    const bytes = packetBytes({ source, destination, hopLimit, extensions, protocol: IPPROTO_ICMPV6, payload: message })
    this.carry(bytes)
    return this.wellFormed
  }

  /** A packet of any kind comes in. */
  carry(bytes: Uint8Array): void {
    const packet = this.host.packets.copyOf(bytes)
    packet.interfaceIndex = this.eth.index
    packet.networkHeader = packet.start
    this.run(() => this.network.receive(packet, this.eth))
  }

  /** Lets time pass; what was said meanwhile. */
  seconds(time: number): string[] {
    this.host.clock.advance(time * 1e6)
    return this.said()
  }

  /** What it said since the last time it was asked, a line each; what it reports of groups is left out. */
  said(): string[] {
    return this.eth.takeBytes().flatMap((bytes) => {
      const sent = read(bytes)
      return sent.protocol === IPPROTO_ICMPV6 && sent.header.hopLimit === 255 ? [describeMessage(sent)] : []
    })
  }

  /** Its addresses but the link-local one, with the state where it is not 'preferred'. */
  addresses(): string[] {
    return this.list()
      .filter(({ origin, address }) => origin !== 'link-local' && `${address}` !== OWN)
      .map(({ prefix, state }) => (state === 'preferred' ? `${prefix}` : `${prefix} ${state}`))
  }

  /** The address that begins with the text. */
  address(beginning: string): Ipv6Address {
    const found = this.list().find(({ address }) => `${address}`.startsWith(beginning))
    expect(found, `${beginning} among ${this.addresses()}`).toBeDefined()
    return found as Ipv6Address
  }

  list(): Ipv6Address[] {
    return this.network.addresses() as unknown as Ipv6Address[]
  }

  /** Seconds that an address stays preferred and valid. */
  lifetimes({ preferredUntil, validUntil }: Ipv6Address): [number, number] {
    const now = this.host.clock.now()
    return [Math.round((preferredUntil - now) / 1e6), Math.round((validUntil - now) / 1e6)]
  }

  /** Unicast routes but those of link-local addresses and groups, as `destination via gateway metric`. */
  routes(): string[] {
    return this.network
      .routes()
      .filter(({ type, destination: { address } }) => type === 'unicast' && !/^f[ef]/.test(`${address}`))
      .map(({ destination, gateway, metric }) => `${destination} via ${gateway ?? 'link'} ${metric}`)
  }

  /** A neighbour as `address link STATE`, with `router` where it is one. */
  neighbor(address: string): string {
    const entry = this.module.neighbors().find((each) => `${each.address}` === address)
    if (entry === undefined) return 'none'
    return `${entry.hardwareAddress ?? '-'} ${entry.state}${entry.router ? ' router' : ''}`
  }

  /** A packet wants to go to a neighbour. Its link address where it is known now; else the packet waits, or is lost. */
  resolve(address: string, destination = address): string | null {
    const packet = this.host.packets.copyOf(packetBytes({ source: OWN, destination }))
    const link = this.run(() => (this.resolver as NeighborResolver).resolve(packet, ip(address)))
    if (link !== null) packet.release()
    return link === null ? null : `${link}`
  }

  /** The next hop of a packet that the host sends to a destination, or the number of the error. */
  nextHop(destination: string, interfaceIndex = 0): string | number {
    this.eth.takeBytes()
    const packet = this.host.packets.copyOf(new Uint8Array(8))
    const error = this.run(() => this.network.send(packet, flowTo(destination, { interfaceIndex })))
    const [output] = this.eth.outputs
    this.eth.takeBytes()
    return output === undefined ? error : `${output.nextHop}`
  }

  counter(name: string): number {
    return this.host.counter(name) as number
  }

  /** Ends a test: nothing is left. */
  close(): void {
    this.host.close()
    this.eth.takeBytes()
    expect(this.host.packets.outstanding).toBe(0)
  }

  private receive(packet: Packet, header: NetworkHeader): typeof DELIVERED {
    this.wellFormed = this.network.receiveControl?.(packet, header) ?? null
    packet.release()
    return DELIVERED
  }

  private run<T>(action: () => T): T {
    const { loop } = this.host.clock
    loop.enter()
    const result = action()
    loop.leave()
    return result
  }
}

/** Bytes of a message; `write` answers where it ends. */
export function message(writeAt: (view: DataView, at: number) => number): Uint8Array {
  const bytes = new Uint8Array(2048)
  return bytes.slice(0, writeAt(new DataView(bytes.buffer), 0))
}

/** A neighbour solicitation for `target`, from one with the link address `link` where given. */
export function solicitation(target: string, link?: string): Uint8Array {
  return message((view, at) => {
    const end = write.writeNeighborSolicit(view, at, ip(target))
    return link === undefined ? end : writeLink(view, end, types.ND_OPT_SOURCE_LINKADDR, link)
  })
}

/** A neighbour advertisement of `target`; flags of the letters R, S and O. */
export function advertisement(target: string, flags: string, link?: string): Uint8Array {
  const bit = (letter: string, value: number): number => (flags.includes(letter) ? value : 0)
  const bits = bit('R', types.ADVERT_ROUTER) | bit('S', types.ADVERT_SOLICITED) | bit('O', types.ADVERT_OVERRIDE)
  return message((view, at) => {
    const end = write.writeNeighborAdvert(view, at, ip(target), bits)
    return link === undefined ? end : writeLink(view, end, types.ND_OPT_TARGET_LINKADDR, link)
  })
}

/** A redirect: `target` is the better first hop to `destination`. */
export function redirect(destination: string, target: string, link?: string): Uint8Array {
  return message((view, at) => {
    const end = write.writeRedirect(view, at, ip(target), ip(destination))
    return link === undefined ? end : writeLink(view, end, types.ND_OPT_TARGET_LINKADDR, link)
  })
}

/** What a router says of one prefix. */
export interface PrefixOption {
  prefix: string
  /** Letters L and A; default both. */
  flags?: string
  valid?: number
  preferred?: number
}

/** What a router advertisement holds; what is left out is 0. */
export interface RouterOptions {
  lifetime?: number
  hopLimit?: number
  flags?: number
  reachable?: number
  retransmit?: number
  mtu?: number
  link?: string
  prefixes?: readonly PrefixOption[]
  /** Bytes of further options. */
  more?: readonly number[]
}

/** A router advertisement. */
export function routerAdvertisement(options: RouterOptions = {}): Uint8Array {
  return message((view, start) => {
    let at = write.writeRouterAdvert(view, start, {
      hopLimit: options.hopLimit ?? 0,
      flags: options.flags ?? 0,
      routerLifetime: options.lifetime ?? 0,
      reachableTime: options.reachable ?? 0,
      retransmitTimer: options.retransmit ?? 0,
    })
    if (options.link !== undefined) at = writeLink(view, at, types.ND_OPT_SOURCE_LINKADDR, options.link)
    if (options.mtu !== undefined) at = write.writeMtuOption(view, at, options.mtu)
    for (const { prefix, flags = 'LA', valid = 1000, preferred = valid } of options.prefixes ?? []) {
      const onLink = flags.includes('L')
      at = write.writePrefixOption(view, at, Prefix.parse(prefix), onLink, flags.includes('A'), valid, preferred)
    }
    for (const byte of options.more ?? []) view.setUint8(at++, byte)
    return at
  })
}

function writeLink(view: DataView, at: number, type: number, link: string): number {
  return write.writeLinkAddressOption(view, at, type, MacAddress.parse(link))
}

/** A message as one line. Its checksum and form are right, or the test fails. */
function describeMessage({ header, source, destination, payload }: Sent): string {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length)
  const sum = pseudoHeaderSum(header.source, header.destination, IPPROTO_ICMPV6, payload.length)
  expect(checksum(view, 0, payload.length, sum)).toBe(0)
  const parsed = new NdpMessage()
  expect(readNdp(view, 0, payload.length, parsed)).toBe(true)
  const { type, options } = parsed
  const words = [`${NAME[type]}`]
  if (type === types.ND_NEIGHBOR_SOLICIT || type === types.ND_NEIGHBOR_ADVERT) words.push(`${parsed.target}`)
  if (type === types.ND_NEIGHBOR_ADVERT) words.push(letters(parsed.flags))
  if (type === types.ND_REDIRECT) words.push(`${parsed.destination} via ${parsed.target}`)
  if (type === types.ND_ROUTER_ADVERT) {
    words.push(`${parsed.routerLifetime}s${PREFERENCE[(parsed.flags >> 3) & 3]}`, `hops ${parsed.hopLimit}`)
    const { reachableTime, retransmitTimer } = parsed
    if (reachableTime + retransmitTimer > 0) words.push(`times ${reachableTime}/${retransmitTimer}`)
    if ((parsed.flags & types.ROUTER_MANAGED) !== 0) words.push('managed')
    if ((parsed.flags & types.ROUTER_OTHER) !== 0) words.push('other')
  }
  words.push(`${source} > ${destination}`)
  if (options.sourceLinkAddress !== 0) words.push(`from ${readLinkAddress(view, options.sourceLinkAddress)}`)
  if (options.targetLinkAddress !== 0) words.push(`at ${readLinkAddress(view, options.targetLinkAddress)}`)
  if (options.nonce !== 0) words.push('nonce')
  if (options.mtu !== 0) words.push(`mtu ${options.mtu}`)
  for (const at of options.prefixes.slice(0, options.prefixCount)) {
    const information = readPrefixInformation(view, at)
    words.push(`${information?.prefix}=${information?.preferredLifetime}/${information?.validLifetime}`)
  }
  for (const at of options.routes.slice(0, options.routeCount)) {
    const { prefix, preference, lifetime } = readRouteInformation(view, at)
    words.push(`route ${prefix}=${lifetime}${PREFERENCE[(preference >> 3) & 3]}`)
  }
  for (const at of options.servers.slice(0, options.serverCount)) {
    const { addresses, lifetime } = readDnsServers(view, at)
    words.push(`dns ${addresses}=${lifetime}`)
  }
  return words.join(' ')
}

function letters(flags: number): string {
  const letter = (bit: number, name: string): string => ((flags & bit) === 0 ? '' : name)
  return (
    `${letter(types.ADVERT_ROUTER, 'R')}${letter(types.ADVERT_SOLICITED, 'S')}${letter(types.ADVERT_OVERRIDE, 'O')}` ||
    '-'
  )
}
