import type { Clock } from './clock.js'
import type { WheelTimer } from './timer-wheel.js'
import { WheelClock } from './wheel-clock.js'

// The little that every host (browsers, Node, Deno, Bun, workers) has in common.
declare const performance: { now(): number }
declare function setTimeout(callback: () => void, milliseconds: number): unknown
declare function clearTimeout(handle: unknown): void
declare function queueMicrotask(callback: () => void): void

/** Where a host's timer can be told whether it keeps the program alive (Node, Bun). */
interface Referable {
  ref?(): unknown
  unref?(): unknown
}

/** The longest time a host's timer can wait, in ms; longer ones are waited for in parts. */
const MAX_HOST_DELAY = 2 ** 31 - 1
/** Timers looked at to find the exact time of the next expiry. */
const SCAN_LIMIT = 64

class SystemClock extends WheelClock {
  private readonly epoch: number
  private hostTimer: unknown = null
  /** The tick for which the host's timer is set. */
  private hostTick = Infinity
  private inTurn = false
  private draining = false
  private readonly onHostTimer = (): void => this.expire()
  private readonly onMicrotask = (): void => this.drain()

  constructor() {
    super(performance.now() * 1000)
    this.epoch = Date.now() * 1000 - performance.now() * 1000
  }

  now(): number {
    return performance.now() * 1000
  }

  wallTime(): number {
    return this.epoch + performance.now() * 1000
  }

  deferredOutside(): void {
    if (this.draining) return
    this.draining = true
    queueMicrotask(this.onMicrotask)
  }

  protected rearmed(timer: WheelTimer): void {
    // A host timer that is early finds nothing due and is set again: cheaper than moving it at every change.
    if (!this.inTurn && timer.tick < this.hostTick) this.setHostTimer(timer.tick)
  }

  protected foregroundChanged(): void {
    if (this.hostTimer !== null) this.reference(this.hostTimer)
  }

  private drain(): void {
    this.draining = false
    if (this.loop.active || !this.loop.pending) return
    this.loop.enter()
    this.loop.leave()
  }

  private expire(): void {
    this.hostTimer = null
    this.hostTick = Infinity
    this.inTurn = true
    try {
      this.turn(Math.floor(this.now()))
    } finally {
      this.inTurn = false
      const next = this.wheel.nextTick(SCAN_LIMIT)
      if (next !== Infinity) this.setHostTimer(next)
    }
  }

  private setHostTimer(tick: number): void {
    if (this.hostTimer !== null) clearTimeout(this.hostTimer)
    const delay = Math.ceil((tick - this.now()) / 1000)
    this.hostTick = tick
    this.hostTimer = setTimeout(this.onHostTimer, Math.max(0, Math.min(delay, MAX_HOST_DELAY)))
    if (this.foreground === 0) this.reference(this.hostTimer)
  }

  private reference(handle: unknown): void {
    // Browsers give a number: their pages do not end.
    if (typeof handle !== 'object' || handle === null) return
    const timer = handle as Referable
    if (this.foreground === 0) timer.unref?.()
    else timer.ref?.()
  }
}

/**
 * The clock of the host: microseconds of `performance.now()`, timers on one `setTimeout`. Timers run late by what the
 * host makes them wait, about a millisecond, never early. `wallTime` follows `Date.now()` as it was when the clock was
 * made. Timers created as `background` do not keep a Node program alive.
 */
export function createSystemClock(): Clock {
  return new SystemClock()
}
