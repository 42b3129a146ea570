import { type IpAddress, Prefix } from '@jackfield/addr'
import type { InterfaceAddress, NetworkInterface } from '@jackfield/interfaces'
import { scopeOf } from './scope.js'

/**
 * How far an address may be used (RFC 4862 2): not yet (its uniqueness is being found out), in full, only for what uses it
 * already, or not at all (another node has it).
 */
export type AddressState = 'tentative' | 'preferred' | 'deprecated' | 'duplicate'

/** Where an address came from. */
export type AddressOrigin = 'manual' | 'link-local' | 'autoconfigured'

/** What an address is added with. */
export interface AddressOptions {
  /** Seconds for which it is preferred; Infinity (the default) for ever. 0: deprecated from the start. */
  readonly preferredLifetime?: number
  /** Seconds after which it goes; Infinity (the default) for never. */
  readonly validLifetime?: number
  /** RFC 8981: one that changes, so that the host is not known by it. */
  readonly temporary?: boolean
  /** Default `'manual'`. */
  readonly origin?: AddressOrigin
  /** Whether its prefix is on the link, so that a route to it comes with the address. Default true. */
  readonly prefixRoute?: boolean
  /** Whether it is used without finding out first that nobody else has it. Default false. */
  readonly noDad?: boolean
}

/** An IPv6 address of an interface, with what RFC 4862 5.5.4 and RFC 6724 ask of it. */
export class Ipv6Address implements InterfaceAddress {
  readonly interface: NetworkInterface
  readonly prefix: Prefix
  readonly broadcast: null = null
  readonly scope: number
  readonly temporary: boolean
  readonly origin: AddressOrigin
  readonly prefixRoute: boolean
  /** @internal Changed by `Addresses` alone. */
  current: AddressState
  /** @internal Microseconds of the clock; Infinity for never. */
  preferredUntil: number = Number.POSITIVE_INFINITY
  /** @internal */
  validUntil: number = Number.POSITIVE_INFINITY

  /** @internal Use `Addresses.add`. */
  constructor(networkInterface: NetworkInterface, prefix: Prefix, options: AddressOptions, state: AddressState) {
    this.interface = networkInterface
    this.prefix = new Prefix(prefix.address.copy(), prefix.length)
    this.scope = scopeOf(prefix.address)
    this.temporary = options.temporary ?? false
    this.origin = options.origin ?? 'manual'
    this.prefixRoute = (options.prefixRoute ?? true) && prefix.length < 128
    this.current = state
  }

  get address(): IpAddress {
    return this.prefix.address
  }

  get state(): AddressState {
    return this.current
  }

  /** Whether packets may come from and to it. */
  get usable(): boolean {
    return this.current === 'preferred' || this.current === 'deprecated'
  }
}
