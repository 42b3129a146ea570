import type { IpAddress, MacAddress } from '@jackfield/addr'
import type { Clock, RandomSource, Timer } from '@jackfield/clock'
import { ENOBUFS, type NeighborEntry } from '@jackfield/interfaces'
import type { Packet } from '@jackfield/packet'
import { isGarbage, leastUseful } from './garbage.js'
import type { Neighbor } from './neighbor.js'
import { NeighborTable } from './neighbor-table.js'
import type { NeighborProtocol } from './protocol.js'
import { Reachability } from './reachability.js'
import { createNeighborSettings, type NeighborSettings } from './settings.js'
import {
  NUD_FAILED,
  NUD_FIXED,
  type NUD_NOARP,
  NUD_PERMANENT,
  NUD_REACHABLE,
  NUD_READY,
  NUD_STALE,
  NUD_VALID,
} from './state.js'
import { NeighborStatistics } from './statistics.js'
import { StrangerList } from './stranger-list.js'
import { WaitingPackets } from './waiting-packets.js'

/** May replace the known link address (RFC 4861 4.4; ARP: the lock time is over). */
export const UPDATE_OVERRIDE = 0x01
/** The neighbour answered our question: it is reachable. */
export const UPDATE_SOLICITED = 0x02
/** Makes an entry where there is none: somebody asked for us, or advertises what we will need. */
export const UPDATE_CREATE = 0x04
/** NDP: another link address without override casts doubt on the known one (RFC 4861 7.2.5). */
export const UPDATE_WEAK = 0x08
/** The message says whether the neighbour is a router. */
export const UPDATE_SET_ROUTER = 0x10
/** It is a router. */
export const UPDATE_ROUTER = 0x20

const SECOND = 1_000_000
/** A forced collection that freed little is not repeated sooner, so that a full table costs each packet little. */
const FORCED_GC_PAUSE = SECOND / 10
const FORCED_GC_WORTHWHILE = 64

/** What a neighbour cache is made of. */
export interface NeighborCacheOptions {
  readonly clock: Clock
  readonly random: RandomSource
  readonly protocol: NeighborProtocol
  /** Read at each use; default: Linux's defaults. */
  readonly settings?: NeighborSettings
}

/** A cache for all interfaces of a host and one protocol. */
export function createNeighborCache(options: NeighborCacheOptions): NeighborCache {
  return new NeighborCache(options)
}

/**
 * The neighbours of a host: their link addresses, whether they still answer (RFC 4861 7.3, with Linux's limits and
 * timers), and the packets that wait for them.
 */
export class NeighborCache {
  readonly settings: NeighborSettings
  readonly statistics: NeighborStatistics = new NeighborStatistics()
  /** Why the last `resolve` gave null: 0 (the packet waits) or `ENOBUFS` (the table is full; it was dropped). */
  error = 0
  private readonly clock: Clock
  private readonly table: NeighborTable
  private readonly waiting: WaitingPackets
  private readonly reachability: Reachability
  private readonly strangers = new StrangerList()
  private readonly gcTimer: Timer
  /** Entries that may be collected: all but PERMANENT and NOARP. */
  private collectable = 0
  private lastForcedGc = Number.NEGATIVE_INFINITY
  private noForcedGcBefore = Number.NEGATIVE_INFINITY

  /** @internal Use `createNeighborCache`. */
  constructor(options: NeighborCacheOptions) {
    const { clock, random, protocol, settings = createNeighborSettings() } = options
    this.clock = clock
    this.settings = settings
    this.waiting = new WaitingPackets(protocol, settings, this.statistics)
    this.reachability = new Reachability({ ...options, settings, statistics: this.statistics, waiting: this.waiting })
    this.table = new NeighborTable(random.uint32(), random.uint32())
    this.gcTimer = clock.createTimer(() => this.collect(), { background: true })
  }

  /** Entries, of all states. */
  get size(): number {
    return this.table.size
  }

  /** Bytes (`truesize`) of all packets that wait. */
  get waitingBytes(): number {
    return this.waiting.bytes
  }

