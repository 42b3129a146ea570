import { createAddressSlot, IpAddress, type IpAddressSlot, MacAddress, Prefix } from '@jackfield/addr'
import { readAddress } from '../../wire/header.js'
import { NdpOptions, readNdpOptions } from './options.js'
import {
  ND_NEIGHBOR_ADVERT,
  ND_NEIGHBOR_SOLICIT,
  ND_REDIRECT,
  ND_ROUTER_ADVERT,
  ND_ROUTER_SOLICIT,
  NEIGHBOR_MESSAGE_LENGTH,
  PREFIX_AUTONOMOUS,
  PREFIX_ON_LINK,
  REDIRECT_LENGTH,
  ROUTER_ADVERT_LENGTH,
  ROUTER_SOLICIT_LENGTH,
} from './types.js'

/** A message of neighbour discovery. One reused object: fields of other types than the one read are of no meaning. */
export class NdpMessage {
  type = 0
  /** `ADVERT_*` or `ROUTER_*`. */
  flags = 0
  /** Of solicitation, advertisement and redirect. */
  readonly target: IpAddressSlot = createAddressSlot()
  /** Of a redirect: for whom `target` is the better first hop. */
  readonly destination: IpAddressSlot = createAddressSlot()
  /** Router advertisement: 0 is unspecified. */
  hopLimit = 0
  /** Seconds as default router; 0: it is none. */
  routerLifetime = 0
  /** Milliseconds, 0 unspecified. */
  reachableTime = 0
  retransmitTimer = 0
  readonly options: NdpOptions = new NdpOptions()
}

/** The length of a message before its options, by type; 0 for what is no neighbour discovery. */
function fixedLength(type: number): number {
  switch (type) {
    case ND_ROUTER_SOLICIT:
      return ROUTER_SOLICIT_LENGTH
    case ND_ROUTER_ADVERT:
      return ROUTER_ADVERT_LENGTH
    case ND_NEIGHBOR_SOLICIT:
    case ND_NEIGHBOR_ADVERT:
      return NEIGHBOR_MESSAGE_LENGTH
    case ND_REDIRECT:
      return REDIRECT_LENGTH
    default:
      return 0
  }
}

/**
 * Reads the message in `[start, end)`. The checksum and what the IPv6 header must be are not looked at.
 * @returns false where it is cut short, its code is not 0 or its options are malformed (RFC 4861 6.1, 7.1, 8.1)
 */
export function readNdp(view: DataView, start: number, end: number, message: NdpMessage): boolean {
  if (end - start < ROUTER_SOLICIT_LENGTH) return false
  const type = view.getUint8(start)
  const length = fixedLength(type)
  if (length === 0 || end - start < length || view.getUint8(start + 1) !== 0) return false
  message.type = type
  message.flags = 0
  if (type === ND_ROUTER_ADVERT) {
    message.hopLimit = view.getUint8(start + 4)
    message.flags = view.getUint8(start + 5)
    message.routerLifetime = view.getUint16(start + 6)
    message.reachableTime = view.getUint32(start + 8)
    message.retransmitTimer = view.getUint32(start + 12)
  } else if (type !== ND_ROUTER_SOLICIT) {
    if (type === ND_NEIGHBOR_ADVERT) message.flags = view.getUint8(start + 4)
    readAddress(message.target, view, start + 8)
    if (type === ND_REDIRECT) readAddress(message.destination, view, start + 24)
  }
  return readNdpOptions(view, start + length, end, message.options)
}

/** Bytes of the header of a prefix information option and of its prefix. */
const PREFIX_ADDRESS_AT = 16
const ROUTE_ADDRESS_AT = 8

/** What a prefix information option says (RFC 4861 4.6.2). Lifetimes in seconds, 0xffffffff for ever. */
export class PrefixInformation {
  prefix: Prefix
  onLink: boolean
  autonomous: boolean
  validLifetime: number
  preferredLifetime: number

  constructor(prefix: Prefix, onLink: boolean, autonomous: boolean, validLifetime: number, preferredLifetime: number) {
    this.prefix = prefix
    this.onLink = onLink
    this.autonomous = autonomous
    this.validLifetime = validLifetime
    this.preferredLifetime = preferredLifetime
  }
}

/** Reads the prefix information option at `at`; null where its prefix is longer than an address. */
export function readPrefixInformation(view: DataView, at: number): PrefixInformation | null {
  const length = view.getUint8(at + 2)
  if (length > 128) return null
  const flags = view.getUint8(at + 3)
  return new PrefixInformation(
    new Prefix(IpAddress.readV6(view, at + PREFIX_ADDRESS_AT), length).masked,
    (flags & PREFIX_ON_LINK) !== 0,
    (flags & PREFIX_AUTONOMOUS) !== 0,
    view.getUint32(at + 4),
    view.getUint32(at + 8),
  )
}

/** What a route information option says (RFC 4191 2.3). */
export interface RouteInformation {
  readonly prefix: Prefix
  /** As in a router advertisement's flags. */
  readonly preference: number
  /** Seconds, 0xffffffff for ever. */
  readonly lifetime: number
}

/** Reads the route information option at `at`, whose length was checked. */
export function readRouteInformation(view: DataView, at: number): RouteInformation {
  const bytes = view.getUint8(at + 1) * 8 - ROUTE_ADDRESS_AT
  const word = (index: number): number => (index * 4 < bytes ? view.getInt32(at + ROUTE_ADDRESS_AT + index * 4) : 0)
  const address = IpAddress.v6(word(0), word(1), word(2), word(3))
  return {
    prefix: new Prefix(address, view.getUint8(at + 2)).masked,
    preference: view.getUint8(at + 3),
    lifetime: view.getUint32(at + 4),
  }
}

/** What a recursive DNS server option says (RFC 8106 5.1). */
export interface DnsServerInformation {
  readonly addresses: readonly IpAddress[]
  /** Seconds, 0xffffffff for ever; 0: not to be used any more. */
  readonly lifetime: number
}

/** Reads the recursive DNS server option at `at`, whose length was checked. */
export function readDnsServers(view: DataView, at: number): DnsServerInformation {
  const end = at + view.getUint8(at + 1) * 8
  const addresses: IpAddress[] = []
  for (let each = at + 8; each < end; each += 16) addresses.push(IpAddress.readV6(view, each))
  return { addresses, lifetime: view.getUint32(at + 4) }
}

/** The Ethernet address at an offset that `readNdpOptions` gave. */
export function readLinkAddress(view: DataView, at: number): MacAddress {
  return new MacAddress(view.getUint16(at), view.getInt32(at + 2))
}
