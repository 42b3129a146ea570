import { hashAddress, type IpAddress } from '@jackfield/addr'
import type { Clock } from '@jackfield/clock'

/** What a destination cache is made with. */
export interface DestinationCacheOptions {
  readonly clock: Clock
  readonly secret0: number
  readonly secret1: number
  /** Lowest MTU that the host goes to, in bytes: 552 (IPv4, `net.ipv4.route.min_pmtu`) or 1280 (IPv6). */
  readonly minPmtu: number
  /** Microseconds after which a learnt MTU is forgotten. Default 600 s (`net.ipv4.route.mtu_expires`). */
  readonly mtuExpires?: number
  /** Microseconds after which a redirect is forgotten. Default 300 s (`net.ipv4.route.gc_timeout`). */
  readonly redirectExpires?: number
  /** Destinations kept, 1 to 65536; the one that was longest not used makes room. Default 2048. */
  readonly maxEntries?: number
}

/** @internal What was learnt of one destination. */
export class Destination {
  readonly address: IpAddress
  readonly hash: number
  /** 0: not known. */
  mtu = 0
  locked = false
  mtuDeadline = 0
  gateway: IpAddress | null = null
  gatewayInterface = 0
  gatewayDeadline = 0
  chain: Destination | null = null
  older: Destination | null = null
  newer: Destination | null = null

  constructor(address: IpAddress, hash: number) {
    this.address = address
    this.hash = hash
  }
}

/**
 * What ICMP taught about destinations: path MTUs (RFC 1191, RFC 8201) and better first hops (RFC 1122 3.2.2.2).
 * The Destination Cache of RFC 4861 5.1, Linux's next-hop exceptions. Bounded, and every entry expires.
 */
export class DestinationCache {
  /** As in the options; may be changed at any time and holds for what is learnt from then on. */
  minPmtu: number
  mtuExpires: number
  redirectExpires: number
  /** @internal Counts changes, so that routes know when to look again. */
  generation = 0
  private readonly clock: Clock
  private readonly secret0: number
  private readonly secret1: number
  private readonly maxEntries: number
  private readonly buckets: (Destination | null)[]
  private oldest: Destination | null = null
  private newest: Destination | null = null
  private count = 0

  constructor(options: DestinationCacheOptions) {
    const maxEntries = options.maxEntries ?? 2048
    if (!Number.isInteger(maxEntries) || maxEntries < 1 || maxEntries > 65_536) {
      throw new RangeError(`maxEntries must be an integer from 1 to 65536, not ${maxEntries}`)
    }
    this.clock = options.clock
    this.secret0 = options.secret0
    this.secret1 = options.secret1
    this.minPmtu = options.minPmtu
    this.mtuExpires = options.mtuExpires ?? 600e6
    this.redirectExpires = options.redirectExpires ?? 300e6
    this.maxEntries = maxEntries
    this.buckets = new Array<Destination | null>(1 << (32 - Math.clz32(maxEntries - 1))).fill(null)
  }

  /** Destinations of which something is kept. */
  get size(): number {
    return this.count
  }

  /**
   * Takes an MTU that ICMP told. It only ever lowers what is in use; below the floor it becomes the floor, and "locked":
   * then fragmentation is left to the routers (RFC 1191 3, Linux's lock on `RTAX_MTU`).
   * @param current the MTU of the path as it is in use, in bytes
   * @returns whether the path's MTU changed
   */
  updateMtu(destination: IpAddress, mtu: number, current: number): boolean {
    let wanted = mtu
    let locked = false
    if (wanted < this.minPmtu) {
      wanted = Math.min(current, this.minPmtu)
      locked = true
    }
    if (wanted > current) return false
    const known = this.find(destination)
    if (wanted === current && !locked && known?.mtu !== wanted) return false
    const entry = known ?? this.create(destination)
    const changed = entry.mtu !== wanted || entry.locked !== locked
    entry.mtu = wanted
    entry.locked = locked
    entry.mtuDeadline = this.clock.now() + this.mtuExpires
    if (changed) this.generation++
    return changed
  }