  /**
   * The link address to send a packet to, which stays the caller's. Null: the cache took the packet; it waits for the
   * answer, or was dropped (see `error`).
   */
  resolve(packet: Packet, address: IpAddress, interfaceIndex: number): MacAddress | null {
    const neighbor = this.table.find(address, interfaceIndex)
    if (neighbor !== null && (neighbor.state & NUD_READY) !== 0) return neighbor.hardwareAddress
    return this.resolveUnready(neighbor, packet, address, interfaceIndex)
  }

  /**
   * What a message of the protocol says of a neighbour, with `UPDATE_*` flags.
   * @param hardwareAddress null where the message does not give one
   * @returns whether it was believed
   */
  update(address: IpAddress, interfaceIndex: number, hardwareAddress: MacAddress | null, flags: number): boolean {
    let neighbor = this.table.find(address, interfaceIndex)
    if (neighbor === null) {
      if ((flags & UPDATE_CREATE) === 0 || hardwareAddress === null) return false
      neighbor = this.admit(address, interfaceIndex, hardwareAddress)
      if (neighbor === null) return false
    }
    if ((neighbor.state & NUD_FIXED) !== 0) return false
    const now = this.clock.now()
    const valid = (neighbor.state & NUD_VALID) !== 0
    const known = neighbor.hardwareAddress
    const claimed = hardwareAddress ?? known
    if (claimed === null) return false
    const same = known?.equals(claimed) === true
    if (valid && !same && (flags & UPDATE_OVERRIDE) === 0) {
      if ((flags & UPDATE_WEAK) !== 0 && neighbor.state === NUD_REACHABLE) this.reachability.enterStale(neighbor, now)
      return false
    }
    if ((flags & UPDATE_SET_ROUTER) !== 0) neighbor.isRouter = (flags & UPDATE_ROUTER) !== 0
    neighbor.used = now
    if (this.strangers.has(neighbor)) this.strangers.touch(neighbor)
    if (!same) {
      neighbor.hardwareAddress = claimed
      neighbor.updated = now
    }
    if ((flags & UPDATE_SOLICITED) !== 0) this.reachability.enterReachable(neighbor, now)
    else if (!valid || !same) this.reachability.enterStale(neighbor, now)
    if (!valid) this.reachability.resolved(neighbor)
    return true
  }

  /** Upper layers had proof that the neighbour answers (RFC 4861 7.3.1). */
  confirm(address: IpAddress, interfaceIndex: number): void {
    const neighbor = this.table.find(address, interfaceIndex)
    if (neighbor === null || (neighbor.state & NUD_VALID) === 0 || (neighbor.state & NUD_FIXED) !== 0) return
    const now = this.clock.now()
    if (neighbor.state === NUD_REACHABLE) neighbor.confirmed = now
    else {
      this.strangers.remove(neighbor)
      this.reachability.enterReachable(neighbor, now)
    }
  }

  /** The entry of a neighbour, or null. Read it, do not keep it. */
  find(address: IpAddress, interfaceIndex: number): Neighbor | null {
    return this.table.find(address, interfaceIndex)
  }

  /** Enters a neighbour for good, or with NOARP; what waits for it goes out. Replaces what was known. */
  set(
    address: IpAddress,
    interfaceIndex: number,
    hardwareAddress: MacAddress,
    state: typeof NUD_PERMANENT | typeof NUD_NOARP = NUD_PERMANENT,
  ): void {
    const neighbor = this.table.find(address, interfaceIndex) ?? this.insert(address, interfaceIndex)
    this.strangers.remove(neighbor)
    this.reachability.stop(neighbor)
    if ((neighbor.state & NUD_FIXED) === 0) this.collectable--
    neighbor.state = state
    neighbor.hardwareAddress = hardwareAddress
    neighbor.updated = this.clock.now()
    this.reachability.resolved(neighbor)
  }

  /** Removes an entry of any state; what waits for it is dropped. False where there is none. */
  delete(address: IpAddress, interfaceIndex: number): boolean {
    const neighbor = this.table.find(address, interfaceIndex)
    if (neighbor === null) return false
    this.destroy(neighbor)
    return true
  }

  /** Forgets an interface's neighbours: what was learned, and what people entered too unless `keepFixed`. */
  flush(interfaceIndex: number, keepFixed = false): void {
    for (const neighbor of this.table.all()) {
      if (neighbor.interfaceIndex !== interfaceIndex) continue
      if (!keepFixed || (neighbor.state & NUD_FIXED) === 0) this.destroy(neighbor)
    }
  }

