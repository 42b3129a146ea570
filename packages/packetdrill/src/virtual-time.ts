import type { VirtualClock } from '@jackfield/clock'

/** Turns given to calls that wait, at each instant: more than the longest way from a readiness to a return. */
const TURNS = 24

/** Lets calls that wait on, at the present instant. */
export async function turns(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await null
}

/** Moves a clock in steps, so that what waits goes on at the instant at which it can. */
export class VirtualTime {
  private readonly clock: VirtualClock
  private readonly isWaiting: () => boolean

  /** @param isWaiting whether calls wait: only then are they given their turns */
  constructor(clock: VirtualClock, isWaiting: () => boolean) {
    this.clock = clock
    this.isWaiting = isWaiting
  }

  /** Moves on to a time; `afterStep` is called when what waits has had its turns. */
  async advanceTo(time: number, afterStep: () => void): Promise<void> {
    while (this.isWaiting() && this.clock.nextDeadline() <= time) await this.step(afterStep)
    if (time > this.clock.now()) this.clock.advanceTo(time)
    if (this.isWaiting()) await turns()
    afterStep()
  }

  /** Moves on until something holds, to a time at most; whether it holds. */
  async advanceUntil(holds: () => boolean, time: number, afterStep: () => void): Promise<boolean> {
    while (!holds()) {
      if (this.clock.nextDeadline() > time) return false
      await this.step(afterStep)
    }
    return true
  }

  private async step(afterStep: () => void): Promise<void> {
    this.clock.step()
    if (this.isWaiting()) await turns()
    afterStep()
  }
}
