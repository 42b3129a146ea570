import type { Clock, Timer } from '@jackfield/clock'

/** Something that holds until a time of the clock, in microseconds; Infinity for ever. */
export interface Expiring {
  until: number
}

/** A bounded list whose entries go when their time is over. One timer. */
export class ExpiringList<T extends Expiring> {
  private readonly list: T[] = []
  private readonly limit: number
  private readonly clock: Clock
  private readonly timer: Timer
  private readonly expired: () => void

  /** @param expired called when entries went because their time was over */
  constructor(clock: Clock, limit: number, expired: () => void) {
    this.clock = clock
    this.limit = limit
    this.expired = expired
    this.timer = clock.createTimer(() => this.expire(), { background: true })
  }

  get entries(): readonly T[] {
    return this.list
  }

  find(predicate: (entry: T) => boolean): T | undefined {
    return this.list.find(predicate)
  }

  /** False where the list is full. */
  private add(entry: T): boolean {
    if (this.list.length >= this.limit) return false
    this.list.push(entry)
    this.arm()
    return true
  }

  /** Gives an entry another `seconds` from now, Infinity for ever. */
  private extend(entry: T, seconds: number): void {
    entry.until = untilOf(this.clock, seconds)
    this.arm()
  }

  /**
   * Somebody told of something for so many seconds: what is known begins anew, or ends with 0; else it is made.
   * @returns false where there is no room for it
   */
  told(known: T | undefined, seconds: number, make: (until: number) => T): boolean {
    if (known === undefined) return seconds === 0 || this.add(make(untilOf(this.clock, seconds)))
    if (seconds === 0) this.remove(known)
    else this.extend(known, seconds)
    return true
  }

  private remove(entry: T): void {
    const at = this.list.indexOf(entry)
    if (at < 0) return
    this.list.splice(at, 1)
    this.arm()
  }

  clear(): void {
    this.list.length = 0
    this.timer.cancel()
  }

  private expire(): void {
    const now = this.clock.now()
    for (let i = this.list.length - 1; i >= 0; i--) if ((this.list[i] as T).until <= now) this.list.splice(i, 1)
    this.arm()
    this.expired()
  }

  private arm(): void {
    let next = Infinity
    for (const { until } of this.list) if (until < next) next = until
    if (next === Infinity) this.timer.cancel()
    else this.timer.set(next)
  }
}

/** The time of the clock `seconds` from now; Infinity for ever. */
function untilOf(clock: Clock, seconds: number): number {
  return clock.now() + seconds * 1e6
}

/** Seconds from now until a time of the clock; Infinity for ever. */
export function secondsLeft(clock: Clock, until: number): number {
  return Math.max(0, (until - clock.now()) / 1e6)
}
