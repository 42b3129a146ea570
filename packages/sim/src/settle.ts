import type { VirtualClock } from '@jackfield/clock'

/**
 * Turns given to awaiting code at each instant, before time goes on. Code that awaits its way through more than these
 * between two waits for the network goes on later, in virtual time, than it could; the same in every run.
 */
const TURNS = 64

/** Turns given when nothing is left to do, before the promise is taken to be stuck. */
const LAST_TURNS = 4096

/** Runs the clock until a promise is settled. */
export async function settle<T>(clock: VirtualClock, seed: number | string, promise: Promise<T>): Promise<T> {
  let settled = false
  const watched = promise.finally(() => {
    settled = true
  })
  // Its rejection is the caller's, who gets `watched`.
  watched.catch(() => {})
  for (;;) {
    await turns(TURNS, () => settled)
    if (settled) return watched
    if (!clock.idle) {
      clock.step()
      continue
    }
    await turns(LAST_TURNS, () => settled || !clock.idle)
    if (settled) return watched
    if (clock.idle) {
      throw new Error(`the network is idle at ${clock.now()} µs and the promise is not settled (seed ${String(seed)})`)
    }
  }
}

async function turns(count: number, done: () => boolean): Promise<void> {
  for (let i = 0; i < count && !done(); i++) await null
}
