import type { Clock, Timer } from '@jackfield/clock'
import type { Connection } from './connection.js'

/** Unarmed timers that are kept. */
const MOST_FREE = 4096

/** A timer that serves one connection while it is armed, and then another. */
export class ConnectionTimer {
  /** @internal */
  next: ConnectionTimer | null = null
  private readonly pool: TimerPool
  private readonly timer: Timer
  private connection: Connection | null = null
  private act: ((c: Connection) => void) | null = null

  /** @internal */
  constructor(pool: TimerPool, clock: Clock) {
    this.pool = pool
    this.timer = clock.createTimer(() => this.expired())
  }

  /** When it expires, microseconds of the clock. */
  get deadline(): number {
    return this.timer.deadline
  }

  get armed(): boolean {
    return this.timer.armed
  }

  set(deadline: number): void {
    this.timer.set(deadline)
  }

  /** Stops it: it is the connection's no more. */
  cancel(): void {
    this.timer.cancel()
    this.giveBack()
  }

  /** @internal */
  serve(c: Connection, act: (c: Connection) => void): void {
    this.connection = c
    this.act = act
  }

  private expired(): void {
    const { connection: c, act } = this
    if (c === null || act === null) return
    c.tcp.refreshTime()
    if (!c.dead) act(c)
    if (!this.timer.armed) this.giveBack()
  }

  private giveBack(): void {
    const { connection: c } = this
    if (c === null) return
    if (c.retransmitTimer === this) c.retransmitTimer = null
    else if (c.ackTimer === this) c.ackTimer = null
    this.connection = null
    this.act = null
    this.pool.give(this)
  }
}

/** The timers of all connections of a host that are armed now, and some more: a connection at rest has none. */
export class TimerPool {
  private readonly clock: Clock
  private free: ConnectionTimer | null = null
  private count = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** A timer for a connection. @param act called when it expires, with the time refreshed, unless the connection is over */
  take(c: Connection, act: (c: Connection) => void): ConnectionTimer {
    const timer = this.free ?? new ConnectionTimer(this, this.clock)
    if (timer === this.free) {
      this.free = timer.next
      this.count--
      timer.next = null
    }
    timer.serve(c, act)
    return timer
  }

  /** @internal */
  give(timer: ConnectionTimer): void {
    if (this.count >= MOST_FREE) return
    timer.next = this.free
    this.free = timer
    this.count++
  }
}
