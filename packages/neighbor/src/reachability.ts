import type { Clock, RandomSource, Timer } from '@jackfield/clock'
import type { Neighbor } from './neighbor.js'
import type { NeighborProtocol } from './protocol.js'
import type { NeighborSettings } from './settings.js'
import { NUD_DELAY, NUD_FAILED, NUD_INCOMPLETE, NUD_PROBE, NUD_REACHABLE, NUD_STALE } from './state.js'
import type { NeighborStatistics } from './statistics.js'
import type { WaitingPackets } from './waiting-packets.js'

const SECOND = 1_000_000
/** How long one random reachable time is kept (Linux: 300 s; RFC 4861 6.3.4: at least every few hours). */
const REDRAW_INTERVAL = 300 * SECOND

/** What the state machine works with. */
export interface ReachabilityParts {
  readonly clock: Clock
  readonly random: RandomSource
  readonly protocol: NeighborProtocol
  readonly settings: NeighborSettings
  readonly statistics: NeighborStatistics
  readonly waiting: WaitingPackets
}

/** The states of a neighbour and the questions asked in them (RFC 4861 7.3.3 and appendix C). */
export class Reachability {
  private readonly clock: Clock
  private readonly random: RandomSource
  private readonly protocol: NeighborProtocol
  private readonly settings: NeighborSettings
  private readonly statistics: NeighborStatistics
  private readonly waiting: WaitingPackets
  private reachableTime = 0
  private reachableBase = 0
  private redrawAt = Number.NEGATIVE_INFINITY

  constructor(parts: ReachabilityParts) {
    this.clock = parts.clock
    this.random = parts.random
    this.protocol = parts.protocol
    this.settings = parts.settings
    this.statistics = parts.statistics
    this.waiting = parts.waiting
  }

  /** Begins to ask for a neighbour that packets wait for. */
  resolve(neighbor: Neighbor): void {
    neighbor.state = NUD_INCOMPLETE
    neighbor.probes = 0
    neighbor.updated = this.clock.now()
    this.askAgain(neighbor)
  }

  /** The link address is known: what waited goes out. */
  resolved(neighbor: Neighbor): void {
    neighbor.waitTimer?.cancel()
    if (neighbor.queueHead === null) return
    if (neighbor.state === NUD_STALE) this.enterDelay(neighbor, this.clock.now())
    this.waiting.send(neighbor)
  }

  /** Nothing more is done about it. */
  stop(neighbor: Neighbor): void {
    neighbor.waitTimer?.cancel()
    neighbor.ageTimer?.cancel()
  }

  private askAgain(neighbor: Neighbor): void {
    if (neighbor.probes >= this.settings.mcast_solicit) {
      this.fail(neighbor)
      return
    }
    neighbor.waitTimer ??= this.clock.createTimer(() => this.askAgain(neighbor))
    this.solicit(neighbor, false, neighbor.waitTimer)
  }

  private probe(neighbor: Neighbor): void {
    const { ucast_solicit, mcast_resolicit } = this.settings
    if (neighbor.probes >= ucast_solicit + mcast_resolicit) this.fail(neighbor)
    else this.solicit(neighbor, neighbor.probes < ucast_solicit, this.ageTimer(neighbor))
  }

  /** Asks, but never twice within the retransmission time (RFC 1122 2.3.2.1: at most one a second). */
  private solicit(neighbor: Neighbor, unicast: boolean, timer: Timer): void {
    const now = this.clock.now()
    const interval = this.settings.retrans_time_ms * 1000
    const due = neighbor.solicited + interval
    if (now < due) {
      timer.set(due)
      return
    }
    neighbor.probes++
    neighbor.solicited = now
    timer.set(now + interval)
    this.protocol.solicit(neighbor, unicast, neighbor.queueHead)
  }

  private fail(neighbor: Neighbor): void {
    neighbor.state = NUD_FAILED
    neighbor.hardwareAddress = null
    neighbor.updated = this.clock.now()
    this.stop(neighbor)
    this.statistics.resFailed++
    this.waiting.giveBack(neighbor)
  }

  private ageTimer(neighbor: Neighbor): Timer {
    neighbor.ageTimer ??= this.clock.createTimer(() => this.age(neighbor), { background: true })
    return neighbor.ageTimer
  }

  private age(neighbor: Neighbor): void {
    const now = this.clock.now()
    if (neighbor.state === NUD_REACHABLE) {
      const due = neighbor.confirmed + this.reachable(now)
      if (now < due) this.ageTimer(neighbor).set(due)
      else this.enterStale(neighbor, now)
    } else if (neighbor.state === NUD_DELAY) {
      neighbor.state = NUD_PROBE
      neighbor.probes = 0
      neighbor.updated = now
      this.probe(neighbor)
    } else if (neighbor.state === NUD_PROBE) this.probe(neighbor)
  }

  /** It answered, or upper layers saw that it does. */
  enterReachable(neighbor: Neighbor, now: number): void {
    if (neighbor.state !== NUD_REACHABLE) neighbor.updated = now
    neighbor.state = NUD_REACHABLE
    neighbor.confirmed = now
    this.ageTimer(neighbor).set(now + this.reachable(now))
  }

  /** Nobody knows whether it still answers. */
  enterStale(neighbor: Neighbor, now: number): void {
    neighbor.state = NUD_STALE
    neighbor.updated = now
    neighbor.used = now
    neighbor.ageTimer?.cancel()
  }

  /** It is in use again: asked for if nobody confirms it soon. */
  enterDelay(neighbor: Neighbor, now: number): void {
    neighbor.state = NUD_DELAY
    neighbor.updated = now
    this.ageTimer(neighbor).set(now + this.settings.delay_first_probe_time * SECOND)
  }

  /** RFC 4861 6.3.2: the base times 0.5 to 1.5, so that hosts do not fall in step. In microseconds. */
  private reachable(now: number): number {
    const base = this.settings.base_reachable_time_ms * 1000
    if (base !== this.reachableBase || now >= this.redrawAt) {
      this.reachableBase = base
      this.redrawAt = now + REDRAW_INTERVAL
      this.reachableTime = base * (0.5 + this.random.fraction())
    }
    return this.reachableTime
  }
}
