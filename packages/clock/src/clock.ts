/** A timer of a `Clock`. One object, armed as often as wanted. */
export interface Timer {
  /** Whether it waits to expire. */
  readonly armed: boolean
  /** The time at which it expires (last armed for), in microseconds of its clock. */
  readonly deadline: number
  /** Arms or re-arms it for a time of the clock, in microseconds; one in the past expires at the next turn. */
  set(deadline: number): void
  /** Arms or re-arms it for `delay` microseconds from now. */
  setAfter(delay: number): void
  /** Disarms it; the callback will not run. */
  cancel(): void
}

/** How a timer is treated. */
export interface TimerOptions {
  /**
   * Housekeeping (cache expiry, TIME-WAIT): does not keep a program alive by itself, and a virtual clock
   * that runs until idle does not wait for it.
   */
  background?: boolean
}

/** Work for the run loop. An object that is queued already is not queued again. */
export interface Task {
  /** Kept by the loop: true from `defer` until just before `run`. Start with false. */
  queued: boolean
  run(): void
}

/**
 * Runs deferred work when the outermost call ends, so that no layer is entered from inside itself:
 * devices queue what they deliver, stacks queue the end of a burst.
 * Everything that shares a clock shares its loop.
 */
export interface RunLoop {
  /** Begins a call that may defer work. Calls nest. */
  enter(): void
  /** Ends it; the outermost one runs all deferred work, in order, including what that work defers. */
  leave(): void
  /** Queues a task. Outside of any call it waits for the next `enter` and `leave`, or the clock's next turn. */
  defer(task: Task): void
}

/** Where a stack gets its time, its timers and its turn. */
export interface Clock {
  /** Microseconds since some fixed moment. Never goes back. May have a fraction. */
  now(): number
  /** Microseconds since the Unix epoch. */
  wallTime(): number
  /** A timer, not armed. The callback runs inside the run loop (between `enter` and `leave`). */
  createTimer(expired: () => void, options?: TimerOptions): Timer
  readonly loop: RunLoop
}

/** Chance, injected: with the same source and clock a run is the same every time. */
export interface RandomSource {
  /** A uniform integer from 0 to 2^32 - 1. */
  uint32(): number
  /** A uniform integer from 0 to `bound` - 1; `bound` from 1 to 2^32. */
  below(bound: number): number
  /** A uniform number from 0 (inclusive) to 1 (exclusive). */
  fraction(): number
  /** Fills the array with random bytes. */
  fill(bytes: Uint8Array): void
}
