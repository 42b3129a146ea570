import { hashAddress, type IpAddress } from '@jackfield/addr'
import type { Clock } from '@jackfield/clock'
import type { CounterGroup } from '@jackfield/interfaces'
import type { ErrorCredit } from './error-credit.js'
import { TypeMask } from './type-mask.js'

/** What the limit is made with. */
export interface ErrorRateLimitOptions {
  readonly clock: Clock
  readonly secret0: number
  readonly secret1: number
  /** What the whole host may send. */
  readonly credit: ErrorCredit
  /** The ICMP types that are limited, as `TypeMask.list` has them. */
  readonly types: string
  /** Gets the counters of messages that the limits held back, and has them incremented. */
  readonly counters: CounterGroup
  /** What these are called. Default `IcmpOutRateLimitGlobal` and `IcmpOutRateLimitHost`. */
  readonly names?: { readonly global: string; readonly host: string }
}

/** Destinations told apart at a time (a power of two); two that collide take turns, under the limit for the whole host. */
const SLOTS = 1024

/** A destination that was quiet may get this many messages at once (Linux's `XRLIM_BURST_FACTOR`). */
const BURST = 6

/**
 * How many ICMP messages leave: a token bucket for each destination and one for the whole host, as Linux has them
 * (RFC 1812 4.3.2.8, RFC 4443 2.4 f). Fixed memory.
 */
export class ErrorRateLimit {
  /** Milliseconds for each message to one destination (`net.ipv4.icmp_ratelimit`, `net.ipv6.icmp.ratelimit`); 0: no limit. Default 1000. */
  ratelimit = 1000
  /** The types that are limited (`net.ipv4.icmp_ratemask`, `net.ipv6.icmp.ratemask`). */
  readonly types: TypeMask = new TypeMask()
  private readonly clock: Clock
  private readonly credit: ErrorCredit
  private readonly secret0: number
  private readonly secret1: number
  private readonly counters: CounterGroup
  private readonly names: { readonly global: string; readonly host: string }
  private readonly tags = new Int32Array(SLOTS)
  /** Tokens are milliseconds, as in Linux. */
  private readonly tokens = new Float64Array(SLOTS)
  private readonly stamps = new Float64Array(SLOTS).fill(-1)

  constructor(options: ErrorRateLimitOptions) {
    this.clock = options.clock
    this.credit = options.credit
    this.secret0 = options.secret0
    this.secret1 = options.secret1
    this.types.list = options.types
    this.counters = options.counters
    this.names = options.names ?? { global: 'IcmpOutRateLimitGlobal', host: 'IcmpOutRateLimitHost' }
    this.counters[this.names.global] ??= 0
    this.counters[this.names.host] ??= 0
  }

  /**
   * Whether a message of this type may go to this destination now; spends from both rates.
   * Not to be asked for what goes to this host itself, nor for "fragmentation needed", which path-MTU discovery
   * depends on: Linux limits neither.
   */
  permit(destination: IpAddress, type: number): boolean {
    if (!this.types.has(type)) return true
    if (!this.credit.available()) {
      this.count(this.names.global)
      return false
    }
    if (!this.spend(destination)) {
      this.count(this.names.host)
      return false
    }
    this.credit.spend()
    return true
  }

  private count(name: string): void {
    this.counters[name] = (this.counters[name] as number) + 1
  }

  private spend(destination: IpAddress): boolean {
    const cost = this.ratelimit
    if (cost === 0) return true
    const tag = hashAddress(this.secret0, this.secret1, destination)
    const slot = tag & (SLOTS - 1)
    const now = this.clock.now()
    const full = cost * BURST
    let tokens = full
    const stamp = this.stamps[slot] as number
    if (stamp >= 0 && this.tags[slot] === tag) {
      tokens = Math.min(full, (this.tokens[slot] as number) + (now - stamp) / 1000)
    }
    const allowed = tokens >= cost
    this.tags[slot] = tag
    this.stamps[slot] = now
    this.tokens[slot] = allowed ? tokens - cost : tokens
    return allowed
  }
}
