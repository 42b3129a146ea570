import { Prefix } from '@jackfield/addr'
import type { NetworkInterface } from '@jackfield/interfaces'
import type { AddressOrigin, Ipv6Address } from '../address.js'
import { addressWith, type InterfaceIdentifiers } from '../interface-identifier.js'
import type { NdpContext } from './context.js'
import { secondsLeft } from './expiring-list.js'
import { type Retransmit, TemporaryAddresses } from './temporary-addresses.js'

/** The least that an unauthenticated advertisement can cut a valid lifetime down to, in seconds (RFC 4862 5.5.3 e). */
const TWO_HOURS = 7200

/** Other identifiers that are tried in the place of duplicates (RFC 7217 7: IDGEN_RETRIES). */
const IDGEN_RETRIES = 3

/** Whether its prefix is on the link the router says apart. */
const FROM_PREFIX = { origin: 'autoconfigured', prefixRoute: false } as const

/** Addresses made from the prefixes that routers advertise (RFC 4862 5.5). */
export class Autoconfiguration {
  private readonly context: NdpContext
  private readonly identifiers: InterfaceIdentifiers
  private readonly temporary: TemporaryAddresses
  /** How many identifiers were duplicates before an address's. */
  private readonly retries = new WeakMap<Ipv6Address, number>()

  constructor(context: NdpContext, identifiers: InterfaceIdentifiers, retransmit: Retransmit) {
    this.context = context
    this.identifiers = identifiers
    const room = (networkInterface: NetworkInterface): boolean => this.room(networkInterface)
    this.temporary = new TemporaryAddresses(context, identifiers, room, retransmit)
  }

  /**
   * A prefix was advertised for hosts to make addresses of (RFC 4862 5.5.3), and found to be one that a router may advertise.
   * @param preferred lifetime in seconds, Infinity for ever; at most `valid`
   */
  prefix(prefix: Prefix, networkInterface: NetworkInterface, preferred: number, valid: number): void {
    if (prefix.length !== 64) return
    let known = false
    for (const address of this.context.addresses.list()) {
      if (address.interface !== networkInterface || address.origin !== 'autoconfigured') continue
      if (!prefix.contains(address.address)) continue
      if (address.temporary) this.temporary.refresh(address, preferred, valid)
      else {
        known = true
        this.refresh(address, preferred, valid)
      }
    }
    if (!known && valid > 0) this.create(prefix, networkInterface, preferred, valid, 0)
    this.temporary.consider(prefix, networkInterface, preferred, valid)
  }

  /**
   * An address that was made here is another node's: another is tried where there can be one.
   * @returns whether the address is gone for it
   */
  duplicate(address: Ipv6Address): boolean {
    if (address.origin === 'manual') return false
    const { addresses, clock } = this.context
    const preferred = secondsLeft(clock, address.preferredUntil)
    const valid = secondsLeft(clock, address.validUntil)
    if (address.temporary) return this.temporary.duplicate(address, preferred, valid)
    const retry = (this.retries.get(address) ?? 0) + 1
    if (retry > IDGEN_RETRIES || valid === 0) return false
    const prefix = new Prefix(address.address, 64).masked
    if (!this.create(prefix, address.interface, preferred, valid, retry, address)) return false
    addresses.remove(address.interface, address.address)
    return true
  }

  /** An address went: nothing takes its place. */
  removed(address: Ipv6Address): void {
    this.temporary.removed(address)
  }

  close(): void {
    this.temporary.close()
  }

  private create(
    prefix: Prefix,
    networkInterface: NetworkInterface,
    preferredLifetime: number,
    validLifetime: number,
    retry: number,
    like: { readonly origin: AddressOrigin; readonly prefixRoute: boolean } = FROM_PREFIX,
  ): boolean {
    const identifier = this.identifiers.of(networkInterface, prefix.address, retry)
    if (identifier === null || !this.room(networkInterface)) return false
    const own = addressWith(prefix.address, identifier)
    const { addresses } = this.context
    if (addresses.find(networkInterface, own) !== undefined) return false
    const { origin, prefixRoute } = like
    const lifetimes = { preferredLifetime, validLifetime }
    const made = addresses.add(networkInterface, new Prefix(own, 64), { origin, prefixRoute, ...lifetimes })
    this.retries.set(made, retry)
    return true
  }

  /** RFC 4862 5.5.3 e: a lifetime grows at once, and shrinks to two hours at the least, so that nobody can take an address away. */
  private refresh(address: Ipv6Address, preferred: number, valid: number): void {
    const { addresses, clock } = this.context
    const left = secondsLeft(clock, address.validUntil)
    if (left === 0) return
    let kept = valid
    if (valid <= TWO_HOURS && valid <= left) kept = Math.min(left, TWO_HOURS)
    addresses.setLifetimes(address, Math.min(preferred, kept), kept)
  }

  /** Whether the interface may have another address. */
  private room(networkInterface: NetworkInterface): boolean {
    const { addresses, configurations, counters } = this.context
    const most = configurations.of(networkInterface.index).max_addresses
    if (most === 0) return true
    let count = 0
    for (const address of addresses.list()) if (address.interface === networkInterface) count++
    if (count < most) return true
    counters.NdpAddressesRefused++
    return false
  }
}
