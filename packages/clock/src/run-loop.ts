import type { RunLoop, Task } from './clock.js'

/** Tasks that one drain runs before it lets the event loop have its turn. */
export const DRAIN_BUDGET = 100_000

/** What the loop asks of its clock. */
export interface RunLoopHost {
  /** A task was queued outside of any call. */
  deferredOutside(): void
  /** The budget of a drain is used up and tasks remain: call `enter` and `leave` again soon. */
  budgetSpent(): void
}

/** The run loop of both clocks: a ring of tasks, drained when the outermost call ends. */
export class TaskLoop implements RunLoop {
  /** Tasks run since the clock was made. */
  tasksRun = 0
  private depth = 0
  private draining = false
  private ring: (Task | null)[] = Array.from({ length: 64 }, () => null)
  private head = 0
  private count = 0
  private errors: unknown[] | null = null
  private readonly host: RunLoopHost

  constructor(host: RunLoopHost) {
    this.host = host
  }

  /** Whether a call is under way. */
  get active(): boolean {
    return this.depth > 0
  }

  /** Whether tasks wait. */
  get pending(): boolean {
    return this.count > 0
  }

  enter(): void {
    this.depth++
  }

  leave(): void {
    if (this.depth > 1) {
      this.depth--
      return
    }
    if (this.depth === 0 || this.draining) throw new Error('leave() without a matching enter()')
    if (this.count > 0) this.drain()
    this.depth = 0
    if (this.errors !== null) this.rethrow()
  }

  defer(task: Task): void {
    if (task.queued) return
    task.queued = true
    if (this.count === this.ring.length) this.grow()
    this.ring[(this.head + this.count) & (this.ring.length - 1)] = task
    this.count++
    if (this.depth === 0 && this.count === 1) this.host.deferredOutside()
  }

  /** Keeps what a timer or task threw until the outermost call ends, so that the others still run. */
  failed(error: unknown): void {
    // What threw between an enter and its leave left the depth too high.
    this.depth = 1
    if (this.errors === null) this.errors = [error]
    else if (this.errors.length < 100) this.errors.push(error)
  }

  private drain(): void {
    this.draining = true
    let budget = DRAIN_BUDGET
    while (this.count > 0 && budget > 0) {
      const task = this.ring[this.head] as Task
      this.ring[this.head] = null
      this.head = (this.head + 1) & (this.ring.length - 1)
      this.count--
      budget--
      task.queued = false
      try {
        task.run()
      } catch (error) {
        this.failed(error)
      }
    }
    this.tasksRun += DRAIN_BUDGET - budget
    this.draining = false
    if (this.count > 0) this.host.budgetSpent()
  }

  private rethrow(): void {
    const errors = this.errors as unknown[]
    this.errors = null
    if (errors.length === 1) throw errors[0]
    throw new AggregateError(errors, `${errors.length} timers or tasks failed; the first: ${String(errors[0])}`)
  }

  private grow(): void {
    const old = this.ring
    const ring = Array.from<unknown, Task | null>({ length: old.length * 2 }, () => null)
    for (let i = 0; i < this.count; i++) ring[i] = old[(this.head + i) & (old.length - 1)] as Task
    this.ring = ring
    this.head = 0
  }
}
