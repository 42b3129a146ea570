import type { Clock, Timer, TimerOptions } from './clock.js'
import { TaskLoop } from './run-loop.js'
import { TimerWheel, WheelTimer } from './timer-wheel.js'

/** What both clocks share: a wheel, a loop, and the count of timers that somebody waits for. */
export abstract class WheelClock implements Clock {
  readonly loop: TaskLoop
  protected readonly wheel: TimerWheel
  /** Armed timers that are not background. */
  protected foreground = 0
  /** Brings the loop back when a drain used its budget up. */
  private readonly resume: Timer

  constructor(start: number) {
    this.wheel = new TimerWheel(Math.floor(start))
    this.loop = new TaskLoop(this)
    this.resume = this.createTimer(() => {})
  }

  abstract now(): number
  abstract wallTime(): number
  /** @internal */
  abstract deferredOutside(): void
  /** The earliest expiry or the number of foreground timers may have changed. */
  protected abstract rearmed(timer: WheelTimer): void
  protected abstract foregroundChanged(): void

  createTimer(expired: () => void, options: TimerOptions = {}): Timer {
    return new WheelTimer(this.wheel, this, expired, options.background === true)
  }

  /** @internal */
  armed(timer: WheelTimer, wasArmed: boolean): void {
    if (!wasArmed && !timer.background && this.foreground++ === 0) this.foregroundChanged()
    this.rearmed(timer)
  }

  /** @internal */
  cancelled(timer: WheelTimer): void {
    if (!timer.background && --this.foreground === 0) this.foregroundChanged()
  }

  /** @internal */
  budgetSpent(): void {
    this.resume.set(this.now())
  }

  /**
   * One turn: runs every timer up to and at `time`, then what they deferred. A timer that is armed meanwhile for the
   * past waits for the next turn. Returns how many timers ran.
   * @throws what a timer or task threw, after all have run
   */
  protected turn(time: number): number {
    const { wheel, loop } = this
    let count = 0
    loop.enter()
    wheel.collect(time)
    for (;;) {
      const timer = wheel.takeDue()
      if (timer === null) break
      count++
      if (!timer.background && --this.foreground === 0) this.foregroundChanged()
      try {
        timer.expired()
      } catch (error) {
        loop.failed(error)
      }
    }
    loop.leave()
    return count
  }
}