  /** Forgets everything, drops what waits and stops all timers. */
  close(): void {
    for (const neighbor of this.table.all()) this.destroy(neighbor)
    this.gcTimer.cancel()
  }

  /** All entries, for people. */
  entries(): NeighborEntry[] {
    return this.table.all().map((neighbor) => neighbor.toEntry())
  }

  private resolveUnready(
    found: Neighbor | null,
    packet: Packet,
    address: IpAddress,
    interfaceIndex: number,
  ): MacAddress | null {
    this.error = 0
    let neighbor = found
    if (neighbor === null) {
      if (!this.makeRoom()) {
        this.statistics.tableFulls++
        this.error = ENOBUFS
        packet.release()
        return null
      }
      neighbor = this.insert(address, interfaceIndex)
    }
    if (neighbor.state === NUD_STALE) {
      this.strangers.remove(neighbor)
      this.reachability.enterDelay(neighbor, this.clock.now())
      return neighbor.hardwareAddress
    }
    this.waiting.add(neighbor, packet)
    if (neighbor.state === NUD_FAILED) this.reachability.resolve(neighbor)
    return null
  }

  /** A new entry, in FAILED as long as nobody asks for it (Linux's NONE). */
  private insert(address: IpAddress, interfaceIndex: number): Neighbor {
    const neighbor = this.table.add(address, interfaceIndex)
    neighbor.state = NUD_FAILED
    this.statistics.allocs++
    this.collectable++
    if (this.collectable >= this.settings.gc_thresh1 && !this.gcTimer.armed) this.armGc()
    return neighbor
  }

  private destroy(neighbor: Neighbor): void {
    this.table.delete(neighbor)
    this.strangers.remove(neighbor)
    this.reachability.stop(neighbor)
    if ((neighbor.state & NUD_FIXED) === 0) this.collectable--
    this.statistics.destroys++
    this.waiting.drop(neighbor)
  }

  /** An entry that a stranger causes, in the room of the oldest such entry where they have had theirs. */
  private admit(address: IpAddress, interfaceIndex: number, source: MacAddress): Neighbor | null {
    const full = this.collectable >= this.settings.gc_thresh3
    const most = full ? 0 : this.settings.gc_thresh1
    const victim = this.strangers.victim(source, interfaceIndex, most)
    if (victim !== null) {
      this.statistics.strangersEvicted++
      this.destroy(victim)
    } else if (full) {
      this.statistics.tableFulls++
      return null
    }
    const neighbor = this.insert(address, interfaceIndex)
    this.strangers.touch(neighbor)
    return neighbor
  }

  /** Whether an entry that we need may be made, after a forced collection where it is time for one. */
  private makeRoom(): boolean {
    const { gc_thresh2, gc_thresh3 } = this.settings
    if (this.collectable < gc_thresh2 && this.collectable < gc_thresh3) return true
    const now = this.clock.now()
    const full = this.collectable >= gc_thresh3
    if (now >= this.noForcedGcBefore && (full || now - this.lastForcedGc > 5 * SECOND)) {
      this.lastForcedGc = now
      this.statistics.forcedGcRuns++
      const most = Math.max(this.collectable - gc_thresh2, 1)
      const victims = leastUseful(this.table.all(), (neighbor) => this.strangers.has(neighbor), now, most)
      for (const neighbor of victims) this.destroy(neighbor)
      if (victims.length < FORCED_GC_WORTHWHILE) this.noForcedGcBefore = now + FORCED_GC_PAUSE
    }
    return this.collectable < gc_thresh3
  }

  private collect(): void {
    if (this.collectable < this.settings.gc_thresh1) return
    this.statistics.periodicGcRuns++
    const now = this.clock.now()
    for (const neighbor of this.table.all()) {
      if (isGarbage(neighbor, now, this.settings.gc_stale_time * SECOND)) this.destroy(neighbor)
    }
    this.armGc()
  }

  private armGc(): void {
    this.gcTimer.setAfter(this.settings.gc_interval * SECOND)
  }
}
