import type { Clock } from './clock.js'
import { WheelClock } from './wheel-clock.js'

/** Events at one instant after which a run is taken to be stuck. */
const SAME_INSTANT_LIMIT = 1_000_000
const DEFAULT_LIMIT = 10_000_000

/** How a virtual clock begins. */
export interface VirtualClockOptions {
  /** What `now()` says at first, in microseconds from 0. Default 0. */
  start?: number
  /** What `wallTime()` says when `now()` is 0, in microseconds since the Unix epoch. Default 2024-01-01 00:00 UTC. */
  epoch?: number
}

/** How far `runUntilIdle` goes. */
export interface RunOptions {
  /** Events (timers and deferred tasks) after which it gives up, 1 and up. Default 10 million. */
  limit?: number
}

/**
 * A clock that moves only when told to, and jumps over the time in which nothing happens. While a timer runs, `now()` is
 * exactly its deadline, rounded up to a whole microsecond.
 *
 * All of these throw what a timer or task threw, after the others of that instant have run; an `Error` when called from
 * inside a timer or task; and an `Error` that names a livelock when a million events pass at one instant.
 */
export interface VirtualClock extends Clock {
  /** Moves on by so many microseconds, 0 and up, and runs what becomes due. */
  advance(microseconds: number): void
  /** Moves on to a time, not before `now()`, and runs what becomes due. */
  advanceTo(time: number): void
  /**
   * Runs until no task waits and no timer is armed but background ones; those that become due on the way run too.
   * @returns the number of events (timers and deferred tasks) that ran
   * @throws Error when more than `limit` events ran
   */
  runUntilIdle(options?: RunOptions): number
  /**
   * Jumps to the next expiry (background or not) and runs what is due then; deferred tasks that wait run first, as a step
   * of their own. Answers false if there was nothing to do.
   */
  step(): boolean
  /** Whether nothing is left to do but background timers. */
  readonly idle: boolean
  /** The time of the next expiry, Infinity if no timer is armed. Takes as long as many timers are near it. */
  nextDeadline(): number
}

class WheelVirtualClock extends WheelClock implements VirtualClock {
  private time: number
  private readonly epoch: number
  /** Events that ran at the present instant. */
  private instantEvents = 0

  constructor(start: number, epoch: number) {
    super(start)
    this.time = start
    this.epoch = epoch
  }

  now(): number {
    return this.time
  }

  wallTime(): number {
    return this.epoch + this.time
  }

  get idle(): boolean {
    return this.foreground === 0 && !this.loop.pending
  }

  // The next `enter` and `leave`, or the next time the clock is told to move, runs what waits.
  deferredOutside(): void {}

  protected rearmed(): void {}

  protected foregroundChanged(): void {}

  advance(microseconds: number): void {
    if (!(microseconds >= 0)) {
      throw new RangeError(`a clock advances by 0 or more microseconds, not ${microseconds}`)
    }
    this.advanceTo(this.time + microseconds)
  }

  advanceTo(time: number): void {
    this.refuseInside()
    if (!(time >= this.time) || time > Number.MAX_SAFE_INTEGER) {
      throw new RangeError(`a clock at ${this.time} can advance to a time from there to 2^53 - 1, not ${time}`)
    }
    const last = Math.floor(time)
    for (;;) {
      const next = this.loop.pending ? this.time : this.wheel.approach(last)
      if (next === Infinity) break
      this.runAt(next)
    }
    if (time > this.time) this.moveTo(time)
    this.wheel.collect(last)
  }

  runUntilIdle(options: RunOptions = {}): number {
    const limit = options.limit ?? DEFAULT_LIMIT
    if (!(limit >= 1)) throw new RangeError(`the limit of events must be 1 or more, not ${limit}`)
    this.refuseInside()
    let events = this.loop.pending ? this.runAt(this.time) : 0
    while (this.foreground > 0 || this.loop.pending) {
      if (events > limit) {
        throw new Error(`livelock: not idle after ${events} events (the limit is ${limit}), at ${this.time} µs`)
      }
      events += this.loop.pending ? this.runAt(this.time) : this.runAt(this.wheel.approach(Infinity))
    }
    return events
  }

  step(): boolean {
    this.refuseInside()
    if (this.loop.pending) {
      this.runAt(this.time)
      return true
    }
    const next = this.wheel.approach(Infinity)
    if (next === Infinity) return false
    this.runAt(next)
    return true
  }

  nextDeadline(): number {
    return Math.max(this.time, this.wheel.nextTick(Infinity))
  }

  /** One turn at a time not before the present one; returns the number of events. */
  private runAt(time: number): number {
    if (time > this.time) this.moveTo(time)
    const tasks = this.loop.tasksRun
    let events = 0
    try {
      events = this.turn(Math.floor(this.time))
    } finally {
      events += this.loop.tasksRun - tasks
      this.instantEvents += events
    }
    if (this.instantEvents > SAME_INSTANT_LIMIT) {
      const count = this.instantEvents
      this.instantEvents = 0
      throw new Error(`livelock: ${count} events at ${this.time} µs and time does not move on`)
    }
    return events
  }

  private moveTo(time: number): void {
    this.time = time
    this.instantEvents = 0
  }

  private refuseInside(): void {
    if (this.loop.active) throw new Error('a virtual clock cannot be moved from inside a timer or task of its own')
  }
}

/** 2024-01-01T00:00:00Z in microseconds. */
const DEFAULT_EPOCH = 1_704_067_200_000_000

/** A clock for tests and simulations. */
export function createVirtualClock(options: VirtualClockOptions = {}): VirtualClock {
  const start = options.start ?? 0
  const epoch = options.epoch ?? DEFAULT_EPOCH
  if (!(start >= 0 && start <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`a clock starts at 0 to 2^53 - 1 microseconds, not ${start}`)
  }
  if (!Number.isFinite(epoch)) throw new RangeError(`the epoch must be a number of microseconds, not ${epoch}`)
  return new WheelVirtualClock(start, epoch)
}