  /** Takes a redirect that was checked already. */
  setGateway(destination: IpAddress, gateway: IpAddress, interfaceIndex: number): void {
    const entry = this.find(destination) ?? this.create(destination)
    entry.gateway = gateway.copy()
    entry.gatewayInterface = interfaceIndex
    entry.gatewayDeadline = this.clock.now() + this.redirectExpires
    this.generation++
  }

  /** The gateway learnt for a destination does not answer (RFC 1122 3.3.1.4, RFC 4861 7.3.3): the routes decide again. */
  forgetGateway(destination: IpAddress): void {
    const entry = this.find(destination)
    if (entry === null || entry.gateway === null) return
    entry.gateway = null
    this.generation++
  }

  /** The MTU learnt for a destination, in bytes; 0 where there is none. */
  mtu(destination: IpAddress): number {
    const entry = this.find(destination)
    return entry === null ? 0 : this.liveMtu(entry)
  }

  /** The gateway learnt for a destination; null where there is none. */
  gateway(destination: IpAddress): IpAddress | null {
    const entry = this.find(destination)
    return entry === null ? null : this.liveGateway(entry)
  }

  /** Forgets everything. */
  flush(): void {
    this.buckets.fill(null)
    this.oldest = null
    this.newest = null
    this.count = 0
    this.generation++
  }

  /** @internal The MTU of an entry if it has not expired, else 0. */
  liveMtu(entry: Destination): number {
    return entry.mtu !== 0 && entry.mtuDeadline > this.clock.now() ? entry.mtu : 0
  }

  /** @internal The gateway of an entry if it has not expired. */
  liveGateway(entry: Destination): IpAddress | null {
    return entry.gateway !== null && entry.gatewayDeadline > this.clock.now() ? entry.gateway : null
  }

  /** @internal What is known of a destination; marks it as used. */
  find(address: IpAddress): Destination | null {
    if (this.count === 0) return null
    const hash = hashAddress(this.secret0, this.secret1, address)
    let entry = this.buckets[hash & (this.buckets.length - 1)] as Destination | null
    while (entry !== null && !(entry.hash === hash && entry.address.equals(address))) entry = entry.chain
    if (entry === null) return null
    if (this.liveMtu(entry) === 0 && this.liveGateway(entry) === null) {
      this.drop(entry)
      return null
    }
    if (entry !== this.newest) {
      this.unlink(entry)
      this.link(entry)
    }
    return entry
  }

  private create(address: IpAddress): Destination {
    if (this.count >= this.maxEntries && this.oldest !== null) this.drop(this.oldest)
    const entry = new Destination(address.copy(), hashAddress(this.secret0, this.secret1, address))
    const bucket = entry.hash & (this.buckets.length - 1)
    entry.chain = this.buckets[bucket] as Destination | null
    this.buckets[bucket] = entry
    this.link(entry)
    this.count++
    return entry
  }

  private drop(entry: Destination): void {
    const bucket = entry.hash & (this.buckets.length - 1)
    let at = this.buckets[bucket] as Destination | null
    if (at === entry) this.buckets[bucket] = entry.chain
    else {
      while (at !== null && at.chain !== entry) at = at.chain
      if (at !== null) at.chain = entry.chain
    }
    this.unlink(entry)
    this.count--
    this.generation++
  }

  private link(entry: Destination): void {
    entry.older = this.newest
    entry.newer = null
    if (this.newest === null) this.oldest = entry
    else this.newest.newer = entry
    this.newest = entry
  }

  private unlink(entry: Destination): void {
    if (entry.older === null) this.oldest = entry.newer
    else entry.older.newer = entry.newer
    if (entry.newer === null) this.newest = entry.older
    else entry.newer.older = entry.older
  }
}
