import type { IpAddress, Prefix } from '@jackfield/addr'
import type { Clock } from '@jackfield/clock'
import type { InterfaceAddress, NetworkInterface } from '@jackfield/interfaces'
import type { AddressOrigin, AddressState, Ipv6Address } from './address.js'
import { secondsLeft } from './ndp/expiring-list.js'

/** An address as it is at present, for people (`ip address`). */
export interface AddressEntry extends InterfaceAddress {
  readonly interface: NetworkInterface
  readonly prefix: Prefix
  readonly broadcast: IpAddress | null
  /** How far it may be used (RFC 4862 2). */
  readonly state: AddressState
  readonly origin: AddressOrigin
  /** RFC 8981. */
  readonly temporary: boolean
  /** Seconds for which it stays preferred, and valid; Infinity for ever. */
  readonly preferredLifetime: number
  readonly validLifetime: number
}

/** An IPv6 address as it is now. */
export function addressEntry(address: Ipv6Address, clock: Clock): AddressEntry {
  const { prefix, broadcast, state, origin, temporary } = address
  return {
    interface: address.interface,
    prefix,
    broadcast,
    state,
    origin,
    temporary,
    preferredLifetime: secondsLeft(clock, address.preferredUntil),
    validLifetime: secondsLeft(clock, address.validUntil),
  }
}
