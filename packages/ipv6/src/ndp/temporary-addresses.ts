import { Prefix } from '@jackfield/addr'
import type { Timer } from '@jackfield/clock'
import type { NetworkInterface } from '@jackfield/interfaces'
import type { Ipv6Address } from '../address.js'
import { addressWith, type InterfaceIdentifiers } from '../interface-identifier.js'
import type { NdpContext } from './context.js'
import { secondsLeft } from './expiring-list.js'

/** The least of `REGEN_ADVANCE`, in seconds (RFC 8981 3.8). */
const MIN_ADVANCE = 2

interface Temporary {
  readonly prefix: Prefix
  /** Microseconds of the clock. */
  readonly created: number
  /** Seconds, random, so that not all hosts change at once. */
  readonly desync: number
  readonly retry: number
  /** Its successor has been made. */
  succeeded: boolean
}

/** Milliseconds between the solicitations of an interface. */
export type Retransmit = (interfaceIndex: number) => number

/** Temporary addresses, that change so that a host is not known by them (RFC 8981 3). Made while `use_tempaddr` is above 0. */
export class TemporaryAddresses {
  private readonly context: NdpContext
  private readonly identifiers: InterfaceIdentifiers
  private readonly room: (networkInterface: NetworkInterface) => boolean
  private readonly retransmit: Retransmit
  private readonly known = new Map<Ipv6Address, Temporary>()
  private readonly timer: Timer

  constructor(
    context: NdpContext,
    identifiers: InterfaceIdentifiers,
    room: (networkInterface: NetworkInterface) => boolean,
    retransmit: Retransmit,
  ) {
    this.context = context
    this.identifiers = identifiers
    this.room = room
    this.retransmit = retransmit
    this.timer = context.clock.createTimer(() => this.regenerate(), { background: true })
  }

  /** A prefix was advertised: makes an address of it where there is none that lasts. */
  consider(prefix: Prefix, networkInterface: NetworkInterface, preferred: number, valid: number): void {
    for (const [address, { prefix: own, succeeded }] of this.known) {
      if (address.interface === networkInterface && own.equals(prefix) && !succeeded) return
    }
    this.create(prefix, networkInterface, preferred, valid, 0)
  }

  /** RFC 8981 3.4 step 1: lifetimes follow the prefix's, but never past the time that such an address has at most. */
  refresh(address: Ipv6Address, preferred: number, valid: number): void {
    const known = this.known.get(address)
    if (known === undefined) return
    const [most, longest] = this.limits(address.interface.index, known)
    const left = Math.min(valid, longest)
    if (left > 0) this.context.addresses.setLifetimes(address, Math.max(0, Math.min(preferred, most, left)), left)
    this.arm()
  }

  /**
   * RFC 8981 3.4 step 7: another is tried in the place of a duplicate, a few times; then the interface makes no more.
   * @returns whether the address is gone for it
   */
  duplicate(address: Ipv6Address, preferred: number, valid: number): boolean {
    const known = this.known.get(address)
    if (known === undefined) return false
    const { addresses, configurations, layer } = this.context
    const { index } = address.interface
    addresses.remove(address.interface, address.address)
    if (known.retry < configurations.of(index).regen_max_retry) {
      this.create(known.prefix, address.interface, preferred, valid, known.retry + 1)
    } else layer.set(index, 'use_tempaddr', -1)
    return true
  }

  /** An address went. */
  removed(address: Ipv6Address): void {
    if (this.known.delete(address)) this.arm()
  }

  close(): void {
    this.known.clear()
    this.timer.cancel()
  }

  private create(
    prefix: Prefix,
    networkInterface: NetworkInterface,
    preferred: number,
    valid: number,
    retry: number,
  ): void {
    const { addresses, clock, configurations, layer, random } = this.context
    const { index } = networkInterface
    if (layer.of(index).use_tempaddr <= 0) return
    const { max_desync_factor, temp_prefered_lft } = configurations.of(index)
    const advance = this.advance(index)
    // As Linux: however short the time that they are preferred is set, some of it is left.
    const desync = random.fraction() * Math.max(0, Math.min(max_desync_factor, temp_prefered_lft - advance))
    const temporary: Temporary = { prefix, created: clock.now(), desync, retry, succeeded: false }
    const [mostPreferred, mostValid] = this.limits(index, temporary)
    const preferredLifetime = Math.min(preferred, mostPreferred)
    // RFC 8981 3.4 step 5.
    if (preferredLifetime <= advance || !this.room(networkInterface)) return
    const identifier = this.identifiers.temporary()
    const own = addressWith(prefix.address, identifier)
    if (addresses.find(networkInterface, own) !== undefined) return
    const made = addresses.add(networkInterface, new Prefix(own, 64), {
      origin: 'autoconfigured',
      temporary: true,
      preferredLifetime,
      validLifetime: Math.min(valid, mostValid),
      prefixRoute: false,
    })
    this.known.set(made, temporary)
    this.arm()
  }

  /** Before an address is deprecated the next is made (RFC 8981 3.5). */
  private regenerate(): void {
    const { clock } = this.context
    const now = clock.now()
    for (const [address, known] of [...this.known]) {
      if (known.succeeded || this.dueAt(address) > now) continue
      known.succeeded = true
      const valid = secondsLeft(clock, address.validUntil)
      // What the prefix has left is what the address has, where its own limits are not shorter; advertisements put it right.
      this.create(known.prefix, address.interface, valid, valid, 0)
    }
    this.arm()
  }

  private arm(): void {
    let next = Infinity
    for (const [address, { succeeded }] of this.known) if (!succeeded) next = Math.min(next, this.dueAt(address))
    if (next === Infinity) this.timer.cancel()
    else this.timer.set(next)
  }

  /** The longest preferred and valid lifetimes from now on, in seconds. */
  private limits(interfaceIndex: number, { created, desync }: Temporary): readonly [number, number] {
    const { clock, configurations } = this.context
    const { temp_prefered_lft, temp_valid_lft } = configurations.of(interfaceIndex)
    const age = (clock.now() - created) / 1e6
    return [temp_prefered_lft - desync - age, temp_valid_lft - age]
  }

  /** When its successor is to be made. */
  private dueAt(address: Ipv6Address): number {
    return address.preferredUntil - this.advance(address.interface.index) * 1e6
  }

  /** RFC 8981 3.8: seconds before an address is deprecated that finding a successor may take. */
  private advance(interfaceIndex: number): number {
    const { dad_transmits, regen_max_retry } = this.context.configurations.of(interfaceIndex)
    return MIN_ADVANCE + (regen_max_retry * dad_transmits * this.retransmit(interfaceIndex)) / 1000
  }
}
