import type { VirtualClock } from '@jackfield/clock'
import type { PassingRun, SubjectTime } from './subject.js'

/** Turns given to calls that wait, at each instant: more than the longest way from a readiness to a return. */
const TURNS = 24

/** Lets calls that wait on, at the present instant. */
export async function turns(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await null
}

/** Moves a clock in steps, so that what waits goes on at the instant at which it can. */
export class VirtualTime implements SubjectTime {
  /** It costs nothing. */
  readonly patience = 30e6
  private readonly clock: VirtualClock

  constructor(clock: VirtualClock) {
    this.clock = clock
  }

  now(): number {
    return this.clock.now()
  }

  wallTime(): number {
    return this.clock.wallTime()
  }

  lateness(): number {
    return 0
  }

  /** A call that could go on at once does so in turns of its own, even if none waited before. */
  settle(): Promise<void> {
    return turns()
  }

  async passTo(time: number, run: PassingRun): Promise<void> {
    while (run.isWaiting() && this.clock.nextDeadline() <= time) await this.step(run)
    if (time > this.clock.now()) this.clock.advanceTo(time)
    if (run.isWaiting()) await turns()
    run.afterStep()
  }

  async passUntil(holds: () => boolean, time: number, run: PassingRun): Promise<boolean> {
    while (!holds()) {
      if (this.clock.nextDeadline() > time) return false
      await this.step(run)
    }
    return true
  }

  sleep(duration: number): void {
    this.clock.advance(duration)
  }

  private async step(run: PassingRun): Promise<void> {
    this.clock.step()
    if (run.isWaiting()) await turns()
    run.afterStep()
  }
}
